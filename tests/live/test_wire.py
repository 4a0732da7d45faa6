"""Single packets to a real target, through a real router: what comes back, and what it is read as (wizard.judge.wire)."""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

import pytest

from tests.live.conftest import skip_without
from tests.live.lab import _AS_NOBODY, CLIENT_LINK, PROJECT, ROUTED_CLIENT, SERVER, SERVER6, Lab
from wizard.collect.watching import packets
from wizard.judge import wire
from wizard.model.wire import WireEvidence
from wizard.parse.wire import parse

ROUTER = ip_address("10.88.0.1")
NOBODY = tuple(_AS_NOBODY)
LOOK = """
import sys
from wizard.collect.wire import look
found = look(sys.argv[1], int(sys.argv[2]), 15.0)
print(getattr(found, "text", None) or found)
"""
EVERYBODY = pytest.mark.parametrize("user", [(), NOBODY], ids=["root", "nobody"])
pytestmark = pytest.mark.needs("setpriv", "nft")


@pytest.fixture
def routed() -> Iterator[Lab]:
    """The client behind a router, a web server on port 5000."""
    skip_without()
    with Lab(router=True) as lab:
        serve(lab)
        yield lab


def serve(lab: Lab, bind: str = "0.0.0.0") -> None:
    lab.spawn(["/usr/bin/python3", "-m", "http.server", "5000", "--bind", bind])
    lab.wait_for_port(5000)


def look(lab: Lab, address: str = SERVER, port: int = 5000, user: Sequence[str] = ()) -> WireEvidence:
    """What the client sees of the target."""
    argv = [*user, sys.executable, "-c", LOOK, address, str(port)]
    done = lab.run(argv, "client", env={"PYTHONPATH": str(PROJECT)}, timeout=60)
    parsed = parse(done.stdout)
    assert parsed.value is not None and not parsed.unread, done.stdout
    return parsed.value


def forwarding(lab: Lab, *rules: str) -> None:
    """The router's own filter."""
    body = "\n".join(rules)
    text = f"table ip t {{\nchain f {{\ntype filter hook forward priority 0;\n{body}\n}}\n}}\n"
    lab.run(["nft", "-f", "-"], "router", input=text)


def sources(found: WireEvidence, proto: str) -> list[str | None]:
    path = found.path(proto)
    assert path is not None
    return [str(hop.answer.source) if hop.answer else None for hop in path.hops]


@EVERYBODY
def test_a_target_that_answers(routed: Lab, user: Sequence[str]) -> None:
    found = look(routed, user=user)
    assert (found.device, found.gateway, found.privileged) == (CLIENT_LINK, ROUTER, not user)
    assert sources(found, "tcp") == sources(found, "udp") == [str(ROUTER), SERVER]
    assert [each.kind for each in found.answers] == ["synack"]
    assert found.mtu is not None and (found.mtu.passed, found.mtu.lost) == (1500, 0)
    assert found.neighbour is not None and len(found.neighbour.macs) == 1
    assert not wire.only_this_port(found) and wire.last_before_silence(found) is None
    if not user:
        (answer,) = found.answers
        assert (answer.ttl, answer.mss, answer.options[0]) == (63, 1460, "MSS")
        assert found.echo is not None and found.echo.ttl == 63
        assert wire.answered_by_a_box(found) is None


def test_an_ordinary_user_who_may_ping(routed: Lab) -> None:
    routed.run("sysctl -qw net.ipv4.ping_group_range='0 2147483647'", "client")
    found = look(routed, user=NOBODY)
    assert sources(found, "icmp") == [str(ROUTER), SERVER]
    assert found.echo is not None


@EVERYBODY
def test_the_router_drops_this_port(routed: Lab, user: Sequence[str]) -> None:
    forwarding(routed, "tcp dport 5000 drop")
    found = look(routed, user=user)
    assert sources(found, "tcp") == [str(ROUTER), None]
    assert sources(found, "udp") == [str(ROUTER), SERVER]
    assert wire.only_this_port(found)
    assert wire.stopped_after(found) == ROUTER


def test_a_box_that_resets_in_the_targets_name_is_found_by_its_distance(routed: Lab) -> None:
    forwarding(routed, "tcp dport 5000 reject with tcp reset")
    box = wire.answered_by_a_box(look(routed))
    assert box is not None and (box.kind, str(box.source), box.ttl) == ("rst", SERVER, 64)
    closed = look(routed, port=5001)
    assert [(each.kind, each.ttl) for each in closed.answers] == [("rst", 63)]
    assert wire.answered_by_a_box(closed) is None


@EVERYBODY
def test_a_router_that_rejects_is_named(routed: Lab, user: Sequence[str]) -> None:
    forwarding(routed, "tcp dport 5000 reject with icmp admin-prohibited")
    found = look(routed, user=user)
    assert [(each.kind, each.source, each.type, each.code) for each in found.answers] == [("icmp", ROUTER, 3, 13)]


@EVERYBODY
def test_big_packets_that_vanish(routed: Lab, user: Sequence[str]) -> None:
    forwarding(routed, "ip length > 1300 drop")
    hole = wire.mtu_hole(look(routed, user=user))
    assert hole is not None and hole[0] <= 1300 < hole[1]


def test_a_small_path_that_says_so_is_no_hole(routed: Lab) -> None:
    routed.run("ip link set veth-r mtu 1400", "router")
    found = look(routed)
    assert found.mtu is not None and (found.mtu.told, found.mtu.passed, found.mtu.lost) == (1400, 1400, 0)
    assert wire.mtu_hole(found) is None


@EVERYBODY
def test_nobody_has_the_address(routed: Lab, user: Sequence[str]) -> None:
    found = look(routed, "10.88.0.77", user=user)
    assert found.gateway is None and found.answers == ()
    assert wire.nobody_on_the_link(found)
    assert wire.last_before_silence(found) is None


def test_answers_that_come_in_by_another_way(routed: Lab) -> None:
    routed.run(
        "set -e; ip link add veth-x type veth peer name veth-y netns client; ip addr add 10.99.0.1/24 dev veth-x;"
        "ip link set veth-x up; ip -n client addr add 10.99.0.2/24 dev veth-y; ip -n client link set veth-y up;"
        f"ip route add {ROUTED_CLIENT}/32 via 10.99.0.2"
    )
    found = look(routed)
    assert [each.kind for each in found.answers] == ["synack"]
    assert wire.asymmetric(found) == "veth-y"


def test_two_devices_with_one_address() -> None:
    skip_without()
    with Lab(switch=True) as lab:
        serve(lab)
        lab.run(
            "set -e; ip netns add other; ip -n router link add port-o type veth peer name eth0 netns other;"
            "ip -n router link set port-o master br-lan up; ip -n other link set eth0 up;"
            f"ip -n other addr add {SERVER}/24 dev eth0 nodad"
        )
        # The switch's new port needs a moment before it passes anything on.
        for _ in range(10):
            found = look(lab)
            if len(wire.duplicate(found)) == 2:
                break
        assert found.gateway is None
        assert len(wire.duplicate(found)) == 2


@EVERYBODY
def test_ipv6(lab: Lab, user: Sequence[str]) -> None:
    serve(lab, "::")
    found = look(lab, SERVER6, user=user)
    assert sources(found, "tcp") == sources(found, "udp") == [SERVER6]
    assert [each.kind for each in found.answers] == ["synack"]
    assert found.neighbour is not None and len(found.neighbour.macs) == 1
    assert found.mtu is not None and (found.mtu.passed, found.mtu.lost) == (1500, 0)


def test_nothing_is_sent_to_anybody_else_and_little_to_the_target(routed: Lab) -> None:
    forwarding(routed, "tcp dport 5000 drop")
    with Tap(routed) as tap:
        look(routed)
    told = [packets._ip(each, whole=True) for each in tap.sent]
    assert {ip_address(each.destination) for each in told if each} == {ip_address(SERVER)}
    assert 5 < len(tap.sent) <= 120


class Tap:
    """Every IPv4 packet that leaves the client, as the kernel hands it to the card."""

    def __init__(self, lab: Lab) -> None:
        self.sent: list[bytes] = []
        self._plug = lab.inside("client", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Tap:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._plug.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            if select.select([self._plug], [], [], 0.05)[0]:
                data, where = self._plug.recvfrom(2048)
                if where[2] == 4 and where[1] == 0x0800 and where[0] != "lo":
                    self.sent.append(data)


def test_a_target_that_no_route_leads_to(routed: Lab) -> None:
    routed.run("ip route del default", "client")
    argv = [sys.executable, "-c", LOOK, SERVER, "5000"]
    said = routed.run(argv, "client", env={"PYTHONPATH": str(PROJECT)}).stdout
    assert "no route to" in said
    with pytest.raises(ValueError):
        json.loads(said)
