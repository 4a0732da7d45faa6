"""Connection attempts on loopback: how each way of answering, or not answering, is written down."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from wizard.collect import attempts
from wizard.collect.attempts import Wish
from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Attempt, AttemptOutcome
from wizard.parse import attempts as reading
from wizard.parse import resolution

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@contextmanager
def server(handle: Callable[[socket.socket], None], address: str = "127.0.0.1") -> Iterator[int]:
    """A server that accepts one connection, on a port of its own."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listening:
        listening.bind((address, 0))
        listening.listen()

        def serve() -> None:
            try:
                connection = listening.accept()[0]
            except OSError:
                return
            with connection:
                handle(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]


def attempt(port: int, **more: object) -> Attempt:
    return read(attempts.tcp("127.0.0.1", port, **{"seconds": 1.0, **more}))[0]  # type: ignore[arg-type]


def read(capture: Capture) -> tuple[Attempt, ...]:
    parsed = reading.parse(capture.text)
    assert not parsed.unread
    return parsed.value


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        return int(listening.getsockname()[1])


def test_an_answer_is_kept_and_the_request_is_small_and_says_who_asks() -> None:
    asked: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(OK)

    with server(handle) as port:
        made = attempt(port, host_header="site.lan:80\r\nX-Evil: 1", path="/a b\r\nX: y")
    assert (made.outcome, made.ended, made.status, made.banner) == (AttemptOutcome.CONNECTED, "answered", 200, OK)
    lines = asked[0].decode().split("\r\n")
    assert lines[:3] == ["GET /abX:y HTTP/1.1", "Host: site.lan:80X-Evil:1", "User-Agent: connection-wizard"]


def test_a_server_that_keeps_the_connection_open_is_not_waited_for() -> None:
    def handle(connection: socket.socket) -> None:
        connection.sendall(OK)
        time.sleep(5)

    started = time.monotonic()
    with server(handle) as port:
        assert attempt(port, seconds=4.0).ended == "answered"
    assert time.monotonic() - started < 2


def test_silence_close_and_reset_are_told_apart() -> None:
    def reset(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with server(lambda connection: time.sleep(3)) as port:
        assert attempt(port).ended == "open"
    with server(lambda connection: connection.recv(65536) and None) as port:
        assert attempt(port).ended == "closed"
    with server(reset) as port:
        assert attempt(port).ended == "reset"


def test_one_who_speaks_first_is_heard() -> None:
    with server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        made = attempt(port)
    assert made.banner.startswith(b"SSH-2.0")
    assert made.status is None


def test_an_endless_answer_is_cut_off() -> None:
    def handle(connection: socket.socket) -> None:
        try:
            while True:
                connection.sendall(b"y" * 65536)
        except OSError:
            return

    with server(handle) as port:
        assert len(attempt(port).banner) == attempts.MOST_BYTES


def test_a_drip_is_cut_off_at_the_time_limit() -> None:
    def handle(connection: socket.socket) -> None:
        try:
            for _ in range(100):
                connection.sendall(b"y")
                time.sleep(0.1)
        except OSError:
            return

    started = time.monotonic()
    with server(handle) as port:
        assert attempt(port, seconds=0.8).ended == "answered"
    assert time.monotonic() - started < 2


def test_nobody_listens() -> None:
    made = attempt(free_port())
    assert (made.outcome, made.errno, made.icmp, made.sent) == (AttemptOutcome.REFUSED, "ECONNREFUSED", None, "")


def test_nothing_is_sent_where_only_the_connect_was_wanted() -> None:
    heard: list[bytes] = []
    with server(lambda connection: heard.append(connection.recv(10))) as port:
        assert attempt(port, send=None).sent == ""
        time.sleep(0.1)
    assert heard == [b""]


def test_tls_to_a_server_of_plain_http() -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with server(handle) as port:
        made = attempt(port, send="tls")
    assert (made.sent, made.tls) == ("tls", "WRONG_VERSION_NUMBER")


def test_tls_to_one_who_says_nothing() -> None:
    with server(lambda connection: time.sleep(3)) as port:
        made = attempt(port, send="tls")
    assert (made.tls, made.ended) == ("no answer to the handshake", "open")


def test_attempts_are_made_side_by_side_and_come_in_order() -> None:
    port = free_port()
    with server(lambda connection: time.sleep(3)) as slow, server(lambda connection: time.sleep(3)) as slower:
        started = time.monotonic()
        made = read(attempts.many([Wish("127.0.0.1", each, 1.0) for each in (slow, port, slower)]))
    assert [each.port for each in made] == [slow, port, slower]
    assert time.monotonic() - started < 1.9


def test_an_address_that_is_none_is_an_error_in_words() -> None:
    made = attempts.many([Wish("nonsense", 1), Wish("127.0.0.1", 99999), Wish("fe80::1%no-such-device", 1)])
    assert made.text.count('"outcome": "error"') == 3


@pytest.mark.skipif(sys.platform != "linux", reason="a time limit that Linux keeps")
def test_a_full_accept_queue_is_a_timeout() -> None:
    """The kernel drops SYNs while the queue is over its backlog; the fillers are never accepted."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        made = attempt(address[1], seconds=0.5)
        for filler in fillers:
            filler.close()
    assert (made.outcome, made.errno) == (AttemptOutcome.TIMEOUT, "ETIMEDOUT")


def test_names_are_resolved_or_not_in_the_resolvers_words() -> None:
    answer = attempts.resolve("localhost")
    assert isinstance(answer, Capture)
    told = resolution.parse(answer.text).value
    assert told is not None
    assert any(address.is_loopback for address in told.addresses)
    failed = attempts.resolve("a" * 80 + ".")
    assert isinstance(failed, Capture)
    refused = resolution.parse(failed.text).value
    assert refused is not None
    assert refused.error
    assert not refused.addresses


def test_a_resolver_that_hangs_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts.socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    answer = attempts.resolve("slow.example", seconds=0.2)
    assert isinstance(answer, Unknown)
    assert answer.remedy == "getent ahosts slow.example"
