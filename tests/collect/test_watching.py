"""Packets are read, filtered by BPF as meant, and paired into attempts; the page serves one text; the table is read."""

from __future__ import annotations

import contextlib
import http.client
import queue
import random
import socket
import sys
import threading
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.collect.packet_bytes import ACK, FIN, PSH, RST, SYN, icmp, ip, segment
from wizard.collect.watching import bpf, counters, packets, pairing
from wizard.collect.watching.own import OwnAddresses
from wizard.collect.watching.page import Page, Visit, is_page
from wizard.collect.watching.pairing import Pairing
from wizard.collect.watching.sniffer import Seen
from wizard.collect.watching.table import Table
from wizard.model.arrival import Answered, Attempted, How

ME, ME6 = "192.168.1.100", "fd00::100"
PHONE, PHONE6, CONTAINER = "192.168.1.23", "fd00::23", "172.17.0.2"

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


# Packets


@pytest.mark.parametrize(("source", "destination"), [(PHONE, ME), (PHONE6, ME6)])
def test_a_segment_is_read(source: str, destination: str) -> None:
    read = packets.read(ip(source, destination, segment(40000, 5000, SYN, seq=7, payload=b"hi"), ttl=63))
    assert read == packets.Tcp(
        ip_address(source).packed, ip_address(destination).packed, 40000, 5000, 7, 0, SYN, b"hi", 63
    )


def test_padding_behind_the_packet_is_no_payload() -> None:
    read = packets.read(ip(PHONE, ME, segment(40000, 5000, ACK)) + b"\0" * 6)
    assert isinstance(read, packets.Tcp)
    assert read.payload == b""


def test_a_segment_behind_extension_headers_is_read() -> None:
    body = bytes([43, 0, 0, 0, 0, 0, 0, 0]) + bytes([6, 0, 0, 0, 0, 0, 0, 0]) + segment(40000, 5000, SYN)
    read = packets.read(ip(PHONE6, ME6, body, proto=0))
    assert isinstance(read, packets.Tcp)
    assert read.dport == 5000


@pytest.mark.parametrize(("source", "destination", "kind", "code"), [(ME, PHONE, 3, 13), (ME6, PHONE6, 1, 1)])
def test_an_icmp_error_quotes_the_segment(source: str, destination: str, kind: int, code: int) -> None:
    quoted = ip(destination, source, segment(40000, 5000, SYN, seq=7))[: 48 if ":" in source else 28]
    read = packets.read(icmp(source, destination, kind, code, quoted))
    assert isinstance(read, packets.Icmp)
    assert (read.type, read.code, read.quoted_sport, read.quoted_dport, read.quoted_seq) == (kind, code, 40000, 5000, 7)


def test_nothing_in_hostile_bytes_raises() -> None:
    dice = random.Random(5)
    whole = [ip(PHONE, ME, segment(1, 2, SYN)), ip(PHONE6, ME6, segment(1, 2, SYN)), icmp(ME, PHONE, 3, 3, b"")]
    for _ in range(3000):
        text = bytearray(dice.choice(whole))
        for _ in range(dice.randrange(4)):
            text[dice.randrange(len(text))] = dice.randrange(256)
        packets.read(bytes(text[: dice.randrange(len(text) + 1)]))


# BPF, as the kernel runs it


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket pair whose receiving end can be given a filter: it runs on the datagram itself."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        other.setblocking(False)
        yield one, other


def passes(pair: tuple[socket.socket, socket.socket], program: bytes, packet: bytes) -> bool:
    bpf.attach(pair[1], program)
    with contextlib.suppress(OSError):
        pair[0].send(packet)
    try:
        return bool(pair[1].recv(4096))
    except BlockingIOError:
        return False


@linux
@pytest.mark.parametrize(
    ("packet", "opens", "talks"),
    [
        (ip(PHONE, ME, segment(40000, 5000, SYN)), True, False),
        (ip(PHONE, ME, segment(40000, 6000, SYN)), True, False),
        (ip(ME, PHONE, segment(5000, 40000, SYN | ACK)), True, False),
        (ip(ME, PHONE, segment(5000, 40000, RST | ACK)), True, False),
        (ip(ME, PHONE, segment(6000, 40000, RST | ACK)), False, False),
        (ip(ME, PHONE, segment(5000, 40000, FIN | ACK)), True, False),
        (ip(PHONE, ME, segment(40000, 5000, ACK | PSH, payload=b"GET /")), False, True),
        (ip(PHONE, ME, segment(40000, 6000, ACK | PSH, payload=b"GET /")), False, False),
        (ip(PHONE, ME, segment(40000, 5000, SYN), fragment=64), False, False),
        (ip(PHONE, ME, segment(40000, 5000, SYN), proto=17), False, False),
        (icmp(ME, PHONE, 3, 3, b"x" * 28), True, False),
        (icmp(ME, PHONE, 11, 0, b"x" * 28), False, False),
        (ip(PHONE6, ME6, segment(40000, 5000, SYN)), True, False),
        (ip(ME6, PHONE6, segment(5000, 40000, RST)), True, False),
        (ip(PHONE6, ME6, segment(40000, 5000, ACK, payload=b"x")), False, True),
        (ip(PHONE6, ME6, segment(40000, 6000, ACK, payload=b"x")), False, False),
        (icmp(ME6, PHONE6, 1, 4, b"x" * 48), True, False),
        (icmp(ME6, PHONE6, 3, 0, b"x" * 48), False, False),
    ],
)
def test_the_kernel_passes_what_a_watch_needs(
    pair: tuple[socket.socket, socket.socket], packet: bytes, opens: bool, talks: bool
) -> None:
    assert passes(pair, bpf.opening([5000, 5001]), packet) is opens
    assert passes(pair, bpf.talking([5001, 5000]), packet) is talks


@linux
@pytest.mark.parametrize(("target", "other"), [(ME, PHONE), (ME6, PHONE6)])
def test_the_kernel_passes_what_comes_from_the_target(
    pair: tuple[socket.socket, socket.socket], target: str, other: str
) -> None:
    program = bpf.answering(ip_address(target).packed)
    assert passes(pair, program, ip(target, other, segment(5000, 40000, RST)))
    assert passes(pair, program, icmp(other, other, 3, 3, b""))
    assert not passes(pair, program, ip(other, target, segment(5000, 40000, RST)))


# Pairing


class Wire:
    """Feeds packets to a pairing, ten milliseconds apart."""

    def __init__(self, local: bool = False) -> None:
        own = {ip_address(each).packed for each in (ME, ME6, "127.0.0.1")}
        self.pairing = Pairing([5000], own.__contains__, local)
        self.now = 1000.0

    def come(self, packet: bytes, interface: str = "eth0") -> Wire:
        return self._feed(packet, interface, False)

    def leave(self, packet: bytes, interface: str = "eth0") -> Wire:
        return self._feed(packet, interface, True)

    def _feed(self, packet: bytes, interface: str, outgoing: bool) -> Wire:
        read = packets.read(packet)
        assert read is not None
        self.now += 0.01
        self.pairing.feed(Seen(self.now, interface, outgoing, "02:00:00:00:00:23", read))
        return self

    def later(self, seconds: float) -> list[Attempted]:
        self.now += seconds
        return self.pairing.due(self.now)


def syn(sport: int = 40000, seq: int = 1000, source: str = PHONE, destination: str = ME, port: int = 5000) -> bytes:
    return ip(source, destination, segment(sport, port, SYN, seq))


def synack(sport: int = 40000, seq: int = 1000) -> bytes:
    return ip(ME, PHONE, segment(5000, sport, SYN | ACK, 9000, seq + 1))


def said(payload: bytes, sport: int = 40000) -> bytes:
    return ip(PHONE, ME, segment(sport, 5000, ACK | PSH, 1001, 9001, payload))


def answered(payload: bytes, flags: int = ACK | PSH) -> bytes:
    return ip(ME, PHONE, segment(5000, 40000, flags, 9001, 1020, payload))


def test_a_silent_attempt_is_told_once_its_time_is_over() -> None:
    wire = Wire().come(syn())
    assert wire.later(0.1) == []
    (attempt,) = wire.later(1.0)
    assert attempt.answered is Answered.NOTHING
    assert (str(attempt.source), attempt.source_port, str(attempt.destination), attempt.port) == (
        PHONE,
        40000,
        ME,
        5000,
    )
    assert attempt.interface == "eth0"
    assert wire.later(5.0) == []


def test_retransmissions_are_one_attempt() -> None:
    wire = Wire().come(syn())
    wire.now += 1.0
    wire.come(syn())
    wire.now += 2.0
    wire.come(syn())
    (attempt,) = wire.later(1.0)
    assert attempt.retransmitted == 2


def test_a_bridge_over_its_port_is_one_arrival_on_the_bridge() -> None:
    (attempt,) = Wire().come(syn(), "eth0").come(syn(), "br0").later(1.0)
    assert (attempt.interface, attempt.retransmitted) == ("br0", 0)


def test_a_reset_is_told_at_once() -> None:
    reset = ip(ME, PHONE, segment(5000, 40000, RST | ACK, 0, 1001))
    (attempt,) = Wire().come(syn()).leave(reset).later(0)
    assert attempt.answered is Answered.RST


def test_an_icmp_error_is_told_with_its_kind() -> None:
    (attempt,) = Wire().come(syn()).leave(icmp(ME, PHONE, 3, 13, syn()[:28])).later(0)
    assert (attempt.answered, attempt.icmp) == (Answered.ICMP, (3, 13))


def test_an_icmp_error_about_something_else_answers_nothing() -> None:
    (attempt,) = Wire().come(syn()).leave(icmp(ME, PHONE, 3, 3, syn(sport=41000, seq=77)[:28])).later(1)
    assert attempt.answered is Answered.NOTHING


def test_what_the_application_says_ends_the_attempt() -> None:
    wire = Wire().come(syn()).leave(synack()).come(said(b"GET / HTTP/1.1\r\n\r\n"))
    assert wire.later(0) == []
    (attempt,) = wire.leave(answered(b"HTTP/1.0 200 OK\r\n")).later(0)
    assert attempt.established
    assert attempt.request.startswith(b"GET /")
    assert attempt.response.startswith(b"HTTP/1.0 200")
    assert wire.later(10) == []


def test_an_answer_with_the_end_in_the_same_packet_counts() -> None:
    wire = Wire().come(syn()).leave(synack()).come(said(b"GET /")).leave(answered(b"HTTP/1.0 200 OK", ACK | FIN))
    (attempt,) = wire.later(0)
    assert attempt.response == b"HTTP/1.0 200 OK"


@pytest.mark.parametrize(("flags", "ended"), [(FIN | ACK, "closed"), (RST, "reset")])
def test_a_connection_that_ends_without_an_answer(flags: int, ended: str) -> None:
    (attempt,) = Wire().come(syn()).leave(synack()).come(said(b"GET /")).leave(answered(b"", flags)).later(0)
    assert (attempt.answered, attempt.ended, attempt.response) == (Answered.SYN_ACK, ended, b"")


@pytest.mark.parametrize("request_", [b"", b"GET /"])
def test_whoever_leaves_first_is_no_fault_of_the_program(request_: bytes) -> None:
    wire = Wire().come(syn()).leave(synack())
    if request_:
        wire.come(said(request_))
    leaves = ip(PHONE, ME, segment(40000, 5000, FIN | ACK, 1001, 9001))
    (attempt,) = wire.come(leaves).leave(answered(b"", FIN | ACK)).later(0)
    assert (attempt.left, attempt.ended, attempt.request) == (True, "", request_)


def test_an_answer_that_nobody_confirms() -> None:
    wire = Wire().come(syn()).leave(synack())
    assert wire.later(0.5) == []
    (attempt,) = wire.later(1.0)
    assert (attempt.answered, attempt.established) == (Answered.SYN_ACK, False)


def test_a_late_answer_revises_what_was_told() -> None:
    wire = Wire().come(syn()).leave(synack()).come(said(b"GET /"))
    (first,) = wire.later(1.5)
    (second,) = wire.leave(answered(b"HTTP/1.0 200 OK")).later(0)
    assert (first.revises, second.revises, first.number, second.number) == (False, True, 1, 1)
    assert (first.response, second.response) == (b"", b"HTTP/1.0 200 OK")


def test_devices_and_ports_are_kept_apart() -> None:
    other = syn(source="192.168.1.24", seq=5)
    wire = Wire().come(syn()).come(other).come(syn(sport=40001, seq=2000)).come(syn(source=PHONE6, destination=ME6))
    told = wire.leave(synack(40001, 2000)).later(1.5)
    assert [(str(each.source), each.source_port, str(each.answered)) for each in told] == [
        (PHONE, 40000, "nothing"),
        ("192.168.1.24", 40000, "nothing"),
        (PHONE, 40001, "synack"),
        (PHONE6, 40000, "nothing"),
    ]


def test_a_new_connection_from_the_same_port_is_a_new_attempt() -> None:
    wire = Wire().come(syn())
    wire.later(1.0)
    (again,) = wire.come(syn(seq=555555)).later(1.0)
    assert again.number == 2


def test_where_the_packet_is_sent_on_to() -> None:
    on = ip(PHONE, CONTAINER, segment(40000, 80, SYN, 1000))
    (attempt,) = Wire().come(syn()).leave(on, "docker0").leave(on, "vethx").later(1.0)
    assert attempt.forwarded is not None
    assert (str(attempt.forwarded.address), attempt.forwarded.port, attempt.forwarded_on) == (CONTAINER, 80, "docker0")


def test_other_ports_are_counted_and_other_machines_are_not() -> None:
    wire = Wire().come(syn(port=5001)).come(syn(port=5001, seq=9)).come(syn(destination="192.168.1.7"))
    assert wire.later(1.0) == []
    assert wire.pairing.elsewhere == {(ip_address(PHONE).packed, 5001): 2}


@pytest.mark.parametrize(("local", "count"), [(False, 0), (True, 1)])
def test_own_attempts_are_told_only_if_asked_for(local: bool, count: int) -> None:
    told = Wire(local).come(syn(source=ME), "lo").later(1.0)
    assert [each.own for each in told] == [True] * count


def test_a_scan_fills_no_memory() -> None:
    wire = Wire()
    for number in range(5000):
        source = f"10.{number % 3}.{number // 256 % 256}.{number % 256}"
        wire.come(syn(sport=1024 + number, seq=number, source=source))
        wire.come(syn(port=6000 + number, seq=number, source=PHONE))
    assert len(wire.pairing._open) <= pairing.MOST_ATTEMPTS
    assert len(wire.pairing._by_seq) <= pairing.MOST_ATTEMPTS
    assert len(wire.pairing.elsewhere) <= pairing.MOST_ELSEWHERE
    assert wire.pairing.unshown > 0


def test_one_source_cannot_keep_the_others_out() -> None:
    wire = Wire()
    for number in range(1000):
        wire.come(syn(sport=1024 + number, seq=number, source="192.168.1.66"))
    wire.come(syn())
    assert PHONE in {str(each.source) for each in wire.later(1.0)}


# The page


@pytest.fixture
def visits() -> queue.SimpleQueue[Visit]:
    return queue.SimpleQueue()


def test_the_page_is_one_text_without_a_fact_of_the_machine(visits: queue.SimpleQueue[Visit]) -> None:
    with Page(0, list, visits.put) as page:
        bodies = set()
        for path in ("/", "/etc/passwd", "/?x=<script>"):
            connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10)
            connection.request("GET", path, headers={"Host": "evil<b>.example"})
            answer = connection.getresponse()
            assert answer.status == 200
            assert {name.lower() for name, _ in answer.getheaders()} == {
                "content-type", "content-security-policy", "cache-control", "x-content-type-options", "connection",
                "content-length",
            }  # fmt: skip
            bodies.add(answer.read())
            connection.close()
        assert len(bodies) == 1
        assert b"It works" in bodies.pop()
        visit = visits.get(timeout=10)
        assert is_page(visit)
        assert (visit.source, visit.destination, visit.port) == ("127.0.0.1", "127.0.0.1", page.port)
        port = page.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


@pytest.mark.parametrize(
    ("request_", "begins"),
    [
        (b"POST / HTTP/1.1\r\n\r\n", b"HTTP/1.1 405"),
        (b"GET /favicon.ico HTTP/1.1\r\n\r\n", b"HTTP/1.1 404"),
        (b"\x16\x03\x01\x02\x00" + b"\0" * 20, b""),
        (b"SSH-2.0-x\r\n\r\n", b""),
    ],
)
def test_everything_else_is_turned_away(visits: queue.SimpleQueue[Visit], request_: bytes, begins: bytes) -> None:
    with Page(0, list, visits.put) as page, socket.create_connection(("127.0.0.1", page.port), timeout=10) as plug:
        plug.sendall(request_)
        assert plug.recv(1000)[:12] == begins[:12]
        visit = visits.get(timeout=10)
        assert not is_page(visit)
        assert visit.request == request_


def test_a_page_beside_a_program_that_holds_only_loopback(visits: queue.SimpleQueue[Visit]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with Page(port, lambda: ["127.0.0.2"], visits.put) as page:
            assert (page.as_asked, page.port, page.addresses) == (True, port, ("127.0.0.2",))


def test_a_page_on_a_free_port_where_the_asked_one_is_taken(visits: queue.SimpleQueue[Visit]) -> None:
    with socket.create_server(("0.0.0.0", 0)) as held:
        port = held.getsockname()[1]
        with Page(port, lambda: ["127.0.0.2"], visits.put) as page:
            assert not page.as_asked
            assert page.port != port


# The kernel's table


@linux
def test_the_table_tells_of_new_connections_and_forgets_none(visits: queue.SimpleQueue[Visit]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        own = OwnAddresses()
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            table, others = Table([port], own, local=True), Table([port], own)
            assert table.look() == []
            with socket.create_connection(("127.0.0.1", port), timeout=10) as new:
                (attempt,) = table.look()
                assert (attempt.how, attempt.established, attempt.own) == (How.TABLE, True, True)
                assert (attempt.source_port, attempt.port) == (new.getsockname()[1], port)
                assert table.look() == []
                assert others.look() == []


@linux
def test_the_kernel_counts_for_everybody() -> None:
    history = counters.History()
    assert {"PassiveOpens", "OutRsts", "ListenOverflows"} <= history.first.keys()
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=10).close()
    assert any(each.startswith("connections accepted: ") for each in counters.since(history.first, counters.ANSWERED))
    history.look()


def test_what_rose_since_shortly_before(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, table = [100.0], {"ListenOverflows": 5}
    monkeypatch.setattr(counters, "read", lambda: dict(table))
    monkeypatch.setattr(counters.time, "time", lambda: clock[0])
    history = counters.History()
    for now, count in ((101.0, 7), (102.0, 7), (103.0, 9)):
        clock[0], table["ListenOverflows"] = now, count
        history.look()
    words = "connections dropped because a program does not accept them fast enough"
    assert history.lost_since(102.5) == (f"{words}: 2",)
    assert history.lost_since(99.0) == (f"{words}: 4",)
    assert history.lost_since(103.5) == ()


def test_own_addresses_know_loopback_and_mapped_ones() -> None:
    own = OwnAddresses()
    assert own(ip_address("127.0.0.53").packed)
    assert own(ip_address("::ffff:127.0.0.1").packed)
    assert not own(ip_address("203.0.113.9").packed)


def test_a_page_ends_while_a_visitor_says_nothing(visits: queue.SimpleQueue[Visit]) -> None:
    page = Page(0, list, visits.put)
    with socket.create_connection(("127.0.0.1", page.port), timeout=10):
        done = threading.Thread(target=page.close)
        done.start()
        done.join(30)
        assert not done.is_alive()
