"""Reads the interfaces as psutil tells them on any platform, one JSON object a line.

    {"name": "Ethernet", "addresses": ["192.168.1.100/24", "fe80::1/64"], "up": true, "mac": "00-15-5d-00-00-01", "mtu": 1500}

`up` is psutil's: running, with a link. psutil gives the prefix of IPv6 on some systems only; 64 is taken.
"""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Interface
from wizard.parse.json_lines import objects


def parse(text: str, source: str = "psutil-interfaces") -> Parsed[tuple[Interface, ...]]:
    """Every interface with its addresses."""
    found: list[Interface] = []
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            found.append(_interface(told or {}, origin))
        except (KeyError, TypeError, ValueError):
            unread.append(origin)
    return Parsed(tuple(found), tuple(unread))


def _interface(told: dict[str, Any], origin: Origin) -> Interface:
    addresses = tuple(ip_interface(str(each)) for each in told["addresses"])
    up = told.get("up")
    return Interface(
        str(told["name"]),
        int(told.get("index") or 0),
        addresses,
        carrier=None if up is None else bool(up),
        loopback=bool(addresses) and all(each.ip.is_loopback for each in addresses),
        mac=str(told.get("mac") or "").replace("-", ":").lower(),
        mtu=int(told.get("mtu") or 1500),
        origin=Origin(origin.source, origin.line, f"{told['name']} {' '.join(map(str, addresses))}"),
    )
