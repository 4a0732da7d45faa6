"""A socket's error queue (ip(7) IP_RECVERR, ipv6(7) IPV6_RECVERR): which ICMP error came, from whom, about what."""

from __future__ import annotations

import contextlib
import socket
import struct

from msgspec import Struct

IP_TTL, IP_MTU_DISCOVER, IP_RECVERR, IP_MTU = 2, 10, 11, 14
IPV6_UNICAST_HOPS, IPV6_MTU_DISCOVER, IPV6_MTU, IPV6_RECVERR = 16, 23, 24, 25
PROBE = 3
"""IP_PMTUDISC_PROBE: do not fragment, and send though it is larger than the known path MTU."""
_ERRQUEUE = 0x2000
_ORIGIN_LOCAL, _ORIGIN_ICMP, _ORIGIN_ICMP6 = 1, 2, 3


class Error(Struct, frozen=True):
    """An entry: `errno`, and of an ICMP error its sender, type and code; `info` is the MTU where a packet was too big."""

    errno: int
    offender: str
    type: int
    code: int
    info: int
    local: bool
    data: bytes
    """What was sent when the error came."""


def want(plug: socket.socket) -> None:
    """Ask for errors."""
    if plug.family == socket.AF_INET6:
        plug.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        plug.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def hops(plug: socket.socket, number: int) -> None:
    """Let packets pass `number` - 1 routers."""
    if plug.family == socket.AF_INET6:
        plug.setsockopt(socket.IPPROTO_IPV6, IPV6_UNICAST_HOPS, number)
    else:
        plug.setsockopt(socket.IPPROTO_IP, IP_TTL, number)


def whole(plug: socket.socket) -> None:
    """Send packets in one piece, or not at all."""
    if plug.family == socket.AF_INET6:
        plug.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PROBE)
    else:
        plug.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PROBE)


def path_mtu(plug: socket.socket) -> int:
    """What the kernel takes the path MTU of a connected socket to be; 0 where it does not say."""
    with contextlib.suppress(OSError):
        if plug.family == socket.AF_INET6:
            return plug.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)
        return plug.getsockopt(socket.IPPROTO_IP, IP_MTU)
    return 0


def read(plug: socket.socket) -> Error | None:
    """The next entry, or None."""
    try:
        data, ancillary, _, _ = plug.recvmsg(2048, 512, _ERRQUEUE | socket.MSG_DONTWAIT)
    except OSError:
        return None
    wanted = ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR))
    for level, kind, body in ancillary:
        if (level, kind) in wanted and len(body) >= 16:
            number, origin, icmp_type, code, info = struct.unpack_from("=IBBBxI", body)
            local = origin not in (_ORIGIN_ICMP, _ORIGIN_ICMP6)
            return Error(number, _offender(body[16:]), icmp_type, code, info, local, data)
    return None


def _offender(address: bytes) -> str:
    """The address in a struct sockaddr_in or sockaddr_in6; empty where the kernel names nobody."""
    if len(address) < 8:
        return ""
    (family,) = struct.unpack_from("=H", address)
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, address[4:8])
    if family == socket.AF_INET6 and len(address) >= 24:
        return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return ""
