"""Walk, remedy, walk again: whose eyes, and how several causes become one plan."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from tests.build import facts, listener, neighbour
from wizard.diagnose.solve import solve
from wizard.firewalls import read
from wizard.model.capture import Capture
from wizard.model.diagnosis import Severity, Symptom, Target
from wizard.model.facts import Facts

HERE = ip_address("192.168.1.100")
TARGET = Target("5000", 5000, addresses=(HERE,))
BANNED = "192.168.1.20"


def filtered(*rules: str, policy: str = "ACCEPT") -> Facts:
    """The healthy machine with these rules in INPUT."""
    lines = ["*filter", f":INPUT {policy} [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [f"-A INPUT {rule}" for rule in rules]
    text = "\n".join([*lines, "COMMIT", ""])
    quiet = {
        "nft-json": Capture("nft-json", ""),
        "ip6tables-save": Capture("ip6tables-save", ""),
        "ip-tables-names": Capture("ip-tables-names", ""),
        "ip6-tables-names": Capture("ip6-tables-names", ""),
    }
    rulesets, unread = read({**quiet, "iptables-save": Capture("iptables-save", text)})
    return facts(rulesets=rulesets, unreadable_rulesets=unread)


def test_a_healthy_machine_has_nothing_in_the_way() -> None:
    found = solve(facts(), TARGET)
    assert (found.journey.stop, found.blocking, found.plans, found.others) == (None, (), (), ())


def test_two_causes_become_one_plan_in_the_order_in_which_the_packet_meets_them() -> None:
    known = replace(filtered("-i lo -j ACCEPT", policy="DROP"), listeners=(listener(address="127.0.0.1"),))
    found = solve(known, TARGET)
    assert [finding.ref for finding in found.blocking] == ["firewall-drops-port", "loopback-only-bind"]
    assert [plan.finding for plan in found.plans] == ["firewall-drops-port", "loopback-only-bind"]
    assert found.proved
    assert all(plan.proved and plan.proved_by == ("model",) for plan in found.plans)


def test_the_only_device_heard_is_the_one_that_is_meant() -> None:
    known = filtered(f"-s {BANNED} -j DROP")
    assert [finding.ref for finding in solve(known, TARGET).blocking] == ["client-address-banned"]


def test_of_several_devices_a_stopped_one_is_a_warning_unless_something_is_said_to_fail() -> None:
    known = filtered(f"-s {BANNED} -j DROP")
    known = replace(known, neighbours=(neighbour("192.168.1.30"), neighbour(BANNED)))
    calm = solve(known, TARGET)
    assert calm.journey.stop is None
    assert [(each.ref, each.cause.severity) for each in calm.others] == [("client-address-banned", Severity.WARNING)]
    assert BANNED in calm.others[0].verdict.summary
    worried = solve(known, replace(TARGET, symptom=Symptom("timeout", "ERR_CONNECTION_TIMED_OUT")))
    assert [finding.ref for finding in worried.blocking] == ["client-address-banned"]


def test_a_plan_without_a_remedy_is_never_proved() -> None:
    found = solve(facts(listeners=()), TARGET)
    assert found.blocking[0].ref == "nothing-listening"
    assert not found.proved
    assert not any(plan.proved for plan in found.plans)


def test_an_alternative_is_a_whole_plan() -> None:
    known = replace(filtered("-i lo -j ACCEPT", policy="DROP"), listeners=(listener(address="127.0.0.1"),))
    found = solve(known, TARGET)
    for other in found.alternatives:
        if other.proved:
            assert any("iptables" in str(step) for step in other.steps)
