"""What Windows Firewall does with one packet: one rule and one setting at a time."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from tests import build_windows as build
from wizard.judge.trace import reply, trace
from wizard.judge.windows import hides_closed_ports
from wizard.model.capture import Unknown
from wizard.model.facts import Owner
from wizard.model.windows import Network, ProfileName, SecurityProduct, Store, WindowsFacts

IN = "v2.30|Action={}|Active=TRUE|Dir=In|{}Name=r|"


def rule(action: str, rest: str = "") -> str:
    """A rule's string with more conditions."""
    return IN.format(action, rest)


def outcome(*rules: str, **changes: object) -> str:
    """What comes of the neighbour's packet to port 5000."""
    where = {key: changes.pop(key) for key in ("source", "port", "interface") if key in changes}
    return trace(build.facts(*rules, **changes), build.packet(**where)).outcome  # type: ignore[arg-type]


MATRIX = [
    ("deliver", (rule("Allow", "Protocol=6|LPort=5000|"),)),
    ("deliver", (rule("Allow"),)),
    ("drop", (rule("Allow", "Protocol=17|LPort=5000|"),)),
    ("drop", (rule("Allow", "Protocol=6|LPort=5001|"),)),
    ("deliver", (rule("Allow", "Protocol=6|LPort2_10=4000-6000|LPort=80|"),)),
    ("drop", (rule("Allow", "Protocol=6|LPort=5000|Profile=Public|"),)),
    ("deliver", (rule("Allow", "Protocol=6|LPort=5000|Profile=Public|Profile=Private|"),)),
    ("deliver", (rule("Allow", "RA4=LocalSubnet|RA6=LocalSubnet|"),)),
    ("drop", (rule("Allow", "RA4=10.0.0.0/255.0.0.0|"),)),
    ("deliver", (rule("Allow", "RA4=192.168.1.1-192.168.1.30|"),)),
    ("drop", (rule("Allow", "RA6=LocalSubnet|"),)),
    ("drop", (rule("Allow", "RA4=DefaultGateway|"),)),
    ("unknown", (rule("Allow", "RA42=IntrAnet|"),)),
    ("drop", (rule("Allow", "RA4=DNS|"),)),
    ("unknown", (rule("Allow", "RA4=WINS|"),)),
    ("drop", (rule("Allow", "LA4=10.0.0.1|"),)),
    ("deliver", (rule("Allow", r"App=c:\PYTHON311\Python.exe|"),)),
    ("deliver", (rule("Allow", r"App=%SystemDrive%\Python311\python.exe|"),)),
    ("drop", (rule("Allow", r"App=C:\Python312\python.exe|"),)),
    ("unknown", (rule("Allow", r"App=%LOCALAPPDATA%\python.exe|"),)),
    ("drop", (rule("Allow", r"App=%LOCALAPPDATA%\node.exe|"),)),
    ("drop", (rule("Allow", "App=System|"),)),
    ("drop", (rule("Allow", r"App=%SystemRoot%\system32\svchost.exe|Svc=termservice|"),)),
    ("drop", (rule("Allow", "Svc=*|"),)),
    ("drop", (rule("Allow", "AppPkgId=S-1-15-2-1|"),)),
    ("unknown", (rule("Allow", "LUAuth=O:LSD:(A;;CC;;;UD)|"),)),
    ("drop", (rule("Allow", "Security=Authenticate|"),)),
    ("deliver", (rule("Allow", "IFType=Lan|"),)),
    ("drop", (rule("Allow", "IFType=Wireless|"),)),
    ("unknown", (rule("Allow", "IF={5D5BFDEF-0000-0000-0000-000000000000}|"),)),
    ("unknown", (rule("Allow", "TTK=UPnP|"),)),
    ("unknown", (rule("Allow", "Protocol=6|LPort=RPC|"),)),
    ("drop", (rule("Allow", "Protocol=6|LPort=RPC-EPMap|"),)),
    ("unknown", (rule("Allow", "Wonder=1|"),)),
    ("unknown", (rule("Permit"),)),
    ("drop", ("v2.30|Action=Allow|Active=FALSE|Dir=In|Name=r|",)),
    ("drop", ("v2.30|Action=Allow|Active=TRUE|Dir=Out|Name=r|",)),
    ("drop", (rule("Allow"), rule("Block"))),
    ("drop", (rule("Block"), rule("Allow"))),
    ("drop", (rule("Allow"), rule("Block", "Protocol=6|LPort=5000|"))),
    ("deliver", (rule("Allow"), rule("Block", "Protocol=17|"))),
    ("deliver", (rule("ByPass"), rule("Block"))),
    ("drop", (rule("ByPass", "Security=Authenticate|"), rule("Block"))),
    ("unknown", (rule("Allow"), rule("Block", "TTK=UPnP|"))),
    ("drop", (rule("Block", "Wonder=1|"),)),
    ("deliver", (rule("Allow", "Platform=2:6:2|Platform2=GTEQ|"),)),
    ("unknown", (rule("Allow", "Platform=2:6:1|"),)),
    ("deliver", (rule("Allow", "Protocol=6|RPort2_10=1-65535|"),)),
    ("drop", (rule("Allow", "Protocol=6|RPort=80|"),)),
    ("unknown", (rule("Allow", "Protocol=6|RPort2_10=50000-50100|"),)),
]


@pytest.mark.parametrize(
    ("expected", "rules"), MATRIX, ids=lambda each: " + ".join(each)[-90:] if isinstance(each, tuple) else each
)
def test_the_rules_decide(expected: str, rules: tuple[str, ...]) -> None:
    assert outcome(*rules) == expected


SETTINGS = [
    ("deliver", {"enabled": False}),
    ("deliver", {"inbound_allowed": True}),
    ("drop", {"shields_up": True, "inbound_allowed": True}),
    ("drop", {}),
    ("unknown", {"enabled": None}),
]


@pytest.mark.parametrize(("expected", "settings"), SETTINGS)
def test_a_profile_decides_what_no_rule_does(expected: str, settings: dict[str, bool]) -> None:
    windows = build.windows(rule("Allow", "LPort=1|Protocol=6|"), profiles=build.profiles(**settings))
    assert outcome(windows=windows) == expected


@pytest.mark.parametrize(
    ("expected", "settings"),
    [
        ("drop", {"shields_up": True}),
        ("drop", {"local_rules": False}),
        ("unknown", {"local_rules": None}),
        ("deliver", {"enabled": None}),
        ("unknown", {"shields_up": None}),
    ],
)
def test_shields_and_policy_overrule_an_allow(expected: str, settings: dict[str, bool]) -> None:
    assert outcome(windows=build.windows(rule("Allow"), profiles=build.profiles(**settings))) == expected


def test_policys_own_rules_count_where_local_ones_do_not() -> None:
    windows = build.windows(build.rule(rule("Allow"), store=Store.POLICY), profiles=build.profiles(local_rules=False))
    assert outcome(windows=windows) == "deliver"


def test_a_hardening_rule_blocks_its_service_and_lets_nobody_in() -> None:
    allow = build.rule("V2.0|Action=Allow|Dir=In|Name=h|", store=Store.HARDENING)
    block = build.rule("V2.0|Action=Block|Dir=In|Name=h|Svc=Site|", store=Store.HARDENING)
    assert outcome(windows=build.windows(allow)) == "drop"
    hosting = build.windows(rule("Allow"), block, services={build.PID: ("site",)})
    assert outcome(windows=hosting) == "drop"
    assert outcome(windows=build.windows(rule("Allow"), block)) == "deliver"


EDGES = [("deliver", "Edge=TRUE|"), ("unknown", "Edge=TRUE|Defer=App|"), ("drop", "")]


@pytest.mark.parametrize(("expected", "edge"), EDGES)
def test_a_tunnel_through_a_nat_needs_edge_traversal(expected: str, edge: str) -> None:
    assert outcome(rule("Allow", edge), interface="Teredo Tunneling Pseudo-Interface") == expected
    assert outcome(rule("Allow", edge)) == "deliver"
    assert outcome(rule("Allow", "Edge=TRUE|"), rule("Block", edge), interface="Teredo x") == "drop"


def test_loopback_and_the_machine_itself_are_not_filtered() -> None:
    blocked = build.facts(rule("Block"))
    assert trace(blocked, build.packet(build.SERVER, interface="lo")).outcome == "deliver"
    assert trace(blocked, build.packet("127.0.0.1", "127.0.0.1", interface="lo")).outcome == "deliver"


def test_the_interface_of_the_packet_says_which_profile() -> None:
    office = (Network("home", "Ethernet", ProfileName.PRIVATE), Network("office", "Wi-Fi", ProfileName.DOMAIN))
    allow = rule("Allow", "Profile=Domain|")
    windows = build.windows(allow, networks=office)
    assert outcome(windows=windows) == "drop"
    assert outcome(windows=windows, interface="Wi-Fi") == "deliver"
    assert outcome(rule("Allow", "Profile=Public|"), interface="a tunnel") == "deliver"


def test_a_packet_without_an_interface_arrives_where_its_sender_lives() -> None:
    allow = rule("Allow", "Profile=Private|")
    assert outcome(allow, interface="") == "deliver"
    assert trace(build.facts(rule("Block")), build.packet(build.SERVER, interface="")).outcome == "deliver"


def test_what_was_not_looked_at_is_assumed_aloud() -> None:
    windows = build.windows(rule("Allow"), security_products=Unknown("no such namespace"), ipsec_rules=None)
    decision = trace(build.facts(windows=windows), build.packet())
    assert decision.outcome == "deliver" and len(decision.assumptions) == 2
    assert not trace(build.facts(rule("Allow")), build.packet()).assumptions


def test_an_unknown_network_is_tried_as_each() -> None:
    missing = Unknown("Get-NetConnectionProfile is not there")
    assert outcome(windows=build.windows(rule("Allow"), networks=missing)) == "deliver"
    assert outcome(windows=build.windows(rule("Allow", "Profile=Private|"), networks=missing)) == "unknown"
    assert outcome(windows=build.windows(rule("Block"), networks=missing)) == "drop"


def test_nobody_knows_the_program_where_no_process_is_known() -> None:
    by_program = rule("Allow", f"App={build.PYTHON}|")
    assert outcome(by_program, processes=Unknown("not collected")) == "unknown"
    other = rule("Allow", r"App=C:\node.exe|")
    assert outcome(other, processes=Unknown("not collected")) == "drop"  # netstat -b names the file at least
    assert outcome(by_program, listeners=(build.listener(owners=None),)) == "unknown"


def test_the_kernel_accepts_under_its_own_name() -> None:
    http = {"listeners": (build.listener(owners=(Owner("System", 4),)),)}
    assert outcome(rule("Allow", "App=System|"), **http) == "deliver"
    assert outcome(rule("Allow", f"App={build.PYTHON}|"), **http) == "drop"


def test_another_makers_firewall_leaves_it_open() -> None:
    norton = (SecurityProduct("Norton 360", True),)
    decision = trace(build.facts(windows=build.windows(rule("Allow"), security_products=norton)), build.packet())
    assert decision.outcome == "unknown" and "Norton 360" in decision.reason
    off = (SecurityProduct("Norton 360", False),)
    assert outcome(windows=build.windows(rule("Allow"), security_products=off)) == "deliver"


def test_a_stopped_service_leaves_it_open() -> None:
    assert outcome(windows=build.windows(rule("Allow"), service_states={"mpssvc": "stopped"})) == "unknown"


@pytest.mark.parametrize("windows", [None, Unknown("not collected")])
def test_without_facts_nothing_is_allowed(windows: WindowsFacts | Unknown | None) -> None:
    assert outcome(windows=windows) == "unknown"


def test_a_store_that_was_not_read_leaves_it_open_but_for_a_block() -> None:
    unread = (Unknown("access is denied", what="Group Policy's rules"),)
    assert outcome(windows=build.windows(rule("Allow"), unread_stores=unread)) == "unknown"
    assert outcome(windows=build.windows(rule("Allow"), rule("Block"), unread_stores=unread)) == "drop"
    decision = trace(build.facts(windows=build.windows(unread_stores=unread)), build.packet())
    assert decision.outcome == "unknown" and "Group Policy" in decision.reason


def test_the_rule_that_decides_is_named_with_its_origin() -> None:
    decision = trace(build.facts(rule("Allow"), rule("Block", f"App={build.PYTHON}|Profile=Private|")), build.packet())
    assert decision.by is not None
    assert (decision.by.engine, decision.by.what, decision.by.index) == ("windows-firewall", "rule", 1)
    assert (
        decision.by.front_end_words == rf"Windows Firewall's rule “r” (blocks everything for {build.PYTHON}, Private)"
    )
    assert decision.by.origin.text.startswith("v2.30|Action=Block")


NEAR = [
    (
        rule("Allow", r"Protocol=6|App=C:\venv\Scripts\python.exe|"),
        "program",
        "yours runs from C:\\Python311\\python.exe",
    ),
    (rule("Allow", "Protocol=6|LPort=5000|Profile=Public|"), "profile", "this network is Private"),
    (rule("Allow", "Protocol=6|LPort=5000|RA4=10.0.0.0/8|"), "source", "this comes from 192.168.1.20"),
    (rule("Allow", "Protocol=17|LPort=5000|"), "protocol", "another protocol than TCP"),
    (rule("Allow", f"Protocol=6|LPort=80|App={build.PYTHON}|"), "port", "it is for port 80"),
    ("v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=5000|Name=r|", "disabled", "it is disabled"),
]


@pytest.mark.parametrize(("text", "condition", "words"), NEAR)
def test_what_nearly_lets_it_in_is_told(text: str, condition: str, words: str) -> None:
    decision = trace(build.facts(text, rule("Allow", "Protocol=6|LPort=22|")), build.packet())
    assert [each.condition for each in decision.near_misses] == [condition]
    assert words in decision.near_misses[0].differs


def test_ignored_local_rules_are_a_near_miss() -> None:
    windows = build.windows(rule("Allow", "Protocol=6|LPort=5000|"), profiles=build.profiles(local_rules=False))
    assert [each.condition for each in trace(build.facts(windows=windows), build.packet()).near_misses] == ["policy"]


def test_stealth_hides_closed_ports_unless_the_firewall_is_off() -> None:
    assert hides_closed_ports(build.facts(), build.packet()) is True
    off = build.facts(windows=build.windows(profiles=build.profiles(enabled=False)))
    assert hides_closed_ports(off, build.packet()) is False
    loud = build.facts(windows=build.windows(profiles=build.profiles(stealth=False)))
    assert hides_closed_ports(loud, build.packet()) is False
    assert hides_closed_ports(build.facts(windows=None), build.packet()) is None
    assert hides_closed_ports(build.facts(), build.packet("127.0.0.1", "127.0.0.1")) is False


def test_the_answer_goes_back_where_there_is_a_route() -> None:
    facts = build.facts()
    decision = trace(facts, build.packet())
    assert reply(facts, build.packet(), decision).outcome == "deliver"
    lonely = replace(facts, routes=facts.routes[1:])  # type: ignore[index]
    far = build.packet("10.9.9.9")
    assert reply(lonely, far, trace(lonely, far)).outcome == "drop"
    assert ip_address("10.9.9.9") == reply(lonely, far, decision).to.address
