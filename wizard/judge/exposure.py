"""From where each port can be reached, and what decides that: the whole of `wizard exposure`, from facts alone.

Every door (wizard.judge.doors) is dialled from every place (wizard.judge.places) by one sender for each class of senders
that the rules treat alike (wizard.judge.alike); what happens to that one happens to its class. A connection counts as open
when its first packet gets to the socket (or on to the container), and, with TCP, the answer gets back.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct
from msgspec.structs import replace

from wizard.judge import answers, intervals, sees, sockets, vantage
from wizard.judge.alike import EPHEMERAL, WIDTH, Senders
from wizard.judge.causes._containers import container_at
from wizard.judge.doors import Door, doors
from wizard.judge.exposure_warnings import Warnings
from wizard.judge.intervals import Intervals
from wizard.judge.places import Place, places, way_to
from wizard.judge.trace import machine_of, reply, trace
from wizard.model.capture import Unknown
from wizard.model.exposure import Exposed, Exposure, From, Reach, Reached, Treatment
from wizard.model.facts import Address, Facts, Listener, Network
from wizard.model.journey import Decision, Translation
from wizard.model.packet import Packet, bracketed
from wizard.model.ruleset import Ruleset

MOST_CLASSES = 4096
"""More treatments of senders in one place are not asked: what is left is unknown."""
MOST_NETWORKS = 64
"""So many prefixes are told for each treatment."""

_ORDER = {Reached.ALL: 0, Reached.SOME: 1, Reached.UNKNOWN: 2, Reached.NONE: 3}


class _Piece(Struct, frozen=True):
    """One treatment, and the senders who get it."""

    treatment: Treatment
    senders: Intervals


class _Way(Struct, frozen=True):
    """One class of senders on its way to a door: one of them stands for all."""

    senders: Intervals
    dialled: Address
    interface: str


def exposure(facts: Facts) -> Exposure:
    """Every port of the machine, the most exposed first."""
    asked = _Asked(facts)
    found = [exposed for door in doors(facts) if (exposed := asked.exposed(door)) is not None]
    found.sort(key=_place_in_list)
    return Exposure(tuple(found), tuple(_unread(facts)), facts.platform, facts.taken_at)


def _place_in_list(exposed: Exposed) -> tuple[object, ...]:
    def widest(kind: From) -> int:
        return min((_ORDER[each.verdict] for each in exposed.reach if each.place is kind), default=3)

    away = (widest(From.ELSEWHERE), widest(From.NETWORK), widest(From.MACHINE))
    return (*away, not exposed.warnings, exposed.port, exposed.proto, str(exposed.address), exposed.kind)


class _Asked:
    """The facts, ready to be asked door by door."""

    def __init__(self, facts: Facts) -> None:
        self.senders = Senders(facts)
        self.facts = self.senders.facts
        self.machine = machine_of(self.facts)
        self.places = {family: places(facts, family) for family in (4, 6)}
        self.listeners: tuple[Listener, ...] = () if isinstance(facts.listeners, Unknown) else facts.listeners
        self.warnings = Warnings(self.facts)
        self._cut: dict[tuple[int, Place], tuple[list[Intervals], list[Intervals]]] = {}

    def exposed(self, door: Door) -> Exposed | None:
        """One door from all places; None for a rule's port that no rule leads elsewhere."""
        reach = tuple(self._reach(door, place) for family in door.families for place in self.places[family])
        kind = "socket" if door.listener else "published" if door.container else "redirect"
        treatments = [each for found in reach for each in found.treatments]
        if kind == "redirect" and not any(each.to is not None for each in treatments):
            return None
        last = door.ports[-1][1] if len(door.ports) == 1 else door.port
        owner = self._owner(door, treatments)
        found = Exposed(kind, door.proto, door.address, door.ports[0][0], last, owner, reach)
        return replace(found, warnings=self.warnings.of(found, door))

    def _owner(self, door: Door, treatments: list[Treatment]) -> str:
        if door.container is not None:
            image = f" ({door.container.image})" if door.container.image else ""
            return f"container {door.container.name}{image}"
        if door.listener is not None:
            if door.listener.owners is None:
                return "out of sight, or the kernel's" if self.facts.privileged else "another user's program"
            return answers.who(self.facts, door.listener)
        led = next((each.to for each in treatments if each.to is not None), None)
        return self._led_to(door, led) if led is not None else ""

    def _led_to(self, door: Door, to: Translation) -> str:
        where = f"→ {bracketed(to.address)}:{to.port}"
        taking = sockets.lookup(self.listeners, door.proto, to.address, to.port, "")
        container = container_at(self.facts, to.address)
        named = f"container {container.name}" if container else answers.who(self.facts, taking[0]) if taking else ""
        return f"{where}, {named}" if named else where

    # One door from one place

    def _reach(self, door: Door, place: Place) -> Reach:
        if place.kind is From.MACHINE:
            return self._from_here(door, place)
        if isinstance(self.facts.interfaces, Unknown):
            unread = f"the interfaces could not be read: {self.facts.interfaces.reason}"
            return _told(place, Reached.UNKNOWN, Treatment("unknown", (), _nowhere(place), reason=unread))
        if place.kind is From.ELSEWHERE and _is_open_to_all(door) and not place.addresses:
            nothing = f"this machine has no IPv{place.family} address that anybody beyond could dial"
            return _told(place, Reached.NONE, Treatment("closed", (), _nowhere(place), reason=nothing))
        pieces = [piece for way in self._ways(door, place) for piece in self._on_way(door, way)]
        return _reach(place, place.senders, pieces)

    def _from_here(self, door: Door, place: Place) -> Reach:
        """This machine dials loopback, and (a rule may ask for it) its own addresses: one that gets through is enough."""
        loopback: Address = IPv4Address("127.0.0.1") if place.family == 4 else IPv6Address("::1")
        own = [each for other in self.places[place.family] if other.kind is From.NETWORK for each in other.addresses]
        dialled = [loopback, *own[:1]] if _is_open_to_all(door) else [_bound(door)]
        if door.listener is not None:
            dialled = dialled[:1]
        pieces: list[_Piece] = []
        for address in dialled:
            way = _Way(((int(address), int(address)),), address, "lo")
            pieces.extend(self._on_way(door, way))
        best = min(pieces, key=lambda piece: ("open", "unknown", "closed").index(piece.treatment.verdict))
        return replace(_reach(place, best.senders, [best]), treatments=_merged(pieces, place))

    def _ways(self, door: Door, place: Place) -> Iterator[_Way]:
        for piece in self._pieces(door, place)[:MOST_CLASSES]:
            interface, addresses = place.interface, place.addresses
            if place.kind is From.ELSEWHERE:
                interface, addresses = way_to(self.machine, self.facts, place, piece[0][0])
            if not _is_open_to_all(door):
                addresses = (_bound(door),)
            for address in addresses or place.addresses[:1]:
                yield _Way(piece, address, interface)

    def _pieces(self, door: Door, place: Place) -> list[Intervals]:
        """The classes of senders as far as they are in this place; ports with the same classes share them."""
        found = self._classes(door, place)
        if (id(found), place) not in self._cut:
            cut = [piece for each in found if (piece := intervals.intersect(each, place.senders))]
            self._cut[id(found), place] = found, cut
        return self._cut[id(found), place][1]

    def _classes(self, door: Door, place: Place) -> list[Intervals]:
        if isinstance(self.facts.rulesets, Unknown) or self._is_loopback(door, place.family):
            return [place.senders]
        return self.senders.classes(place.family, door.port)

    def _is_loopback(self, door: Door, family: int) -> bool:
        """A loopback address that no device can dial, unless the machine was told so (route_localnet)."""
        if _is_open_to_all(door) or not _bound(door).is_loopback:
            return False
        return family == 6 or not any(
            self.machine.per_device("route_localnet", name) for name in self.machine.interfaces
        )

    def _on_way(self, door: Door, way: _Way) -> Iterator[_Piece]:
        if way.interface:
            yield _Piece(self._treatment(door, way), way.senders)
            return
        if isinstance(self.facts.routes, Unknown):
            reason = f"the routes could not be read: {self.facts.routes.reason}"
            yield _Piece(Treatment("unknown", (), way.dialled, reason=reason), way.senders)
        else:
            reason = "no route leads back there"
            yield _Piece(Treatment("closed", (), way.dialled, reason=reason, sees="timeout"), way.senders)

    def _treatment(self, door: Door, way: _Way) -> Treatment:
        dialled = way.dialled
        if way.interface != "lo" and self._is_loopback(door, dialled.version):
            said = f"it listens on {door.address} only, which no other device can dial"
            return Treatment("closed", (), dialled, reason=said, sees="refused")
        source = way.senders[0][0] if way.interface != "lo" else int(dialled)
        packet = Packet(type(dialled)(source), dialled, door.port, door.proto, EPHEMERAL, way.interface)
        return self._judged(door, packet, trace(self.facts, packet, explain=False))

    # What becomes of one packet

    def _judged(self, door: Door, packet: Packet, decision: Decision) -> Treatment:
        moved = (decision.to.address, decision.to.port) != (packet.destination, packet.destination_port)
        told = Treatment(
            "closed",
            (),
            packet.destination,
            by=decision.by,
            reason=decision.reason,
            to=decision.to if moved else None,
            assumptions=decision.assumptions,
        )
        if decision.outcome == "unknown":
            return replace(told, verdict="unknown")
        if decision.outcome == "reject" and decision.reject_with is not None:
            return replace(told, sees=sees.rejection(decision.reject_with).transport)
        if decision.outcome in ("drop", "reject"):
            return replace(told, sees="timeout")
        stopped = self._not_taken(door, packet, decision)
        if stopped is not None:
            return replace(told, by=None, reason=stopped[0], sees=stopped[1])
        if self._leaves(packet, decision):
            return replace(told, verdict="open", sees="connected")
        return self._answered(packet, decision, told)

    def _leaves(self, packet: Packet, decision: Decision) -> bool:
        """This machine's own packet, which a rule on its way out sends to another machine or a container."""
        return packet.interface == "lo" and not vantage.is_own(self.facts, decision.to.address)

    def _not_taken(self, door: Door, packet: Packet, decision: Decision) -> tuple[str, str] | None:
        """Why a packet that is let through still does not get to this door's socket; None if it does."""
        to = decision.to
        where = f"{bracketed(to.address)}:{to.port}"
        if decision.outcome == "forward" or self._leaves(packet, decision):
            if door.listener is not None and not door.passes_on:
                return f"a rule sends it on to {where} before it gets here", ""
            if self._is_deserted(door, to):
                return f"it is sent on to {where}, where nobody listens", "refused"
            return None
        if isinstance(self.facts.listeners, Unknown):
            return None
        # A link-local address of this machine keeps its interface when this machine dials it.
        zone = door.listener.scope if door.listener is not None and packet.interface == "lo" else ""
        taking = sockets.lookup(self.listeners, door.proto, to.address, to.port, zone or packet.interface)
        if not taking:
            return f"nobody listens on {where}", "refused"
        if door.listener is None or door.listener in taking:
            return None
        return f"{answers.who(self.facts, taking[0])} takes it, on {where}", "connected"

    def _is_deserted(self, door: Door, to: Translation) -> bool:
        """Whether the sockets of the container's namespace are known, and none of them is on the port."""
        foreign = self.facts.foreign_listeners
        inside = [] if isinstance(foreign, Unknown) else [e for e in foreign if to.address in e.namespace_addresses]
        taking = [e for e in inside if e.port == to.port and e.proto is door.proto and not e.address.is_loopback]
        return bool(inside) and not taking

    def _answered(self, packet: Packet, decision: Decision, told: Treatment) -> Treatment:
        """Open, if the answer gets back; a datagram has done its work without."""
        opened = replace(told, verdict="open", sees="connected")
        if packet.proto == "udp":
            return replace(opened, sees="arrives")
        back = reply(self.facts, packet, decision)
        if back.outcome == "deliver":
            return opened
        if back.outcome == "unknown":
            return replace(told, verdict="unknown", by=back.by, reason=f"the answer's way back: {back.reason}")
        said = back.reason or "the answer is stopped on its way out"
        return replace(told, by=back.by, reason=said, sees="timeout")


def _is_open_to_all(door: Door) -> bool:
    return door.address is None or door.address.is_unspecified


def _bound(door: Door) -> Address:
    if door.address is None:
        raise AssertionError("only a door with an address of its own is bound to one")
    return door.address


# From treatments to a verdict


def _reach(place: Place, senders: Intervals, pieces: list[_Piece]) -> Reach:
    """The verdict over all senders of a place; where several addresses can be dialled, one that answers is enough."""
    opened, stopped = (
        intervals.joined([each.senders for each in pieces if each.treatment.verdict == verdict] or [()])
        for verdict in ("open", "closed")
    )
    if opened:
        verdict = Reached.SOME if intervals.subtract(senders, opened) else Reached.ALL
    else:
        # Whoever met nothing certain is in doubt; with several addresses to dial, each must say no.
        doubted = any(each.treatment.verdict == "unknown" for each in pieces) or intervals.subtract(senders, stopped)
        verdict = Reached.UNKNOWN if doubted or not senders else Reached.NONE
    told, left = _prefixes(opened, place)
    return Reach(place.kind, place.family, verdict, place.network, place.interface, told, left, _merged(pieces, place))


def _prefixes(senders: Intervals, place: Place) -> tuple[tuple[Network, ...], int]:
    """Some senders of a place as prefixes; addresses that nobody can have are counted with those around them."""
    whole = (0, (1 << WIDTH[place.family]) - 1) if place.network is None else intervals.of_network(place.network)
    exact = intervals.networks(senders, place.family, MOST_NETWORKS)
    if place.kind is From.MACHINE or len(exact[0]) < 2:
        return exact
    rounded = intervals.networks(intervals.rounded(senders, place.senders, whole), place.family, MOST_NETWORKS)
    return min(exact, rounded, key=lambda told: (told[1], len(told[0])))


def _merged(pieces: list[_Piece], place: Place) -> tuple[Treatment, ...]:
    """Equal treatments as one, with all their senders; the most senders first."""
    together: dict[Treatment, list[Intervals]] = {}
    for each in pieces:
        together.setdefault(each.treatment, []).append(each.senders)
    joined = [(treatment, intervals.joined(found)) for treatment, found in together.items()]
    joined.sort(key=lambda each: intervals.size(each[1]), reverse=True)
    told = []
    for treatment, senders in joined:
        sources, left = _prefixes(senders, place)
        told.append(replace(treatment, sources=sources, left_out=left))
    return tuple(told)


def _told(place: Place, verdict: Reached, treatment: Treatment) -> Reach:
    return Reach(place.kind, place.family, verdict, place.network, place.interface, treatments=(treatment,))


def _nowhere(place: Place) -> Address:
    return IPv4Address(0) if place.family == 4 else IPv6Address(0)


# What could not be read


def _unread(facts: Facts) -> Iterator[Unknown]:
    """What the answer would have needed, with the command that gives it."""
    needed = {
        "listening sockets": facts.listeners,
        "network interfaces": facts.interfaces,
        "routes": facts.routes,
        "packet filters": facts.rulesets,
    }
    for what, found in needed.items():
        if isinstance(found, Unknown):
            remedy = found.remedy or "sudo wizard exposure"
            yield Unknown(found.reason, remedy, found.what or f"the {what}")
    yield from (replace(each, remedy=each.remedy or "sudo wizard exposure") for each in facts.unreadable_rulesets)
    for ruleset in () if isinstance(facts.rulesets, Unknown) else facts.rulesets:
        yield from _lines_of(ruleset)
    if isinstance(facts.listeners, tuple) and not facts.privileged:
        hidden = sum(1 for each in facts.listeners if each.owners is None)
        if hidden:
            said = f"{hidden} of {len(facts.listeners)} sockets belong to other users' programs"
            yield Unknown(said, "sudo wizard exposure", "the owners of some sockets")


def _lines_of(ruleset: Ruleset) -> Iterator[Unknown]:
    if ruleset.unread:
        first = ruleset.unread[0]
        said = f"{len(ruleset.unread)} lines were not understood, the first: {first.text[:120]}"
        yield Unknown(said, first.source, f"some rules of {ruleset.engine}")
