"""pf and the application firewall: properties that hold for any rules."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.macos import build
from wizard.judge.trace import reply, trace
from wizard.model.facts import Facts
from wizard.model.packet import Packet
from wizard.parse.macos import pfctl, socketfilterfw

PACKET = Packet(ip_address("192.168.1.20"), ip_address("192.168.1.72"), 5000, interface="en0")
ACTIONS = ("pass", "block drop", "block return")
WHERE = ("", " on en0", " on en5", " on ! en0", " on egress")
PEERS = (
    "all",
    "from any to any port = 5000",
    "from 192.168.1.0/24 to any",
    "from <friends> to any",
    "from ! 10.0.0.0/8 to self",
    "from any to (en0) port 4000:6000",
    "from any to any port != 5000",
    "from any to any port someservice",
)
LINES = st.builds(
    lambda action, direction, quick, where, peers: f"{action}{direction}{quick}{where} inet proto tcp {peers}",
    st.sampled_from(ACTIONS),
    st.sampled_from((" in", " out", "")),
    st.sampled_from((" quick", "")),
    st.sampled_from(WHERE),
    st.sampled_from(PEERS),
)
RULES = st.lists(LINES, max_size=6).map("\n".join)
OPEN = ("deliver", "forward")


def _outcome(rules: str) -> str:
    return trace(_facts(rules), PACKET).outcome


def _facts(rules: str) -> Facts:
    return build.facts(pf={"pf-rules": rules})


@given(RULES)
def test_a_block_rule_in_front_that_decides_at_once_never_opens(rules: str) -> None:
    assert _outcome(f"block drop in quick all\n{rules}") == "drop"


@given(RULES)
def test_a_block_rule_more_never_opens(rules: str) -> None:
    if _outcome(rules) in OPEN:
        return
    assert _outcome(f"{rules}\nblock drop in all") not in OPEN


@given(RULES)
def test_a_pass_rule_more_never_closes(rules: str) -> None:
    if _outcome(rules) not in OPEN:
        return
    assert _outcome(f"{rules}\npass in all") in OPEN
    assert _outcome(f"pass in quick all\n{rules}") in OPEN


@given(RULES)
def test_what_is_not_known_never_becomes_a_pass(rules: str) -> None:
    """A block rule that may match, where the way was open: it is not open for certain any more."""
    assert _outcome(f"block drop in quick from <somebody> to any\n{rules}") not in OPEN


@given(st.text(max_size=300))
def test_a_random_text_never_raises(text: str) -> None:
    pfctl.rules(text)
    pfctl.redirects(text)
    socketfilterfw.parse(dict.fromkeys(("getglobalstate", "getblockall", "listapps", "getallowsigned"), text))


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ("block drop in all\npass in proto tcp from any to any port = 5000", "deliver"),
        ("pass in proto tcp from any to any port = 5000\nblock drop in all", "drop"),
        ("pass in quick proto tcp from any to any port = 5000\nblock drop in all", "deliver"),
        ("block return in all", "reject"),
        ("block return-rst in proto tcp from any to any", "reject"),
        ("block return-icmp(port-unr) in all", "reject"),
        ("block drop in proto udp all", "deliver"),
        ("block drop in inet6 all", "deliver"),
        ("block drop out all", "deliver"),
        ("block drop in on en5 all", "deliver"),
        ("block drop in on ! en5 all", "drop"),
        ("block drop in from 192.168.1.0/24 to any", "drop"),
        ("block drop in from ! 192.168.1.0/24 to any", "deliver"),
        ("block drop in proto tcp from any to any port 6000:7000", "deliver"),
        ("block drop in proto tcp from any to any port > 1023", "drop"),
        ("block drop in proto tcp from any to any port 4999 >< 5001", "drop"),
        ("block drop in proto tcp from any to any port 4999 <> 5001", "deliver"),
        ("block drop in proto tcp from any to (en0) port = 5000", "drop"),
        ("block drop in proto tcp from any to self port = commplex-main", "drop"),
        ("block drop in proto tcp from any to <mine> port = 5000", "unknown"),
        ("block drop in proto tcp from any to any port = 5000 probability 50%", "unknown"),
    ],
)
def test_the_last_rule_that_matches_decides_unless_one_is_quick(rules: str, outcome: str) -> None:
    decision = trace(_facts(rules), PACKET)
    assert decision.outcome == outcome
    if outcome == "reject":
        assert decision.reject_with in ("tcp-reset", "icmp-port-unreachable")


def test_pf_leaves_alone_what_it_skips_and_filters_nothing_while_it_is_off() -> None:
    rules = "block drop in quick all"
    assert (
        trace(build.facts(pf={"pf-rules": rules, "pf-interfaces": "lo0 (skip)\nen0 (skip)\n"}), PACKET).outcome
        == "deliver"
    )
    off = {"pf-rules": rules, "pf-info": "Status: Disabled for 0 days 00:00:10  Debug: Urgent\n"}
    assert trace(build.facts(pf=off), PACKET).outcome == "deliver"


def test_a_redirect_comes_before_the_rules() -> None:
    nat = "rdr pass on en0 inet proto tcp from any to any port = 80 -> 127.0.0.1 port 5000\n"
    facts = build.facts("127.0.0.1.5000 Python:4242", pf={"pf-nat": nat})
    decision = trace(facts, Packet(PACKET.source, PACKET.destination, 80, interface="en0"))
    assert (str(decision.to.address), decision.to.port) == ("127.0.0.1", 5000)


def test_loopback_is_nobodys_business_and_the_answer_goes_out() -> None:
    facts = build.facts(alf={"getblockall": "Block all ENABLED!"})
    own = Packet(ip_address("127.0.0.1"), ip_address("127.0.0.1"), 5000, interface="lo0")
    assert trace(facts, own).outcome == "deliver"
    assert reply(facts, PACKET, trace(build.facts(), PACKET)).outcome == "deliver"


def test_an_entry_for_another_copy_of_the_program_is_a_near_miss() -> None:
    other = "/usr/local/bin/Python"
    facts = build.facts(alf={"listapps": build.listapps((other, "Allow"))})
    near = trace(facts, PACKET).near_misses
    assert [each.condition for each in near] == ["program"]
    assert other in near[0].differs
