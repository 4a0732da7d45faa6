"""Reads the answers to the probes off the wire, with root: what a socket does not tell is in their headers.

A SYN-ACK's or reset's time to live and options, its link-layer sender and the interface it came in on tell the target from a
box in front of it. Only what comes from the target (or is about packets to it) is looked at; nothing is sent.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from wizard.collect.wire.way import Way

_ETH_P_ALL = 3
_PACKET_OTHERHOST, _PACKET_OUTGOING = 3, 4
_MOST_ANSWERS = 16
_MOST_PACKETS = 2000
_SO_RCVBUFFORCE = 33
_BUFFER = 1024 * 1024
_SYN, _RST = 0x02, 0x04


class Overhearing:
    """Hears from its making until it is left; `told` is what it heard so far, nothing without the right to."""

    def __init__(self, way: Way, port: int) -> None:
        self._way, self._port = way, port
        self._plug = _socket(way)

    def __enter__(self) -> Overhearing:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._plug is not None:
            self._plug.close()

    def told(self) -> dict[str, Any]:
        """`privileged`, `answers`, `echo` and `reversed_device` as far as they were heard."""
        if self._plug is None:
            return {}
        answers, devices = [], set()
        echo: dict[str, Any] | None = None
        for data, device, mac in _waiting(self._plug):
            answer = _read(data, self._way, self._port)
            if answer is None:
                continue
            answer["mac"] = mac
            devices.add(device)
            if answer["kind"] != "echo":
                answers.append(answer)
            else:
                echo = echo or answer
        other = sorted(devices - {self._way.device})
        told: dict[str, Any] = {"privileged": True, "answers": _different(answers)[:_MOST_ANSWERS]}
        return told | ({"echo": echo} if echo else {}) | {"reversed_device": other[0] if other else ""}


def _waiting(plug: socket.socket) -> Iterator[tuple[bytes, str, str]]:
    """Everything that has come in: from the IP header on, with the interface and the link-layer sender."""
    with contextlib.suppress(BlockingIOError):
        for _ in range(_MOST_PACKETS):
            data, where = plug.recvfrom(2048)
            if where[2] not in (_PACKET_OTHERHOST, _PACKET_OUTGOING) and where[0] != "lo":
                yield data, str(where[0]), where[4].hex(":") if len(where[4]) == 6 else ""


def _socket(way: Way) -> socket.socket | None:
    """A packet socket that hears only what has to do with the target, from every interface; None without the right."""
    from wizard.collect.watching import bpf

    try:
        plug = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    except (OSError, AttributeError):
        return None
    bpf.attach(plug, bpf.answering(socket.inet_pton(way.family, way.address.partition("%")[0])))
    with contextlib.suppress(OSError):
        plug.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    plug.setblocking(False)
    return plug


def _read(data: bytes, way: Way, port: int) -> dict[str, Any] | None:
    """The packet as an answer, if it is one: from the target, or an ICMP error about a SYN to it (with its own sender)."""
    from scapy.layers.inet import ICMP, IP, TCP
    from scapy.layers.inet6 import ICMPv6EchoReply, IPv6

    try:
        packet = IPv6(data) if way.six else IP(data)
        layer = packet[IPv6] if way.six else packet[IP]
        told = {"source": str(layer.src), "ttl": int(layer.hlim if way.six else layer.ttl)}
        target = way.address.partition("%")[0]
        if TCP in packet and layer.src == target:
            return _tcp(packet[TCP], told, port)
        if way.six and ICMPv6EchoReply in packet:
            return told | {"kind": "echo"} if layer.src == target else None
        if ICMP in packet and packet[ICMP].type == 0:
            return told | {"kind": "echo"} if layer.src == target else None
    except Exception:
        # Hostile bytes: scapy raises whatever it likes.
        return None
    return _error(data, told, way, port)


def _tcp(segment: Any, told: dict[str, Any], port: int) -> dict[str, Any] | None:
    flags = int(segment.flags)
    if segment.sport != port or not flags & (_SYN | _RST):
        return None
    options = [(str(name), value) for name, value in segment.options if isinstance(name, str)]
    told |= {"kind": "synack" if flags & _SYN else "rst", "window": int(segment.window)}
    told["options"] = [name for name, _ in options]
    mss = next((value for name, value in options if name == "MSS"), None)
    return told | ({"mss": int(mss)} if isinstance(mss, int) else {})


def _error(data: bytes, told: dict[str, Any], way: Way, port: int) -> dict[str, Any] | None:
    """An ICMP error about a SYN to the port, but for time exceeded, which the traceroutes provoke themselves."""
    from wizard.collect.watching import packets

    read = packets.read(data)
    target = socket.inet_pton(way.family, way.address.partition("%")[0])
    if not isinstance(read, packets.Icmp) or (read.quoted_destination, read.quoted_dport) != (target, port):
        return None
    if read.type == (3 if way.six else 11):
        return None
    return told | {"kind": "icmp", "type": read.type, "code": read.code}


def _different(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each kind of answer once: the same from the same sender with the same time to live says nothing new."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for each in answers:
        found.setdefault((each["kind"], each["source"], each["ttl"], each.get("type"), each.get("mac")), each)
    return list(found.values())
