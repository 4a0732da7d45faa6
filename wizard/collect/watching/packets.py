"""Reads one packet from its IP header on: what a watch needs of TCP, and of ICMP errors about TCP (RFC 791, 8200, 9293, 792,
4443). Whatever is cut short, malformed or of another protocol is None."""

from __future__ import annotations

from msgspec import Struct

TCP, ICMP, ICMP6 = 6, 1, 58
_EXTENSIONS = (0, 43, 60)
_FRAGMENT = 44
_MOST_EXTENSIONS = 8


class Tcp(Struct, frozen=True):
    """A TCP segment; addresses are packed (4 or 16 bytes)."""

    source: bytes
    destination: bytes
    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    payload: bytes
    ttl: int


class Icmp(Struct, frozen=True):
    """An ICMP error about a TCP segment: its sender, type and code, and the segment that it quotes."""

    source: bytes
    destination: bytes
    type: int
    code: int
    quoted_source: bytes
    quoted_destination: bytes
    quoted_sport: int
    quoted_dport: int
    quoted_seq: int
    ttl: int


class _Ip(Struct, frozen=True):
    source: bytes
    destination: bytes
    proto: int
    ttl: int
    body: bytes


def read(packet: bytes) -> Tcp | Icmp | None:
    """The packet, from its IP header on."""
    ip = _ip(packet, whole=True)
    if ip is None:
        return None
    if ip.proto == TCP:
        return _tcp(ip)
    if ip.proto in (ICMP, ICMP6):
        return _icmp(ip)
    return None


def _ip(packet: bytes, whole: bool) -> _Ip | None:
    """`whole` False: a quotation, of which the length field tells of more than is there."""
    if len(packet) < 20:
        return None
    version = packet[0] >> 4
    if version == 4:
        return _ip4(packet, whole)
    return _ip6(packet, whole) if version == 6 and len(packet) >= 40 else None


def _ip4(packet: bytes, whole: bool) -> _Ip | None:
    header = (packet[0] & 0x0F) * 4
    if header < 20 or int.from_bytes(packet[6:8], "big") & 0x1FFF:
        return None
    # A length of 0 is a packet that the card cuts up itself (GSO): what was captured is all there is to know.
    told = int.from_bytes(packet[2:4], "big") or len(packet)
    body = packet[header:told] if whole else packet[header:]
    return _Ip(packet[12:16], packet[16:20], packet[9], packet[8], body)


def _ip6(packet: bytes, whole: bool) -> _Ip | None:
    told = int.from_bytes(packet[4:6], "big")
    body = packet[40 : 40 + told] if whole and told else packet[40:]
    proto = packet[6]
    for _ in range(_MOST_EXTENSIONS):
        if proto in _EXTENSIONS and len(body) >= 8:
            proto, body = body[0], body[(body[1] + 1) * 8 :]
        elif proto == _FRAGMENT and len(body) >= 8:
            if int.from_bytes(body[2:4], "big") & 0xFFF8:
                return None
            proto, body = body[0], body[8:]
        else:
            break
    return _Ip(packet[8:24], packet[24:40], proto, packet[7], body)


def _tcp(ip: _Ip) -> Tcp | None:
    body = ip.body
    if len(body) < 20:
        return None
    header = (body[12] >> 4) * 4
    if header < 20:
        return None
    return Tcp(
        ip.source,
        ip.destination,
        int.from_bytes(body[0:2], "big"),
        int.from_bytes(body[2:4], "big"),
        int.from_bytes(body[4:8], "big"),
        int.from_bytes(body[8:12], "big"),
        body[13],
        body[header:],
        ip.ttl,
    )


def _icmp(ip: _Ip) -> Icmp | None:
    """Errors hold the packet that they are about behind eight bytes: its IP header and at least eight bytes more."""
    quoted = _ip(ip.body[8:], whole=False)
    if quoted is None or quoted.proto != TCP or len(quoted.body) < 8:
        return None
    body = quoted.body
    return Icmp(
        ip.source,
        ip.destination,
        ip.body[0],
        ip.body[1],
        quoted.source,
        quoted.destination,
        int.from_bytes(body[0:2], "big"),
        int.from_bytes(body[2:4], "big"),
        int.from_bytes(body[4:8], "big"),
        ip.ttl,
    )
