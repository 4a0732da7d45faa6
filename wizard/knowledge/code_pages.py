"""Text as Windows writes it: in the console's code page, in UTF-16 with or without a mark, or in UTF-8.

netsh, netstat and ipconfig write in the console's ("OEM") code page, which `chcp` names: 437 and 850 in the west, 852, 866,
932 (Japanese), 936 (Chinese), 949, 950. `wsl` and `reg export` write UTF-16LE; files are often in the "ANSI" page 1252.
"""

from __future__ import annotations

import codecs
import re

_CODECS = {
    65001: "utf-8",
    932: "cp932",
    936: "gb18030",
    949: "cp949",
    950: "cp950",
    54936: "gb18030",
    1200: "utf-16-le",
    1201: "utf-16-be",
}
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


def decode(data: bytes, code_page: int | None = None) -> str:
    """The text of `data`, without its mark; what no reading makes sense of is escaped (`\\x9f`), never lost.

    A mark decides; then what only UTF-16 looks like; then UTF-8 where it is valid throughout; then the code page.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "backslashreplace")
    if looks_like_utf_16(data):
        return data.decode("utf-16-le", "backslashreplace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_codec(code_page), "backslashreplace")


def looks_like_utf_16(data: bytes) -> bool:
    """Whether every other byte of the beginning is mostly zero: Latin text in UTF-16LE."""
    beginning = data[:512]
    high = beginning[1::2]
    return len(high) >= 2 and high.count(0) * 10 >= len(high) * 7 and beginning[0::2].count(0) * 10 < len(high)


def code_page_of(text: str) -> int | None:
    """The number in what `chcp` prints, in any language: `Active code page: 850`, `Aktive Codepage: 850.`."""
    match = re.search(r"(\d{3,5})\.?\s*$", text.strip())
    return int(match[1]) if match else None


def _codec(code_page: int | None) -> str:
    if code_page is None:
        return "utf-8"
    codec = _CODECS.get(code_page, f"cp{code_page}")
    try:
        codecs.lookup(codec)
    except LookupError:
        return "utf-8"
    return codec
