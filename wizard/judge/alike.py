"""Senders that one machine treats alike: the address space cut into classes, of which one address each is traced.

Two addresses are of one class where they lie in the same literals, sets and maps of all rules that may ever look at the
connection, behind the same routes, and are both (or neither) this machine's own. So the number of traces grows with the
number of different treatments, not with addresses, and neither with the size of a set nor with a run of rules that say the
same about one address after another.

Where a rule tells addresses apart in a way that intervals cannot follow (a mask with holes), its expression is taken as
unknowable: the answer stands where both ways agree, else it is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from msgspec.structs import replace

from wizard.judge.intervals import EMPTY, Intervals, classes, intersect, of_network, painted, union
from wizard.judge.mentioned import Entangled, Reader, Unit
from wizard.judge.trace import machine_of
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Route
from wizard.model.ruleset import (
    AllOf,
    AnyOf,
    Chain,
    ChangeIpset,
    ChangeSet,
    Condition,
    Field,
    Nat,
    Nothing,
    NoTrack,
    RawPayload,
    Recent,
    Rule,
    Ruleset,
    SetField,
    Span,
    Table,
    TransparentProxy,
    Unknowable,
    Verdict,
    VerdictMap,
)

EPHEMERAL = 40000
"""The sender's port that stands for all; where rules name others, a warning says what these would open."""

WIDTH = {4: 32, 6: 128}
_EFFECTS = (SetField, ChangeSet, ChangeIpset, Recent, NoTrack)
_FINAL = ("accept", "drop", "reject", "return")
_PORT_FIELDS = ("tcp dport", "udp dport", "th dport")
_ALL_PORTS: Intervals = ((0, 65535),)


class Senders:
    """The classes of senders for one machine. `facts` are those to trace with: entangled expressions are unknowable."""

    def __init__(self, facts: Facts) -> None:
        self.facts = _disentangled(facts)
        self._units: dict[int, list[tuple[Unit, Intervals]]] = {4: [], 6: []}
        self._cut: dict[tuple[int, frozenset[Hashable]], list[Intervals]] = {}
        self._translated: Intervals | None = EMPTY
        """The ports that translation may give a packet; None: any."""
        for table in tables(self.facts):
            self._take(table)
        for family in (4, 6):
            self._units[family] += [(unit, _ALL_PORTS) for unit in _of_machine(self.facts, family)]
            if self.facts.platform == "windows":
                self._units[family] += _of_windows(self.facts, family)

    def classes(self, family: int, port: int) -> list[Intervals]:
        """The whole address space in classes of senders whose packets to this port are treated alike."""
        if self._translated is None:
            relevant = _ALL_PORTS
        else:
            relevant = union([(port, port), (EPHEMERAL, EPHEMERAL), *self._translated])
        chosen = {unit.label: unit.spans for unit, ports in self._units[family] if intersect(ports, relevant)}
        key = (family, frozenset(chosen))
        if key not in self._cut:
            whole = (0, (1 << WIDTH[family]) - 1)
            self._cut[key] = classes(((spans, label) for label, spans in chosen.items()), whole)
        return self._cut[key]

    def _take(self, table: Table) -> None:
        ports = port_reader(table)
        for family in (4, 6):
            read = reader(table, family)
            for chain in table.chains.values():
                self._units[family].extend(_of_chain(chain, read, ports))
        for chain in table.chains.values():
            for rule in chain.rules:
                self._ports_of(rule)

    def _ports_of(self, rule: Rule) -> None:
        for statement in rule.statements:
            rewritten = isinstance(statement, SetField) and statement.name.endswith(" dport")
            port = statement.port if isinstance(statement, (Nat, TransparentProxy)) else None
            if port is None and not rewritten:
                continue
            low, high = getattr(port, "low", port), getattr(port, "high", port)
            if rewritten or not isinstance(low, int) or not isinstance(high, int):
                self._translated = None
            elif self._translated is not None:
                self._translated = union([*self._translated, (low, high)])


def tables(facts: Facts) -> Iterator[Table]:
    """Every table whose chains are called, of all engines."""
    for ruleset in () if isinstance(facts.rulesets, Unknown) else facts.rulesets:
        yield from (table for table in ruleset.tables if not table.dormant)


def is_address(family: int) -> Callable[[Any], bool]:
    """Tells the fields that hold an address of the family: of either side, because the answer's destination is the sender."""
    word = "ip" if family == 4 else "ip6"
    names = {f"{word} saddr", f"{word} daddr"}
    for direction in ("original", "reply"):
        for side in ("saddr", "daddr"):
            names |= {f"ct {direction} {side}", f"ct {direction} {word} {side}"}
    places = ((96, 32), (128, 32)) if family == 4 else ((64, 128), (192, 128))

    def is_field(expression: Any) -> bool:
        if isinstance(expression, RawPayload):
            return expression.base == "nh" and (expression.offset, expression.length) in places
        return isinstance(expression, Field) and expression.name in names

    return is_field


def reader(table: Table, family: int) -> Reader:
    """Reads what a table says about addresses of the family."""
    return Reader(table, is_address(family), WIDTH[family], ("ip", "net"))


def port_reader(table: Table) -> Reader:
    """Reads what a table says about destination ports."""
    return Reader(table, lambda each: isinstance(each, Field) and each.name in _PORT_FIELDS, 16, ("port",))


# Rules


def _of_chain(chain: Chain, read: Reader, ports: Reader) -> Iterator[tuple[Unit, Intervals]]:
    """Each rule's units with the ports that it can be about. A run of rules that differ in one address and the verdict is
    read as a map: the first that fits decides, and those of one verdict are one unit."""
    run: list[tuple[Intervals, Hashable]] = []
    before: tuple[Any, ...] | None = None
    about = _ALL_PORTS
    for rule in chain.rules:
        if _inert(rule):
            continue
        units = read.of_rule(rule)
        shape = _shape(rule, read) if len(units) == 1 else None
        if run and (shape is None or shape[:-1] != before):
            yield from ((unit, about) for unit in _of_run(run))
            run = []
        before = shape[:-1] if shape is not None else None
        if not units:
            continue
        about = _ports(rule, ports)
        if shape is not None:
            run.append((units[0].spans, shape[-1]))
        else:
            yield from ((unit, about) for unit in units)
    yield from ((unit, about) for unit in _of_run(run))


def _of_run(run: list[tuple[Intervals, Hashable]]) -> Iterator[Unit]:
    for spans in painted(run).values():
        yield Unit(spans, spans)


def _inert(rule: Rule) -> bool:
    """A rule that only counts or logs."""
    return all(isinstance(each, (Condition, AnyOf, AllOf, Nothing)) for each in rule.statements)


def _shape(rule: Rule, read: Reader) -> tuple[Any, ...] | None:
    """What the rule says but for the one address it names; None where it is not so simple."""
    said: list[Any] = []
    for each in rule.statements:
        if isinstance(each, Nothing):
            continue
        if isinstance(each, Condition) and read.touches(each.left):
            literal = isinstance(each.left, Field) and each.operator == "==" and isinstance(each.right, (int, Span))
            said.append(each.left if literal else None)
        else:
            said.append(each)
    last = said[-1] if said else None
    final = isinstance(last, Verdict) and last.kind in _FINAL
    if not final or None in said or any(isinstance(each, _EFFECTS) for each in said):
        return None
    return tuple(said)


def _ports(rule: Rule, read: Reader) -> Intervals:
    """The destination ports without which the rule does nothing."""
    found = _ALL_PORTS
    if any(isinstance(each, _EFFECTS) for each in rule.statements):
        return found
    for each in rule.statements:
        wanted = _wanted(each, read)
        if wanted is not None:
            found = intersect(found, wanted)
    return found


def _wanted(statement: Any, read: Reader) -> Intervals | None:
    if isinstance(statement, AnyOf) and not statement.negated:
        parts = [_wanted(each, read) for each in statement.conditions]
        return None if None in parts else union(span for part in parts if part for span in part)
    plain = (
        isinstance(statement, Condition) and statement.operator in ("==", "in") and isinstance(statement.left, Field)
    )
    if not plain or not read.touches(statement.left):
        return None
    try:
        units = list(read.of_statement(statement))
    except Entangled:
        return None
    return union(span for unit in units for span in unit.spans) if units else None


# What is no rule: routes, own addresses, neighbours


def _of_machine(facts: Facts, family: int) -> Iterator[Unit]:
    machine = machine_of(facts)
    own = union((value, value) for version, value in machine.own_addresses if version == family)
    yield Unit(own, "own")
    for interface in machine.interfaces.values():
        for address in interface.addresses:
            if address.version == family:
                last = int(address.network.broadcast_address)
                yield Unit(((last, last),), ("broadcast", interface.name))
    groups: dict[Hashable, list[tuple[int, int]]] = {}
    for route in () if isinstance(facts.routes, Unknown) else facts.routes:
        if route.destination.version == family:
            groups.setdefault(_treatment(route), []).append(of_network(route.destination))
    for rule in () if isinstance(facts.routing_rules, Unknown) else facts.routing_rules:
        for network in (rule.source, rule.destination):
            if network is not None and network.version == family:
                groups.setdefault(("rule", network), []).append(of_network(network))
    for neighbour in () if isinstance(facts.neighbours, Unknown) or not _asks_hardware(facts) else facts.neighbours:
        if neighbour.address.version == family and neighbour.mac:
            value = int(neighbour.address)
            groups.setdefault(("neighbour", neighbour.device, neighbour.mac), []).append((value, value))
    yield from (Unit(union(spans), label) for label, spans in groups.items())
    yield from (Unit((span,), ("special", span)) for span in _special(family))


def _of_windows(facts: Facts, family: int) -> list[tuple[Unit, Intervals]]:
    from wizard.judge.windows.senders import named

    return [(Unit(spans, label), ports) for spans, label, ports in named(facts, family)]


def _treatment(route: Route) -> Hashable:
    where = (route.table, route.destination.prefixlen, route.kind, route.device, route.gateway, route.source)
    return ("route", *where, route.metric, route.flags)


def _special(family: int) -> tuple[tuple[int, int], ...]:
    """What the kernel itself refuses as a sender (wizard.judge.source_check)."""
    if family == 4:
        return ((0, 0), (127 << 24, (128 << 24) - 1), (0xE << 28, (0xF << 28) - 1), (0xFFFFFFFF, 0xFFFFFFFF))
    ends = (1 << 128) - 1
    return (
        (0, 0),
        (1, 1),
        (0xFFFF << 32, (0x10000 << 32) - 1),
        (0x3FA << 118, (0x3FB << 118) - 1),
        (0xFF << 120, ends),
    )


def _asks_hardware(facts: Facts) -> bool:
    """Whether any rule asks for a sender's hardware address."""
    kinds = {kind for table in tables(facts) for each in table.sets.values() for kind in each.types}
    if kinds & {"mac", "ether_addr"}:
        return True
    is_mac = lambda each: isinstance(each, Field) and each.name.startswith("ether ")  # noqa: E731
    for table in tables(facts):
        read = Reader(table, is_mac, 48, ("mac",))
        for chain in table.chains.values():
            for statement in (each for rule in chain.rules for each in rule.statements):
                if _mentions(statement, read):
                    return True
    return False


def _mentions(statement: Any, read: Reader) -> bool:
    if isinstance(statement, (AnyOf, AllOf)):
        return any(_mentions(each, read) for each in statement.conditions)
    parts = (getattr(statement, name, None) for name in ("left", "right", "key", "value", "address", "port"))
    return any(read.touches(part) for part in parts)


# Entangled expressions


def _disentangled(facts: Facts) -> Facts:
    """The facts with every entangled expression unknowable; the very same facts where there is none."""
    if isinstance(facts.rulesets, Unknown):
        return facts
    rulesets = tuple(_ruleset(each) for each in facts.rulesets)
    same = all(one is other for one, other in zip(rulesets, facts.rulesets, strict=True))
    return facts if same else replace(facts, rulesets=rulesets)


def _ruleset(ruleset: Ruleset) -> Ruleset:
    tables = tuple(_table(each) for each in ruleset.tables)
    same = all(one is other for one, other in zip(tables, ruleset.tables, strict=True))
    return ruleset if same else replace(ruleset, tables=tables)


def _table(table: Table) -> Table:
    readers = (reader(table, 4), reader(table, 6))
    changed: dict[str, Chain] = {}
    for name, chain in table.chains.items():
        rules = tuple(_rule(each, readers) for each in chain.rules)
        if any(one is not other for one, other in zip(rules, chain.rules, strict=True)):
            changed[name] = replace(chain, rules=rules)
    return replace(table, chains={**table.chains, **changed}) if changed else table


def _rule(rule: Rule, readers: tuple[Reader, Reader]) -> Rule:
    statements = tuple(_statement(each, readers) for each in rule.statements)
    same = all(one is other for one, other in zip(statements, rule.statements, strict=True))
    return rule if same else replace(rule, statements=statements)


def _statement(statement: Any, readers: tuple[Reader, Reader]) -> Any:
    try:
        for each in readers:
            for _ in each.of_statement(statement):
                pass
    except Entangled:
        return _unknowable(statement, readers)
    return statement


def _unknowable(statement: Any, readers: tuple[Reader, Reader]) -> Any:
    unknown = Unknowable(getattr(statement, "text", ""))
    if isinstance(statement, Condition):
        return replace(statement, left=unknown, operator="==", right=0)
    if isinstance(statement, (AnyOf, AllOf)):
        return replace(statement, conditions=tuple(_statement(each, readers) for each in statement.conditions))
    if isinstance(statement, VerdictMap):
        return replace(statement, key=unknown)
    if isinstance(statement, SetField):
        return replace(statement, value=unknown)
    touched = {
        name: unknown for name in ("address", "port") if any(each.touches(getattr(statement, name)) for each in readers)
    }
    return replace(statement, **touched)
