"""What changed between two looks: each thing that may change, alone; and nothing where nothing did."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

import pytest
from msgspec.structs import replace

from tests import build
from tests.casebook.machines import LOOPBACK, NAMES, OPEN, UFW, machine
from tests.present.reports import loopback_flask
from wizard.casebook.compare import Look, compare
from wizard.casebook.reading import facts_of
from wizard.model.capture import Unknown
from wizard.model.change import Area, Change, Kind
from wizard.model.facts import (
    Container,
    Fail2banJail,
    Firewalld,
    FirewalldZone,
    HostsEntry,
    Listener,
    Neighbour,
    Owner,
    Process,
    Proto,
    PublishedPort,
    Resolution,
    Route,
    Ufw,
)

A, B = ip_address("192.168.1.100"), ip_address("192.168.1.23")
EVERYWHERE, LOOP = ip_address("0.0.0.0"), ip_address("127.0.0.1")


def look(name: str) -> Look:
    report, captures, _ = machine(name)
    facts = facts_of(captures, platform="linux", taken_at=report.taken_at, privileged=True)
    return Look(facts, report)


def lines(changes: tuple[Change, ...]) -> list[tuple[str, str, str, str, str]]:
    return [(each.area.value, each.kind.value, each.what, each.before, each.after) for each in changes]


@pytest.mark.parametrize("name", NAMES)
def test_a_machine_compared_with_itself_has_not_changed(name: str) -> None:
    assert compare(look(name), look(name)) == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_way_back_is_told_the_other_way_round(name: str) -> None:
    """Whatever is new one way is gone the other way, with the same words."""
    there, back = compare(look(OPEN), look(name)), compare(look(name), look(OPEN))
    turned = {Kind.NEW: Kind.GONE, Kind.GONE: Kind.NEW}
    mirrored = {(each.area, turned.get(each.kind, each.kind), each.after, each.before) for each in back}
    assert {(each.area, each.kind, each.before, each.after) for each in there} == mirrored


def test_a_program_that_was_started_otherwise() -> None:
    told = lines(compare(look(OPEN), look(LOOPBACK)))
    assert told[0][:3] == ("verdict", "changed", "verdict")
    assert ("verdict", "new", "first cause", "", "loopback-only-bind") in told
    assert ("listener", "changed", "port 5000/tcp", "0.0.0.0 (python)", "127.0.0.1 (python)") in told
    python = "/srv/venv/bin/python -m"
    otherwise = (f"{python} http.server 5000", f"{python} flask --app app run --debug")
    assert ("process", "changed", "command line of python of port 5000/tcp", *otherwise) in told
    assert any(each[2].startswith("start of python") and "UTC" in each[3] for each in told)


def test_a_firewall_rule_that_is_gone_is_told_in_ufws_words() -> None:
    told = [each for each in compare(look(OPEN), look(UFW)) if each.area is Area.FIREWALL]
    assert told[0].kind is Kind.GONE and told[0].telling
    assert told[0].before.startswith("ufw rule 1: 5000/tcp ALLOW IN Anywhere: -A ufw-user-input")


def test_a_firewall_that_was_switched_on_does_not_bury_what_matters() -> None:
    told = [each for each in compare(look(LOOPBACK), look(OPEN)) if each.area is Area.FIREWALL]
    assert [each.after for each in told if each.what == "ufw"] == ["on, incoming: deny"]
    assert any("5000/tcp ALLOW" in each.after for each in told)
    folded = [each for each in told if "chains with" in each.what]
    assert folded and len(told) < 20


FACTS = build.facts(
    listeners=(Listener(Proto.TCP, EVERYWHERE, 5000, (Owner("flask", 42),)),),
    processes={42: Process(42, "flask", ("flask", "run"), "/srv", user="ann", started=100.0)},
    routes=(Route(ip_network("0.0.0.0/0"), device="eth0", gateway=ip_address("192.168.1.1")),),
    neighbours=(
        Neighbour(B, "eth0", "52:54:00:00:00:01", "REACHABLE"),
        Neighbour(ip_address("192.168.1.1"), "eth0", "1", "STALE"),
    ),
    sysctls={"net.ipv4.ip_forward": "0", "net.ipv4.conf.eth0.rp_filter": "0", "net.core.somaxconn": "1"},
    hosts=(HostsEntry(A, ("mybox",)),),
    resolution=Resolution("mybox", (A,)),
    containers=(Container("c" * 64, "web", "nginx", addresses=(B,), published=(PublishedPort(EVERYWHERE, 5000, 80),)),),
    ufw=None,
    firewalld=Firewalld(True, "public", (FirewalldZone("public", interfaces=("eth0",)),)),
    fail2ban=(Fail2banJail("web", ()),),
)
REPORT = replace(loopback_flask(), target=replace(loopback_flask().target, vantage=B, addresses=(A,)))


def changed(**fields: object) -> list[tuple[str, str, str, str, str]]:
    return lines(compare(Look(FACTS, REPORT), Look(replace(FACTS, **fields), REPORT)))


def process(**fields: object) -> dict[str, object]:
    return {"processes": {42: replace(FACTS.processes[42], **fields)}}  # type: ignore[index]


CASES: dict[str, tuple[dict[str, object], tuple[str, str, str, str, str]]] = {
    "nobody listens": ({"listeners": ()}, ("listener", "gone", "port 5000/tcp", "0.0.0.0 (flask)", "")),
    "bind": (
        {"listeners": (replace(FACTS.listeners[0], address=LOOP),)},  # type: ignore[index]
        ("listener", "changed", "port 5000/tcp", "0.0.0.0 (flask)", "127.0.0.1 (flask)"),
    ),
    "user": (
        process(user="bob"),
        ("process", "changed", "user of flask of port 5000/tcp", "ann", "bob"),
    ),
    "stopped": (process(state="T"), ("process", "changed", "state of flask of port 5000/tcp", "running", "stopped")),
    "moved": (process(cwd="/opt"), ("process", "changed", "folder of flask of port 5000/tcp", "/srv", "/opt")),
    "restarted": (
        process(started=200.0),
        ("process", "changed", "start of flask of port 5000/tcp", "pid 42, started 1970-01-01 00:01:40 UTC",
         "pid 42, started 1970-01-01 00:03:20 UTC"),
    ),
    "route gone": ({"routes": ()}, ("route", "gone", "default route", "via 192.168.1.1 on eth0", "")),
    "gateway": (
        {"routes": (Route(ip_network("0.0.0.0/0"), device="wg0", metric=50),)},
        ("route", "changed", "default route", "via 192.168.1.1 on eth0", "on wg0 metric 50"),
    ),
    "another card": (
        {"neighbours": (Neighbour(B, "eth0", "52:54:00:00:00:02", "REACHABLE"), *FACTS.neighbours[1:])},  # type: ignore[index]
        ("neighbour", "changed", "neighbour 192.168.1.23", "card 52:54:00:00:00:01", "card 52:54:00:00:00:02"),
    ),
    "no answer": (
        {"neighbours": (replace(FACTS.neighbours[0], state="FAILED", mac=""), *FACTS.neighbours[1:])},  # type: ignore[index]
        ("neighbour", "changed", "neighbour 192.168.1.23", "REACHABLE", "FAILED"),
    ),
    "setting": (
        {"sysctls": {**FACTS.sysctls, "net.ipv4.ip_forward": "1", "net.core.somaxconn": "9"}},  # type: ignore[dict-item]
        ("setting", "changed", "net.ipv4.ip_forward", "0", "1"),
    ),
    "hosts": (
        {"hosts": (HostsEntry(B, ("mybox",)),)},
        ("name", "changed", "hosts file: mybox", "192.168.1.100", "192.168.1.23"),
    ),
    "name": (
        {"resolution": Resolution("mybox", error="not known")},
        ("name", "changed", "the name mybox", "192.168.1.100", "not known"),
    ),
    "container gone": (
        {"containers": ()},
        ("container", "gone", "container web", "nginx, published 0.0.0.0:5000→80/tcp, at 192.168.1.23", ""),
    ),
    "ufw": ({"ufw": Ufw(True, "deny")}, ("firewall", "changed", "ufw", "not installed", "on, incoming: deny")),
    "zone": (
        {"firewalld": Firewalld(True, "home", FACTS.firewalld.zones)},  # type: ignore[union-attr]
        ("firewall", "changed", "firewalld's default zone", "public", "home"),
    ),
    "port closed": (
        {"firewalld": Firewalld(True, "public", (FirewalldZone("public", interfaces=("eth0",), ports=("5000/tcp",)),))},
        ("firewall", "changed", "firewalld zone public", "target default; interfaces eth0",
         "target default; interfaces eth0; ports 5000/tcp"),
    ),
    "ban": ({"fail2ban": (Fail2banJail("web", (B,)),)}, ("firewall", "new", "fail2ban's jail web", "", "bans 192.168.1.23")),
    "not seen": (
        {"routes": Unknown("ip is missing", "apt install iproute2")},
        ("route", "unknown", "the routes", "", "ip is missing"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_thing_changed_is_one_thing_told(case: str) -> None:
    fields, expected = CASES[case]
    assert changed(**fields) == [expected]


def test_an_address_that_dhcp_gave_anew() -> None:
    interfaces = FACTS.interfaces
    assert not isinstance(interfaces, Unknown)
    moved = tuple(
        each if each.loopback else replace(each, addresses=(ip_interface("192.168.1.101/24"),)) for each in interfaces
    )
    told = changed(interfaces=moved)
    assert [each[0] for each in told] == ["address"]
    assert "192.168.1.101/24" in told[0][4]


def test_what_neither_look_could_see_is_not_told() -> None:
    unknown = replace(FACTS, routes=Unknown("no"))
    assert compare(Look(unknown, REPORT), Look(unknown, REPORT)) == ()


@pytest.mark.parametrize("port", [40000, 51820])
def test_a_udp_port_that_nobody_chose_means_nothing(port: int) -> None:
    socket = Listener(Proto.UDP, EVERYWHERE, port, (Owner("browser", 7),))
    listeners = FACTS.listeners
    assert not isinstance(listeners, Unknown)
    assert changed(listeners=(*listeners, socket)) == []
