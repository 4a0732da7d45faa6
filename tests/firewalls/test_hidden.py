"""The family that nft's listing hides before `reject with tcp reset`, read from the kernel's own words."""

from __future__ import annotations

import pytest

from tests import build
from wizard.firewalls.nftables import hidden
from wizard.firewalls.nftables import text as nft
from wizard.judge.trace import trace

LISTED = """table inet t {
	chain c {
		type filter hook input priority filter; policy accept;
		ct state established accept
		tcp dport 22 reject with tcp reset
		meta l4proto tcp reject with tcp reset
	}
}
"""
WORDS = """inet t c 2
  [ ct load state => reg 1 ]
  [ immediate reg 0 accept ]

inet t c 3 2
  [ meta load nfproto => reg 1 ]
  [ cmp eq reg 1 0x0000000a ]
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ payload load 2b @ transport header + 2 => reg 1 ]
  [ cmp eq reg 1 0x00001600 ]
  [ reject type 1 code 0 ]

inet t c 4 3
  [ meta load l4proto => reg 1 ]
  [ cmp eq reg 1 0x00000006 ]
  [ reject type 1 code 0 ]

"""


def outcome(words: str | None, port: int, family: int) -> str:
    ruleset = nft.read(LISTED)
    assert hidden.any_hidden(ruleset)
    ruleset = hidden.told(ruleset, hidden.families(words) if words is not None else None)
    source, target = ("192.168.1.23", "192.168.1.100") if family == 4 else ("fd00:1::23", "fd00:1::100")
    return trace(build.facts(rulesets=(ruleset,)), build.packet(source, target, port)).outcome


@pytest.mark.parametrize("family", [4, 6])
def test_a_rule_for_both_is_for_both(family: int) -> None:
    assert outcome(WORDS, 80, family) == "reject"


def test_a_rule_for_one_is_not_for_the_other() -> None:
    words = WORDS[: WORDS.index("inet t c 4")] + "inet t c 4 3\n  [ meta load nfproto => reg 1 ]\n"
    words += "  [ cmp eq reg 1 0x00000002 ]\n  [ reject type 1 code 0 ]\n"
    assert [outcome(words, port, family) for port in (22, 80) for family in (4, 6)] == [
        "reject", "reject", "reject", "deliver",
    ]  # fmt: skip


def test_without_the_kernels_words_nobody_knows() -> None:
    assert {outcome(None, port, family) for port in (22, 80) for family in (4, 6)} == {"unknown"}


def test_nor_where_the_ruleset_has_changed_meanwhile() -> None:
    assert outcome(WORDS[: WORDS.index("inet t c 4")], 80, 4) == "unknown"


def test_a_family_that_is_shown_is_not_hidden() -> None:
    shown = LISTED.replace("tcp dport 22", "ip saddr 10.0.0.0/8 tcp dport 22").replace(
        "meta l4proto tcp r", "ip6 nexthdr tcp r"
    )
    assert not hidden.any_hidden(nft.read(shown))
    assert not hidden.any_hidden(nft.read(LISTED.replace("inet", "ip")))


def test_odd_text_says_nothing() -> None:
    assert hidden.families("\0 [ meta load nfproto => reg 1 ]\n  [ cmp eq reg 1 0x2 ]\n") == {}
