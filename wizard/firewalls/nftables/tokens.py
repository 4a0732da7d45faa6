r"""Splits nft's text syntax into words.

    tcp dport { 22, 80 } log prefix "a { b" accept # handle 4

`{ } , ; ( )` stand alone, a newline is `\n`, a string keeps its quotation marks, a comment is dropped (but its handle is
kept as the word `#4`). A backslash at the end of a line joins it with the next.
"""

from __future__ import annotations

import re

_WORD = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"?)|(?P<comment>\#[^\n]*)|(?P<join>\\[ \t]*\r?\n)|(?P<newline>\n)"""
    r"""|(?P<mark>[{},;()])|(?P<space>[ \t\r\f\v]+)|(?P<operator>==|!=|<=|>=|<<|>>|[<>=!&|^])"""
    r"""|(?P<word>[^\s{},;()"<>=!&|^\#]+)""",
    re.VERBOSE,
)
_HANDLE = re.compile(r"#\s*handle\s+(\d+)")


def split(text: str) -> list[str]:
    """The words of `text`."""
    words: list[str] = []
    for match in _WORD.finditer(text):
        kind = match.lastgroup
        if kind == "comment":
            if handle := _HANDLE.match(match[0]):
                words.append(f"#{handle[1]}")
        elif kind not in ("space", "join"):
            words.append(match[0])
    return words


def is_string(word: str) -> bool:
    """Whether the word is a quoted string."""
    return word.startswith('"')


def unquoted(word: str) -> str:
    """The word without its quotation marks."""
    if not is_string(word):
        return word
    return word[1:-1] if len(word) > 1 and word.endswith('"') else word[1:]
