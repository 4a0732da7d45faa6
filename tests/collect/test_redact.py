"""Redaction: nothing that names a person or a place is left, and what findings rest on is as before."""

from __future__ import annotations

import base64
import json
import re
import sys
import time
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from wizard.collect import telling
from wizard.collect.live import LiveSource
from wizard.collect.probes_linux import PROBES
from wizard.collect.redact import Redaction, redact
from wizard.collect.scramble import Scrambler
from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts
from wizard.parse import assemble

KEY = b"a key for tests"
CAPTURES: dict[str, Capture | Unknown] = {
    name: Capture(name, text, name)
    for name, text in {
        "hosts": "127.0.0.1 localhost\n192.168.1.100 mybox.example.com mybox\n81.2.69.160 vault\n",
        "platform": "system=Linux\nhostname=mybox\n",
        "resolv-conf": "search corp.example.com\nnameserver 8.8.8.8\nnameserver 2001:4860:4860::8888\n",
        "resolution": '{"name": "printer-of-anna.local", "addresses": ["192.168.1.7"], "error": ""}\n',
        "processes": json.dumps(
            {
                "pid": 4242,
                "name": "flask",
                "argv": [
                    "/home/anna/site/venv/bin/flask",
                    "run",
                    "--password",
                    "hunter2",
                    "--api-key=hunter3",
                    "-p",
                    "80",
                ],
                "cwd": "/home/anna/site",
                "exe": "/usr/bin/python3",
                "user": "anna",
                "state": "S",
            }
        )
        + "\n",
        "ip-addresses": json.dumps(
            [
                {
                    "ifindex": 2,
                    "ifname": "eth0",
                    "flags": ["UP"],
                    "link_type": "ether",
                    "address": "52:54:00:12:34:56",
                    "addr_info": [
                        {"local": "81.2.69.160", "prefixlen": 24},
                        {"local": "192.168.1.100", "prefixlen": 24},
                        {"local": "fe80::5054:ff:fe12:3456", "prefixlen": 64},
                        {"local": "2a02:8109:1234:5600:5054:ff:fe12:3456", "prefixlen": 64},
                    ],
                }
            ]
        ),
        "ip-routes-4": '[{"dst":"default","gateway":"81.2.69.1","dev":"eth0"},{"dst":"81.2.69.0/24","dev":"eth0",'
        '"prefsrc":"81.2.69.160"},{"type":"broadcast","dst":"81.2.69.255","dev":"eth0","table":"local"}]',
        "ip-routes-6": "",
        "ip-rules-4": '[{"priority":9,"src":"81.2.0.0","srclen":15,"table":"7"}]',
        "nft-json": '{"nftables": [{"prefix": {"addr": "81.2.64.0", "len": 18}}, {"a": "mybox may come in"}]}',
        "proc-tcp": "   0: A0450251:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337\n",
        "proxy": "http_proxy=http://anna:hunter4@proxy.corp.example.com:3128\n",
        "source:/home/anna/site/settings.py": "SECRET_KEY = 'hunter5'\nALLOWED_HOSTS = ['mybox.example.com']\nDEBUG = True\n",
    }.items()
}
CAPTURES["ufw-rules"] = Unknown("/home/anna: Permission denied", "ssh anna@mybox sudo cat /home/anna/x", "x of mybox")
PRIVATE = (
    "anna",
    "mybox",
    "vault",
    "hunter",
    "corp",
    "12:34:56",
    "12:3456",
    "81.2.69.160",
    "8.8.8.8",
    "8109:1234",
    "A0450251",
)


@pytest.fixture(scope="module")
def redacted() -> dict[str, Capture | Unknown]:
    return redact(CAPTURES, key=KEY)[0]


def facts(captures: dict[str, Capture | Unknown]) -> Facts:
    return assemble.facts(captures, "linux", 0.0, True)


def test_nothing_private_is_left(redacted: dict[str, Capture | Unknown]) -> None:
    everything = repr(redacted).lower()
    assert [word for word in PRIVATE if word.lower() in everything] == []
    assert [word for word in PRIVATE if word.lower() not in repr(CAPTURES).lower()] == []


def test_the_target_too() -> None:
    captures, target = redact(CAPTURES, "http://anna:x@printer-of-anna.local:8000/ on 81.2.69.160", KEY)
    assert "anna" not in target
    assert target.startswith("http://removed:removed@host")
    assert ".local:8000/ on 81." in target
    resolution = captures["resolution"]
    assert isinstance(resolution, Capture)
    assert json.loads(resolution.text)["name"] in target


def test_the_same_thing_has_the_same_substitute(redacted: dict[str, Capture | Unknown]) -> None:
    read = facts(redacted)
    assert not isinstance(read.interfaces, Unknown) and not isinstance(read.routes, Unknown)
    public, private, local, global6 = read.interfaces[0].addresses
    routes = {route.destination: route for route in read.routes}
    network = public.network
    assert routes[network].source == public.ip
    assert routes[ip_network("0.0.0.0/0")].gateway == network.network_address + 1
    assert ip_network(network.broadcast_address) in routes
    assert str(private) == "192.168.1.100/24"
    assert local.packed[8:] == global6.packed[8:]
    assert bytes.fromhex(read.interfaces[0].mac.replace(":", ""))[3:] == local.packed[13:]
    assert not isinstance(read.hosts, Unknown)
    assert read.hosts[2].address == public.ip
    table = redacted["proc-tcp"]
    assert isinstance(table, Capture)
    packed = public.packed[::-1].hex().upper()
    assert f" {packed}:1F40 " in table.text


def test_what_findings_rest_on_is_kept(redacted: dict[str, Capture | Unknown]) -> None:
    read = facts(redacted)
    assert not isinstance(read.processes, Unknown)
    process = read.processes[4242]
    assert process.user == "user1"
    assert process.argv == (
        *("/home/user1/site/venv/bin/flask", "run", "--password", "removed", "--api-key=removed", "-p", "80"),
    )
    settings = read.sources["/home/user1/site/settings.py"]
    assert settings.splitlines()[0] == "SECRET_KEY = 'removed'"
    assert settings.splitlines()[2] == "DEBUG = True"
    assert len(settings.splitlines()) == 3
    rule = redacted["ip-rules-4"]
    assert isinstance(rule, Capture)
    told = json.loads(rule.text)[0]
    ip_network(f"{told['src']}/{told['srclen']}")
    nft = redacted["nft-json"]
    assert isinstance(nft, Capture)
    prefix = json.loads(nft.text)["nftables"][0]["prefix"]
    assert ip_address(read.interfaces[0].addresses[0].ip) in ip_network(f"{prefix['addr']}/{prefix['len']}")  # type: ignore[index,union-attr]


def test_without_a_key_substitutes_differ_each_time() -> None:
    seen = {redact({"x": Capture("x", "81.2.69.160")})[0]["x"] for _ in range(8)}
    assert len(seen) > 1


def test_hostile_text_does_not_take_forever() -> None:
    """Each of these takes minutes where a pattern's time grows with the square of the text."""
    pieces = (
        ":",
        "1.",
        "a",
        "/home/",
        "-",
        "password",
        "token=",
        'secret="',
        "://a:",
        "0",
        "aa:",
        "a@",
        "a-",
        "a.",
        "1.2.3.4-",
        "aa-",
        "cookie: ",
    )
    started = time.process_time()
    redact({piece: Capture("x", piece * (50_000 // len(piece)), "x") for piece in pieces})
    assert time.process_time() - started < 60


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**32 - 1).map(IPv4Address))
def test_every_ipv4_address_keeps_its_class_and_its_prefixes(one: IPv4Address, other: IPv4Address) -> None:
    substitutes = Scrambler(KEY)
    new, new_other = substitutes.address(one), substitutes.address(other)
    for each in (
        "is_private",
        "is_global",
        "is_loopback",
        "is_link_local",
        "is_multicast",
        "is_reserved",
        "is_unspecified",
    ):
        assert getattr(new, each) == getattr(one, each)
    if one.is_private:
        assert new == one
    if one != other and one.is_global and other.is_global:
        assert new != new_other


@settings(deadline=None)
@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_every_ipv6_address_keeps_its_class(address: IPv6Address) -> None:
    new = Scrambler(KEY).address(address)
    for each in ("is_private", "is_loopback", "is_link_local", "is_multicast", "is_unspecified"):
        assert getattr(new, each) == getattr(address, each)


@settings(deadline=None)
@given(st.integers(0x51000000, 0x51FFFFFF), st.integers(8, 31))
def test_neighbours_stay_neighbours(number: int, length: int) -> None:
    substitutes = Scrambler(KEY)
    network = ip_network((number, length), strict=False)
    first, last = substitutes.address(network[0]), substitutes.address(network[-1])
    assert ip_network(f"{first}/{length}", strict=False) == ip_network(f"{last}/{length}", strict=False)


@pytest.mark.skipif(sys.platform != "linux", reason="asks a Linux machine")
def test_a_redacted_machine_is_read_as_before() -> None:
    source = LiveSource()
    captures = source.gather(PROBES)
    before, after = facts(captures), facts(redact(captures)[0])
    assert not isinstance(before.processes, Unknown) and not isinstance(after.processes, Unknown)
    assert before.processes.keys() == after.processes.keys()
    assert not isinstance(before.listeners, Unknown) and not isinstance(after.listeners, Unknown)
    unnamed = [replace(each, origin=after.listeners[0].origin) for each in before.listeners if each.address.is_private]
    kept = [replace(each, origin=after.listeners[0].origin) for each in after.listeners if each.address.is_private]
    assert unnamed == kept
    assert before.sysctls == after.sysctls
    assert [note.what for note in before.notes] == [note.what for note in after.notes]


@pytest.mark.parametrize(
    "card", ["52:54:00:0a:01:02", "52:54:00:0A:01:02", "52-54-00-0A-01-02", "52:54:0:a:1:2", "5254.000a.0102"]
)
def test_a_card_is_the_same_however_it_is_written(card: str) -> None:
    redaction = Redaction(KEY)
    redaction.learn({"x": Capture("x", f"{card} wlx5254000a0102 ")})
    for text in (f"{card}.", f"{card}: x", f"mac:{card}", f"({card})", f"'{card}'", f"{card},{card}"):
        assert not re.search(f"{card}|0?a[:-]0?1[:-]0?2|000a", redaction.text(text)), text
    changed = redaction.text(f"at {card} on en0, wlx5254000a0102")
    assert telling.plain_card(changed.split()[1]) == Redaction(KEY).text("52:54:00:0a:01:02") != "52:54:00:0a:01:02"
    assert changed.split()[1].count(":") == card.count(":") and len(changed.split()[-1]) == 15
    assert "0a0102" not in changed


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("at 81.2.69.160.", "at 81."),
        ("2a02:8109:1234::1: refused", "::1: refused"),
        ("[2a02:8109:1234::1]:80", "::1]:80"),
        ("ip-81-2-69-160.isp.example", "-160.isp.example"),
        ("81.2.69.0/24", ".0/24"),
        ("81.2.69.160,81.2.69.161", ",81."),
    ],
)
def test_an_address_is_found_wherever_it_stands(text: str, kept: str) -> None:
    changed = Redaction(KEY).text(text)
    assert kept in changed and "81.2.69" not in changed and "8109:1234" not in changed and "81-2-69" not in changed


@pytest.mark.parametrize(
    "text",
    [
        "v1.2.3.4.5",
        "12:30:45",
        "2026-11-21",
        "fe80::1",
        "192.168.1.7",
        "::ffff:10.0.0.1",
        "a::b()",
        "2001:db8:1:2::5",
    ],
)
def test_what_is_no_public_address_stays(text: str) -> None:
    assert Redaction(KEY).text(text) == text


def test_a_range_stays_one_and_holds_what_it_held() -> None:
    redaction = Redaction(KEY)
    text = '{"range": ["81.2.69.10", "81.2.71.99"]} 81.2.70.3 81.2.71.100'
    redaction.learn({"x": Capture("x", text)})
    first, last, inside, outside = map(ip_address, re.findall(r"[\d.]{7,}", redaction.text(text)))
    assert first < inside < last < outside or (first < inside < last and not first <= outside <= last)


def test_names_hidden_by_escapes_and_encodings_are_found() -> None:
    blob = base64.b64encode("owner=jürgen;".encode()).decode()
    argv = ["/home/jürgen/x", "--owner", "Jürgen", blob]
    captures: dict[str, Capture | Unknown] = {
        "processes": Capture("processes", json.dumps({"pid": 1, "argv": argv, "user": "jürgen", "uid": 1000}) + "\n"),
        "get-netconnectionprofile": Capture("x", '{"Name": "Caf\\u00e9 Jürgen", "InterfaceAlias": "WLAN"}'),
    }
    redacted, _ = redact(captures, key=KEY)
    processes = redacted["processes"]
    assert isinstance(processes, Capture)
    told = json.loads(processes.text)["argv"]
    assert told[:3] == ["/home/user1/x", "--owner", "User1"] and base64.b64decode(told[3]) == b"owner=user1;"
    profile = redacted["get-netconnectionprofile"]
    assert isinstance(profile, Capture) and json.loads(profile.text) == {"Name": "Network1", "InterfaceAlias": "WLAN"}


def test_a_substitute_is_nobodys_name() -> None:
    text = "/home/anna /home/user1 /home/user2"
    captures: dict[str, Capture | Unknown] = {"x": Capture("x", text)}
    changed = redact(captures, key=KEY)[0]["x"]
    assert isinstance(changed, Capture)
    names = re.findall(r"/home/(\w+)", changed.text)
    assert len(set(names)) == 3 and not set(names) & {"anna", "user1", "user2"}


def test_ordinary_words_stay_what_they_are() -> None:
    captures: dict[str, Capture | Unknown] = {
        "processes": Capture("processes", '{"pid": 1, "argv": ["flask", "run"], "user": "flask", "uid": 1000}\n'),
        "nft": Capture("nft", "meta mark set 0x1 # of mark"),
        "x": Capture("x", "/home/mark/site /home/flask/site"),
    }
    redacted, _ = redact(captures, key=KEY)
    nft, processes = redacted["nft"], redacted["processes"]
    assert isinstance(nft, Capture) and nft.text == "meta mark set 0x1 # of mark"
    assert isinstance(processes, Capture)
    told = json.loads(processes.text)
    assert told["argv"] == ["flask", "run"] and told["user"].startswith("user")


def test_doors_are_not_left_open() -> None:
    text = (
        "Set-Cookie: session=hunter2; Path=/\r\nAuthorization: Bearer hunter2hunter2\r\nx?token=hunter2&a=1\n"
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n"
    )
    changed = Redaction(KEY).text(text)
    assert "hunter2" not in changed and "&a=1" in changed and changed.count("\n") >= 3


def test_macs_short_networks_and_search_domains() -> None:
    routes = "default      81.2.69.1  UGScg en0\n81.2.69/24   link#4     UCS   en0\n81.2 link#4\n10.77/16 link#5\n"
    captures: dict[str, Capture | Unknown] = {
        "netstat-routes": Capture("netstat-routes", routes),
        "scutil-dns": Capture("scutil-dns", "  search domain[0] : fernwald.example\n  nameserver[0] : 192.168.1.1\n"),
    }
    changed = redact(captures, key=KEY)[0]
    told, names = changed["netstat-routes"], changed["scutil-dns"]
    assert isinstance(told, Capture) and isinstance(names, Capture)
    gateway, network, short, private = (
        line.split()[place] for line, place in zip(told.text.splitlines(), (1, 0, 0, 0), strict=True)
    )
    assert gateway == f"{network.removesuffix('/24')}.1" and gateway.startswith(f"{short}.")
    assert "81.2.69" not in told.text and private == "10.77/16"
    assert "fernwald" not in names.text and "192.168.1.1" in names.text
