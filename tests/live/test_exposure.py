"""What `wizard exposure` says is what devices meet: real connections from a LAN, a second network, and this machine.

Server 10.77.0.1 (veth-s) with the client's two addresses on its LAN; `other` 10.99.0.2 on a second network; a container
172.30.0.2 behind a bridge. Each firewall is set up by its own commands, then every port is dialled from everywhere.
"""

from __future__ import annotations

import json
import sys
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.live.lab import CLIENT, CLIENT6, SECOND_CLIENT, SERVER, SERVER6, Lab

OTHER, OTHER_SERVER = "10.99.0.2", "10.99.0.1"
BOX = "172.30.0.2"
PORTS = (5000, 5001, 5002, 5003)
BOUND = {5003: SERVER}
"""Sockets on one address are dialled there."""

_SERVE = """
import socket, sys, time
kept = []
for each in sys.argv[1:]:
    host, _, port = each.rpartition(":")
    plug = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    plug.bind((host, int(port)))
    plug.listen(50)
    kept.append(plug)
print("ready", flush=True)
time.sleep(600)
"""

NETWORK = f"""set -e
ip netns add other
ip link add veth-o type veth peer name veth-x netns other
ip addr add {OTHER_SERVER}/24 dev veth-o
ip link set veth-o up
ip -n other addr add {OTHER}/24 dev veth-x
ip -n other link set veth-x up
ip -n other link set lo up
ip -n other route add default via {OTHER_SERVER}
"""

CONTAINER = f"""set -e
ip netns add box
ip link add br-app type bridge
ip addr add 172.30.0.1/24 dev br-app
ip link add veth-b type veth peer name eth0 netns box
ip link set veth-b master br-app
ip link set br-app up
ip link set veth-b up
ip -n box addr add {BOX}/24 dev eth0
ip -n box link set eth0 up
ip -n box link set lo up
ip -n box route add default via 172.30.0.1
sysctl -qw net.ipv4.ip_forward=1
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.30.0.0/24 ! -o br-app -j MASQUERADE
iptables -t nat -A DOCKER ! -i br-app -p tcp -m tcp --dport 8080 -j DNAT --to-destination {BOX}:80
iptables -t nat -A DOCKER ! -i br-app -p tcp -m tcp --dport 8081 -j DNAT --to-destination {BOX}:81
iptables -N DOCKER
iptables -N DOCKER-USER
iptables -I FORWARD 1 -j DOCKER-USER
iptables -I FORWARD 2 -o br-app -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -I FORWARD 3 -o br-app -j DOCKER
iptables -I FORWARD 4 -i br-app ! -o br-app -j ACCEPT
iptables -A DOCKER -d {BOX}/32 ! -i br-app -o br-app -p tcp -m tcp --dport 80 -j ACCEPT
iptables -A DOCKER -d {BOX}/32 ! -i br-app -o br-app -p tcp -m tcp --dport 81 -j ACCEPT
iptables -A DOCKER-USER -s 10.77.0.3/32 -j DROP
iptables -A DOCKER-USER -j RETURN
"""


def serve(lab: Lab, *places: str, ns: str = "server") -> None:
    lab.spawn([sys.executable, "-c", _SERVE, *places], ns)
    lab.wait_for_port(int(places[-1].rpartition(":")[2]), ns)


def report(lab: Lab) -> dict[str, Any]:
    done = lab.wizard("exposure", "--json")
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["schema"] == "wizard.exposure/1"
    return found


def says(found: dict[str, Any], port: int, source: str, address: str) -> bool:
    """Whether the report lets this sender through to the port, on any of its doors."""
    sender, answers = ip_address(source), []
    for door in found["listeners"]:
        if door["proto"] != "tcp" or not door["port"] <= port <= door["last_port"]:
            continue
        for reach in door["reach"]:
            network = ip_network(reach["network"]) if reach["network"] else None
            here = network is not None and sender in network if reach["from"] == "network" else sender.is_loopback
            if reach["from"] == "elsewhere" or reach["family"] != sender.version or not here:
                continue
            assert reach["verdict"] != "unknown", reach
            if reach["from"] == "this-machine":
                answers.append(any(each["verdict"] == "open" for each in reach["by"] if each["dialled"] == address))
            else:
                answers.append(any(sender in ip_network(each) for each in reach["sources"]))
    return any(answers)


def compare(lab: Lab, found: dict[str, Any], ports: tuple[int, ...], *, six: bool = True) -> list[str]:
    """Every port from every device, as said and as met."""
    dialled = [
        (CLIENT, SERVER, "client"),
        (SECOND_CLIENT, SERVER, "client"),
        (OTHER, OTHER_SERVER, "other"),
        ("127.0.0.1", "127.0.0.1", "server"),
        *([(CLIENT6, SERVER6, "client"), ("::1", "::1", "server")] if six else []),
    ]
    wrong = []
    for port in ports:
        for source, address, ns in dialled:
            if port in BOUND and ":" not in address:
                address = BOUND[port]
            met = lab.connect(address, port, ns, timeout=0.7, source="" if ns == "server" else source)
            if (met.result == "connected") is not says(found, port, source, address):
                wrong.append(
                    f"{source} -> {address}:{port} met {met.result}, said {says(found, port, source, address)}"
                )
    return wrong


@pytest.fixture
def wide(lab: Lab) -> Lab:
    lab.run(NETWORK)
    serve(lab, "0.0.0.0:5000", ":::5001", "127.0.0.1:5002", f"{SERVER}:5003")
    return lab


def test_without_a_firewall(wide: Lab) -> None:
    found = report(wide)
    assert not compare(wide, found, PORTS)
    loopback = next(each for each in found["listeners"] if each["port"] == 5002)
    assert {each["from"]: each["verdict"] for each in loopback["reach"]} == {
        "this-machine": "all", "network": "none", "elsewhere": "none",
    }  # fmt: skip


def test_a_bundle_says_the_same(wide: Lab) -> None:
    bundle = str(wide.folder / "bundle.zip")
    assert wide.wizard("collect", "-o", bundle).returncode == 0
    done = wide.wizard("exposure", "--json", "--bundle", bundle)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["listeners"] == report(wide)["listeners"]


@pytest.mark.needs("ufw", "iptables-save")
def test_ufw(wide: Lab) -> None:
    wide.start_ufw(
        f"allow from {CLIENT} to any port 5000 proto tcp", "allow 5001/tcp", "allow in on veth-o to any port 5003"
    )
    found = report(wide)
    assert not compare(wide, found, PORTS)
    web = next(each for each in found["listeners"] if each["port"] == 5000)
    lan = next(each for each in web["reach"] if each["network"] == "10.77.0.0/24")
    assert (lan["verdict"], lan["sources"]) == ("some", [f"{CLIENT}/32"])
    words = {each["verdict"]: each["rule"]["front_end_words"] for each in lan["by"]}
    assert words["open"].startswith("ufw rule 1") and words["closed"] == "ufw default: deny (incoming)"


@pytest.mark.needs("nft")
def test_nft_sets_maps_and_the_way_back(wide: Lab) -> None:
    wide.run(
        "nft -f -",
        input=f"""table inet guard {{
          set friends {{ type ipv4_addr; flags interval; elements = {{ 10.77.0.0/31, {CLIENT}, 10.99.0.0-10.99.0.7 }} }}
          set pairs {{ type ipv4_addr . inet_service; elements = {{ {SECOND_CLIENT} . 5001, {OTHER} . 5000 }} }}
          chain input {{ type filter hook input priority 0; policy drop;
            iif lo accept
            ct state established,related accept
            icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
            ip saddr . tcp dport @pairs accept
            tcp dport 5000 ip saddr @friends ip saddr & 255.255.0.0 != 10.98.0.0 accept
            tcp dport {{ 5001, 5003 }} ip saddr vmap {{ {CLIENT} : accept, {OTHER} : drop }}
            tcp dport 5001 ip6 saddr fd77::/120 accept
          }}
          chain output {{ type filter hook output priority 0; policy accept;
            ip daddr {OTHER} tcp sport 5000 drop
          }}
        }}""",
    )
    found = report(wide)
    assert not compare(wide, found, PORTS)


@pytest.mark.needs("nft")
def test_a_redirected_port_and_one_that_is_taken_away(wide: Lab) -> None:
    wide.run(
        "nft -f -",
        input=f"""table ip turn {{
          chain pre {{ type nat hook prerouting priority dstnat;
            tcp dport 80 redirect to :5000
            ip saddr {CLIENT} tcp dport 5003 redirect to :5999
            tcp dport 7000-7010 ip saddr 10.99.0.0/24 dnat to {SERVER}:5000
          }}
          chain out {{ type nat hook output priority -100;
            ip daddr 127.0.0.1 tcp dport 80 redirect to :5000
          }}
        }}""",
    )
    found = report(wide)
    assert not compare(wide, found, (*PORTS, 80, 7000, 7010, 7011), six=False)
    doors = {(each["kind"], each["port"], each["last_port"]) for each in found["listeners"]}
    assert {("redirect", 80, 80), ("redirect", 7000, 7010)} <= doors
    assert not any(kind == "redirect" and first <= 7011 <= last for kind, first, last in doors)


@pytest.mark.needs("ufw", "iptables")
def test_ufw_denies_and_docker_publishes_all_the_same(wide: Lab) -> None:
    wide.start_ufw("deny 8080/tcp", "allow 5000/tcp")
    wide.run(CONTAINER)
    serve(wide, "0.0.0.0:80", ns="box")
    found = report(wide)
    assert not compare(wide, found, (*PORTS, 8080, 8081, 8082), six=False)
    assert wide.connect(SERVER, 8080, "server", timeout=0.7).result == "connected"
    door = next(each for each in found["listeners"] if each["port"] == 8080)
    assert next(each["verdict"] for each in door["reach"] if each["from"] == "this-machine") == "all"
    assert any("past the firewall" in said and "ufw" in said for said in door["warnings"]), door["warnings"]
    shown = wide.wizard("exposure")
    assert shown.returncode == 0
    assert "8080/tcp" in shown.stdout and f"{BOX}:80" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.needs("iptables-save")
def test_what_lies_behind_a_router() -> None:
    with Lab(router=True) as lab:
        serve(lab, "0.0.0.0:5000", "0.0.0.0:5001")
        lab.run("iptables -A INPUT -p tcp --dport 5001 -s 10.88.0.0/30 -j DROP")
        found = report(lab)
        for port, opened in ((5000, True), (5001, False)):
            door = next(each for each in found["listeners"] if each["port"] == port)
            beyond = next(each for each in door["reach"] if (each["from"], each["family"]) == ("elsewhere", 4))
            client = ip_address("10.88.0.2")
            assert any(client in ip_network(each) for each in beyond["sources"]) is opened
            assert (lab.connect(SERVER, port, timeout=0.7).result == "connected") is opened
