"""Every packet of interest on every interface, as it comes in and as it leaves (packet(7)).

A packet socket sees what comes in before any packet filter does (tc, nftables' ingress hook, prerouting), and what leaves
after all of them: what was dropped on the way out is never seen. Only XDP programs stand in front of it. Two sockets, so
that a download on the port cannot push a SYN out of the buffer. Nothing is sent, no interface is made promiscuous.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Iterable
from types import TracebackType

from msgspec import Struct

from wizard.collect.watching import bpf, packets

_ETH_P_ALL = 3
_PACKET_OTHERHOST, _PACKET_OUTGOING = 3, 4
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_BUFFER = 4 * 1024 * 1024
_MOST_AT_ONCE = 500
_TIMESPEC = struct.Struct("@ll")


class Seen(Struct, frozen=True):
    """One packet: when (seconds since the epoch), on which interface, whether it left, the link-layer sender."""

    at: float
    interface: str
    outgoing: bool
    mac: str
    packet: packets.Tcp | packets.Icmp


class Sniffer:
    """Open from its making on: what comes while nobody reads waits in the sockets. PermissionError without CAP_NET_RAW."""

    def __init__(self, ports: Iterable[int]) -> None:
        wanted = tuple(ports)
        self._opening = _socket(bpf.opening(wanted))
        try:
            self._talking = _socket(bpf.talking(wanted))
        except OSError:
            self._opening.close()
            raise
        self._poll = select.poll()
        for plug in (self._opening, self._talking):
            self._poll.register(plug, select.POLLIN)

    def __enter__(self) -> Sniffer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opening.close()
        self._talking.close()

    def wait(self, seconds: float) -> None:
        """Until something has come, or the time is over."""
        self._poll.poll(max(0.0, seconds) * 1000)

    def read(self) -> list[Seen]:
        """What has come, in the order in which the kernel saw it."""
        # What is said is read before what opens: of everything read in one go, the SYN then is in it too.
        said = _drain(self._talking)
        return sorted(_drain(self._opening) + said, key=lambda each: each.at)

    def changed(self, ports: Iterable[int]) -> None:
        """Look for these ports from now on."""
        wanted = tuple(ports)
        bpf.attach(self._opening, bpf.opening(wanted))
        bpf.attach(self._talking, bpf.talking(wanted))


def _socket(program: bytes) -> socket.socket:
    plug = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    try:
        bpf.attach(plug, program)
        plug.setblocking(False)
        plug.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        with contextlib.suppress(OSError):
            plug.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    except OSError:
        plug.close()
        raise
    return plug


def _drain(plug: socket.socket) -> list[Seen]:
    found: list[Seen] = []
    for _ in range(_MOST_AT_ONCE):
        try:
            data, ancillary, _, where = plug.recvmsg(bpf.SNAP, 64)
        except BlockingIOError:
            break
        except OSError:
            # An interface that goes down while it is watched reports so once.
            continue
        if where[2] == _PACKET_OTHERHOST:
            continue
        packet = packets.read(data)
        if packet is not None:
            mac = where[4].hex(":") if len(where[4]) == 6 else ""
            found.append(Seen(_when(ancillary), str(where[0]), where[2] == _PACKET_OUTGOING, mac, packet))
    return found


def _when(ancillary: list[tuple[int, int, bytes]]) -> float:
    """The kernel's time stamp (struct timespec)."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return float(seconds) + float(nanoseconds) / 1e9
    return time.time()
