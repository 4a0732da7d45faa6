"""The ports that can be dialled on one machine: its own sockets, ports that containers publish, and ports which only a
translation rule answers (DNAT, redirect, tproxy), whether anything listens on them here or not.

    0.0.0.0:8080  docker-proxy    -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
    -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 5000

Ports are told apart as addresses are (wizard.judge.mentioned): one port stands for all that the rules treat alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from wizard.judge.alike import port_reader, tables
from wizard.judge.causes._containers import containers, is_proxy
from wizard.judge.intervals import Intervals, classes, size, subtract, union
from wizard.judge.mentioned import Entangled, Unit
from wizard.model.capture import Unknown
from wizard.model.facts import Address, Container, Facts, Listener, Proto
from wizard.model.ruleset import (
    Elements,
    Family,
    Hook,
    Nat,
    Rule,
    SetReference,
    Table,
    TransparentProxy,
    Verdict,
    VerdictMap,
)

_ALL_PORTS = (1, 65535)
_ENTRANCES = (Hook.PREROUTING, Hook.OUTPUT)


class Door(Struct, frozen=True):
    """A port to dial. `address` is what a socket is bound to or a container publishes on, None for a rule's port.

    `listener` is the socket that must take it; without one, whatever takes it counts. `passes_on`: a translation of this
    port is its very purpose (a container's proxy holds the socket)."""

    proto: Proto
    ports: Intervals
    port: int
    address: Address | None = None
    listener: Listener | None = None
    container: Container | None = None
    passes_on: bool = False
    families: tuple[int, ...] = (4, 6)


def doors(facts: Facts) -> tuple[Door, ...]:
    """Every door; those of rules may turn out to lead nowhere."""
    sockets = tuple(_of_socket(facts, each) for each in _listeners(facts))
    published = tuple(_of_containers(facts))
    taken = {(each.proto, each.port) for each in (*sockets, *published) if each.passes_on}
    return (*sockets, *published, *_of_rules(facts, taken))


def _listeners(facts: Facts) -> tuple[Listener, ...]:
    return () if isinstance(facts.listeners, Unknown) else facts.listeners


def _of_socket(facts: Facts, listener: Listener) -> Door:
    own = listener.address
    both = own.version == 6 and own.is_unspecified and not listener.v6only
    publishing = _publisher(facts, listener.proto, listener.port)
    return Door(
        listener.proto,
        ((listener.port, listener.port),),
        listener.port,
        own,
        listener,
        publishing if is_proxy(facts, listener) else None,
        publishing is not None or is_proxy(facts, listener),
        (4, 6) if both else (own.version,),
    )


def _publisher(facts: Facts, proto: Proto, port: int) -> Container | None:
    for container in containers(facts):
        if any((each.proto, each.host_port) == (proto, port) for each in container.published):
            return container
    return None


def _of_containers(facts: Facts) -> Iterator[Door]:
    """Published ports without a socket here (Docker without its userland proxy)."""
    held = {(each.proto, each.port) for each in _listeners(facts)}
    for container in containers(facts):
        for each in container.published:
            if (each.proto, each.host_port) not in held:
                span = ((each.host_port, each.host_port),)
                host = each.host_address
                yield Door(each.proto, span, each.host_port, host, None, container, True, (host.version,))


# Translation rules


def _of_rules(facts: Facts, taken: set[tuple[Proto, int]]) -> Iterator[Door]:
    units = list(_units(facts))
    if not units:
        return
    families = _families(facts)
    pieces = classes(((unit.spans, unit.label) for unit in units), _ALL_PORTS)
    for proto in Proto:
        held = union((each.port, each.port) for each in _listeners(facts) if each.proto is proto)
        known = union((port, port) for which, port in taken if which is proto)
        for piece in pieces:
            ports = subtract(piece, known)
            if ports:
                # A port that nobody listens on shows best what the rules alone do with it.
                free = subtract(ports, held) or ports
                yield Door(proto, ports, max(free, key=lambda span: size((span,)))[0], families=families)


def _families(facts: Facts) -> tuple[int, ...]:
    """The address families that any rule translates."""
    found = {table.family for table in tables(facts) if any(_translates(rule) for rule in _entering(table))}
    both = Family.INET in found
    return tuple(number for number, family in ((4, Family.IP), (6, Family.IP6)) if both or family in found)


def _units(facts: Facts) -> Iterator[Unit]:
    """What the rules on the way in say about destination ports, where any of them translates one."""
    for table in tables(facts):
        rules = list(_entering(table))
        if any(_translates(rule) for rule in rules):
            yield Unit((), "some rule translates")
            read = port_reader(table)
            for statement in (each for rule in rules for each in rule.statements):
                try:
                    yield from read.of_statement(statement)
                except Entangled:
                    continue


def _translates(rule: Rule) -> bool:
    return any(
        isinstance(each, TransparentProxy) or (isinstance(each, Nat) and each.kind in ("dnat", "redirect", "netmap"))
        for each in rule.statements
    )


def _entering(table: Table) -> Iterator[Rule]:
    """The rules that a packet may meet on its way in, before it is routed."""
    waiting = [each.name for each in table.chains.values() if each.base and each.base.hook in _ENTRANCES]
    met: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in met or name not in table.chains:
            continue
        met.add(name)
        for rule in table.chains[name].rules:
            yield rule
            waiting.extend(target for statement in rule.statements for target in _targets(table, statement))


def _targets(table: Table, statement: Any) -> Iterator[str]:
    if isinstance(statement, Verdict) and statement.chain:
        yield statement.chain
    if isinstance(statement, VerdictMap):
        content = statement.content
        named = table.sets.get(content.name) if isinstance(content, SetReference) else None
        elements = content if isinstance(content, Elements) else named.elements if named else Elements(())
        for verdict in (*elements.values, elements.default):
            if isinstance(verdict, Verdict) and verdict.chain:
                yield verdict.chain
