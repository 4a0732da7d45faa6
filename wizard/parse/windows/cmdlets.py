"""Reads the objects of PowerShell's network cmdlets, in any of the forms in which they are printed.

    [{"LocalAddress": "::", "LocalPort": 135, "State": 2, "OwningProcess": 832}]                    Get-NetTCPConnection
    [{"Name": "Netzwerk", "InterfaceAlias": "Ethernet", "InterfaceIndex": 12, "NetworkCategory": 1}]    ...ConnectionProfile
    [{"IPAddress": "192.168.1.100", "PrefixLength": 24, "InterfaceAlias": "Ethernet", "InterfaceIndex": 12}]    ...IPAddress
    [{"DestinationPrefix": "0.0.0.0/0", "NextHop": "192.168.1.1", "InterfaceAlias": "Ethernet", "RouteMetric": 0}]  ...Route

Windows PowerShell 5.1 writes enumerations as numbers: State 2 is Listen, NetworkCategory 0 Public, 1 Private, 2 Domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, TypeVar

from wizard.firewalls.windows.powershell import objects
from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address, Interface, InterfaceAddress, Listener, Neighbour, Owner, Proto, Route
from wizard.model.windows import Network, ProfileName, SecurityProduct

T = TypeVar("T")
_CATEGORIES = {
    "0": ProfileName.PUBLIC,
    "public": ProfileName.PUBLIC,
    "1": ProfileName.PRIVATE,
    "private": ProfileName.PRIVATE,
    "2": ProfileName.DOMAIN,
    "domainauthenticated": ProfileName.DOMAIN,
}
_KINDS = {"6": "lan", "71": "wireless", "23": "ras", "131": "tunnel"}
"""IANA's interface types, which Get-NetAdapter gives as InterfaceType."""
_NEIGHBOUR_STATES = {
    "0": "FAILED",
    "unreachable": "FAILED",
    "1": "INCOMPLETE",
    "incomplete": "INCOMPLETE",
    "2": "PROBE",
    "probe": "PROBE",
    "3": "DELAY",
    "delay": "DELAY",
    "4": "STALE",
    "stale": "STALE",
    "5": "REACHABLE",
    "reachable": "REACHABLE",
    "6": "PERMANENT",
    "permanent": "PERMANENT",
}


def text(told: Mapping[str, Any], key: str) -> str:
    """A property as text; an enumeration that was written as an object by its word."""
    value = told.get(key)
    if isinstance(value, dict):
        value = value.get("Value", value.get("value"))
    return "" if value is None else str(value).strip()


def _number(told: Mapping[str, Any], key: str) -> int:
    """A property that is a number, or 0."""
    value = text(told, key)
    return int(value) if value.isascii() and value.isdigit() else 0


def each(found: str, source: str, read: Callable[[Mapping[str, Any], Origin], T | None]) -> Parsed[tuple[T, ...]]:
    """Every object read; one that is not understood is returned unread, one that `read` says None of is left out."""
    told, unread = objects(found, source)
    values: list[T] = []
    missed = list(unread)
    for one, origin in told:
        try:
            value = read(one, origin)
        except (KeyError, TypeError, ValueError):
            missed.append(origin)
            continue
        if value is not None:
            values.append(value)
    return Parsed(tuple(values), tuple(missed))


def listeners(found: str, source: str = "Get-NetTCPConnection") -> Parsed[tuple[Listener, ...]]:
    """The rows in state Listen."""

    def read(told: Mapping[str, Any], origin: Origin) -> Listener | None:
        if text(told, "State").lower() not in ("2", "listen"):
            return None
        bare, _, scope = text(told, "LocalAddress").partition("%")
        address, pid = ip_address(bare), text(told, "OwningProcess")
        owners = (Owner("System" if pid == "4" else "", int(pid)),) if pid else None
        only = True if address.version == 6 else None
        return Listener(
            Proto.TCP, address, int(text(told, "LocalPort")), owners, v6only=only, scope=scope, origin=origin
        )

    return each(found, source, read)


def networks(found: str, source: str = "Get-NetConnectionProfile") -> Parsed[tuple[Network, ...]]:
    """Each connected network with its category."""

    def read(told: Mapping[str, Any], origin: Origin) -> Network:
        category = _CATEGORIES.get(text(told, "NetworkCategory").lower())
        index = text(told, "InterfaceIndex")
        return Network(text(told, "Name"), text(told, "InterfaceAlias"), category, int(index or 0), origin)

    return each(found, source, read)


def interfaces(addresses: str, adapters: str, source: str = "Get-NetIPAddress") -> Parsed[tuple[Interface, ...]]:
    """The interfaces with their addresses, from Get-NetIPAddress; what Get-NetAdapter says of them is added."""
    told, unread = objects(addresses, source)
    found: dict[str, list[InterfaceAddress]] = {}
    numbers: dict[str, int] = {}
    missed = list(unread)
    for one, origin in told:
        literal = text(one, "IPAddress") or text(one, "IPv4Address") or text(one, "IPv6Address")
        name = text(one, "InterfaceAlias")
        try:
            address = ip_interface(f"{literal.partition('%')[0]}/{text(one, 'PrefixLength')}")
        except ValueError:
            missed.append(origin)
            continue
        found.setdefault(name, []).append(address)
        numbers[name] = _number(one, "InterfaceIndex") or _number(one, "ifIndex")
    hardware = _adapters(adapters)
    made = [
        _interface(name, numbers.get(name, 0), tuple(found.get(name, ())), hardware.get(name), source)
        for name in dict.fromkeys((*found, *hardware))
    ]
    return Parsed(tuple(made), tuple(missed))


def _adapters(found: str) -> dict[str, Mapping[str, Any]]:
    told, _ = objects(found, "Get-NetAdapter")
    return {text(one, "Name") or text(one, "InterfaceAlias"): one for one, _ in told}


def _interface(
    name: str, index: int, addresses: tuple[InterfaceAddress, ...], told: Mapping[str, Any] | None, source: str
) -> Interface:
    status = text(told or {}, "Status").lower()
    kind = _KINDS.get(text(told or {}, "InterfaceType"), "")
    return Interface(
        name,
        index or _number(told or {}, "ifIndex") or _number(told or {}, "InterfaceIndex"),
        addresses,
        up=status not in ("disabled", "not present"),
        carrier=status not in ("disconnected", "not present"),
        loopback=bool(addresses) and all(each.ip.is_loopback for each in addresses),
        mac=text(told or {}, "MacAddress").replace("-", ":").lower(),
        mtu=_number(told or {}, "MtuSize") or 1500,
        kind=kind,
        origin=Origin(source, 0, f"{name} {' '.join(map(str, addresses))}"),
    )


def interface_ids(adapters: str) -> dict[str, str]:
    """Each interface's GUID in lower case with its alias: rules name interfaces so."""
    return {
        text(one, "InterfaceGuid").lower(): name
        for name, one in _adapters(adapters).items()
        if text(one, "InterfaceGuid")
    }


def routes(found: str, source: str = "Get-NetRoute") -> Parsed[tuple[Route, ...]]:
    """The routes; an unspecified next hop is the link itself."""

    def read(told: Mapping[str, Any], origin: Origin) -> Route:
        hop = ip_address(text(told, "NextHop").partition("%")[0])
        metric = int(text(told, "RouteMetric") or 0) + int(text(told, "InterfaceMetric") or 0)
        return Route(
            ip_network(text(told, "DestinationPrefix").partition("%")[0], strict=False),
            device=text(told, "InterfaceAlias"),
            gateway=None if hop.is_unspecified else hop,
            metric=metric,
            origin=origin,
        )

    return each(found, source, read)


def neighbours(found: str, source: str = "Get-NetNeighbor") -> Parsed[tuple[Neighbour, ...]]:
    """The neighbour table, multicast groups left out."""

    def read(told: Mapping[str, Any], origin: Origin) -> Neighbour | None:
        address = ip_address(text(told, "IPAddress").partition("%")[0])
        mac = text(told, "LinkLayerAddress").replace("-", ":").lower()
        if address.is_multicast or mac in ("ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", ""):
            return None
        state = _NEIGHBOUR_STATES.get(text(told, "State").lower(), "")
        return Neighbour(address, text(told, "InterfaceAlias"), mac, state, origin=origin)

    return each(found, source, read)


def security_products(found: str, source: str = "FirewallProduct") -> Parsed[tuple[SecurityProduct, ...]]:
    """The firewalls of other makers: productState is 0xXXYYZZ, where YY 10 or 11 is on, 00 or 01 off."""

    def read(told: Mapping[str, Any], origin: Origin) -> SecurityProduct | None:
        state, name = text(told, "productState"), text(told, "displayName")
        if name.lower().startswith(("windows defender firewall", "windows firewall")):
            return None
        switch = int(state) >> 8 & 0xFF if state else None
        active = None if switch is None else {0x10: True, 0x11: True, 0x00: False, 0x01: False}.get(switch)
        return SecurityProduct(name, active, origin)

    return each(found, source, read)


def server_addresses(found: str) -> tuple[Address, ...] | None:
    """The name servers of Get-DnsClientServerAddress; None where it was not asked."""
    told, _ = objects(found, "Get-DnsClientServerAddress")
    listed: list[Address] = []
    for one, _ in told:
        given = one.get("ServerAddresses") or ()
        for literal in given if isinstance(given, list) else str(given).strip("{}").split(","):
            try:
                listed.append(ip_address(str(literal).strip().partition("%")[0]))
            except ValueError:
                continue
    return tuple(dict.fromkeys(listed)) if told else None
