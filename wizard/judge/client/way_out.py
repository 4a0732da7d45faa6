"""How a packet to the target leaves this machine: the kernel's own answer where it was asked, else the model's."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from wizard.judge import vantage
from wizard.judge.outgoing import answered, leave
from wizard.judge.routing import Question
from wizard.judge.trace import machine_of
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Address, Attempt, Facts, Interface, Network, WayOut
from wizard.model.journey import Decision
from wizard.model.packet import Packet

_ERRNOS = {"none": "ENETUNREACH", "unreachable": "EHOSTUNREACH", "prohibit": "EACCES", "blackhole": "EINVAL"}


def toward(facts: Facts, destination: Address) -> WayOut | None:
    """The way to an address; None where neither the kernel nor the routing tables were read."""
    asked = facts.ways_out if isinstance(facts.ways_out, tuple) else ()
    for each in asked:
        if each.destination == destination:
            return _named(facts, each)
    if isinstance(facts.routes, Unknown) or isinstance(facts.interfaces, Unknown):
        return None
    answer = machine_of(facts).fib_tables.lookup(Question(destination.version, int(destination)))
    if answer.kind == "unknown":
        return None
    route = answer.route
    kind = answer.kind if answer.kind in (*_ERRNOS, "local") else "unicast"
    source = route.source if route and route.source else _address_on(facts, answer.device, destination)
    return WayOut(
        destination,
        kind,
        answer.device,
        route.gateway if route else None,
        source,
        route.table if route else "",
        origin=route.origin if route else Origin(""),
    )


def _named(facts: Facts, way: WayOut) -> WayOut:
    """`ip route get` says of a route that refuses only `Permission denied` or the like; the tables name it."""
    if way.kind != "none" or isinstance(facts.routes, Unknown):
        return way
    for each in sorted(facts.routes, key=lambda one: -one.destination.prefixlen):
        fits = each.destination.version == way.destination.version and way.destination in each.destination
        if fits and each.kind in ("prohibit", "unreachable", "blackhole"):
            named_by_default = each.destination.prefixlen == 0 and each.device == "lo"
            return way if named_by_default else _as(way, each.kind, each.origin)
    return way


def _as(way: WayOut, kind: str, origin: Origin) -> WayOut:
    return replace(way, kind=kind, origin=origin)


def _address_on(facts: Facts, device: str, destination: Address) -> Address | None:
    for interface in vantage.interfaces(facts):
        if interface.name == device:
            same = [each.ip for each in interface.addresses if each.version == destination.version]
            return same[0] if same else None
    return None


def errno_of(way: WayOut) -> str:
    """What connect() says where the routing table refuses [M]."""
    return _ERRNOS.get(way.kind, "ENETUNREACH")


def refusal(facts: Facts, attempt: Attempt) -> WayOut:
    """This machine's own no to an attempt, as a way out that leads nowhere."""
    known = toward(facts, attempt.address)
    if known is not None and known.kind in _ERRNOS:
        return known
    kind = next((kind for kind, errno in _ERRNOS.items() if errno == attempt.errno), "none")
    return WayOut(attempt.address, kind, error=attempt.errno, origin=attempt.origin)


def words(facts: Facts, way: WayOut) -> str:
    """`leaves by eth0 from 192.168.1.5, straight` or `..., over the router 192.168.1.1`."""
    source = f" from {way.source}" if way.source else ""
    how = f"over the router {way.gateway}" if way.gateway else "straight, in the same network"
    if not way.gateway and not in_one_network(facts, way.destination):
        how = "straight"
    return f"leaves by {way.device}{source}, {how}"


def network_of(facts: Facts, destination: Address) -> tuple[Network, Interface] | None:
    """The network of this machine, and its interface, in which the address lies: of several the narrowest."""
    bare = ip_address(str(destination).partition("%")[0])
    found = [
        (each.network, interface)
        for interface in vantage.interfaces(facts)
        if not interface.loopback
        for each in interface.addresses
        if each.version == bare.version and bare in each.network
    ]
    return max(found, key=lambda pair: pair[0].prefixlen) if found else None


def in_one_network(facts: Facts, destination: Address) -> bool:
    """Whether the address lies in a network of this machine, and the way there is a straight one."""
    if network_of(facts, destination) is None:
        return False
    known = toward(facts, destination)
    return known is None or known.gateway is None


def down(facts: Facts, destination: Address) -> Interface | None:
    """The interface toward the address's own network, or any where none works, that is down or has no link; None where
    another one leads there."""
    outer = [each for each in vantage.interfaces(facts) if not each.loopback and each.addresses]
    candidates = [
        interface
        for interface in outer
        if any(each.version == destination.version and destination in each.network for each in interface.addresses)
    ] or (outer if is_offline(facts) else [])
    broken = [each for each in candidates if not _works(each)]
    return broken[0] if broken and len(broken) == len(candidates) else None


def is_offline(facts: Facts) -> bool:
    """No interface but loopback is up, with a link and an address."""
    known = vantage.interfaces(facts)
    return bool(known) and not any(_works(each) and each.addresses for each in known if not each.loopback)


def _works(interface: Interface) -> bool:
    return interface.up and interface.carrier is not False


def answer(facts: Facts, packet: Packet) -> Decision | None:
    """What this machine's own filters do with the other side's answer; None where too little is known to ask."""
    if packet.source.is_unspecified or isinstance(facts.rulesets, Unknown):
        return None
    made = answered(facts, packet)
    return None if made.outcome == "unknown" else made


def decision(facts: Facts, packet: Packet) -> Decision | None:
    """What this machine's own filters do with the packet; None where too little of it is known to ask."""
    if packet.source.is_unspecified or isinstance(facts.rulesets, Unknown):
        return None
    made = leave(facts, packet)
    return None if made.outcome == "unknown" else made
