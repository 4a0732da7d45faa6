"""What if: one rule less, another device, another setting."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from tests import build
from tests.judge.cases.case import MISSING, iptables, nft
from wizard.judge import counterfactual
from wizard.judge.trace import trace
from wizard.model.capture import Unknown
from wizard.model.facts import Facts
from wizard.model.journey import RuleReference

WALL = "table inet wall {\n chain door {\n  type filter hook input priority 0; policy POLICY;\n  RULE\n }\n}"


def walled(rule: str = "tcp dport 5000 drop", policy: str = "accept") -> Facts:
    return build.facts(rulesets=(nft(WALL.replace("POLICY", policy).replace("RULE", rule)),))


def decider(facts: Facts) -> RuleReference:
    by = trace(facts, build.packet()).by
    assert by is not None
    return by


def test_without_its_rule_the_packet_passes() -> None:
    facts = walled()
    after = counterfactual.without_rule(facts, decider(facts))
    assert trace(after, build.packet()).outcome == "deliver"
    assert trace(facts, build.packet()).outcome == "drop", "the facts themselves stay as they are"


def test_without_a_policy_means_accept() -> None:
    facts = walled("tcp dport 22 accept", "drop")
    assert decider(facts).what == "policy"
    assert trace(counterfactual.without_rule(facts, decider(facts)), build.packet()).outcome == "deliver"


def test_a_rule_that_is_not_there_changes_nothing() -> None:
    facts = walled()
    nowhere = RuleReference("nftables", "inet", "elsewhere", "input", rule="x", index=1)
    assert counterfactual.without_rule(facts, nowhere) is facts
    wrong = RuleReference("nftables", "inet", "wall", "door", rule="not this one")
    assert counterfactual.without_rule(facts, wrong) is facts


@pytest.mark.parametrize("engine", ["nftables", "iptables-nft"])
def test_without_a_table_only_that_table_is_gone(engine: str) -> None:
    drops = iptables("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 5000 -j DROP\nCOMMIT\n")
    facts = build.facts(rulesets=(nft(WALL.replace("POLICY", "accept").replace("RULE", "tcp dport 5000 drop")), drops))
    table, family = ("wall", "inet") if engine == "nftables" else ("filter", "ip")
    after = counterfactual.without_table(facts, RuleReference(engine, family, table, ""))
    assert not isinstance(after.rulesets, Unknown)
    assert [each.engine for each in after.rulesets if each.tables] == [
        each for each in ("nftables", "iptables-nft") if each != engine
    ]
    assert trace(after, build.packet()).outcome == "drop"


def test_unknown_rules_and_settings_stay_unknown() -> None:
    facts = build.facts(rulesets=MISSING, sysctls=MISSING)
    by = RuleReference("nftables", "inet", "wall", "door")
    assert counterfactual.without_rule(facts, by) is facts
    assert counterfactual.without_table(facts, by) is facts
    assert counterfactual.without_translation(facts) is facts
    assert counterfactual.with_sysctls(facts, {"net.ipv4.ip_forward": "1"}) is facts


def test_other_devices_are_spread_over_the_network_and_nobody_we_know() -> None:
    facts = build.facts()
    others = [each.source for each in counterfactual.from_elsewhere(facts, build.packet())]
    assert len(set(others)) == 6
    assert all(each in ip_network("192.168.1.0/24") for each in others)
    known = {build.SERVER, build.CLIENT, "192.168.1.1", "192.168.1.0", "192.168.1.255"}
    assert not {str(each) for each in others} & known
    assert max(int(each) for each in others) - min(int(each) for each in others) > 64


def test_far_away_other_devices_are_its_neighbours_there() -> None:
    others = counterfactual.from_elsewhere(build.facts(), build.packet("203.0.113.9"))
    assert others and all(each.source in ip_network("203.0.113.0/24") for each in others)


@pytest.mark.parametrize("length", [24, 29, 30, 31, 32])
def test_small_networks_give_fewer_devices_and_never_an_edge(length: int) -> None:
    facts = build.facts(interfaces=(build.loopback(), build.interface("eth0", f"192.168.1.100/{length}")))
    others = counterfactual.from_elsewhere(facts, build.packet("192.168.1.102" if length < 32 else "10.0.0.1"))
    assert all(each.source not in (ip_address("192.168.1.100"), ip_address("192.168.1.255")) for each in others)


def test_an_ipv6_network_is_spread_too() -> None:
    packet = build.packet("fd00:1::20", "fd00:1::100")
    others = counterfactual.from_elsewhere(build.facts(), packet)
    assert len(others) == 6 and all(each.source in ip_network("fd00:1::/64") for each in others)
