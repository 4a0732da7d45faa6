"""Where a rule has to stand: the closest place in front of what decided, within the one hook that is meant."""

from __future__ import annotations

import pytest

from wizard.firewalls.iptables import read
from wizard.firewalls.place import in_front_of, path_to
from wizard.model.journey import RuleReference
from wizard.model.ruleset import Engine, Family, Ruleset

SHARED = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:BANS - [0:0]
:LOGDROP - [0:0]
:ONLYIN - [0:0]
-A INPUT -j BANS
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -j ONLYIN
-A INPUT -j LOGDROP
-A FORWARD -j LOGDROP
-A BANS -s 10.0.0.9/32 -j DROP
-A ONLYIN -p tcp -m tcp --dport 5000 -j DROP
-A LOGDROP -j LOG
-A LOGDROP -j DROP
COMMIT
"""


def ruleset(text: str = SHARED) -> Ruleset:
    return read.read(text, Family.IP, Engine.IPTABLES_NFT)


def by(chain: str, index: int | None = None, what: str = "rule") -> RuleReference:
    return RuleReference("iptables-nft", "ip", "filter", chain, what, index=index, hook="input")


@pytest.mark.parametrize(
    ("decided", "expected"),
    [
        (by("ONLYIN", 1), ("ONLYIN", 1)),
        (by("BANS", 1), ("BANS", 1)),
        (by("LOGDROP", 2), ("INPUT", 4)),
        (by("INPUT", what="policy"), ("INPUT", None)),
    ],
)
def test_the_place_is_the_closest_that_speaks_for_this_hook_alone(
    decided: RuleReference, expected: tuple[str, int | None]
) -> None:
    place = in_front_of((ruleset(),), decided)
    assert place is not None
    assert (place.chain.name, place.position) == expected
    assert place.base.name == "INPUT"


def test_a_return_in_the_base_chain_leads_to_the_policy_past_its_end() -> None:
    text = SHARED.replace("-A INPUT -j BANS\n", "-A INPUT -j BANS\n-A INPUT -i eth9 -j RETURN\n")
    place = in_front_of((ruleset(text),), by("INPUT", what="policy"))
    assert place is not None and place.position == 2


def test_a_rule_that_was_not_read_has_no_place() -> None:
    assert in_front_of((ruleset(),), by("NOWHERE", 1)) is None
    assert in_front_of((ruleset(),), by("INPUT", 99)) is None
    assert in_front_of((), by("INPUT", 1)) is None


def test_paths_compare_in_the_order_of_evaluation() -> None:
    table = ruleset().tables[0]
    first = path_to(table, "INPUT", "BANS", 1)
    second = path_to(table, "INPUT", "LOGDROP", 2)
    policy = path_to(table, "INPUT", "INPUT", None)
    assert first and second and policy
    assert first < second < policy
    assert path_to(table, "OUTPUT", "BANS", 1) is None


def test_chains_that_call_each_other_do_not_end_the_search() -> None:
    text = SHARED.replace("-A ONLYIN -p", "-A ONLYIN -j ONLYIN\n-A ONLYIN -p")
    assert path_to(ruleset(text).tables[0], "INPUT", "LOGDROP", 1) == (4.0, 1.0)
