"""Packets byte by byte, from the IP header on: what a packet socket hands over."""

from __future__ import annotations

import struct
from ipaddress import ip_address

SYN, ACK, RST, FIN, PSH = 0x02, 0x10, 0x04, 0x01, 0x08


def segment(sport: int, dport: int, flags: int, seq: int = 1000, ack: int = 0, payload: bytes = b"") -> bytes:
    """A TCP segment without options."""
    return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 64240, 0, 0) + payload


def ip(source: str, destination: str, body: bytes, proto: int = 6, ttl: int = 64, fragment: int = 0) -> bytes:
    """An IPv4 or IPv6 packet, by its addresses."""
    one, other = ip_address(source), ip_address(destination)
    if one.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(body), proto, ttl) + one.packed + other.packed + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, fragment, ttl, proto, 0)
    return head + one.packed + other.packed + body


def icmp(source: str, destination: str, kind: int, code: int, quoted: bytes) -> bytes:
    """An ICMP error about a packet."""
    six = ip_address(source).version == 6
    return ip(source, destination, struct.pack("!BBHI", kind, code, 0, 0) + quoted, 58 if six else 1)
