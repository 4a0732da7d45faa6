"""Near misses: rules that would have decided otherwise but for one condition, nearest first.

For a blocked packet, accepts in front of the deciding rule that lack one condition ("only from 192.168.1.0/24; you come
from 10.77.0.2"), and accepts that fit but stand behind it. For a packet that passes, the first rule that would have stopped
another source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from msgspec import Struct

from wizard.judge.filters import MOST_JUMPS, Ended, Hooks, Walked
from wizard.judge.match import BEYOND, Operation, Scope, operation
from wizard.judge.state import State
from wizard.model.journey import NearMiss
from wizard.model.ruleset import (
    AllOf,
    AnyOf,
    Bits,
    Concat,
    Condition,
    Constant,
    Elements,
    Fib,
    Field,
    Limit,
    Recent,
    ReversePath,
    Rule,
    SetMatch,
    SocketMatch,
    Span,
    Verdict,
    VerdictMap,
)

MOST = 5
_MOST_RULES = 20_000
_CONDITIONS = (Condition, AnyOf, AllOf, Constant, SetMatch, Limit, Recent, ReversePath, SocketMatch)
_STOPS = ("drop", "reject")
_FIELD_KINDS = {
    "saddr": "source",
    "daddr": "destination",
    "iif": "interface",
    "iifname": "interface",
    "oif": "interface",
    "oifname": "interface",
    "dport": "port",
    "sport": "source port",
    "l4proto": "protocol",
    "protocol": "protocol",
    "nexthdr": "protocol",
    "nfproto": "family",
    "state": "state",
    "mark": "mark",
    "pkttype": "packet type",
}
_RANKS = ("order", "source", "interface", "destination", "port", "family", "protocol", "source port", "mark", "set")
_NUMBERS = {"tcp": 6, "udp": 17}
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}


class Near(Struct, frozen=True):
    """A rule that differs in one condition (None: in its place only), before it is put into words."""

    walked: Walked
    rule: Rule
    verdict: Verdict
    failed: Any
    rank: tuple[int, int]


@dataclass(slots=True)
class _Search:
    """A look through one base chain. `left` bounds how many rules are looked at."""

    hooks: Hooks
    state: State
    decider: Rule | None
    wanted: tuple[str, ...]
    passed_decider: bool = False
    left: int = _MOST_RULES


def blocked(hooks: Hooks, end: Ended) -> list[Near]:
    """The accepts that a blocked packet just missed."""
    search = _Search(hooks, end.state, end.rule, ("accept",))
    found = list(_look(search, end.hooked.walked, None, 0))
    return _nearest(found)


def passed(hooks: Hooks, ends: tuple[Ended, ...]) -> list[Near]:
    """The first rule that would have stopped the packet, had it come from elsewhere."""
    for end in ends:
        search = _Search(hooks, end.state, end.rule, _STOPS)
        for near in _look(search, end.hooked.walked, None, 0):
            if near.failed is not None and kind_of(near.failed) in ("source", "interface", "set"):
                return [near]
    return []


def words(near: Near, state: State) -> tuple[str, str]:
    """The condition that differs, in a person's words, and its kind."""
    if near.failed is None:
        return "it stands behind the rule that decides", "order"
    kind = kind_of(near.failed)
    text = _wanted(near.failed)
    negated = _is_negated(near.failed)
    own = _own(kind, near.failed, state)
    only = "not" if negated else "only"
    phrases = {
        "source": f"{only} from {text}; you come from {own}",
        "destination": f"{only} to {text}; this is to {own}",
        "interface": f"{only} on {text}; this arrives on {own}",
        "port": f"{only} port {text}; this is for port {own}",
        "source port": f"{only} from port {text}; yours is {own}",
        "protocol": f"{only} {text}; this is {own}",
        "family": f"{only} {text}; this is {own}",
        "set": f"{only} what is in {text}",
    }
    return phrases.get(kind, f"it asks for {getattr(near.failed, 'text', '') or kind}"), kind


def as_near_miss(reference: Any, near: Near, state: State) -> NearMiss:
    """The near miss that a report shows."""
    differs, kind = words(near, state)
    return NearMiss(reference, near.verdict.kind, differs, kind)


# Looking


def _look(search: _Search, walked: Walked, failed: Any, depth: int) -> Iterator[Near]:
    """Rules in the order in which they are asked; `failed` is the one condition that the way here already lacks."""
    scope = search.hooks.scope(walked.table)
    for rule in walked.chain.rules:
        search.left -= 1
        if search.left < 0:
            return
        if rule is search.decider:
            search.passed_decider = True
            continue
        lacking = _lacking(search.state, rule, scope, failed)
        if lacking is None:
            continue
        yield from _verdicts(search, walked, rule, lacking[0] if lacking else None, depth)


def _lacking(state: State, rule: Rule, scope: Scope, failed: Any) -> list[Any] | None:
    """The conditions that do not hold, or None where they are too many (more than one in all)."""
    lacking = [failed] if failed is not None else []
    for statement, test in _tests(rule, scope):
        answer = test(state)
        if answer is not False and answer is not BEYOND:
            continue
        foreign = _of_other_protocol(statement, state)
        if foreign is not None:
            # `-p udp --dport 5000`: protocol and port fail together, but a TCP packet to 5000 lacks the protocol only.
            if operation(foreign, scope)(state.fork()) is False:
                return None
            if any(kind_of(each) == "protocol" for each in lacking):
                continue
            name = _protocol_name(statement)
            statement = Condition(Field("meta l4proto"), "==", _NUMBERS[name], f"meta l4proto {name}")
        lacking.append(statement)
        if len(lacking) > 1:
            return None
    return lacking


def _tests(rule: Rule, scope: Scope) -> list[tuple[Any, Operation]]:
    """The rule's conditions as functions, made once."""
    found = scope.tests.get(id(rule))
    if found is None:
        conditions = [statement for statement in rule.statements if isinstance(statement, _CONDITIONS)]
        found = scope.tests[id(rule)] = [(statement, _pure(statement, scope)) for statement in conditions]
    return found


def _pure(statement: Any, scope: Scope) -> Operation:
    """The condition as a function that leaves the state alone."""
    test = operation(statement, scope)
    return (lambda state: test(state.fork())) if isinstance(statement, Recent) else test


def _of_other_protocol(condition: Any, state: State) -> Condition | None:
    """A condition on a port of the other transport, as one on this packet's own port; None for any other."""
    left = getattr(condition, "left", None)
    if not isinstance(condition, Condition) or not isinstance(left, Field) or not left.name.endswith("port"):
        return None
    protocol, _, side = left.name.partition(" ")
    if protocol not in ("tcp", "udp") or _NUMBERS[protocol] == state.proto:
        return None
    return Condition(Field(f"th {side}"), condition.operator, condition.right)


def _protocol_name(condition: Any) -> str:
    return str(condition.left.name.partition(" ")[0])


def _verdicts(search: _Search, walked: Walked, rule: Rule, failed: Any, depth: int) -> Iterator[Near]:
    for statement in rule.statements:
        if isinstance(statement, VerdictMap):
            yield from _map_verdicts(search, walked, rule, statement, failed, depth)
        elif isinstance(statement, Verdict):
            yield from _one_verdict(search, walked, rule, statement, failed, depth)


def _one_verdict(
    search: _Search, walked: Walked, rule: Rule, verdict: Verdict, failed: Any, depth: int
) -> Iterator[Near]:
    if verdict.kind in ("jump", "goto"):
        target = search.hooks.walked(walked.table, verdict.chain)
        if target is not None and depth < MOST_JUMPS:
            yield from _look(search, target, failed, depth + 1)
    elif verdict.kind in search.wanted and (failed is not None) != search.passed_decider and _telling(failed):
        yield Near(walked, rule, verdict, failed, _rank(failed, search.state))


def _map_verdicts(
    search: _Search, walked: Walked, rule: Rule, mapped: VerdictMap, failed: Any, depth: int
) -> Iterator[Near]:
    """A verdict map: the entry that fits is followed; those of the wanted kind that do not are near."""
    scope = search.hooks.scope(walked.table)
    answer = operation(mapped, scope)(search.state.fork())
    if isinstance(answer, Verdict):
        yield from _one_verdict(search, walked, rule, answer, failed, depth)
    elif failed is None and answer is False and isinstance(mapped.content, Elements):
        keys = [k for k, v in zip(mapped.content.keys, mapped.content.values, strict=False) if v.kind in search.wanted]
        if keys and not search.passed_decider:
            wanted = Condition(mapped.key, "==", Elements(tuple(keys)), mapped.text)
            if _telling(wanted):
                yield Near(walked, rule, Verdict(search.wanted[0]), wanted, _rank(wanted, search.state))


def _telling(failed: Any) -> bool:
    """Whether a person learns something: that answers and loopback may pass is no news."""
    if failed is None:
        return True
    kind = kind_of(failed)
    if kind in ("state", "packet type") or isinstance(failed, (Limit, Recent)):
        return False
    return not (kind == "interface" and _wanted(failed) == "lo")


def _nearest(found: list[Near]) -> list[Near]:
    ordered = sorted(found, key=lambda near: near.rank)
    unique: dict[int, Near] = {}
    for near in ordered:
        unique.setdefault(id(near.rule), near)
    return list(unique.values())[:MOST]


def _rank(failed: Any, state: State) -> tuple[int, int]:
    if failed is None:
        return (0, 0)
    kind = kind_of(failed)
    place = _RANKS.index(kind) if kind in _RANKS else len(_RANKS)
    return (place, _distance(failed, kind, state))


def _distance(failed: Any, kind: str, state: State) -> int:
    """How far the packet's own value is from the one that is asked for."""
    own = {
        "source": state.source,
        "destination": state.destination,
        "port": state.dport,
        "source port": state.sport,
    }.get(kind)
    right = getattr(failed, "right", None)
    if own is None or right is None:
        return 0
    keys = right.keys if isinstance(right, Elements) else (right,)
    distances = [_gap(own, key) for key in keys if isinstance(key, (int, Span))]
    return min(distances, default=0)


def _gap(own: int, key: int | Span) -> int:
    low, high = (key.low, key.high) if isinstance(key, Span) else (key, key)
    return max(low - own, own - high, 0)


# Words


def kind_of(condition: Any) -> str:
    """Which property of the packet the condition is about."""
    if isinstance(condition, SetMatch):
        return "source" if condition.sides == ("src",) else "set"
    if isinstance(condition, (AnyOf, AllOf)):
        kinds = {kind_of(each) for each in condition.conditions}
        return kinds.pop() if len(kinds) == 1 else "several"
    left = getattr(condition, "left", None)
    while isinstance(left, Bits):
        left = left.left
    if isinstance(left, Concat):
        return "set"
    if isinstance(left, Fib):
        return "route"
    if isinstance(left, Field):
        return _FIELD_KINDS.get(left.name.rsplit(" ", 1)[-1], left.name)
    return "other"


def _is_negated(condition: Any) -> bool:
    return bool(getattr(condition, "negated", False)) or getattr(condition, "operator", "") in ("!=", "!in")


def _wanted(condition: Any) -> str:
    """What the condition asks for, as printed: `192.168.1.0/24` of `ip saddr 192.168.1.0/24` or `-s 192.168.1.0/24`."""
    if isinstance(condition, SetMatch):
        return f"the set {condition.name}"
    text = str(getattr(condition, "text", ""))
    place = text.find("vmap") if "vmap" in text else -1
    if place >= 0:
        keys = condition.right.keys if isinstance(condition.right, Elements) else ()
        return ", ".join(_shown(condition.left, key) for key in keys[:8])
    parts = [word for word in text.split() if word not in ("!", "!=", "==", "<", ">", "<=", ">=")]
    skip = (
        1 if text.lstrip("! ").startswith("-") or text.split(" ", 1)[0] in ("iifname", "oifname", "iif", "oif") else 2
    )
    return " ".join(parts[skip:]).replace('"', "") or text


def _shown(left: Any, key: Any) -> str:
    name = left.name if isinstance(left, Field) else ""
    if isinstance(key, Span):
        return f"{_shown(left, key.low)}-{_shown(left, key.high)}"
    if name.endswith(("saddr", "daddr")) and isinstance(key, int):
        return str(IPv4Address(key) if name.startswith("ip ") else IPv6Address(key))
    if name == "meta l4proto":
        return _PROTOCOLS.get(key, str(key))
    return str(key)


def _own(kind: str, condition: Any, state: State) -> str:
    shown = IPv4Address if state.family == 4 else IPv6Address
    owns = {
        "source": lambda: str(shown(state.source)),
        "destination": lambda: str(shown(state.destination)),
        "interface": lambda: (state.oif if "oif" in getattr(condition, "text", "") else state.iif) or "none",
        "port": lambda: str(state.dport),
        "source port": lambda: str(state.sport),
        "protocol": lambda: _PROTOCOLS.get(state.proto, str(state.proto)),
        "family": lambda: f"IPv{state.family}",
    }
    return owns[kind]() if kind in owns else ""
