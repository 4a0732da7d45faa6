"""Reads registry values as `reg query` prints them, as `reg export` writes them, and as PowerShell lists them.

    HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules
        RemoteDesktop-In-TCP    REG_SZ    v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|...
        EnableFirewall    REG_DWORD    0x1

    [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\DomainProfile]
    "EnableFirewall"=dword:00000001
    "{1E78...}"="v2.31|Action=Block|App=C:\\\\py\\\\python.exe|..."

    SSH = v2.31|Action=Allow|Active=TRUE|Dir=In|...

In a .reg file a backslash and a quote are escaped, `[-KEY]` deletes, and a value in hexadecimal goes over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from wizard.model.capture import Origin

_KEY = re.compile(r"\[?(?P<gone>-)?(?P<path>(?:HKEY_[A-Z_]+|HK[LC][MU])(?:\\.*?)?)\]?\s*")
_EXPORTED = re.compile(r'"(?P<name>(?:[^"\\]|\\.)*)"=(?P<value>.*)|@=(?P<default>.*)', re.DOTALL)
_QUERIED = re.compile(r"\s+(?P<name>.*?)\s{4}(?P<type>REG_[A-Z_]+)(?:\s{4}(?P<value>.*))?")
_LISTED = re.compile(r"(?P<name>.*?)\s*[=:]\s*(?P<value>[vV]\d+\.\d+\|.*)")
_HEXADECIMAL = re.compile(r"hex(?:\((?P<type>[0-9a-f]+)\))?:(?P<bytes>[0-9a-f,\s\\]*)", re.IGNORECASE)


class Value(Struct, frozen=True):
    """One value: the key's path (empty where the text names none), its name, and its text; numbers in decimal."""

    key: str
    name: str
    text: str
    origin: Origin

    @property
    def number(self) -> int | None:
        """A REG_DWORD's number, or None for a text."""
        return int(self.text) if self.text.isascii() and self.text.isdigit() else None


def values(text: str, source: str = "reg query") -> tuple[tuple[Value, ...], tuple[Origin, ...]]:
    """Every value in the text's order, and the lines that are neither value nor key nor comment."""
    found: list[Value] = []
    unread: list[Origin] = []
    key, deleted = "", False
    for number, line in _lines(text):
        origin = Origin(source, number, line.strip())
        if heading := _KEY.fullmatch(line.lstrip("\ufeff").strip()):
            key, deleted = heading["path"], heading["gone"] is not None
        elif pair := _value(line):
            if not deleted:
                found.append(Value(key, *pair, origin))
        elif not _is_talk(line):
            unread.append(origin)
    return tuple(found), tuple(unread)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a line of a .reg file that ends in a backslash goes on in the next."""
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if held or (line.endswith("\\") and "=hex" in line):
            first = first or number
            held += line.strip().removesuffix("\\")
            if line.endswith("\\"):
                continue
            yield first, held
            held, first = "", 0
        else:
            yield number, line
    if held:
        yield first, held


def _value(line: str) -> tuple[str, str] | None:
    if match := _EXPORTED.fullmatch(line.strip()):
        if match["default"] is not None:
            return "", _data(match["default"])
        return _unescaped(match["name"]), _data(match["value"])
    if match := _QUERIED.fullmatch(line.rstrip("\r\n")):
        return match["name"], _number(match["type"], match["value"] or "")
    if match := _LISTED.fullmatch(line.strip()):
        return match["name"], match["value"]
    return ("", line.strip()) if re.match(r"[vV]\d+\.\d+\|", line.strip()) else None


def _data(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        return _unescaped(text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:])
    if text.lower().startswith("dword:"):
        return str(int(text[6:], 16)) if re.fullmatch(r"[0-9a-fA-F]{1,8}", text[6:]) else text
    if match := _HEXADECIMAL.fullmatch(text):
        raw = bytes(int(each, 16) & 255 for each in re.findall(r"[0-9a-fA-F]+", match["bytes"]))
        return raw.decode("utf-16-le", "replace").rstrip("\0") if match["type"] in ("1", "2", "7") else raw.hex()
    return text


def _number(kind: str, text: str) -> str:
    if kind in ("REG_DWORD", "REG_QWORD") and re.fullmatch(r"0x[0-9a-fA-F]+", text.strip()):
        return str(int(text, 16))
    return text


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _is_talk(line: str) -> bool:
    """Blank, a comment, or the heading of a .reg file."""
    text = line.strip().lstrip("\ufeff")
    return not text or text.startswith(";") or text.startswith(("Windows Registry Editor", "REGEDIT4"))
