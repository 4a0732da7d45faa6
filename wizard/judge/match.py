"""Does this rule match this packet? Yes, no, or cannot tell: each statement becomes a function of the packet's state.

A function answers True (the rule goes on), False (it ends here), None (nobody can know), `WITHIN` or `BEYOND` (a limit,
taken as not exceeded), a `Verdict`, or `Several` verdicts of which one will be it. Effects change the state they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from wizard.judge import packet_bytes, packet_fields, translate
from wizard.judge.ipsets import IpsetIndex, packet_key
from wizard.judge.lookup import MISSING, PERHAPS, Index, part_fits
from wizard.judge.state import UNSURE, UNTRACKED, Between, Partial, State, Unsure
from wizard.model.ruleset import (
    AllOf,
    AnyOf,
    Bits,
    BytesProgram,
    ChangeIpset,
    ChangeSet,
    Concat,
    Condition,
    Constant,
    Elements,
    Fib,
    Field,
    Limit,
    Lookup,
    Nat,
    Nothing,
    NoTrack,
    RawPayload,
    Recent,
    ReversePath,
    Rule,
    SetField,
    SetMatch,
    SetReference,
    SocketKey,
    SocketMatch,
    Span,
    Table,
    TransparentProxy,
    Verdict,
    VerdictMap,
    Wildcard,
)

WITHIN = object()
BEYOND = object()
Operation = Callable[[State], Any]
Getter = Callable[[State], Any]


class Several(Struct, frozen=True):
    """One of these verdicts, or none (None in the list), but nobody can know which."""

    verdicts: tuple[Verdict | None, ...]


class Scope:
    """What a rule's words refer to: the table's sets, indexed when first asked."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.tests: dict[int, list[tuple[Any, Operation]]] = {}
        """Conditions of single rules as functions, for those who ask why a rule did not match."""
        self._indexes: dict[str, Index | None] = {}
        self._ipsets: dict[str, IpsetIndex | None] = {}

    def index(self, name: str) -> Index | None:
        """The named set or map, or None where its content is not known."""
        if name not in self._indexes:
            content = self.table.sets.get(name)
            known = content is not None and content.known
            self._indexes[name] = Index(content.elements) if known and content is not None else None
        return self._indexes[name]

    def ipset(self, name: str) -> IpsetIndex | None:
        """The ipset, or None where it is not known."""
        if name not in self._ipsets:
            content = self.table.sets.get(name)
            self._ipsets[name] = IpsetIndex(content) if content is not None else None
            for key in content.elements.keys if content is not None and content.kind == "list:set" else ():
                self.ipset(key[0])
        return self._ipsets[name]

    @property
    def ipsets(self) -> dict[str, IpsetIndex | None]:
        """Those asked so far."""
        return self._ipsets

    def key_of(self, name: str) -> tuple[Any, ...]:
        """What tells the set from those of other tables."""
        return (self.table.engine, self.table.family, self.table.name, name)


def operations(rule: Rule, scope: Scope) -> tuple[Operation, ...]:
    """The rule's statements as functions; none at all for a rule that changes nothing (it only logs or counts)."""
    if all(isinstance(statement, _INERT) for statement in rule.statements):
        return ()
    return tuple(operation(s, scope) for s in rule.statements if not isinstance(s, Nothing))


def operation(statement: Any, scope: Scope) -> Operation:
    """One statement as a function."""
    maker = _MAKERS.get(statement.__class__)
    return maker(statement, scope) if maker else _unknown


def _unknown(s: State) -> None:
    return None


# Expressions


def getter(expression: Any, scope: Scope) -> Getter:
    """An expression as a function that gives its value, None where the packet lacks it, or `UNSURE`."""
    if isinstance(expression, Field):
        return packet_fields.reader(expression.name)
    if isinstance(expression, Bits):
        return _bits(expression, scope)
    if isinstance(expression, Concat):
        return _concat(expression, scope)
    if isinstance(expression, Lookup):
        return _lookup(expression, scope)
    if isinstance(expression, Fib):
        return lambda s: s.machine.fib(s, expression.flags, expression.result)
    if isinstance(expression, SocketKey):
        return lambda s: s.machine.socket_key(s, expression.key)
    if isinstance(expression, RawPayload):
        return _raw(expression)
    if isinstance(expression, (int, str, tuple)):
        return lambda s: expression
    if isinstance(expression, Span) and expression.low == expression.high:
        return lambda s: expression.low
    return lambda s: UNSURE


def _bits(expression: Bits, scope: Scope) -> Getter:
    left, right = getter(expression.left, scope), getter(expression.right, scope)
    operator = expression.operator

    def get(s: State) -> Any:
        first, second = left(s), right(s)
        if first is None or second is None:
            return None
        if first.__class__ is int and second.__class__ is int:
            return _arithmetic(operator, first, second)
        if isinstance(first, Partial) and operator == "&" and second.__class__ is int:
            return UNSURE if first.unknown & second else first.value & second
        if operator == "&" and (first == 0 or second == 0):
            return 0
        return UNSURE

    return get


def _arithmetic(operator: str, first: int, second: int) -> int:
    if operator == "&":
        return first & second
    if operator == "|":
        return first | second
    if operator == "^":
        return first ^ second
    if operator == "<<":
        return (first << min(second, 128)) & 0xFFFFFFFF
    return first >> min(second, 128)


def _concat(expression: Concat, scope: Scope) -> Getter:
    parts = tuple(getter(part, scope) for part in expression.parts)

    def get(s: State) -> Any:
        key = tuple([part(s) for part in parts])
        return None if None in key else key

    return get


def _lookup(expression: Lookup, scope: Scope) -> Getter:
    key, find = getter(expression.key, scope), _finder(expression.content, scope)

    def get(s: State) -> Any:
        found = find(s, key(s))
        return None if found is MISSING else UNSURE if found is PERHAPS else found

    return get


_RAW = {
    ("nh", 4): {(72, 8): "ip protocol", (96, 32): "ip saddr", (128, 32): "ip daddr", (0, 4): "ip version"},
    ("nh", 6): {(48, 8): "ip6 nexthdr", (64, 128): "ip6 saddr", (192, 128): "ip6 daddr", (0, 4): "ip6 version"},
    ("th", 4): {(0, 16): "th sport", (16, 16): "th dport"},
    ("th", 6): {(0, 16): "th sport", (16, 16): "th dport"},
}


def _raw(expression: RawPayload) -> Getter:
    place = (expression.offset, expression.length)

    def get(s: State) -> Any:
        name = _RAW.get((expression.base, s.family), {}).get(place)
        return packet_fields.reader(name)(s) if name else UNSURE

    return get


def _finder(content: Elements | SetReference, scope: Scope) -> Callable[[State, Any], Any]:
    """Looks a key up: gives the value, `MISSING` or `PERHAPS`."""
    if isinstance(content, Elements):
        index: Index | None = Index(content)
        changes = None
    else:
        index, changes = None, scope.key_of(content.name)

    def find(s: State, key: Any) -> Any:
        found = index if changes is None else scope.index(content.name)  # type: ignore[union-attr]
        if key is None:
            return MISSING
        if s.added and changes is not None:
            for operation, changed, entry in reversed(s.added):
                if changed == changes and entry == key:
                    return MISSING if operation == "delete" else True
        if found is None:
            return PERHAPS
        if isinstance(key, Unsure) or (key.__class__ is tuple and any(isinstance(part, Unsure) for part in key)):
            return found.find_unsure(key)
        return found.find(key)

    return find


# Conditions


def _condition(condition: Condition, scope: Scope) -> Operation:
    left = getter(_by_name(condition), scope)
    right, operator = condition.right, condition.operator
    if _by_index(condition.left, right):
        return _interface_number(left, int(right), operator)
    if isinstance(right, (Elements, SetReference)):
        return _membership(left, right, operator, scope)
    if isinstance(right, int) and operator in ("in", "!in"):
        return _any_bit(left, right, operator == "!in")
    if isinstance(right, (int, str)) and operator in ("==", "!="):
        return _equality(left, right, operator == "!=")
    if isinstance(right, Span) and operator in ("==", "!="):
        return _interval(left, right.low, right.high, operator == "!=")
    if isinstance(right, (Wildcard, tuple)):
        return _pattern(left, right, operator == "!=")
    if isinstance(right, (Field, Bits, Concat, Lookup, Fib, SocketKey, RawPayload, int)):
        return _comparison(left, getter(right, scope), operator)
    return _unknown


def _by_name(condition: Condition) -> Any:
    """`fib saddr oif eth0` compares interfaces; `fib saddr oif missing` asks whether there is one."""
    left = condition.left
    if isinstance(left, Fib) and left.result == "oif" and not isinstance(condition.right, int):
        return Fib(left.flags, "oifname")
    return left


def _equality(left: Getter, right: Any, negated: bool) -> Operation:
    def equal(s: State) -> Any:
        value = left(s)
        if value == right:
            return not negated
        if value is None:
            return False
        if isinstance(value, Between):
            return None if value.low <= right <= value.high else negated
        return None if isinstance(value, Unsure) else negated

    return equal


def _interval(left: Getter, low: int, high: int, negated: bool) -> Operation:
    def within(s: State) -> Any:
        value = left(s)
        if value.__class__ is int:
            return (low <= value <= high) is not negated
        if isinstance(value, Between):
            if low <= value.low and value.high <= high:
                return not negated
            return negated if high < value.low or value.high < low else None
        return None if isinstance(value, Unsure) else False

    return within


def _any_bit(left: Getter, mask: int, negated: bool) -> Operation:
    def any_bit(s: State) -> Any:
        value = left(s)
        if value.__class__ is int:
            return bool(value & mask) is not negated
        return None if isinstance(value, Unsure) else False

    return any_bit


def _pattern(left: Getter, right: Any, negated: bool) -> Operation:
    def fits(s: State) -> Any:
        value = left(s)
        if value is None:
            return False
        if isinstance(right, tuple) and isinstance(value, tuple):
            answers = [part_fits(part, each) for part, each in zip(right, value, strict=False)]
            if all(answers) and any(isinstance(each, Unsure) for each in value):
                return None
            return all(answers) is not negated
        return None if isinstance(value, Unsure) else part_fits(right, value) is not negated

    return fits


def _membership(left: Getter, right: Elements | SetReference, operator: str, scope: Scope) -> Operation:
    find = _finder(right, scope)
    negated = operator in ("!=", "!in")

    def member(s: State) -> Any:
        key = left(s)
        if key is None:
            return False
        found = find(s, key)
        return None if found is PERHAPS else (found is not MISSING) is not negated

    return _limited(member, right, negated, scope)


def _limited(member: Operation, right: Any, negated: bool, scope: Scope) -> Operation:
    """A set whose elements carry a rate limit matches only within it (or beyond it)."""
    content = scope.table.sets.get(right.name) if isinstance(right, SetReference) else None
    if content is None or not content.limited or negated:
        return member
    answer = BEYOND if content.limited == "over" else WITHIN
    return lambda s: answer if member(s) is True else member(s)


def _comparison(left: Getter, right: Getter, operator: str) -> Operation:
    def compare(s: State) -> Any:
        first, second = left(s), right(s)
        if first is None or second is None:
            return False
        if isinstance(first, Between) and second.__class__ is int and operator in ("<", "<=", ">", ">="):
            answers = {_compared(operator, first.low, second), _compared(operator, first.high, second)}
            return answers.pop() if len(answers) == 1 else None
        if first.__class__ is not int or second.__class__ is not int:
            return None
        return _compared(operator, first, second)

    return compare


def _compared(operator: str, first: int, second: int) -> bool:
    if operator in ("==", "!="):
        return (first == second) is (operator == "==")
    if operator in ("in", "!in"):
        return bool(first & second) is (operator == "in")
    if operator in ("<", ">="):
        return (first < second) is (operator == "<")
    return (first > second) is (operator == ">")


def _by_index(left: Any, right: Any) -> bool:
    """`iif 7`: nft prints the number where no interface has it any more."""
    if not isinstance(left, Field) or left.name not in ("meta iif", "meta oif"):
        return False
    return isinstance(right, int) or (isinstance(right, str) and right.isdigit())


def _interface_number(left: Getter, number: int, operator: str) -> Operation:
    def same(s: State) -> Any:
        found = s.machine.index_of(left(s))
        return None if found is None else (found == number) is (operator == "==")

    return same


def _any_of(statement: AnyOf, scope: Scope) -> Operation:
    tests = tuple(operation(condition, scope) for condition in statement.conditions)

    def any_of(s: State) -> Any:
        answers = [test(s) for test in tests]
        if any(answer is True for answer in answers):
            return not statement.negated
        return None if any(answer is None for answer in answers) else statement.negated

    return any_of


def _all_of(statement: AllOf, scope: Scope) -> Operation:
    tests = tuple(operation(condition, scope) for condition in statement.conditions)

    def all_of(s: State) -> Any:
        answers = [test(s) for test in tests]
        if any(answer is False for answer in answers):
            return statement.negated
        return None if any(answer is None for answer in answers) else not statement.negated

    return all_of


def _constant(statement: Constant, scope: Scope) -> Operation:
    holds = statement.holds
    return lambda s: holds


def _set_match(statement: SetMatch, scope: Scope) -> Operation:
    def in_set(s: State) -> Any:
        index = scope.ipset(statement.name)
        answer = index.holds(s, statement.sides, scope.ipsets) if index is not None else None
        return None if answer is None else answer is not statement.negated

    return in_set


def _bytes_program(statement: BytesProgram, scope: Scope) -> Operation:
    return lambda s: packet_bytes.run(statement, s)


def _limit(statement: Limit, scope: Scope) -> Operation:
    def limit(s: State) -> Any:
        if s.exceeded:
            # This packet stands for one beyond its limits, whatever rule asks.
            return statement.over
        return BEYOND if statement.over else WITHIN

    return limit


def _recent(statement: Recent, scope: Scope) -> Operation:
    """A first packet is in nobody's list, unless a rule on its way has put it there."""
    name, mode = f"{statement.name}/{statement.side}", statement.mode

    def recent(s: State) -> Any:
        if mode == "set":
            if name not in s.recent:
                s.recent = (*s.recent, name)
            return not statement.negated
        if mode in ("rcheck", "update") and statement.hits > 1:
            if s.exceeded:
                return not statement.negated
            return WITHIN if statement.negated else BEYOND
        if name in s.recent:
            return not statement.negated
        return None

    return recent


def _reverse_path(statement: ReversePath, scope: Scope) -> Operation:
    def reverse_path(s: State) -> Any:
        answer = s.machine.reverse_path(s, statement)
        return None if answer is None else answer is not statement.inverted

    return reverse_path


def _socket_match(statement: SocketMatch, scope: Scope) -> Operation:
    return lambda s: s.machine.socket_match(s, statement)


# Effects


def _set_field(statement: SetField, scope: Scope) -> Operation:
    value, name = getter(statement.value, scope), statement.name

    def change(s: State) -> Any:
        new = value(s)
        if new is None:
            return False
        return translate.set_field(s, name, new)

    return change


def _change_set(statement: ChangeSet, scope: Scope) -> Operation:
    key = getter(statement.key, scope)
    changed = scope.key_of(statement.name)
    tests = tuple(operation(limit, scope) for limit in statement.limits if not isinstance(limit, Nothing))

    def change(s: State) -> Any:
        entry = key(s)
        if entry is None:
            return False
        if not isinstance(entry, Unsure):
            s.added = (*s.added, (statement.operation, changed, entry))
        for test in tests:
            answer = test(s)
            if answer is not True:
                return answer
        return True

    return change


def _change_ipset(statement: ChangeIpset, scope: Scope) -> Operation:
    def change(s: State) -> Any:
        index = scope.ipset(statement.name)
        entry = packet_key(index.set.kind, index.set.types, s, statement.sides) if index is not None else None
        if entry is not None:
            s.added = (*s.added, (statement.operation, ("ipset", statement.name), entry))
        return True

    return change


def _notrack(statement: NoTrack, scope: Scope) -> Operation:
    def notrack(s: State) -> Any:
        # Only a packet that conntrack has not seen yet can be left out (nft_notrack_eval, notrack_tg).
        if not s.after_ct:
            s.ct = UNTRACKED
        return True

    return notrack


def _nat(statement: Nat, scope: Scope) -> Operation:
    address = getter(statement.address, scope) if not isinstance(statement.address, (Span, type(None))) else None
    port = getter(statement.port, scope) if not isinstance(statement.port, (Span, type(None))) else None
    return lambda s: translate.nat(s, statement, address, port)


def _transparent_proxy(statement: TransparentProxy, scope: Scope) -> Operation:
    return lambda s: translate.transparent_proxy(s, statement)


def _verdict(statement: Verdict, scope: Scope) -> Operation:
    if statement.kind == "continue":
        return lambda s: True
    if statement.kind == "reject" and statement.reject_with == "tcp-reset":
        return lambda s: statement if s.proto == 6 else False
    if statement.kind == "reject" and statement.reject_with.startswith(("icmp-", "icmpv6-")):
        # In a table of both families nft asks for the family first, and does not show it.
        family = 4 if statement.reject_with.startswith("icmp-") else 6
        return lambda s: statement if s.family == family else False
    if statement.kind == "synproxy":
        # Only a SYN is taken; anything else passes on (nft_synproxy_eval, xt_SYNPROXY).
        return lambda s: statement if s.proto == 6 and s.flags == 2 else False
    return lambda s: statement


def _verdict_map(statement: VerdictMap, scope: Scope) -> Operation:
    key, find = getter(statement.key, scope), _finder(statement.content, scope)

    def choose(s: State) -> Any:
        found = find(s, key(s))
        if found is MISSING:
            return False
        if found is PERHAPS:
            content = statement.content
            index = scope.index(content.name) if isinstance(content, SetReference) else Index(content)
            return Several((None, *dict.fromkeys(index.values()))) if index is not None else Several(())
        return True if isinstance(found, Verdict) and found.kind == "continue" else found

    return choose


_INERT = (Nothing, Condition, AnyOf, AllOf, Constant, SetMatch, BytesProgram, Limit, ReversePath)
_MAKERS: dict[type, Callable[[Any, Scope], Operation]] = {
    Condition: _condition,
    AnyOf: _any_of,
    AllOf: _all_of,
    Constant: _constant,
    SetMatch: _set_match,
    BytesProgram: _bytes_program,
    Limit: _limit,
    Recent: _recent,
    ReversePath: _reverse_path,
    SocketMatch: _socket_match,
    SetField: _set_field,
    ChangeSet: _change_set,
    ChangeIpset: _change_ipset,
    NoTrack: _notrack,
    Nat: _nat,
    TransparentProxy: _transparent_proxy,
    Verdict: _verdict,
    VerdictMap: _verdict_map,
}
