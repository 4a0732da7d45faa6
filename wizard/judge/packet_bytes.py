"""Programs over a packet's bytes (iptables' u32 and bpf), run on what is known of a first packet.

A byte that differs from client to client (time to live, sequence number, options) is unknown; arithmetic keeps track of
which bits are. An answer that hangs on unknown bits is None. Sources: net/netfilter/xt_u32.c, net/core/filter.c.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from wizard.judge.state import SYN, TCP, UDP, State
from wizard.model.ruleset import BytesProgram

_ALL = 0xFFFFFFFF
_MOST_STEPS = 20_000
_NETWORK_OFFSET, _ANCILLARY = 0xFFF00000, 0xFFE00000


class Bits32(Struct, frozen=True):
    """32 bits, of which those in `unknown` are not certain (and 0 in `value`)."""

    value: int
    unknown: int = 0

    @property
    def highest(self) -> int:
        """The largest number it may be; `value` is the smallest."""
        return self.value | self.unknown


_ANYTHING = Bits32(0, _ALL)


class _Bytes:
    """The packet from its network header on: bytes and, bit by bit, what is unknown. Beyond the end nothing is certain."""

    def __init__(self, s: State) -> None:
        self.value, self.unknown = bytearray(), bytearray()
        (self._ip4 if s.family == 4 else self._ip6)(s)
        if s.proto == TCP:
            self._tcp(s)
        elif s.proto == UDP:
            self._add(s.sport, 2)
            self._add(s.dport, 2)
            self._skip(4)

    def load(self, place: int, size: int) -> Bits32:
        """A number of `size` bytes."""
        if place < 0 or place + size > len(self.value):
            return Bits32(0, (1 << 8 * size) - 1)
        unknown = int.from_bytes(self.unknown[place : place + size], "big")
        return Bits32(int.from_bytes(self.value[place : place + size], "big") & ~unknown, unknown)

    def certain(self, place: int, size: int) -> bool:
        """Whether the packet surely reaches so far."""
        return place >= 0 and place + size <= len(self.value)

    def _add(self, number: int, size: int, unknown: int = 0) -> None:
        self.value += number.to_bytes(size, "big")
        self.unknown += unknown.to_bytes(size, "big")

    def _skip(self, size: int) -> None:
        self._add(0, size, (1 << 8 * size) - 1)

    def _ip4(self, s: State) -> None:
        self._add(0x45, 1)
        self._skip(5)
        self._add(0, 2, 0x4000)
        self._skip(1)
        self._add(s.proto, 1)
        self._skip(2)
        self._add(s.source, 4)
        self._add(s.destination, 4)

    def _ip6(self, s: State) -> None:
        self._add(6 << 28, 4, 0x0FFFFFFF)
        self._skip(2)
        self._add(s.proto, 1)
        self._skip(1)
        self._add(s.source, 16)
        self._add(s.destination, 16)

    def _tcp(self, s: State) -> None:
        self._add(s.sport, 2)
        self._add(s.dport, 2)
        self._skip(4)
        self._add(0, 4, 0 if s.flags == SYN else _ALL)
        # The header is 20 to 60 bytes long.
        self._add(0x00, 1, 0xF0)
        self._add(s.flags, 1)
        self._skip(4)
        self._add(0, 2)


def run(program: BytesProgram, s: State) -> bool | None:
    """Whether the packet matches."""
    data = _Bytes(s)
    answer = _u32(program.code, data) if program.kind == "u32" else _Machine(program.code, data).run()
    return None if answer is None else answer is not program.negated


# u32


def _u32(tests: tuple[Any, ...], data: _Bytes) -> bool | None:
    answers = [_u32_test(location, ranges, data) for location, ranges in tests]
    if False in answers:
        return False
    return None if None in answers else True


def _u32_test(location: tuple[tuple[str, int], ...], ranges: tuple[tuple[int, int], ...], data: _Bytes) -> bool | None:
    place, sure = location[0][1], data.certain(location[0][1], 4)
    start, value = 0, data.load(place, 4)
    for operator, number in location[1:]:
        if operator == "@":
            if value.unknown:
                return None
            start += value.value
            sure = sure and data.certain(start + number, 4)
            value = data.load(start + number, 4)
        else:
            value = _arithmetic(operator, value, Bits32(number & _ALL))
    answer = _in_ranges(value, ranges)
    return None if answer and not sure else answer


def _in_ranges(value: Bits32, ranges: tuple[tuple[int, int], ...]) -> bool | None:
    if any(low <= value.value and value.highest <= high for low, high in ranges):
        return True
    if not value.unknown or all(high < value.value or value.highest < low for low, high in ranges):
        return False
    # A range of one number also needs its known bits to be the same.
    possible = [(low, high) for low, high in ranges if low != high or (low & ~value.unknown) == value.value]
    return None if possible else False


def _arithmetic(operator: str, left: Bits32, right: Bits32) -> Bits32:
    if right.unknown:
        return _ANYTHING
    number = right.value
    if operator == "&":
        return Bits32(left.value & number, left.unknown & number)
    if operator == "|":
        return Bits32((left.value | number) & _ALL, left.unknown & ~number)
    if operator == "^":
        return Bits32((left.value ^ number) & ~left.unknown & _ALL, left.unknown)
    if operator in ("<<", ">>"):
        shift = min(number, 32)
        if operator == ">>":
            return Bits32(left.value >> shift, left.unknown >> shift)
        return Bits32(left.value << shift & _ALL, left.unknown << shift & _ALL)
    if left.unknown:
        return _ANYTHING
    results = {"+": left.value + number, "-": left.value - number, "*": left.value * number}
    if operator in results:
        return Bits32(results[operator] & _ALL)
    if not number:
        return Bits32(0)
    return Bits32(left.value // number if operator == "/" else left.value % number)


# bpf

_ALU = {0x00: "+", 0x10: "-", 0x20: "*", 0x30: "/", 0x40: "|", 0x50: "&", 0x60: "<<", 0x70: ">>", 0x90: "%", 0xA0: "^"}
_SIZES = {0x00: 4, 0x08: 2, 0x10: 1}


class _Machine:
    """The classic BPF machine; where a jump hangs on unknown bits, it goes both ways."""

    def __init__(self, code: tuple[tuple[int, int, int, int], ...], data: _Bytes) -> None:
        self._code = code
        self._data = data
        self._steps = 0
        self._answers: set[bool | None] = set()

    def run(self) -> bool | None:
        """True where every way ends with a number other than 0, False where every way ends with 0."""
        self._from(0, Bits32(0), Bits32(0), {})
        return next(iter(self._answers)) if len(self._answers) == 1 else None

    def _from(self, place: int, a: Bits32, x: Bits32, memory: dict[int, Bits32]) -> None:
        while 0 <= place < len(self._code) and self._steps < _MOST_STEPS:
            self._steps += 1
            code, jump_true, jump_false, k = self._code[place]
            place += 1
            kind = code & 0x07
            if kind in (0x00, 0x01):
                loaded = self._load(code, k & _ALL, x, memory)
                if loaded is None:
                    self._answers.add(None)
                    return
                a, x = (loaded, x) if kind == 0 else (a, loaded)
            elif kind in (0x02, 0x03):
                memory = {**memory, k: a if kind == 0x02 else x}
            elif kind == 0x04:
                operand = x if code & 0x08 else Bits32(k & _ALL)
                a = _negated(a) if code & 0xF0 == 0x80 else _arithmetic(_ALU.get(code & 0xF0, "?"), a, operand)
            elif kind == 0x05:
                if code & 0xF0 == 0x00:
                    place += k
                    continue
                answer = _compared(code & 0xF0, a, x if code & 0x08 else Bits32(k & _ALL))
                if answer is None:
                    self._from(place + jump_true, a, x, memory)
                    place += jump_false
                else:
                    place += jump_true if answer else jump_false
            elif kind == 0x06:
                self._answers.add(_truth(a if code & 0x18 == 0x10 else Bits32(k & _ALL)))
                return
            else:
                a, x = (x, x) if code & 0x80 else (a, a)
        self._answers.add(None)

    def _load(self, code: int, k: int, x: Bits32, memory: dict[int, Bits32]) -> Bits32 | None:
        """The number loaded; None where the packet may end before it, or the place is not known."""
        mode, size = code & 0xE0, _SIZES.get(code & 0x18, 4)
        if mode == 0x00:
            return Bits32(k)
        if mode == 0x60:
            return memory.get(k, Bits32(0))
        if mode == 0x80:
            return _ANYTHING
        if k >= _NETWORK_OFFSET and k - _NETWORK_OFFSET < 0x1000:
            k -= _NETWORK_OFFSET
        if k >= _ANCILLARY or (mode == 0x40 and x.unknown):
            return None
        place = k + (x.value if mode == 0x40 else 0)
        if mode == 0xA0:
            nibble = _arithmetic("&", self._data.load(k, 1), Bits32(0x0F))
            return _arithmetic("<<", nibble, Bits32(2))
        return self._data.load(place, size) if self._data.certain(place, size) else None


def _negated(a: Bits32) -> Bits32:
    return _ANYTHING if a.unknown else Bits32(-a.value & _ALL)


def _truth(number: Bits32) -> bool | None:
    return True if number.value else None if number.unknown else False


def _compared(operator: int, a: Bits32, other: Bits32) -> bool | None:
    if other.unknown:
        return None
    number = other.value
    if operator == 0x10:
        return _in_ranges(a, ((number, number),))
    if operator == 0x20:
        return _in_ranges(a, ((number + 1, _ALL),))
    if operator == 0x30:
        return _in_ranges(a, ((number, _ALL),))
    return _truth(_arithmetic("&", a, other))
