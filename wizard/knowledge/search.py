"""Finds pages for what a person has: a word, a framework's name, or a whole error text pasted as it stands. Pure.

Three things count, in this order: an entry of `error_texts.toml` that matches (the words of browsers, programs and logs),
a framework's name, and the words themselves in a page's name, title and text (a rare word counts more than a common one).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from math import log

from msgspec import Struct

from wizard.knowledge import Framework, entries, frameworks

_WORD = re.compile(r"[a-z0-9]+(?:[._][a-z0-9]+)*")
_EMPTY = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "has", "have", "how", "i",
    "if", "in", "is", "it", "its", "me", "my", "no", "not", "of", "on", "or", "so", "that", "the", "this", "to", "was",
    "what", "when", "which", "who", "why", "will", "with", "you", "your",
))  # fmt: skip
_MOST = 12
_GATES = {
    "django-allowed-hosts": "host-header-refused",
    "vite-allowed-hosts": "host-header-refused",
    "webpack-allowed-hosts": "host-header-refused",
    "angular-allowed-hosts": "host-header-refused",
    "rails-hosts": "host-header-refused",
    "next-allowed-dev-origins": "dev-origin-blocked",
}


class Entry(Struct, frozen=True):
    """What can be found: a page's name, title, text, and `extra` words that people use for it."""

    ref: str
    title: str
    text: str
    extra: str = ""


class ErrorText(Struct, frozen=True):
    """Words on a screen (`match`, regular expressions) and the causes that fit, the likeliest first."""

    match: tuple[str, ...]
    refs: tuple[str, ...]
    why: str


class Hit(Struct, frozen=True):
    """One cause that fits, why, and how well (only to be compared with another hit of the same search)."""

    ref: str
    title: str
    why: str
    score: float


@cache
def error_texts() -> tuple[ErrorText, ...]:
    """Every entry, the special ones first."""
    return entries(ErrorText, "error_texts.toml", "text")


def search(query: str, known: Sequence[Entry]) -> tuple[Hit, ...]:
    """The entries that fit `query`, the best first; empty if none does."""
    text = " ".join(query.split())[:4000]
    points: dict[str, float] = {}
    reasons: dict[str, tuple[float, str]] = {}
    for ref, score, why in (*_by_text(text), *_by_framework(text), *_by_words(text, known)):
        points[ref] = points.get(ref, 0.0) + score
        if score > reasons.get(ref, (0.0, ""))[0]:
            reasons[ref] = (score, why)
    by_ref = {entry.ref: entry for entry in known}
    hits = [Hit(ref, by_ref[ref].title, reasons[ref][1], score) for ref, score in points.items() if ref in by_ref]
    hits.sort(key=lambda hit: (-hit.score, hit.ref))
    return tuple(hit for hit in hits[:_MOST] if hit.score >= hits[0].score / 10)


def frameworks_in(query: str) -> tuple[Framework, ...]:
    """The frameworks that `query` names, as a word of its own."""
    words = set(re.findall(r"[a-z0-9.+-]*[a-z0-9]", query.lower())) | set(_words(query))
    return tuple(entry for entry in frameworks() if entry.name in words or _first(entry.title) in words)


def usual_causes(framework: Framework) -> tuple[str, ...]:
    """What one usually meets with it: its bind, the gate behind it, its debugger."""
    refs: list[str] = []
    if framework.default_address.startswith(("127.", "::1", "localhost")):
        refs.append("loopback-only-bind")
    if framework.gate in _GATES:
        refs.append(_GATES[framework.gate])
    if framework.debugger:
        refs.append("debugger-exposed")
    if framework.ipv6_wildcard == "ipv6-only":
        refs.append("ipv6-only-bind")
    if framework.kind == "database":
        refs.append("database-exposed")
    return tuple(refs)


def _by_text(text: str) -> Iterable[tuple[str, float, str]]:
    """Each entry that matches: 100 for the first that does, less for later ones, and less for later refs of one."""
    matching = [each for each in error_texts() if any(re.search(one, text, re.IGNORECASE) for one in each.match)]
    best: dict[str, tuple[float, str]] = {}
    for place, each in enumerate(matching):
        for number, ref in enumerate(each.refs):
            best[ref] = max(best.get(ref, (0.0, "")), (100 / (1 + place) / (1 + number / 4), each.why))
    return ((ref, score, why) for ref, (score, why) in best.items())


def _by_framework(text: str) -> Iterable[tuple[str, float, str]]:
    for entry in frameworks_in(text):
        for number, ref in enumerate(usual_causes(entry)):
            yield ref, 60 / (1 + number / 4), f"usual with {entry.title}"


def _by_words(text: str, known: Sequence[Entry]) -> Iterable[tuple[str, float, str]]:
    wanted = set(_words(text)) - _EMPTY
    pages = {entry.ref: _bag(entry) for entry in known}
    for word in wanted:
        having = [(ref, bag[word]) for ref, bag in pages.items() if bag[word]]
        rarity = log((1 + len(pages)) / (1 + len(having)))
        for ref, often in having:
            yield ref, rarity * min(often, 6) / (2 if len(wanted) < 4 else len(wanted)), f"its page speaks of {word}"


@cache
def _bag(entry: Entry) -> Counter[str]:
    """The page's words; those of its name and title count four times, the extra ones three times."""
    bag: Counter[str] = Counter()
    for weight, text in ((4, entry.ref.replace("-", " ")), (4, entry.title), (3, entry.extra), (1, entry.text)):
        for word in _words(text):
            bag[word] += weight
    return bag


def _words(text: str) -> list[str]:
    """Lower-case words; one with dots or underscores (`http.server`, `ERR_UNSAFE_PORT`) also by its parts."""
    words = _WORD.findall(text.lower())
    return words + [part for word in words if not word.isalnum() for part in re.split(r"[._]", word)]


def _first(title: str) -> str:
    return title.lower().split("'")[0].split()[0]
