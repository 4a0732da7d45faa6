"""pf's evaluation, three-valued: every way that the rules which cannot be told may go is followed (pf.conf(5))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from wizard.model.facts import Address, Facts
from wizard.model.macos import Pf, PfPeer, PfRedirect, PfRule
from wizard.model.packet import Packet

Verdicts = frozenset["PfRule | None"]


class Flow(Struct, frozen=True):
    """What pf looks at: one packet, in a direction, on an interface."""

    source: Address
    source_port: int
    destination: Address
    destination_port: int
    protocol: str
    interface: str
    direction: str = "in"


class _State:
    """The last matching rules that are possible so far, and those that have decided (`quick`)."""

    def __init__(self) -> None:
        self.last: set[PfRule | None] = {None}
        self.decided: set[PfRule | None] = set()

    def take(self, rule: PfRule, fits: bool | None) -> None:
        if fits is False or not self.last:
            return
        if rule.quick:
            self.decided.add(rule)
            if fits:
                self.last = set()
        else:
            self.last = {rule} if fits else self.last | {rule}


def flow(packet: Packet) -> Flow:
    """The packet as it comes in."""
    return Flow(
        packet.source,
        packet.source_port,
        packet.destination,
        packet.destination_port,
        packet.proto.value,
        packet.interface,
    )


def verdicts(pf: Pf, rules: tuple[PfRule, ...], asked: Flow, facts: Facts) -> frozenset[PfRule | None]:
    """The rules that may be the one that decides; None among them: no rule matches, so it passes."""
    if asked.interface in pf.skipped:
        return frozenset({None})
    state = _State()
    _through(rules, pf.anchors, "", asked, facts, state)
    return frozenset(state.last | state.decided)


def _through(
    rules: Iterable[PfRule],
    anchors: Mapping[str, tuple[PfRule, ...]],
    inside: str,
    asked: Flow,
    facts: Facts,
    state: _State,
) -> None:
    for rule in rules:
        fits = matches(rule, asked, facts)
        if rule.action == "anchor":
            if fits is not False:
                _anchor(rule, fits, anchors, inside, asked, facts, state)
        elif rule.action in ("pass", "block"):
            state.take(rule, fits)


def _anchor(
    line: PfRule,
    fits: bool | None,
    anchors: Mapping[str, tuple[PfRule, ...]],
    inside: str,
    asked: Flow,
    facts: Facts,
    state: _State,
) -> None:
    """The rules of every anchor that the line names; `"com.apple/*"` names all of one level, in the order of their names."""
    wanted = f"{inside}/{line.anchor}" if inside and not line.anchor.startswith("/") else line.anchor.lstrip("/")
    for name in sorted(anchors):
        if name.count("/") == wanted.count("/") and fnmatchcase(name, wanted):
            before = set(state.last)
            _through(anchors[name], anchors, name, asked, facts, state)
            if fits is None:
                state.last |= before


def matches(rule: PfRule, asked: Flow, facts: Facts) -> bool | None:
    """Whether the rule is for this packet; None where that cannot be told."""
    if rule.direction and rule.direction != asked.direction:
        return False
    if rule.interface and (rule.interface == asked.interface) is rule.interface_negated:
        # A group's name (`egress`, `utun`) stands for interfaces that are not known here.
        if rule.interface_negated or rule.interface[-1:].isdigit():
            return False
        return None
    if rule.family and rule.family != asked.destination.version:
        return False
    if rule.protocol and rule.protocol != asked.protocol:
        return False
    answers = (
        _peer(rule.source, asked.source, asked.source_port, facts),
        _peer(rule.destination, asked.destination, asked.destination_port, facts),
    )
    if False in answers:
        return False
    return None if None in answers or rule.unsure else True


def _peer(peer: PfPeer, address: Address, port: int, facts: Facts) -> bool | None:
    if peer.ports is not None and (peer.ports.low <= port <= peer.ports.high) is peer.ports.negated:
        return False
    if peer.unsure:
        return None
    inside = _inside(peer, address, facts)
    return None if inside is None else inside is not peer.negated


def _inside(peer: PfPeer, address: Address, facts: Facts) -> bool | None:
    if peer.interface:
        if not isinstance(facts.interfaces, tuple):
            return None
        chosen = [each for each in facts.interfaces if peer.interface in (each.name, "self")]
        return any(address == own.ip for each in chosen for own in each.addresses)
    if not peer.networks:
        return not peer.negated
    return any(address in network for network in peer.networks if network.version == address.version)


def redirected(pf: Pf, asked: Flow, facts: Facts) -> PfRedirect | None:
    """The first `rdr` rule that is for this packet."""
    return next((each for each in pf.redirects if matches(each.rule, asked, facts) is True), None)
