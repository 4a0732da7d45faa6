"""Is a key in a set, and what does a map hold for it: by hash for single values, by bisection for intervals.

Cost does not grow with the size of a set beyond reading it once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from wizard.judge.state import Unsure
from wizard.model.ruleset import Elements, Span, Wildcard

MISSING = object()
PERHAPS = object()


class Index:
    """The elements of one set or map. `find` gives its value (True in a set), `MISSING`, or `PERHAPS`."""

    __slots__ = ("_concatenated", "_default", "_exact", "_highs", "_lows", "_values", "_wildcards", "size")

    def __init__(self, elements: Elements) -> None:
        values: Sequence[Any] = elements.values or (True,) * len(elements.keys)
        self.size = len(elements.keys)
        self._default = elements.default if elements.has_default else MISSING
        self._exact: dict[Any, Any] = {}
        self._wildcards: list[tuple[str, Any]] = []
        concatenated: list[tuple[tuple[Any, ...], Any]] = []
        spans: list[tuple[int, int, Any]] = []
        for key, value in zip(elements.keys, values, strict=False):
            kind = key.__class__
            if kind is Span:
                if key.low == key.high:
                    self._exact.setdefault(key.low, value)
                else:
                    spans.append((key.low, key.high, value))
            elif kind is Wildcard:
                self._wildcards.append((key.prefix, value))
            elif kind is tuple and any(isinstance(part, (Span, Wildcard)) for part in key):
                concatenated.append((key, value))
            else:
                self._exact.setdefault(key, value)
        self._concatenated = Buckets(concatenated)
        self._lows, self._highs, self._values = _disjoint(spans, not elements.values)

    def find(self, key: Any) -> Any:
        """The value for a known key (an int, a name, or a tuple with no unsure part in it)."""
        found = self._exact.get(key, MISSING)
        if found is not MISSING:
            return found
        if self._lows and key.__class__ is int:
            place = bisect_right(self._lows, key) - 1
            if place >= 0 and key <= self._highs[place]:
                return self._values[place]
        for prefix, value in self._wildcards:
            if key.__class__ is str and key.startswith(prefix):
                return value
        for parts, value in self._concatenated.candidates(key):
            if _fits(parts, key):
                return value
        return self._default

    def find_unsure(self, key: Any) -> Any:
        """The same for a key with unsure parts: `PERHAPS` unless no element can fit."""
        if not isinstance(key, tuple):
            return PERHAPS if self.size or self._default is not MISSING else MISSING
        candidates: list[Any] = [parts for parts, _ in self._concatenated.entries]
        candidates.extend(self._exact)
        if self._default is not MISSING or any(_fits(parts, key) for parts in candidates):
            return PERHAPS
        return MISSING

    def values(self) -> list[Any]:
        """Everything that a lookup could give."""
        pairs = [*self._wildcards, *self._concatenated.entries]
        found = [*self._exact.values(), *self._values, *(value for _, value in pairs)]
        return found if self._default is MISSING else [*found, self._default]


class Buckets:
    """Entries with several parts, found by their first: exact values and prefixes by hash, other ranges one by one."""

    __slots__ = ("_buckets", "_rest", "_sizes", "entries")

    def __init__(self, entries: list[tuple[tuple[Any, ...], Any]]) -> None:
        self.entries = entries
        self._buckets: dict[Any, list[tuple[tuple[Any, ...], Any]]] = {}
        self._rest: list[tuple[tuple[Any, ...], Any]] = []
        sizes: set[int] = set()
        for entry in entries:
            first = entry[0][0]
            size = first.high - first.low + 1 if first.__class__ is Span else 0
            ranged = first.__class__ is Wildcard or (first.__class__ is tuple and first[1].__class__ is Span)
            if ranged or size & (size - 1) or (size and first.low % size):
                self._rest.append(entry)
                continue
            sizes.add(size)
            self._buckets.setdefault((size, first.low if size else first), []).append(entry)
        self._sizes = sorted(sizes)

    def candidates(self, key: Any) -> list[tuple[tuple[Any, ...], Any]]:
        """The entries whose first part can fit the key's."""
        if key.__class__ is not tuple or not self.entries:
            return []
        first = key[0]
        if isinstance(first, Unsure):
            return self.entries
        found = list(self._rest)
        for size in self._sizes:
            if size == 0:
                found.extend(self._buckets.get((0, first), ()))
            elif first.__class__ is int:
                found.extend(self._buckets.get((size, first - first % size), ()))
        return found


def _disjoint(spans: list[tuple[int, int, Any]], mergeable: bool) -> tuple[list[int], list[int], list[Any]]:
    """Intervals in order; those of a set that overlap or touch (ipset's nested prefixes) become one."""
    spans.sort(key=lambda span: span[:2])
    lows: list[int] = []
    highs: list[int] = []
    values: list[Any] = []
    for low, high, value in spans:
        if mergeable and highs and low <= highs[-1] + 1:
            highs[-1] = max(highs[-1], high)
            continue
        lows.append(low)
        highs.append(high)
        values.append(value)
    return lows, highs, values


def _fits(parts: Any, key: Any) -> bool:
    """Whether every part of a concatenated key lies in the element's; an unsure part fits all."""
    if parts.__class__ is not tuple or key.__class__ is not tuple or len(parts) != len(key):
        return False
    return all(part_fits(part, value) for part, value in zip(parts, key, strict=True))


def part_fits(part: Any, value: Any) -> bool:
    """Whether a value lies in one part of an element."""
    if isinstance(value, Unsure):
        return True
    if part.__class__ is Span:
        return value.__class__ is int and part.low <= value <= part.high
    if part.__class__ is Wildcard:
        return value.__class__ is str and value.startswith(part.prefix)
    return bool(part == value)
