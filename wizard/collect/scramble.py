"""Substitutes for addresses: of the same class, sharing prefixes as the originals do, the same one every time.

Addresses are scrambled bit by bit, each bit by a keyed hash of the bits before it: two that share a prefix share one
afterwards (Xu et al., Prefix-Preserving IP Address Anonymization, 2002). Some bits stay: first and last byte of a public IPv4
address, so that networks, gateways and broadcasts are what they were; those on the way to a special network, which thereby
nothing else can become; and those that hold the ends of a range apart. A public address never stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Node = tuple[int, int, int]
"""A place in the tree of all addresses: its width (32, 128), its depth, and the bits that lead to it."""

_SPECIAL_4 = """
100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24
192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
"""
_SPECIAL_6 = "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16"
# Both: the special-purpose address registries of RFC 6890 that lie within what may be scrambled.


class Scrambler:
    """Substitutes that depend on the key, and on the ranges that were to be kept."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[Address, Address] = {}
        self._kept = set(_ways_to_special())

    def keep_range(self, first: Address, last: Address) -> None:
        """From now on what lies between the two will lie between their substitutes. To be told before any is asked for.

        Below the prefix that both ends share, the order along the ways to them is kept. Where they share next to nothing
        that would give them away: then only the zeros and ones at their ends are kept.
        """
        if (
            first.version != last.version
            or not (_is_scrambled(first) and _is_scrambled(last))
            or int(first) > int(last)
        ):
            return
        width, start, end = (32, 8, 24) if first.version == 4 else (128, 16, 64)
        shared = width - (int(first) ^ int(last)).bit_length()
        for address, filler in ((first, 0), (last, 1)):
            begin = shared if shared > start else max(start, _filled_from(int(address), width, end, filler))
            self._kept.update((width, depth, int(address) >> (width - depth)) for depth in range(begin, width))

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
            return IPv4Address(self._scrambled(address.packed, 8, 24)) if _is_scrambled(address) else address
        if address.ipv4_mapped:
            return IPv6Address(b"\0" * 10 + b"\xff\xff" + self.address(address.ipv4_mapped).packed)
        if address.is_multicast or address.is_loopback or address.is_unspecified:
            return address
        head = address.packed[:8]
        if _is_scrambled(address):
            head = self._scrambled(head + b"\0" * 8, 16, 64)[:8]
        return IPv6Address(head + self._interface_identifier(address.packed[8:]))

    def _interface_identifier(self, tail: bytes) -> bytes:
        """The lower half of an IPv6 address: with a MAC inside, that MAC's substitute; small numbers stay."""
        if tail[3:5] == b"\xff\xfe":
            octets = bytes((tail[0] ^ 2, *tail[1:3], *tail[5:]))
            mac = bytes.fromhex(self.mac(octets.hex(":")).replace(":", ""))
            return bytes((mac[0] ^ 2, *mac[1:3])) + b"\xff\xfe" + mac[3:]
        if int.from_bytes(tail) < 1 << 16:
            return tail
        # From the first bit that is set, so that what shares a longer prefix than 64 bits shares one afterwards.
        first = 64 - int.from_bytes(tail).bit_length() + 1
        return self._scrambled(tail, first, 64)

    def _scrambled(self, packed: bytes, start: int, end: int) -> bytes:
        """The bits from `start` to `end`, each flipped or not as the hash of those before it says.

        The first that may be flipped always is; where none may, it is sought behind `end`, so that something differs.
        """
        width = len(packed) * 8
        value = int.from_bytes(packed)
        flips = 0
        for place in range(start, width):
            if place >= end and flips:
                break
            before = value >> (width - place)
            if (width, place, before) in self._kept:
                continue
            flip = not flips or self._hash(bytes([width, place]) + before.to_bytes(16), 1)[0] & 1
            flips |= int(flip) << (width - 1 - place)
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


def _is_scrambled(address: Address) -> bool:
    """Whether it is one of the public Internet's: somebody's in particular."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    return address.is_global and address.packed[0] >> 5 == 1


def _ways_to_special() -> Iterator[Node]:
    for text in (*_SPECIAL_4.split(), *_SPECIAL_6.split()):
        network = ip_network(text)
        width, value = network.max_prefixlen, int(network.network_address)
        yield from ((width, depth, value >> (width - depth)) for depth in range(network.prefixlen))


def _filled_from(value: int, width: int, end: int, filler: int) -> int:
    """From which bit on, up to `end`, all bits of the value are `filler`."""
    depth = end
    while depth and (value >> (width - depth)) & 1 == filler:
        depth -= 1
    return depth


def still_a_network(address: Address, changed: Address, length: int) -> Address:
    """The substitute without host bits where the address had none, so that a network stays one."""
    if length > address.max_prefixlen:
        return changed
    if ip_network(f"{address}/{length}", strict=False).network_address != address:
        return changed
    return ip_network(f"{changed}/{length}", strict=False).network_address
