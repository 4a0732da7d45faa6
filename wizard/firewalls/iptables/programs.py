"""Matches that are small programs over the packet's bytes: u32 and bpf.

--u32 "0>>22&0x3C@0&0xFFFF=80:443,8080 && 6&0xFF=6"     (iptables-extensions(8))
--bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"        (length, then code jt jf k; nfbpf_compile(8))
"""

from __future__ import annotations

import re

from wizard.model.ruleset import BytesProgram

_OPERATORS = ("&", "<<", ">>", "@")
_WORD = re.compile(r"\s*(&&|<<|>>|&|@|=|,|:|0[xX][0-9a-fA-F]+|\d+)")
_MOST_INSTRUCTIONS = 4096


def u32(text: str, negated: bool, shown: str) -> BytesProgram:
    """The tests of a u32 match: each `(("", position), (operator, number), ...)` and its ranges. ValueError if odd."""
    words = _words(text)
    tests = []
    while words:
        location = [("", int(words.pop(0), 0))]
        while words and words[0] in _OPERATORS:
            operator = words.pop(0)
            location.append((operator, int(words.pop(0), 0)))
        if not words or words.pop(0) != "=":
            raise ValueError(text)
        tests.append((tuple(location), _ranges(words)))
        if words and words.pop(0) != "&&":
            raise ValueError(text)
    return BytesProgram("u32", tuple(tests), negated, shown)


def _words(text: str) -> list[str]:
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _WORD.match(text, place)
        if match is None:
            raise ValueError(text)
        found.append(match[1])
        place = match.end()
    return found


def _ranges(words: list[str]) -> tuple[tuple[int, int], ...]:
    found = []
    while True:
        low = int(words.pop(0), 0)
        high = low
        if words and words[0] == ":":
            words.pop(0)
            high = int(words.pop(0), 0)
        found.append((low, high))
        if not words or words[0] != ",":
            return tuple(found)
        words.pop(0)


def bytecode(text: str, shown: str) -> BytesProgram:
    """The instructions of a bpf match as `(code, jt, jf, k)`. ValueError if odd."""
    count, *lines = text.strip().strip(",").split(",")
    instructions = tuple(tuple(int(number, 0) for number in line.split()) for line in lines)
    if len(instructions) != int(count) or not 0 < len(instructions) <= _MOST_INSTRUCTIONS:
        raise ValueError(text)
    if any(len(each) != 4 for each in instructions):
        raise ValueError(text)
    return BytesProgram("bpf", instructions, False, shown)
