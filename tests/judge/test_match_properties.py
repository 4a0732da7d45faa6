"""Whatever a machine prints: reading never raises, no rule is lost, and what is unknown never becomes an accept."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import facts
from wizard.firewalls import ipset
from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import read as nft_json
from wizard.firewalls.nftables import text as nft_text
from wizard.judge.trace import trace
from wizard.model.packet import Packet
from wizard.model.ruleset import Chain, Engine, Family, Opaque, Rule, Ruleset, Table, Verdict

ASKED = Packet(ip_address("192.168.1.20"), ip_address("192.168.1.100"), 5000, interface="eth0")
NFT_WORDS = st.sampled_from(
    "tcp udp ip ip6 saddr daddr dport sport { } , : . 22 80-90 10.0.0.0/8 ::1 @s $x ct state new established meta mark set "  # noqa: SIM905
    'vmap map accept drop reject with icmp jump c goto return log prefix "a counter limit rate 5/second over != == & | ( ) '
    "iifname eth* dnat to :80 redirect fib type local th @th,16,16 numgen inc mod 2 comment add update queue notrack".split(
        " "
    )
)
IPTABLES_WORDS = st.sampled_from(
    "-A INPUT -p tcp udp -m conntrack --ctstate NEW set --match-set s src,dst -s 10.0.0.0/8 ! -i eth+ --dport 22 -j ACCEPT "  # noqa: SIM905
    "DROP REJECT --reject-with tcp-reset multiport --dports 1,2 -g c recent --rcheck --seconds mark --mark 0x1/0xff \" ' \\ "
    "comment --comment addrtype --dst-type LOCAL DNAT --to-destination 1.2.3.4:80 limit --limit 3/min time u32".split(
        " "
    )
)


@given(st.text(max_size=300))
def test_no_text_makes_a_reader_raise(text: str) -> None:
    nft_json.read(text)
    nft_text.read(text)
    iptables.read(text, Family.IP, Engine.IPTABLES_NFT)
    ipset.read(text)


@given(st.lists(NFT_WORDS, max_size=14))
@settings(max_examples=300)
def test_no_rule_of_nft_is_lost_or_raises(words: list[str]) -> None:
    line = " ".join(words)
    ruleset = nft_text.read(f"table inet t {{\nchain i {{\ntype filter hook input priority 0\n{line}\n}}\n}}\n")
    trace(facts(rulesets=(ruleset,)), ASKED)


@given(st.lists(IPTABLES_WORDS, max_size=14))
@settings(max_examples=300)
def test_no_rule_of_iptables_is_lost_or_raises(words: list[str]) -> None:
    line = "-A INPUT " + " ".join(words)
    ruleset = iptables.read(f"*filter\n:INPUT ACCEPT [0:0]\n{line}\nCOMMIT\n", Family.IP, Engine.IPTABLES_NFT)
    assert sum(len(chain.rules) for table in ruleset.tables for chain in table.chains.values()) == 1
    trace(facts(rulesets=(ruleset,)), ASKED)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 70000)
    | st.sampled_from(["tcp", "ip", "saddr", "10.0.0.1", "@s", "new"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["match", "op", "left", "right", "payload", "set", "range", "prefix", "vmap", "limit", "dnat", "meta"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["match", "vmap", "limit", "reject", "dnat", "mangle", "odd"]), json_values, max_size=1
        )
    )
)
@settings(max_examples=300)
def test_no_json_of_a_rule_raises(expressions: list[dict[str, object]]) -> None:
    rule = nft_json.rule(list(expressions), "inet")
    chain = Chain("i", (rule,), _base())
    trace(facts(rulesets=(Ruleset(Engine.NFTABLES, (Table(Engine.NFTABLES, Family.INET, "t", {"i": chain}),)),)), ASKED)


def _base() -> Any:
    from wizard.model.ruleset import BaseChain, Hook

    return BaseChain(Hook.INPUT, 0, "filter", "drop")


verdicts = st.sampled_from(["accept", "drop", "return"])


@given(st.lists(st.tuples(st.booleans(), verdicts), max_size=8), st.sampled_from(["accept", "drop"]))
def test_unknown_never_becomes_an_accept(rules: list[tuple[bool, str]], policy: str) -> None:
    """With every open condition taken both ways, a decided answer must be what all ways say."""
    from itertools import product

    open_rules = [place for place, (is_open, _) in enumerate(rules) if is_open]
    outcomes = set()
    for choice in product((True, False), repeat=len(open_rules)):
        holds = dict(zip(open_rules, choice, strict=True))
        kinds = [kind for place, (_, kind) in enumerate(rules) if holds.get(place, True)]
        decided = next((kind for kind in kinds), policy)
        outcomes.add("drop" if (policy if decided == "return" else decided) == "drop" else "deliver")
    built = tuple(
        Rule((*((Opaque("?"),) if is_open else ()), Verdict(kind)), kind, place)
        for place, (is_open, kind) in enumerate(rules, start=1)
    )
    from wizard.model.ruleset import BaseChain, Hook

    chain = Chain("i", built, BaseChain(Hook.INPUT, 0, "filter", policy))
    table = Table(Engine.NFTABLES, Family.INET, "t", {"i": chain})
    found = trace(facts(rulesets=(Ruleset(Engine.NFTABLES, (table,)),)), ASKED).outcome
    assert found == (outcomes.pop() if len(outcomes) == 1 else "unknown")
