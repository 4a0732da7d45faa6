"""Splits a Windows command line into its arguments, as the C runtime and CommandLineToArgvW do.

    "C:\\Program Files\\py\\python.exe" -m flask run --name "my \\"site\\""

A process has one text, and each program splits it by itself; this is how nearly all do. Backslashes are ordinary except in
front of a quote, where two stand for one; the first word ends at the next quote or blank whatever it holds.
"""

from __future__ import annotations

import re

_FIRST = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S*))')


def split(line: str) -> tuple[str, ...]:
    """The arguments, the program first; an empty text gives none."""
    if not line.strip():
        return ()
    first = _FIRST.match(line)
    if first is None:
        return ()
    name = first["quoted"] if first["quoted"] is not None else first["bare"] or ""
    return (name, *_arguments(line[first.end() :]))


def _arguments(text: str) -> list[str]:
    found: list[str] = []
    word: list[str] = []
    quoted = started = False
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at, slashes = _skip(text, at)
            quote = text[at : at + 1] == '"'
            word.append("\\" * (slashes // 2 if quote else slashes))
            if quote and slashes % 2:
                word.append('"')
                at += 1
            started = True
            continue
        if letter == '"':
            quoted, started = not quoted, True
        elif letter in " \t" and not quoted:
            if started:
                found.append("".join(word))
            word, started = [], False
        else:
            word.append(letter)
            started = True
        at += 1
    return [*found, "".join(word)] if started else found


def _skip(text: str, at: int) -> tuple[int, int]:
    """Where a run of backslashes ends, and how many there are."""
    end = at
    while end < len(text) and text[end] == "\\":
        end += 1
    return end, end - at
