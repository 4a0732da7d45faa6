"""Sets of integers as closed intervals in order: addresses or ports, however many.

    union([(5, 9), (1, 4), (20, 20)])        ((1, 9), (20, 20))
    classes([((1, 4), "a"), ((3, 9), "b")])  the pieces on which the same labels lie: {1-2}, {3-4}, {5-9}, the rest

Cost grows with the number of intervals, never with what they span.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable
from heapq import heappop, heappush
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from wizard.model.facts import Network

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]
"""Sorted, and neither overlapping nor touching one another."""

EMPTY: Intervals = ()


def union(spans: Iterable[Interval]) -> Intervals:
    """All that lies in any of them."""
    merged: list[Interval] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def joined(parts: list[Intervals]) -> Intervals:
    """The union of several that are in order already."""
    return parts[0] if len(parts) == 1 else union(span for part in parts for span in part)


def painted(layers: list[tuple[Intervals, Hashable]]) -> dict[Hashable, Intervals]:
    """What can be seen of each colour where the first layer that covers an integer hides the others."""
    turns: list[tuple[int, int, int]] = []
    for place, (spans, _) in enumerate(layers):
        for low, high in spans:
            turns += ((low, place, 0), (high + 1, place, 1))
    turns.sort()
    seen: dict[Hashable, list[Interval]] = {}
    active: list[int] = []
    lying = [0] * len(layers)
    for number, (at, place, ends) in enumerate(turns):
        lying[place] += -1 if ends else 1
        if not ends:
            heappush(active, place)
        while active and not lying[active[0]]:
            heappop(active)
        following = turns[number + 1][0] if number + 1 < len(turns) else at
        if active and following > at:
            seen.setdefault(layers[active[0]][1], []).append((at, following - 1))
    return {colour: union(found) for colour, found in seen.items()}


def intersect(one: Intervals, other: Intervals) -> Intervals:
    """What lies in both."""
    found: list[Interval] = []
    place, there = 0, 0
    while place < len(one) and there < len(other):
        low, high = max(one[place][0], other[there][0]), min(one[place][1], other[there][1])
        if low <= high:
            found.append((low, high))
        if one[place][1] < other[there][1]:
            place += 1
        else:
            there += 1
    return tuple(found)


def subtract(one: Intervals, other: Intervals) -> Intervals:
    """What lies in `one` and not in `other`."""
    found: list[Interval] = []
    there = 0
    for low, high in one:
        while there < len(other) and other[there][1] < low:
            there += 1
        place = there
        while place < len(other) and other[place][0] <= high:
            if other[place][0] > low:
                found.append((low, other[place][0] - 1))
            low = other[place][1] + 1
            place += 1
        if low <= high:
            found.append((low, high))
    return tuple(found)


def rounded(part: Intervals, of: Intervals, within: Interval) -> Intervals:
    """`part` with those gaps of `of` filled that lie between its own members, or between them and an end of `within`: the
    addresses that nobody can have, left out, would tear a prefix into many."""
    begins, ends = {low for low, _ in part}, {high for _, high in part}
    filled = list(part)
    for low, high in subtract((within,), of):
        before, after = low - 1 in ends, high + 1 in begins
        if (before or low == within[0]) and (after or high == within[1]) and (before or after):
            filled.append((low, high))
    return union(filled)


def size(of: Intervals) -> int:
    """How many integers."""
    return sum(high - low + 1 for low, high in of)


def classes(labelled: Iterable[tuple[Intervals, Hashable]], whole: Interval) -> list[Intervals]:
    """`whole` in pieces, each of those integers on which exactly the same labels lie; the largest piece comes first.

    Each label is a word of 128 bits as good as random; a sweep over all ends keeps the exclusive or of the labels that lie
    there."""
    by_label: dict[Hashable, list[Interval]] = {}
    for spans, label in labelled:
        by_label.setdefault(label, []).extend(spans)
    turns: dict[int, int] = {whole[0]: 0}
    for number, found in enumerate(by_label.values()):
        word = int.from_bytes(hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest(), "big")
        for low, high in union(found):
            turns[low] = turns.get(low, 0) ^ word
            turns[high + 1] = turns.get(high + 1, 0) ^ word
    return sorted(_swept(turns, whole), key=size, reverse=True)


def _swept(turns: dict[int, int], whole: Interval) -> list[Intervals]:
    pieces: dict[int, list[Interval]] = {}
    ends = sorted(turns)
    word = 0
    for place, low in enumerate(ends):
        word ^= turns[low]
        high = ends[place + 1] - 1 if place + 1 < len(ends) else whole[1]
        low, high = max(low, whole[0]), min(high, whole[1])
        if low <= high:
            pieces.setdefault(word, []).append((low, high))
    return [union(found) for found in pieces.values()]


def of_network(network: Network) -> Interval:
    """Its first and last address."""
    return int(network.network_address), int(network.broadcast_address)


def networks(of: Intervals, family: int, most: int) -> tuple[tuple[Network, ...], int]:
    """The intervals as prefixes, at most so many; and how many intervals are left out."""
    found: list[Network] = []
    for place, (low, high) in enumerate(of):
        prefixes = _prefixes(low, high, family)
        if len(found) + len(prefixes) > most and found:
            return tuple(found), len(of) - place
        found.extend(prefixes)
    return tuple(found), 0


def _prefixes(low: int, high: int, family: int) -> list[Network]:
    width = 32 if family == 4 else 128
    found: list[Network] = []
    while low <= high:
        # The largest block that begins here and does not go beyond the end.
        aligned = (low & -low).bit_length() - 1 if low else width
        bits = min(aligned, (high - low + 1).bit_length() - 1)
        found.append(
            IPv4Network((IPv4Address(low), width - bits))
            if family == 4
            else IPv6Network((IPv6Address(low), width - bits))
        )
        low += 1 << bits
    return found
