"""Three traceroutes to one target without root: TCP to the real port, ICMP echo, UDP.

Each packet may pass one router more than the last; whoever throws it away says so (ICMP time exceeded), and the socket's
error queue names the sender. They go out in growing handfuls that end once the target answered, so that a near target,
which may count connections, sees no more than two or three.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from wizard.collect.wire import errors
from wizard.collect.wire.way import Way

BATCHES = ((1,), (2, 3), (4, 5, 6, 7), tuple(range(8, 16)), tuple(range(16, 25)))
PATIENCE = 0.9
"""Seconds for the answers of one handful: below the second after which the kernel would send a SYN again."""
TIME_EXCEEDED = 11
_TIME_EXCEEDED = (TIME_EXCEEDED, 3)
"""ICMP's and ICMPv6's type of the error; the second is told as the first, so that readers need only one."""
_FIRST_UDP_PORT = 33434
_MOST_LATE = 3.0
"""Seconds: for so long after the time is over a machine that is kept busy may still take in what has come."""
_FARTHER = 2
"""Another protocol's way to the same target may be so many routers longer."""

Hop = dict[str, Any]


class Known:
    """What one look may tell the others while they run: how far away the target is, and that nobody answers at all."""

    distance: int | None = None
    nobody: bool = False


def tcp(way: Way, port: int, late: float, known: Known) -> dict[str, Any]:
    """Real connects to the real port, each with a limit on the routers it may pass; what connects is closed at once."""
    return _path(way, "tcp", late, known, lambda batch, until: _tcp_batch(way, port, batch, until))


def udp(way: Way, late: float, known: Known) -> dict[str, Any]:
    """One empty datagram each, to the ports that traceroute uses."""
    return _path(way, "udp", late, known, lambda batch, until: _udp_batch(way, batch, until))


def icmp(way: Way, late: float, known: Known) -> dict[str, Any]:
    """Echo requests."""
    return _path(way, "icmp", late, known, lambda batch, until: _icmp_batch(way, batch, until))


def _path(
    way: Way,
    proto: str,
    late: float,
    known: Known,
    ask: Callable[[tuple[int, ...], float], dict[int, dict[str, Any] | None]],
) -> dict[str, Any]:
    hops: list[Hop] = []
    for batch in BATCHES:
        if time.monotonic() + 0.1 > late or known.nobody or batch[0] > (known.distance or batch[0]) + _FARTHER:
            break
        answers = ask(batch, min(late, time.monotonic() + PATIENCE))
        for number in batch:
            answer = answers.get(number)
            hops.append({"number": number, "answer": answer})
            if answer is not None and answer.get("type") != TIME_EXCEEDED:
                reached = answer["source"] == _bare(way)
                known.distance = number if reached else known.distance
                return {"proto": proto, "hops": hops, "reached": reached}
    return {"proto": proto, "hops": _without_silent_end(hops), "reached": False}


def _without_silent_end(hops: list[Hop]) -> list[Hop]:
    """Of hops that all were silent the first stands for the rest."""
    heard = [at for at, hop in enumerate(hops) if hop["answer"]]
    return hops[: (heard[-1] if heard else -1) + 2]


def _bare(way: Way) -> str:
    return way.address.partition("%")[0]


def _told_by_another(way: Way, error: errors.Error, started: float) -> dict[str, Any] | None:
    """The error, unless this machine made it itself: nobody answered its ARP, or its own filter refused."""
    own = error.local or error.offender in ("", way.source)
    return None if own else _icmp_answer(error, started)


def _icmp_answer(error: errors.Error, started: float) -> dict[str, Any]:
    exceeded = error.type == (_TIME_EXCEEDED[1] if ":" in error.offender else _TIME_EXCEEDED[0])
    return {
        "kind": "icmp",
        "source": error.offender,
        "type": TIME_EXCEEDED if exceeded else error.type,
        "code": error.code,
        "seconds": round(time.monotonic() - started, 6),
    }


# TCP


def _tcp_batch(way: Way, port: int, batch: tuple[int, ...], until: float) -> dict[int, dict[str, Any] | None]:
    with contextlib.ExitStack() as closing:
        plugs: dict[int, tuple[int, socket.socket, float]] = {}
        found: dict[int, dict[str, Any] | None] = {}
        for number in batch:
            plug = closing.enter_context(socket.socket(way.family, socket.SOCK_STREAM))
            errors.want(plug)
            errors.hops(plug, number)
            plug.setblocking(False)
            started = time.monotonic()
            result = plug.connect_ex(way.destination(port))
            if result == errno.EINPROGRESS:
                plugs[plug.fileno()] = (number, plug, started)
            else:
                found[number] = _tcp_answer(way, plug, result, started)
        for number, plug, started in _as_they_end(plugs, until):
            result = plug.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            found[number] = _tcp_answer(way, plug, result, started)
    return found


def _as_they_end(plugs: dict[int, Any], until: float) -> Any:
    poll = select.poll()
    for descriptor in plugs:
        poll.register(descriptor, select.POLLOUT)
    waiting = dict(plugs)
    while waiting and (ready := ready_until(poll, until)):
        for descriptor in ready:
            poll.unregister(descriptor)
            yield waiting.pop(descriptor)


def ready_until(poll: select.poll, until: float) -> list[int]:
    """The descriptors that are ready; none once the time is over. What has come by then counts, however late we look."""
    left = until - time.monotonic()
    if left < -_MOST_LATE:
        return []
    return [descriptor for descriptor, _ in poll.poll(max(0.0, left) * 1000)]


def _tcp_answer(way: Way, plug: socket.socket, result: int, started: float) -> dict[str, Any] | None:
    error = errors.read(plug)
    if error is not None:
        return _told_by_another(way, error, started)
    if result not in (0, errno.ECONNREFUSED, errno.ECONNRESET):
        return None
    kind = "rst" if result else "synack"
    return {"kind": kind, "source": _bare(way), "seconds": round(time.monotonic() - started, 6)}


# UDP


def _udp_batch(way: Way, batch: tuple[int, ...], until: float) -> dict[int, dict[str, Any] | None]:
    with contextlib.ExitStack() as closing:
        plugs: dict[int, tuple[int, socket.socket, float]] = {}
        for number in batch:
            plug = closing.enter_context(socket.socket(way.family, socket.SOCK_DGRAM))
            errors.want(plug)
            errors.hops(plug, number)
            plug.setblocking(False)
            with contextlib.suppress(OSError):
                plug.sendto(b"", way.destination(_FIRST_UDP_PORT + number))
            plugs[plug.fileno()] = (number, plug, time.monotonic())
        return _errors_of(way, plugs, until)


def _errors_of(
    way: Way, plugs: dict[int, tuple[int, socket.socket, float]], until: float
) -> dict[int, dict[str, Any] | None]:
    poll = select.poll()
    for descriptor in plugs:
        poll.register(descriptor, 0)  # POLLERR is always told
    found: dict[int, dict[str, Any] | None] = {}
    waiting = dict(plugs)
    while waiting and (ready := ready_until(poll, until)):
        for descriptor in ready:
            poll.unregister(descriptor)
            number, plug, started = waiting.pop(descriptor)
            error = errors.read(plug)
            if error is not None:
                found[number] = _told_by_another(way, error, started)
    return found


# ICMP


def echo_socket(way: Way) -> socket.socket:
    """A socket for echo requests: an ordinary user's (icmp(7) ping_group_range), or else root's."""
    proto = socket.IPPROTO_ICMPV6 if way.six else socket.IPPROTO_ICMP
    try:
        return socket.socket(way.family, socket.SOCK_DGRAM, proto)
    except PermissionError:
        return socket.socket(way.family, socket.SOCK_RAW, proto)


def echo_request(way: Way, identifier: int, sequence: int, data: bytes) -> bytes:
    """The message; a user's socket has the kernel put its own identifier and checksum in."""
    kind = 128 if way.six else 8
    head = struct.pack("!BBHHH", kind, 0, 0, identifier, sequence)
    return struct.pack("!BBHHH", kind, 0, _checksum(head + data), identifier, sequence) + data


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_sequence(way: Way, plug: socket.socket, data: bytes, identifier: int) -> int | None:
    """The number of the request that this echo reply answers; None: it is something else (a raw socket hears all)."""
    if plug.type == socket.SOCK_RAW and not way.six and len(data) >= 20:
        data = data[(data[0] & 0x0F) * 4 :]
    if len(data) < 8 or data[0] != (129 if way.six else 0):
        return None
    told, sequence = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
    return sequence if plug.type != socket.SOCK_RAW or told == identifier else None


def _icmp_batch(way: Way, batch: tuple[int, ...], until: float) -> dict[int, dict[str, Any] | None]:
    with contextlib.ExitStack() as closing:
        plugs: dict[int, tuple[int, socket.socket, float]] = {}
        for number in batch:
            plug = closing.enter_context(echo_socket(way))
            errors.want(plug)
            errors.hops(plug, number)
            plug.setblocking(False)
            with contextlib.suppress(OSError):
                plug.sendto(echo_request(way, _IDENTIFIER + number, number, b"connection-wizard"), way.destination(0))
            plugs[plug.fileno()] = (number, plug, time.monotonic())
        return _echoes_of(way, plugs, until)


_IDENTIFIER = 0x5700


def _echoes_of(
    way: Way, plugs: dict[int, tuple[int, socket.socket, float]], until: float
) -> dict[int, dict[str, Any] | None]:
    poll = select.poll()
    for descriptor in plugs:
        poll.register(descriptor, select.POLLIN)
    found: dict[int, dict[str, Any] | None] = {}
    while len(found) < len(plugs) and (ready := ready_until(poll, until)):
        for descriptor in ready:
            number, plug, started = plugs[descriptor]
            answer = _echo_answer(way, plug, number, started)
            if answer is not None and number not in found:
                found[number] = answer
    return found


def _echo_answer(way: Way, plug: socket.socket, number: int, started: float) -> dict[str, Any] | None:
    error = errors.read(plug)
    if error is not None:
        # A raw socket hears of errors about its neighbours' requests too: the request that is quoted has its number.
        mine = len(error.data) < 8 or struct.unpack_from("!H", error.data, 6)[0] == number
        return _told_by_another(way, error, started) if mine else None
    try:
        data, where = plug.recvfrom(2048)
    except OSError:
        return None
    if echo_sequence(way, plug, data, _IDENTIFIER + number) != number or where[0].partition("%")[0] != _bare(way):
        return None
    return {"kind": "echo", "source": _bare(way), "seconds": round(time.monotonic() - started, 6)}
