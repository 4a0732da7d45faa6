"""Which values a rule tells apart: for each field in question, the literals, sets and maps that it is compared with.

Two addresses (or ports) on which the same labels lie are treated alike by every rule, so one packet stands for both. An
expression that cannot be told apart by intervals (a mask with holes, an address used as a mark) is `ENTANGLED`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from msgspec import Struct

from wizard.judge.intervals import Interval, Intervals, union
from wizard.model.ruleset import (
    AllOf,
    AnyOf,
    Bits,
    Concat,
    Condition,
    Elements,
    Field,
    Lookup,
    NamedSet,
    Nat,
    RawPayload,
    Rule,
    SetField,
    SetMatch,
    SetReference,
    Span,
    Table,
    VerdictMap,
)

_DEEPEST = 8


class Unit(Struct, frozen=True):
    """What one label lies on."""

    spans: Intervals
    label: Hashable


class Entangled(Exception):
    """The expression tells values apart in a way that intervals cannot follow."""


class Reader:
    """Reads what is said about one kind of value: `is_field` knows the fields, `width` is its number of bits, `kinds` are
    the ipset types that hold it."""

    def __init__(self, table: Table, is_field: Callable[[Any], bool], width: int, kinds: tuple[str, ...]) -> None:
        self.table = table
        self.is_field = is_field
        self.whole = (1 << width) - 1
        self.kinds = kinds
        self._named: dict[Hashable, list[Unit]] = {}
        """The units of sets that were read before: many rules name the same one."""

    def touches(self, expression: Any) -> bool:
        """Whether the value of the expression depends on the field."""
        if isinstance(expression, (Field, RawPayload)):
            return self.is_field(expression)
        if isinstance(expression, Bits):
            return self.touches(expression.left) or self.touches(expression.right)
        if isinstance(expression, Concat):
            return any(self.touches(part) for part in expression.parts)
        return isinstance(expression, Lookup) and self.touches(expression.key)

    def of_rule(self, rule: Rule) -> list[Unit]:
        """All units of a rule; raises Entangled."""
        return [unit for statement in rule.statements for unit in self.of_statement(statement)]

    def of_statement(self, statement: Any) -> Iterator[Unit]:
        """The units of one statement; raises Entangled."""
        if isinstance(statement, Condition):
            yield from self._condition(statement)
        elif isinstance(statement, (AnyOf, AllOf)):
            for each in statement.conditions:
                yield from self.of_statement(each)
        elif isinstance(statement, SetMatch):
            if statement.name not in self._named:
                self._named[statement.name] = list(self._ipset(statement.name, 0))
            yield from self._named[statement.name]
        elif isinstance(statement, VerdictMap):
            yield from self._looked_up(statement.key, statement.content, mapped=True)
        elif isinstance(statement, SetField):
            yield from self._value(statement.value)
        elif isinstance(statement, Nat):
            yield from self._value(statement.address)
            yield from self._value(statement.port)

    def _value(self, expression: Any) -> Iterator[Unit]:
        """An expression whose very value counts."""
        if isinstance(expression, Lookup) and self.touches(expression):
            yield from self._looked_up(expression.key, expression.content, mapped=True)
        elif self.touches(expression):
            raise Entangled

    def _condition(self, condition: Condition) -> Iterator[Unit]:
        left, right, operator = condition.left, condition.right, condition.operator
        if self.touches(right):
            raise Entangled
        if not self.touches(left):
            return
        if isinstance(right, (Elements, SetReference)):
            yield from self._looked_up(left, right, mapped=False)
        elif isinstance(left, Lookup):
            yield from self._looked_up(left.key, left.content, mapped=True)
        elif isinstance(left, Concat) and isinstance(right, tuple):
            yield from self._elements(left, Elements((right,)), mapped=False, name=right)
        else:
            yield _unit(self._compared(left, operator, right))

    def _compared(self, left: Any, operator: str, right: Any) -> tuple[Interval, ...]:
        low, high = (right.low, right.high) if isinstance(right, Span) else (right, right)
        if not isinstance(low, int):
            raise Entangled
        if isinstance(left, Bits):
            return (self._masked(left, operator, right),)
        if not isinstance(left, (Field, RawPayload)) or operator in ("in", "!in"):
            raise Entangled
        if operator in ("==", "!="):
            return ((low, high),)
        if operator in ("<", ">="):
            return ((0, low - 1),) if low else ()
        return ((0, low),)

    def _masked(self, left: Bits, operator: str, right: Any) -> Interval:
        """`address & mask == value` with a mask that is a prefix."""
        mask = left.right
        plain = isinstance(left.left, (Field, RawPayload)) and isinstance(mask, int) and isinstance(right, int)
        if left.operator != "&" or not plain or operator not in ("==", "!="):
            raise Entangled
        free = self.whole & ~mask
        if free & (free + 1) or right & free:
            raise Entangled
        return (right, right | free)

    def _looked_up(self, key: Any, content: Elements | SetReference, *, mapped: bool) -> Iterator[Unit]:
        if not self.touches(key):
            return
        if isinstance(content, Elements):
            yield from self._elements(key, content, mapped=mapped, name=id(content))
            return
        place = (content.name, key, mapped)
        if place not in self._named:
            named = self.table.sets.get(content.name)
            elements = named.elements if named is not None and named.known else Elements(())
            self._named[place] = list(self._elements(key, elements, mapped=mapped, name=(id(self.table), content.name)))
        yield from self._named[place]

    def _elements(self, key: Any, elements: Elements, *, mapped: bool, name: Hashable) -> Iterator[Unit]:
        values: tuple[Any, ...] = elements.values if mapped and elements.values else (True,) * len(elements.keys)
        parts = key.parts if isinstance(key, Concat) else (key,)
        for place, part in enumerate(parts):
            if not self.touches(part):
                continue
            if not isinstance(part, (Field, RawPayload)):
                raise Entangled
            groups: dict[Hashable, list[Interval]] = {}
            for each, value in zip(elements.keys, values, strict=False):
                whole = each if isinstance(key, Concat) else (each,)
                if isinstance(whole, tuple) and place < len(whole) and (span := _span(whole[place])):
                    groups.setdefault((whole[:place], whole[place + 1 :], value), []).append(span)
            for rest, spans in groups.items():
                yield Unit(union(spans), (name, place, rest))

    def _ipset(self, name: str, depth: int) -> Iterator[Unit]:
        found = self.table.sets.get(name)
        if found is None or not found.known or depth > _DEEPEST:
            return
        if found.kind == "list:set":
            for key in found.elements.keys:
                yield from self._ipset(key[0], depth + 1)
            return
        for place, kind in enumerate(found.types):
            if kind in self.kinds:
                yield from self._ipset_part(found, place)

    def _ipset_part(self, found: NamedSet, place: int) -> Iterator[Unit]:
        """The narrowest entry decides, so entries of each size are told apart where an exception may stand among them."""
        plain = len(found.types) == 1 and not found.exceptions
        groups: dict[Hashable, list[Interval]] = {}
        for excepted, keys in ((False, found.elements.keys), (True, found.exceptions)):
            for key in keys:
                part = key[place]
                span = _span(part[1] if isinstance(part, tuple) else part)
                if span is not None:
                    label: Hashable = () if plain else (excepted, key[:place], key[place + 1 :], span[1] - span[0])
                    groups.setdefault(label, []).append(span)
        for label, spans in groups.items():
            yield Unit(union(spans), ("ipset", id(self.table), found.name, place, label))


def _span(part: Any) -> Interval | None:
    if isinstance(part, Span):
        return (part.low, part.high)
    return (part, part) if isinstance(part, int) else None


def _unit(spans: tuple[Interval, ...]) -> Unit:
    return Unit(spans, spans)
