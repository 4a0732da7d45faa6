"""Reads `arp -a` in any language.

    Interface: 192.168.31.221 --- 0x9
      Internet Address      Physical Address      Type
      192.168.31.1          60-38-e0-6e-32-ba     dynamic
      192.168.31.255        ff-ff-ff-ff-ff-ff     static

The interface stands by its own address. Groups and the broadcast address are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Interface, Neighbour

_HEADING = re.compile(r"\S.*[::]\s*(?P<own>\d{1,3}(?:\.\d{1,3}){3})\s+---.*")
_ROW = re.compile(
    r"\s+(?P<address>\d{1,3}(?:\.\d{1,3}){3})\s+(?P<mac>(?:[0-9a-f]{2}-){5}[0-9a-f]{2})\s+.*", re.IGNORECASE
)


def parse(text: str, interfaces: Iterable[Interface] = (), source: str = "arp -a") -> Parsed[tuple[Neighbour, ...]]:
    """The neighbours that have a hardware address."""
    names = {str(address.ip): each.name for each in interfaces for address in each.addresses}
    found: list[Neighbour] = []
    device = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _HEADING.fullmatch(line):
            device = names.get(heading["own"], "")
        elif row := _ROW.fullmatch(line):
            address, mac = ip_address(row["address"]), row["mac"].lower().replace("-", ":")
            if not address.is_multicast and mac != "ff:ff:ff:ff:ff:ff":
                found.append(Neighbour(address, device, mac, "STALE", origin=Origin(source, number, line.strip())))
    return Parsed(tuple(found))
