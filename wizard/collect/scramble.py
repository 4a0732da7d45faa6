"""Substitutes for addresses: of the same class, sharing prefixes as the originals do, the same one every time.

Addresses are scrambled bit by bit, each bit by a keyed hash of the bits before it: two that share a prefix share one
afterwards (Xu et al., Prefix-Preserving IP Address Anonymization, 2002). First and last byte of a public IPv4 address are
kept, so that networks, gateways and broadcasts stay what they are; private addresses are kept whole.
"""

from __future__ import annotations

from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address


class Scrambler:
    """Substitutes that depend on the key alone."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[Address, Address] = {}

    def mac(self, text: str) -> str:
        """The MAC with its maker's half kept; groups, broadcast and zero are nobody's."""
        octets = bytes.fromhex(text.replace(":", ""))
        if octets[0] & 1 or not any(octets):
            return text
        return (octets[:3] + self._hash(b"mac" + octets, 3)).hex(":")

    def address(self, address: Address) -> Address:
        """The address's substitute, of the same class; one that is nobody's in particular stays."""
        if address not in self._known:
            self._known[address] = self._substitute(address)
        return self._known[address]

    def _substitute(self, address: Address) -> Address:
        if isinstance(address, IPv4Address):
            return self._address_4(address) if address.is_global and not address.is_multicast else address
        if address.ipv4_mapped:
            return IPv6Address(b"\0" * 10 + b"\xff\xff" + self.address(address.ipv4_mapped).packed)
        if address.is_multicast or address.is_loopback or address.is_unspecified:
            return address
        head = address.packed[:8]
        if address.is_global and address.packed[0] >> 5 == 1:
            head = self._scrambled(head, 16, 64)
        return IPv6Address(head + self._interface_identifier(address.packed[8:]))

    def _address_4(self, address: IPv4Address) -> IPv4Address:
        # Within these first bytes lie special networks: there one byte more is kept, so that none is hit by chance.
        start = 16 if address.packed[0] in (100, 169, 172, 192, 198, 203) else 8
        changed = IPv4Address(self._scrambled(address.packed, start, 24))
        return changed if changed.is_global else address

    def _interface_identifier(self, tail: bytes) -> bytes:
        """The lower half of an IPv6 address: with a MAC inside, that MAC's substitute; small numbers stay."""
        if tail[3:5] == b"\xff\xfe":
            octets = bytes((tail[0] ^ 2, *tail[1:3], *tail[5:]))
            mac = bytes.fromhex(self.mac(octets.hex(":")).replace(":", ""))
            return bytes((mac[0] ^ 2, *mac[1:3])) + b"\xff\xfe" + mac[3:]
        return tail if int.from_bytes(tail) < 1 << 16 else self._hash(b"interface" + tail, 8)

    def _scrambled(self, packed: bytes, start: int, end: int) -> bytes:
        """The bits from `start` to `end`, each flipped or not as the hash of those before it says."""
        width = len(packed) * 8
        value = int.from_bytes(packed)
        flips = 0
        for place in range(start, end):
            before = value >> (width - place)
            flip = self._hash(bytes([width, place]) + before.to_bytes(16), 1)[0] & 1
            flips |= flip << (width - 1 - place)
        return (value ^ flips).to_bytes(len(packed))

    def hexadecimal(self, text: str) -> str:
        """An address as /proc/net/tcp writes it: each 32 bits in the machine's (little-endian) order."""
        words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
        if len(words) not in (1, 4):
            return text
        packed = self.address(ip_address(b"".join(words))).packed
        return b"".join(packed[start : start + 4][::-1] for start in range(0, len(packed), 4)).hex().upper()

    def _hash(self, data: bytes, size: int) -> bytes:
        return blake2b(data, digest_size=size, key=self._key).digest()


def still_a_network(address: Address, changed: Address, length: int) -> Address:
    """The substitute without host bits where the address had none, so that a network stays one."""
    if length > address.max_prefixlen:
        return changed
    if ip_network(f"{address}/{length}", strict=False).network_address != address:
        return changed
    return ip_network(f"{changed}/{length}", strict=False).network_address
