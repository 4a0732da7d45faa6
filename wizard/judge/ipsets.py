"""Is the packet in an ipset: iptables' `-m set --match-set NAME src,dst`, for every type of set.

In sets of prefixes the longest prefix that fits decides, and an entry marked `nomatch` says no (ipset(8), hash:net).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.judge.lookup import PERHAPS, Buckets, Index, part_fits
from wizard.judge.state import UNSURE, State, Unsure
from wizard.model.ruleset import Elements, NamedSet, Span

_DEEPEST = 8


class IpsetIndex:
    """One ipset, ready to be asked. True, False, or None where it cannot be known."""

    __slots__ = ("_entries", "_exceptions", "_kinds", "_members", "_plain", "set")

    def __init__(self, content: NamedSet) -> None:
        self.set = content
        self._kinds = content.types
        self._plain: Index | None = None
        self._members: tuple[str, ...] = ()
        self._entries = Buckets([])
        self._exceptions = Buckets([(key, True) for key in content.exceptions])
        if content.kind == "list:set":
            self._members = tuple(key[0] for key in content.elements.keys)
        elif (
            len(content.types) == 1
            and content.types[0] in ("ip", "net", "port", "mark", "mac")
            and not content.exceptions
        ):
            self._plain = Index(Elements(tuple(key[0] for key in content.elements.keys)))
        else:
            self._entries = Buckets([(key, True) for key in content.elements.keys])

    def holds(
        self, state: State, sides: tuple[str, ...], sets: Mapping[str, IpsetIndex | None], depth: int = 0
    ) -> bool | None:
        """Whether the packet's sides are in the set."""
        if not self.set.known or depth > _DEEPEST:
            return None
        if self.set.kind == "list:set":
            return self._any_member(state, sides, sets, depth)
        if self.set.family and self.set.family != state.family and set(self._kinds) & {"ip", "net"}:
            return False
        key = packet_key(self.set.kind, self._kinds, state, sides)
        if key is None:
            return False
        added = _changed(self.set.name, state, key)
        if added is not None:
            return added
        if self.set.kind == "hash:net,iface":
            return self._by_interface(key)
        if self._plain is not None:
            if isinstance(key[0], Unsure):
                return None if self._plain.find_unsure(key[0]) is PERHAPS else False
            return bool(self._plain.find(key[0]) is True)
        return self._longest(key)

    def _any_member(
        self, state: State, sides: tuple[str, ...], sets: Mapping[str, IpsetIndex | None], depth: int
    ) -> bool | None:
        unsure = False
        for name in self._members:
            member = sets.get(name)
            answer = member.holds(state, sides, sets, depth + 1) if member is not None else None
            if answer:
                return True
            unsure = unsure or answer is None
        return None if unsure else False

    def _by_interface(self, key: tuple[Any, ...]) -> bool:
        """The longest prefix that has any entry decides; shorter ones are not asked any more, whatever their interfaces
        (mtype_test_cidrs and its `multi`, net/netfilter/ipset/ip_set_hash_gen.h)."""
        fitting = [entry for entry, _ in self._entries.candidates(key) if _part_fits(entry[0], key[0])]
        fitting += (
            excepted := [entry for entry, _ in self._exceptions.candidates(key) if _part_fits(entry[0], key[0])]
        )
        narrowest = min((_size(entry) for entry in fitting), default=None)
        named = [entry for entry in fitting if _size(entry) == narrowest and _part_fits(entry[1], key[1])]
        return bool(named) and named[0] not in excepted

    def _longest(self, key: tuple[Any, ...]) -> bool | None:
        best, answer = _closest(self._entries, key), True
        exception = _closest(self._exceptions, key)
        if exception is not None and (best is None or exception <= best):
            answer = False
            best = exception
        if best is None:
            return False
        return None if any(isinstance(part, Unsure) for part in key) else answer


def _closest(entries: Buckets, key: tuple[Any, ...]) -> int | None:
    """The size of the narrowest entry that fits, or None."""
    sizes = [_size(entry) for entry, _ in entries.candidates(key) if _entry_fits(entry, key)]
    return min(sizes, default=None)


def _size(entry: tuple[Any, ...]) -> int:
    return sum(part.high - part.low for part in entry if isinstance(part, Span))


def _entry_fits(entry: tuple[Any, ...], key: tuple[Any, ...]) -> bool:
    return all(_part_fits(part, value) for part, value in zip(entry, key, strict=False))


def _part_fits(part: Any, value: Any) -> bool:
    if isinstance(value, Unsure):
        return True
    if isinstance(part, Span):
        return isinstance(value, int) and part.low <= value <= part.high
    if isinstance(part, tuple):
        return bool(part[0] == value[0] and part_fits(part[1], value[1]))
    return part_fits(part, value)


def _changed(name: str, state: State, key: tuple[Any, ...]) -> bool | None:
    """What rules on the packet's own way have made of the set: the last change counts."""
    for operation, changed, entry in reversed(state.added):
        if changed == ("ipset", name) and entry == key:
            return bool(operation != "delete")
    return None


def packet_key(method: str, kinds: tuple[str, ...], state: State, sides: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The packet's own entry for such a set; None where it has none (a missing interface)."""
    padded = (*sides, *(sides[-1:] * (len(kinds) - len(sides))))
    found: list[Any] = []
    for kind, side in zip(kinds, padded, strict=False):
        source = side == "src"
        if kind in ("ip", "net"):
            found.append(state.source if source else state.destination)
        elif kind == "port":
            port = state.sport if source else state.dport
            found.append(port if method == "bitmap:port" else (state.proto, port))
        elif kind == "iface":
            name = state.iif if source else state.oif
            if not name:
                return None
            found.append(name)
        elif kind == "mark":
            found.append(state.mark)
        elif kind == "mac":
            found.append(state.machine.sender_mac(state) if source and state.iif else UNSURE)
        else:
            found.append(UNSURE)
    return tuple(found)
