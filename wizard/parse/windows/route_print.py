"""Reads `route print` in any language.

    Interface List
      8...00 ff 58 60 5f 61 ......TAP-Windows Adapter V9
    ===========================================================================
    Network Destination        Netmask          Gateway       Interface  Metric
              0.0.0.0          0.0.0.0     192.168.31.1   192.168.31.221     30
          192.168.31.0    255.255.255.0         On-link    192.168.31.221    286

     If Metric Network Destination      Gateway
      9    286 fe80::244e:2f1e:2096:62b2/128
                                        On-link

A row of IPv4 is two dotted quads, a gateway (or one word for "on the link"), the interface's own address, and a number; one
of IPv6 begins with the interface's number. Persistent routes lack the interface, and stand above already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Interface, Route

_QUAD = r"\d{1,3}(?:\.\d{1,3}){3}"
_FOUR = re.compile(
    rf"\s*(?P<net>{_QUAD})\s+(?P<mask>{_QUAD})\s+(?P<gateway>\S.*?)\s+(?P<own>{_QUAD})\s+(?P<metric>\d+)\s*"
)
_SIX = re.compile(r"\s*(?P<index>\d+)\s+(?P<metric>\d+)\s+(?P<net>[0-9a-fA-F:]+/\d+)(?:\s+(?P<gateway>\S.*?))?\s*")


def parse(text: str, interfaces: Iterable[Interface] = (), source: str = "route print") -> Parsed[tuple[Route, ...]]:
    """The active routes; a device is named where `interfaces` have the row's address, or its number."""
    known = tuple(interfaces)
    by_address = {str(address.ip): each.name for each in known for address in each.addresses}
    by_number = {each.index: each.name for each in known if each.index}
    found: list[Route] = []
    for number, line in enumerate(text.splitlines(), start=1):
        origin = Origin(source, number, line.strip())
        if match := _FOUR.fullmatch(line):
            found.append(_route(f"{match['net']}/{match['mask']}", match, by_address.get(match["own"], ""), origin))
        elif match := _SIX.fullmatch(line):
            found.append(_route(match["net"], match, by_number.get(int(match["index"]), ""), origin))
    return Parsed(tuple(found))


def _route(destination: str, match: re.Match[str], device: str, origin: Origin) -> Route:
    try:
        gateway = ip_address((match["gateway"] or "").partition("%")[0])
    except ValueError:
        gateway = None
    return Route(
        ip_network(destination, strict=False),
        device=device,
        gateway=gateway,
        metric=int(match["metric"]),
        origin=origin,
    )
