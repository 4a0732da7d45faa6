"""What another device should open: an address of this machine on its LAN, never a container network's or a VPN's."""

from __future__ import annotations

from wizard.judge import vantage
from wizard.model.arrival import Place
from wizard.model.capture import Unknown
from wizard.model.facts import Address, Container, Facts, Interface, Listener, Proto
from wizard.model.packet import bracketed

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PEER_KINDS = ("wireguard", "tun", "ppp")


def places(facts: Facts, port: int, scheme: str = "http", path: str = "/") -> tuple[Place, ...]:
    """One for each LAN, the likeliest first; those first on which the program on `port` listens by name."""
    own = vantage.own_addresses(facts)
    usable = [each for each in vantage.lan_addresses(facts) if _leads_to_a_lan(facts, own[each])]
    bound = _bound(facts, port)
    found: dict[str, Address] = {}
    for address in sorted(usable or vantage.lan_addresses(facts), key=lambda each: each not in bound):
        name = own[address].name
        if name not in found:
            found[name] = address
    return tuple(Place(address, name, url(scheme, address, port, path)) for name, address in found.items())


def url(scheme: str, address: Address, port: int, path: str = "/") -> str:
    """As a person types it: no port where the scheme's own is meant."""
    where = bracketed(address)
    tail = path if path.startswith("/") else f"/{path}"
    return f"{scheme}://{where}{tail}" if _DEFAULT_PORTS.get(scheme) == port else f"{scheme}://{where}:{port}{tail}"


def _leads_to_a_lan(facts: Facts, interface: Interface) -> bool:
    """Up, with a link, and toward a network of other devices: no tunnel, no container's or virtual machine's bridge."""
    if not interface.up or interface.carrier is False or interface.point_to_point or interface.kind in _PEER_KINDS:
        return False
    return not vantage.looks_virtual(interface) and not _holds_containers(facts, interface)


def _holds_containers(facts: Facts, interface: Interface) -> bool:
    """A bridge with another name whose network containers have their addresses in."""
    containers: tuple[Container, ...] = () if isinstance(facts.containers, Unknown) else facts.containers
    theirs = [address for each in containers for address in each.addresses]
    return interface.kind == "bridge" and any(
        address.version == each.version and address in each.network
        for address in theirs
        for each in interface.addresses
    )


def _bound(facts: Facts, port: int) -> set[Address]:
    """The addresses that the program on this port listens on by name."""
    listeners: tuple[Listener, ...] = () if isinstance(facts.listeners, Unknown) else facts.listeners
    return {
        each.address
        for each in listeners
        if each.proto is Proto.TCP and each.port == port and not each.address.is_unspecified
    }
