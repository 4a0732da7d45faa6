"""From whose eyes: the device that cannot get through, or a typical neighbour, and where its packet arrives.

A packet from a neighbour arrives on the interface whose network the neighbour is in; one from far away on the interface
that has the dialled address, since that is where routers bring it (not on the one that leads back there: where the two
differ, reverse path filtering is the question).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from wizard.model.capture import Unknown
from wizard.model.diagnosis import Target
from wizard.model.facts import Address, Facts, Interface, InterfaceAddress, Neighbour, Network, Route
from wizard.model.packet import Packet

_ALIVE = {"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT"}
_VIRTUAL_KINDS = {"tun", "wireguard", "dummy", "ipip", "gre", "vxlan"}
_VIRTUAL_NAMES = (
    "docker", "br-", "virbr", "lxc", "lxd", "incus", "cni", "cali", "flannel", "vboxnet", "vmnet", "podman", "tailscale",
    "zt", "tun", "wg", "vEthernet", "VMware Network", "VirtualBox Host",
)  # fmt: skip


def interfaces(facts: Facts) -> tuple[Interface, ...]:
    """The interfaces, or none if they could not be read."""
    return () if isinstance(facts.interfaces, Unknown) else facts.interfaces


def own_addresses(facts: Facts) -> dict[Address, Interface]:
    """Every address of this machine with its interface."""
    return {each.ip: interface for interface in interfaces(facts) for each in interface.addresses}


def is_own(facts: Facts, address: Address) -> bool:
    """Whether this machine answers for `address` (127.0.0.0/8 and ::1 are its own everywhere)."""
    return (
        address.is_loopback or address.is_unspecified or _bare(address) in {_bare(own) for own in own_addresses(facts)}
    )


def _bare(address: Address) -> Address:
    """Without the zone of a link-local address: `fe80::1%eth0` and `fe80::1` are the same on one machine."""
    return ip_address(str(address).partition("%")[0])


def lan_addresses(facts: Facts) -> tuple[Address, ...]:
    """This machine's addresses that other devices can dial, the likeliest first: the default route's interface, real
    hardware before bridges and tunnels, IPv4 before IPv6, no link-local ones while there are others."""
    default = default_device(facts)
    ranked = [
        (
            each.ip.is_link_local,
            interface.name != default,
            looks_virtual(interface),
            not interface.up,
            each.ip.version,
            position,
        )
        for interface in interfaces(facts)
        for position, each in enumerate(interface.addresses)
        if not interface.loopback and not each.ip.is_loopback
    ]
    found = [
        each.ip
        for interface in interfaces(facts)
        for each in interface.addresses
        if not interface.loopback and not each.ip.is_loopback
    ]
    ordered = [address for _, address in sorted(zip(ranked, found, strict=True), key=lambda pair: pair[0])]
    usable = [address for address in ordered if not address.is_link_local]
    return tuple(usable or ordered)


def looks_virtual(interface: Interface) -> bool:
    """A container's, VM's or VPN's interface rather than one toward a LAN, by its kind or the names their makers give.
    A veth end with an address of its own is the LAN of whoever lives in that namespace."""
    return interface.name.startswith(_VIRTUAL_NAMES) or interface.kind in _VIRTUAL_KINDS


def default_device(facts: Facts) -> str:
    """The device of the default route, or empty."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    candidates = [each for each in routes if _is_default(each)]
    return min(candidates, key=lambda each: (each.destination.version, each.metric)).device if candidates else ""


def _is_default(route: Route) -> bool:
    return route.kind == "unicast" and route.destination.prefixlen == 0 and route.table == "main"


def network_of(facts: Facts, address: Address) -> Network | None:
    """The LAN's own network behind one of this machine's addresses."""
    for interface in interfaces(facts):
        for each in interface.addresses:
            if _bare(each.ip) == _bare(address):
                return each.network
    return None


def packet(facts: Facts, target: Target, destination: Address, source: Address | None = None) -> Packet:
    """The first packet that `source` (the target's vantage, or a typical neighbour) sends to `destination`."""
    origin = source or target.vantage or neighbour_of(facts, destination)
    return Packet(
        origin,
        destination,
        target.port,
        target.proto,
        interface=target.interface or arrival(facts, origin, destination),
    )


def arrival(facts: Facts, source: Address, destination: Address) -> str:
    """The interface on which a packet from `source` to `destination` arrives here."""
    if is_own(facts, source):
        return "lo"
    home = own_addresses(facts).get(destination)
    if home and any(_inside(source, each) for each in home.addresses):
        return home.name
    for interface in interfaces(facts):
        if not interface.loopback and any(_inside(source, each) for each in interface.addresses):
            return interface.name
    return home.name if home else _device_toward(facts, source)


def _inside(address: Address, own: InterfaceAddress) -> bool:
    return address.version == own.version and _bare(address) in own.network


def _device_toward(facts: Facts, address: Address) -> str:
    route = route_toward(facts, address)
    return route.device if route else ""


def route_toward(facts: Facts, address: Address) -> Route | None:
    """The main table's best unicast route to `address`, policy rules left aside."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    matching = [
        each
        for each in routes
        if each.table == "main"
        and each.kind == "unicast"
        and each.destination.version == address.version
        and address in each.destination
    ]
    return max(matching, key=lambda each: (each.destination.prefixlen, -each.metric)) if matching else None


def lives_on(facts: Facts, address: Address, device: str) -> bool:
    """Whether `address` is in a network that this machine has an address in on `device`."""
    return any(
        _inside(address, each)
        for interface in interfaces(facts)
        if interface.name == device
        for each in interface.addresses
    )


def answer_goes_astray(facts: Facts, source: Address, arrival: str, departure: str) -> bool:
    """Whether the answer to a device on the LAN of `arrival` leaves straight into another network, where nobody has its
    address: a VPN's or a container network's route that overlaps the LAN. Over a router it may still come around, and
    two interfaces in one LAN both reach it."""
    if departure in ("", "lo", arrival) or not lives_on(facts, source, arrival) or lives_on(facts, source, departure):
        return False
    masters = {interface.name: interface.master for interface in interfaces(facts)}
    route = route_toward(facts, source)
    return (
        masters.get(arrival) != departure and route is not None and route.device == departure and route.gateway is None
    )


def neighbours(facts: Facts, destination: Address) -> tuple[Address, ...]:
    """The other devices that this machine has heard on the network of `destination`, routers left out."""
    network = network_of(facts, destination)
    if network is None or isinstance(facts.neighbours, Unknown):
        return ()
    gateways = _gateways(facts)
    heard = [each for each in facts.neighbours if _is_device(each, network) and each.address not in gateways]
    heard.sort(key=lambda each: each.state != "REACHABLE")
    return tuple(each.address for each in heard)


def _is_device(entry: Neighbour, network: Network) -> bool:
    alive = entry.state in _ALIVE and not entry.router
    return alive and entry.address.version == network.version and entry.address in network


def _gateways(facts: Facts) -> set[Address]:
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    return {each.gateway for each in routes if each.gateway is not None}


def neighbour_of(facts: Facts, destination: Address) -> Address:
    """A device that was heard on that network, or else a typical address on it that is nobody's known one."""
    heard = neighbours(facts, destination)
    return heard[0] if heard else typical_neighbour(facts, destination)


def typical_neighbour(facts: Facts, destination: Address) -> Address:
    """An address on the network of `destination` that is neither this machine's nor a gateway's; on a network of one
    (a point-to-point link, a /32) a documentation address (RFC 5737, RFC 3849) stands for a stranger."""
    network = None if destination.is_loopback else network_of(facts, destination)
    if network is not None:
        taken = set(own_addresses(facts)) | _gateways(facts)
        for candidate in _others(network, destination):
            if candidate not in taken:
                return candidate
    return ip_address("203.0.113.77" if destination.version == 4 else "2001:db8::77")


def _others(network: Network, own: Address) -> Iterator[Address]:
    """Addresses near `own` in its network, without the network's and the broadcast address."""
    edges = {network.network_address, network.broadcast_address} if network.num_addresses > 2 else set()
    for distance in (1, -1, 2, -2, 3, -3, 5, 7, 11):
        number = int(own) + distance
        if not int(network.network_address) <= number <= int(network.broadcast_address):
            continue
        candidate = type(own)(number)
        if candidate not in edges:
            yield candidate
