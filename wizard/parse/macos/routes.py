"""Reads `netstat -rn` of macOS: routes, and the neighbours that it lists among them.

    Internet:
    Destination        Gateway            Flags               Netif Expire
    default            192.168.1.1        UGScg                 en0
    127                127.0.0.1          UCS                   lo0
    169.254            link#10            UCS                   en0      !
    192.168.1          link#10            UCS                   en0      !
    192.168.1.100/32   link#10            UCS                   en0      !
    192.168.1.23       e0:33:8e:68:38:d6  UHLWIi                en0    866
    Internet6:
    default                                 fe80::1%utun0                           UGcIg               utun0

Trailing zero octets are left out (`127`, `169.254`): then the network is as long as the octets that are there, unless a
prefix stands behind it. Flags: R reject, B blackhole, G gateway, L link, H host (netstat(1)).
"""

from __future__ import annotations

import re
from ipaddress import IPv6Network, ip_address, ip_network

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Neighbour, Network, Route

_MAC = re.compile(r"(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}")


def parse(text: str, source: str = "netstat -rn") -> Parsed[tuple[tuple[Route, ...], tuple[Neighbour, ...]]]:
    """Routes and neighbours, both families."""
    routes: list[Route] = []
    neighbours: list[Neighbour] = []
    unread: list[Origin] = []
    family = 0
    columns: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if line.startswith("Internet"):
            family = 6 if line.startswith("Internet6") else 4
        elif words[:1] == ["Destination"]:
            columns = words
        elif words and family and len(words) >= 4:
            origin = Origin(source, number, " ".join(words))
            try:
                _row(words, columns, family, origin, routes, neighbours)
            except (ValueError, IndexError):
                unread.append(origin)
    return Parsed((tuple(routes), tuple(neighbours)), tuple(unread))


def _row(
    words: list[str], columns: list[str], family: int, origin: Origin, routes: list[Route], neighbours: list[Neighbour]
) -> None:
    destination, gateway, flags = words[:3]
    place = columns.index("Netif") if "Netif" in columns else 3
    device = words[min(place, len(words) - 1)]
    if _MAC.fullmatch(gateway) or gateway == "(incomplete)":
        address = ip_address(destination.partition("%")[0])
        state = "FAILED" if gateway == "(incomplete)" or "R" in flags else "REACHABLE"
        neighbours.append(
            Neighbour(address, device, "" if state == "FAILED" else _padded(gateway), state, origin=origin)
        )
        return
    kind = "unreachable" if "R" in flags else "blackhole" if "B" in flags else "unicast"
    hop = gateway.partition("%")[0]
    via = ip_address(hop) if "G" in flags and not gateway.startswith(("link#", "index:")) and _is_address(hop) else None
    routes.append(Route(_network(destination, family), kind, device, via, origin=origin))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _padded(mac: str) -> str:
    return ":".join(part.zfill(2) for part in mac.split(":"))


def _network(text: str, family: int) -> Network:
    bare = re.sub(r"%[^/]*", "", text)
    if bare == "default":
        return ip_network("0.0.0.0/0" if family == 4 else "::/0")
    if family == 6:
        return IPv6Network(bare, strict=False)
    host, _, prefix = bare.partition("/")
    octets = host.split(".")
    length = prefix or str(8 * len(octets))
    return ip_network(f"{'.'.join([*octets, '0', '0', '0'][:4])}/{length}", strict=False)
