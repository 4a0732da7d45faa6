"""Reads which ports Windows keeps to itself, and where netsh's relay sends what it accepts.

Protocol tcp Port Exclusion Ranges          netsh interface ipv4 show excludedportrange protocol=tcp

Start Port    End Port
----------    --------
     50000       50059     *                * is reserved by hand; the others by WinNAT, Hyper-V or http.sys

Protocol tcp Dynamic Port Range             netsh interface ipv4 show dynamicport tcp
---------------------------------
Start Port      : 49152
Number of Ports : 16384

Listen on ipv4:             Connect to ipv4:         netsh interface portproxy show all

Address         Port        Address         Port
--------------- ----------  --------------- ----------
0.0.0.0         3000        172.18.240.1    3000

HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\PortProxy\\v4tov4\\tcp
    0.0.0.0/3000    REG_SZ    172.18.240.1/3000
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from wizard.firewalls.windows import registry
from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address
from wizard.model.windows import PortProxy, PortRange

_RANGE = re.compile(r"\s*(?P<first>\d{1,5})\s+(?P<last>\d{1,5})\s*(?P<mark>\*?)\s*")
_NUMBER = re.compile(r".*[::]\s*(?P<number>\d+)\s*")
_FAMILIES = re.compile(r"ipv(?P<family>[46])", re.IGNORECASE)
_RELAY = re.compile(r"\s*(?P<from>\S+)\s+(?P<port>\d{1,5})\s+(?P<to>\S+)\s+(?P<there>\d{1,5})\s*")
_KIND = re.compile(r"v[46]tov[46]")


def excluded(
    text: str, family: int = 4, source: str = "netsh interface ipv4 show excludedportrange protocol=tcp"
) -> Parsed[tuple[PortRange, ...]]:
    """The ranges in order; only rows of two numbers are read, so any language does."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _RANGE.fullmatch(line):
            origin = Origin(source, number, line.strip())
            found.append(PortRange(int(match["first"]), int(match["last"]), bool(match["mark"]), family, origin))
    return Parsed(tuple(found))


def dynamic(
    text: str, family: int = 4, source: str = "netsh interface ipv4 show dynamicport tcp"
) -> Parsed[tuple[PortRange, ...]]:
    """The range from which Windows gives ports away: the start, and how many."""
    numbers = [
        (int(match["number"]), Origin(source, at, line.strip()))
        for at, line in enumerate(text.splitlines(), start=1)
        if (match := _NUMBER.fullmatch(line))
    ]
    if len(numbers) != 2:
        return Parsed((), (Origin(source, 1, text.strip()[:160]),) if text.strip() else ())
    (first, origin), (count, _) = numbers
    return Parsed((PortRange(first, first + count - 1, family=family, origin=origin),))


def proxies(text: str, source: str = "netsh interface portproxy show all") -> Parsed[tuple[PortProxy, ...]]:
    """Every relay, from netsh's table or from the registry."""
    return _from_registry(text, source) if "HKEY_" in text else _from_table(text, source)


def _from_table(text: str, source: str) -> Parsed[tuple[PortProxy, ...]]:
    """The headings name both families, in every language as `ipv4` and `ipv6`."""
    found: list[PortProxy] = []
    unread: list[Origin] = []
    kind = "v4tov4"
    for number, line in enumerate(text.splitlines(), start=1):
        origin = Origin(source, number, line.strip())
        families = _FAMILIES.findall(line)
        if len(families) == 2:
            kind = f"v{families[0]}tov{families[1]}"
        elif match := _RELAY.fullmatch(line):
            try:
                found.append(_proxy(kind, match["from"], match["port"], match["to"], match["there"], origin))
            except ValueError:
                unread.append(origin)
    return Parsed(tuple(found), tuple(unread))


def _from_registry(text: str, source: str) -> Parsed[tuple[PortProxy, ...]]:
    values, missed = registry.values(text, source)
    found: list[PortProxy] = []
    unread = list(missed)
    for value in values:
        kind = _KIND.search(value.key.lower())
        listen, slash, port = value.name.rpartition("/")
        connect, other, there = value.text.rpartition("/")
        if kind is None or not slash or not other:
            continue
        try:
            found.append(_proxy(kind[0], listen, port, connect, there, value.origin))
        except ValueError:
            unread.append(value.origin)
    return Parsed(tuple(found), tuple(unread))


def _proxy(kind: str, listen: str, port: str, connect: str, there: str, origin: Origin) -> PortProxy:
    own: Address | None = None if listen == "*" else ip_address(listen)
    if own is not None and own.is_unspecified:
        own = None
    return PortProxy(kind, own, int(port), connect, int(there), origin)
