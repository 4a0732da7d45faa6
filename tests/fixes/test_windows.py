"""Fixes on Windows: the least that opens it, the exact undo, and nothing where policy decides."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import build_windows as build
from wizard import fixes
from wizard.firewalls.windows import netsh, rule_string
from wizard.firewalls.windows import write as commands
from wizard.fixes.written import Written
from wizard.judge.walk import walk
from wizard.model.diagnosis import Target
from wizard.model.facts import Facts, Proto
from wizard.model.journey import Journey
from wizard.model.remedy import (
    AllowInbound,
    DisableRule,
    Do,
    Intent,
    LiftShields,
    ReservePort,
    Run,
    SetNetworkCategory,
    SetPortProxy,
    Shell,
    StopProgram,
)
from wizard.model.windows import Network, PortProxy, PortRange, ProfileName, Store
from wizard.present.quoting import command

LAN = ip_network("192.168.1.0/24")
OPEN = AllowInbound(5000, Proto.TCP, LAN, "Ethernet")
SHUT = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=22|Name=ssh|"
BLOCK = "v2.10|Action=Block|Active=TRUE|Dir=In|Protocol={}|App=C:\\Python311\\python.exe|Name=python.exe|"


def journey(facts: Facts) -> Journey:
    target = Target("5000", 5000, addresses=(ip_address(build.SERVER),), vantage=ip_address(build.CLIENT))
    return walk(facts, target, build.packet())


def written(intent: Intent, facts: Facts) -> Written:
    found = fixes.write(intent, facts, journey(facts))
    assert found is not None
    return found


def lines(steps: tuple[Any, ...]) -> list[str]:
    return [command(step) if isinstance(step, Run) else step.text for step in steps]


def test_one_port_for_the_local_subnet_in_the_present_profile() -> None:
    facts = build.facts(SHUT)
    piece = written(OPEN, facts)
    assert lines(piece.steps) == [
        "New-NetFirewallRule -Name wizard-tcp-5000 -DisplayName wizard-tcp-5000 -Direction Inbound -Action Allow "
        "-Protocol TCP -LocalPort 5000 -Profile Private -RemoteAddress LocalSubnet"
    ]
    assert lines(piece.undo) == ["Remove-NetFirewallRule -Name wizard-tcp-5000"]
    assert all(isinstance(step, Run) and step.root and step.shell is Shell.POWERSHELL for step in piece.steps)
    assert journey(facts).stop is not None and journey(piece.facts).arrives
    assert walk(piece.facts, Target("5000", 5000), build.packet("10.9.9.9")).stop is not None


def test_a_second_network_is_not_opened() -> None:
    two = build.facts(SHUT, interfaces=(build.loopback(), build.interface(), build.interface("VPN", "10.8.0.2/24")))
    assert "-RemoteAddress 192.168.1.0/24" in lines(written(OPEN, two).steps)[0]
    one = written(replace(OPEN, source=ip_network("10.8.0.7/32")), build.facts(SHUT))
    assert "-RemoteAddress 10.8.0.7/32" in lines(one.steps)[0]


def test_a_name_that_is_taken_gets_a_number() -> None:
    taken = build.rule(SHUT, "Wizard-TCP-5000")
    assert "-Name wizard-tcp-5000-2 " in lines(written(OPEN, build.facts(taken)).steps)[0]


def test_netsh_says_the_same() -> None:
    made = commands.opening((), Proto.TCP, 5000, None, ProfileName.PRIVATE)
    there, back = map(command, commands.add_by_netsh(made))
    assert there == (
        "netsh advfirewall firewall add rule name=wizard-tcp-5000 dir=in action=allow protocol=TCP localport=5000 "
        "profile=private remoteip=localsubnet"
    )
    assert back == "netsh advfirewall firewall delete rule name=wizard-tcp-5000 dir=in protocol=TCP localport=5000"


def test_local_rules_that_count_for_nothing_are_not_added() -> None:
    ignored = build.facts(windows=build.windows(SHUT, profiles=build.profiles(local_rules=False)))
    piece = written(OPEN, ignored)
    assert all(isinstance(step, Do) for step in piece.steps) and piece.facts == ignored


def test_block_rules_are_switched_off_and_on_again() -> None:
    facts = build.facts(build.ALLOW, BLOCK.format(6), BLOCK.format(17))
    piece = written(DisableRule((1, 2)), facts)
    assert lines(piece.steps) == ["Disable-NetFirewallRule -Name rule-1", "Disable-NetFirewallRule -Name rule-2"]
    assert lines(piece.undo) == ["Enable-NetFirewallRule -Name rule-2", "Enable-NetFirewallRule -Name rule-1"]
    assert journey(piece.facts).arrives


def test_a_rule_that_only_netsh_told_goes_by_name_and_program() -> None:
    told = rule_string.parse("", BLOCK.format(6))
    step = commands.switch(told, on=False)
    assert step is not None and step.shell is Shell.CMD
    assert command(step) == (
        "netsh advfirewall firewall set rule name=python.exe dir=in program=C:\\Python311\\python.exe new enable=no"
    )


def test_policys_rules_are_for_its_administrator() -> None:
    facts = build.facts(build.rule(BLOCK.format(6), store=Store.POLICY))
    assert all(isinstance(step, Do) for step in written(DisableRule((0,)), facts).steps)


def test_shields_come_down_for_one_profile() -> None:
    facts = build.facts(windows=build.windows(build.ALLOW, profiles=build.profiles(shields_up=True)))
    piece = written(LiftShields("Private"), facts)
    assert lines(piece.steps) == ["Set-NetFirewallProfile -Name Private -AllowInboundRules True"]
    assert lines(piece.undo) == ["Set-NetFirewallProfile -Name Private -AllowInboundRules False"]
    assert journey(piece.facts).arrives
    policy = build.profiles(shields_up=True, by_policy=("shields_up",))
    held = build.facts(windows=build.windows(build.ALLOW, profiles=policy))
    assert all(isinstance(step, Do) for step in written(LiftShields("Private"), held).steps)


def test_a_network_becomes_private_and_public_again() -> None:
    cafe = (Network("cafe", "Wi-Fi 2", ProfileName.PUBLIC),)
    piece = written(SetNetworkCategory("Wi-Fi 2", "Private"), build.facts(windows=build.windows(networks=cafe)))
    assert lines(piece.steps) == ["Set-NetConnectionProfile -InterfaceAlias 'Wi-Fi 2' -NetworkCategory Private"]
    assert lines(piece.undo) == ["Set-NetConnectionProfile -InterfaceAlias 'Wi-Fi 2' -NetworkCategory Public"]
    assert "trust" in piece.warnings[0]
    domain = (Network("office", "Wi-Fi 2", ProfileName.DOMAIN),)
    facts = build.facts(windows=build.windows(networks=domain))
    assert fixes.write(SetNetworkCategory("Wi-Fi 2", "Private"), facts, journey(facts)) is None


def test_a_port_is_reserved_while_winnat_stands_still() -> None:
    facts = build.facts(windows=build.windows(excluded_ports=(PortRange(4950, 5049),)))
    piece = written(ReservePort(5000), facts)
    assert [line.split()[:2] for line in lines(piece.steps)] == [
        ["net", "stop"],
        ["netsh", "interface"],
        ["net", "start"],
    ]
    assert "delete excludedportrange protocol=tcp startport=5000 numberofports=1" in lines(piece.undo)[0]


def test_a_relay_is_replaced_and_put_back() -> None:
    old = PortProxy("v4tov4", ip_address("192.168.1.100"), 5000, "172.20.9.9", 5000)
    facts = build.facts(windows=build.windows(port_proxies=(old,)))
    piece = written(SetPortProxy(5000, ip_address("172.20.1.5"), 5000, 0), facts)
    place = "listenaddress=192.168.1.100 listenport=5000"
    assert lines(piece.steps) == [
        f"netsh interface portproxy delete v4tov4 {place}",
        f"netsh interface portproxy add v4tov4 {place} connectaddress=172.20.1.5 connectport=5000",
    ]
    assert lines(piece.undo) == [
        f"netsh interface portproxy delete v4tov4 {place}",
        f"netsh interface portproxy add v4tov4 {place} connectaddress=172.20.9.9 connectport=5000",
    ]


def test_a_relay_needs_its_service() -> None:
    asleep = build.facts(windows=build.windows(service_states={"iphlpsvc": "stopped"}))
    piece = written(SetPortProxy(5000, ip_address("172.20.1.5"), 5000), asleep)
    assert lines(piece.steps)[-1] == "Start-Service -Name iphlpsvc"
    assert lines(piece.undo)[0] == "Stop-Service -Name iphlpsvc"


def test_a_relay_that_is_right_needs_its_service_alone() -> None:
    right = PortProxy("v4tov4", None, 5000, "172.20.1.5", 5000)
    windows = build.windows(port_proxies=(right,), service_states={"iphlpsvc": "stopped"})
    piece = written(SetPortProxy(5000, ip_address("172.20.1.5"), 5000, 0), build.facts(windows=windows))
    assert (lines(piece.steps), lines(piece.undo)) == (
        ["Start-Service -Name iphlpsvc"],
        ["Stop-Service -Name iphlpsvc"],
    )


def test_the_kernel_is_never_stopped() -> None:
    facts = build.facts()
    assert fixes.write(StopProgram(4, "System"), facts, journey(facts)) is None
    serving = build.facts(windows=build.windows(services={build.PID: ("W3SVC",)}))
    assert lines(written(StopProgram(build.PID), serving).steps) == ["Stop-Service -Name W3SVC"]


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)


@given(names)
def test_any_rules_name_is_one_word_for_powershell(name: str) -> None:
    step = commands.switch(rule_string.parse(name, BLOCK.format(6)), on=False)
    assert step is not None and step.argv[:2] == ("Disable-NetFirewallRule", "-Name")
    plain = step.argv[2].replace("``", "\0").replace("`", "").replace("\0", "`")
    assert plain == name


@pytest.mark.parametrize("form", [commands.add, commands.add_by_netsh])
def test_a_rule_that_was_written_is_read_back_as_it_was_meant(form: Any) -> None:
    """netsh's listing of the rule that the command makes is the rule that the plan was proved with."""
    made = commands.opening((), Proto.TCP, 5000, LAN, ProfileName.PUBLIC)
    rule = commands.rule(made, "the plan")
    rows = [
        ("Enabled", "Yes"),
        ("Direction", "In"),
        ("Profiles", "Public"),
        ("Grouping", ""),
        ("LocalIP", "Any"),
        ("RemoteIP", "192.168.1.0/24"),
        ("Protocol", "TCP"),
        ("LocalPort", "5000"),
        ("RemotePort", "Any"),
        ("Edge traversal", "No"),
        ("Program", "Any"),
        ("InterfaceTypes", "Any"),
        ("Security", "NotRequired"),
        ("Rule source", "Local Setting"),
        ("Action", "Allow"),
    ]
    text = "\n".join([f"{'Rule Name:':<38}{made.name}", "-" * 70, *(f"{k + ':':<38}{v}" for k, v in rows)])
    (read,) = netsh.parse(text).value
    for field in (
        "action",
        "direction",
        "enabled",
        "profiles",
        "protocol",
        "local_ports",
        "remote_addresses",
        "program",
    ):
        assert getattr(read, field) == getattr(rule, field)
    assert form(made)[0].root
