"""How big a packet gets through: echo requests of several sizes in one piece each, or a request over TCP that fills packets.

A router that cannot pass a packet in one piece has to say so (ICMP 3/4 "fragmentation needed", ICMPv6 "packet too big",
RFC 1191, RFC 8201); where that message is filtered away, big packets vanish and the connection hangs: a black hole.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import time
from typing import Any

from wizard.collect.wire import errors, paths
from wizard.collect.wire.way import Way

PATIENCE = 1.2
_IDENTIFIER = 0x5780
_ICMP_HEADER = 8
_STEPS = (576, 1280, 1400, 1420, 1450, 1480, 1492, 1500)
_ROUNDS = 2
_PADDING = 6000
"""Bytes of an HTTP header that fill a few packets; every usual server takes at least 8 KiB of headers."""


def look(way: Way, port: int, late: float) -> dict[str, Any] | None:
    """The largest size that was answered and the smallest that was not; None where nothing small is answered either."""
    told = {"link": way.mtu, "told": way.mtu, "passed": 0, "lost": 0}
    if way.mtu > 65535 or way.device == "lo":
        return None
    by_echo = _by_echo(way, min(late, time.monotonic() + PATIENCE), told)
    if by_echo is None:
        return _by_tcp(way, port, late, told)
    return by_echo


def _sizes(way: Way) -> list[int]:
    least = 1280 if way.six else 576
    return sorted({each for each in _STEPS if least <= each < way.mtu} | {way.mtu})


# Echo requests


def _by_echo(way: Way, until: float, told: dict[str, int]) -> dict[str, int] | None:
    sizes = _sizes(way)
    try:
        plug = paths.echo_socket(way)
    except OSError:
        return None
    with plug:
        errors.want(plug)
        errors.whole(plug)
        plug.setblocking(False)
        answered: set[int] = set()
        for _ in range(_ROUNDS):
            # A lost packet is asked for again: on a radio link one proves nothing.
            if not _send(way, plug, [size for size in sizes if size not in answered], sizes):
                return None
            answered |= _answers(way, plug, sizes, min(until, time.monotonic() + PATIENCE / _ROUNDS), told, answered)
            if not answered or len(answered) == len(sizes):
                break
    return _summed_up(sizes, answered, told) if answered else None


def _send(way: Way, plug: socket.socket, wanted: list[int], sizes: list[int]) -> bool:
    """False where this user may not, or this machine cannot."""
    header = (40 if way.six else 20) + _ICMP_HEADER
    for size in wanted:
        try:
            message = paths.echo_request(way, _IDENTIFIER, sizes.index(size), bytes(size - header))
            plug.sendto(message, way.destination(0))
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.EHOSTUNREACH, errno.ENOBUFS):
                return False
    return True


def _answers(
    way: Way, plug: socket.socket, sizes: list[int], until: float, told: dict[str, int], before: set[int]
) -> set[int]:
    answered = set(before)
    poll = select.poll()
    poll.register(plug, select.POLLIN)
    while len(answered) < len(sizes) and paths.ready_until(poll, until):
        while (error := errors.read(plug)) is not None:
            if error.errno == errno.EMSGSIZE and 0 < error.info < told["told"]:
                told["told"] = error.info
        with contextlib.suppress(OSError):
            while True:
                data, where = plug.recvfrom(70000)
                sequence = paths.echo_sequence(way, plug, data, _IDENTIFIER)
                if where[0].partition("%")[0] == way.address.partition("%")[0] and sequence in range(len(sizes)):
                    answered.add(sizes[sequence or 0])
    return answered


def _summed_up(sizes: list[int], answered: set[int], told: dict[str, int]) -> dict[str, int]:
    passed = max(answered)
    lost = [size for size in sizes if size > passed and size <= told["told"]]
    return told | {"passed": passed, "lost": min(lost, default=0)}


# TCP


def _by_tcp(way: Way, port: int, late: float, told: dict[str, int]) -> dict[str, int] | None:
    """A request whose first line is confirmed and whose padding is not, though the connection stands."""
    with socket.socket(way.family, socket.SOCK_STREAM) as plug:
        plug.settimeout(max(0.1, min(1.0, late - time.monotonic())))
        try:
            plug.connect(way.destination(port))
            plug.sendall(b"GET / HTTP/1.1\r\nUser-Agent: connection-wizard\r\nConnection: close\r\n")
            small = _confirmed(plug, min(late, time.monotonic() + 0.6))
            plug.sendall(b"X-Padding: " + b"x" * _PADDING + b"\r\n")
            big = _confirmed(plug, min(late, time.monotonic() + PATIENCE))
        except OSError:
            return None
        if not small:
            return None
        told["told"] = min(way.mtu, errors.path_mtu(plug) or way.mtu)
        _end_at_once(plug)
    least = 1280 if way.six else 576
    return told | ({"passed": told["told"]} if big else {"passed": least, "lost": told["told"]})


def _confirmed(plug: socket.socket, until: float) -> bool:
    """Whether the other side has everything that was written: nothing is left in the send queue (tcp(7) SIOCOUTQ)."""
    # Imported here: Windows has neither.
    import fcntl
    import termios

    while True:
        left = struct.unpack("=i", fcntl.ioctl(plug, termios.TIOCOUTQ, b"\0" * 4))[0]
        if left == 0 or time.monotonic() > until:
            return bool(left == 0)
        time.sleep(0.01)


def _end_at_once(plug: socket.socket) -> None:
    """Close with a reset: the request is not finished, and nothing that is still queued shall be sent again."""
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
