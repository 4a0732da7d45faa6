"""iptables-save into the model: quoting, chains, matches and targets."""

from __future__ import annotations

import pytest

from wizard.firewalls.iptables import read
from wizard.firewalls.iptables.words import split
from wizard.model.ruleset import (
    AnyOf,
    Bits,
    Condition,
    Engine,
    Family,
    Field,
    Hook,
    Limit,
    Nat,
    Nothing,
    Opaque,
    SetField,
    SetMatch,
    Span,
    Verdict,
    Wildcard,
)


def test_a_comment_is_one_word_whatever_is_in_it() -> None:
    assert split(r'-m comment --comment "a -j DROP \" b" -j ACCEPT')[3] == 'a -j DROP " b'
    rule = read.rule(r'-A INPUT -m comment --comment "a -j DROP \" b" -j ACCEPT')
    assert rule.comment == 'a -j DROP " b'
    assert [s.kind for s in rule.statements if isinstance(s, Verdict)] == ["accept"]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("-s 10.0.0.0/8", Condition(Field("ip saddr"), "==", Span(0x0A000000, 0x0AFFFFFF))),
        ("! -d 10.0.0.1/32", Condition(Field("ip daddr"), "!=", Span(0x0A000001, 0x0A000001))),
        ("-i eth+", Condition(Field("meta iifname"), "==", Wildcard("eth"))),
        ("-p tcp", Condition(Field("meta l4proto"), "==", 6)),
        ("-m conntrack --ctstate NEW,RELATED", Condition(Field("ct state"), "in", 12)),
        ("-m mark --mark 0x10/0xf0", Condition(Bits("&", Field("meta mark"), 0xF0), "==", 0x10)),
        (
            "-m iprange ! --src-range 10.0.0.1-10.0.0.9",
            Condition(Field("ip saddr"), "!=", Span(0x0A000001, 0x0A000009)),
        ),
        ("-m set ! --match-set banned src", SetMatch("banned", ("src",), True)),
        ("-m limit --limit 3/min", Limit(False)),
        ("-m hashlimit --hashlimit-above 3/min --hashlimit-name x", Limit(True)),
    ],
)
def test_a_match_is_read(text: str, condition: object) -> None:
    found = read.rule(f"-A INPUT {text} -j DROP").statements[0]
    assert _bare(found) == _bare(condition)


def _bare(statement: object) -> object:
    return {name: getattr(statement, name) for name in statement.__struct_fields__ if name != "text"}  # type: ignore[attr-defined]


def test_ports_of_either_side() -> None:
    found = read.rule("-A INPUT -p tcp -m multiport --ports 22,80:90 -j DROP").statements[1]
    assert isinstance(found, AnyOf)
    assert [condition.left.name for condition in found.conditions] == ["th sport", "th dport"]


@pytest.mark.parametrize(
    ("target", "with_"),
    [
        ("REJECT", "icmp-port-unreachable"),
        ("REJECT --reject-with tcp-reset", "tcp-reset"),
        ("REJECT --reject-with icmp-host-prohibited", "icmp-host-prohibited"),
    ],
)
def test_a_rejection_says_what_the_client_receives(target: str, with_: str) -> None:
    assert read.rule(f"-A INPUT -j {target}").statements[-1].reject_with == with_


def test_a_rejection_of_ipv6() -> None:
    found = read.rule("-A INPUT -j REJECT --reject-with icmp6-adm-prohibited", Family.IP6)
    assert found.statements[-1].reject_with == "icmpv6-admin-prohibited"


def test_translation_targets() -> None:
    found = read.rule("-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080").statements[-1]
    assert isinstance(found, Nat)
    assert (found.kind, found.address, found.port) == ("dnat", Span(0x0A000005, 0x0A000005), Span(8080, 8080))


def test_marks() -> None:
    found = read.rule("-A PREROUTING -j MARK --set-xmark 0x10/0xf0").statements[0]
    assert found == SetField("meta mark", Bits("^", Bits("&", Field("meta mark"), 0xFFFFFF0F), 0x10), found.text)


def test_what_is_not_known_is_kept() -> None:
    rule = read.rule("-A INPUT -m nonsense --foo bar -j FANCY --level 3")
    assert [type(statement) for statement in rule.statements] == [Opaque, Opaque, Opaque]


def test_logging_has_no_influence() -> None:
    assert isinstance(read.rule('-A INPUT -j LOG --log-prefix "a b "').statements[0], Nothing)


def test_a_whole_listing() -> None:
    text = """*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
[3:180] -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
nonsense
"""
    ruleset = read.read(text, Family.IP, Engine.IPTABLES_NFT, "iptables-save")
    table = ruleset.tables[0]
    base = table.chains["PREROUTING"].base
    assert base is not None
    assert (base.hook, base.priority, base.type) == (Hook.PREROUTING, -100, "nat")
    assert table.chains["DOCKER"].base is None
    assert len(table.chains["DOCKER"].rules) == 1
    assert [origin.line for origin in ruleset.unread] == [7]
