r"""Reads `lsof +c 0 -nP -iTCP -sTCP:LISTEN -iUDP`: without root only the user's own sockets, so absence proves nothing.

    COMMAND     PID   USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME
    ControlCenter 441 alex   5u  IPv4 0x64cf0533e956993d      0t0  TCP *:7000 (LISTEN)
    Code\x20Helper 777 alex  40u IPv6 0x1234567890abcdef      0t0  TCP [::1]:9229 (LISTEN)

Names escape what is not printable, a space as `\x20`. An IPv6 row of `*` takes IPv4 too, unless the program said otherwise.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Owner

_ROW = re.compile(
    r"(?P<name>\S+)\s+(?P<pid>\d+)\s+\S+\s+\S+\s+IPv(?P<family>[46])\s+\S+\s+\S+\s+(?P<proto>TCP|UDP)\s+(?P<at>\S+)(?:\s+\(LISTEN\))?$"
)
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


def parse_owners(text: str, source: str = "lsof") -> Parsed[dict[tuple[str, str, int], tuple[Owner, ...]]]:
    """Who holds what: (proto, address or `*4`/`*6`, port) to its processes."""
    found: dict[tuple[str, str, int], tuple[Owner, ...]] = {}
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("COMMAND"):
            continue
        match = _ROW.match(line.strip())
        if match is None:
            unread.append(Origin(source, number, line.strip()))
            continue
        host, _, port = match["at"].rpartition(":")
        if "->" in match["at"] or not port.isdigit():
            continue
        owner = Owner(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), match["name"]), int(match["pid"]))
        key = (match["proto"].lower(), _host(host, match["family"]), int(port))
        found[key] = tuple(dict.fromkeys((*found.get(key, ()), owner)))
    return Parsed(found, tuple(unread))


def _host(text: str, family: str) -> str:
    bare = text.strip("[]").partition("%")[0]
    if bare in ("*", ""):
        return "0.0.0.0" if family == "4" else "::"
    if bare == "localhost":
        return "127.0.0.1" if family == "4" else "::1"
    try:
        return str(ip_address(bare))
    except ValueError:
        return bare
