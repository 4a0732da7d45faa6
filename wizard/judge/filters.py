"""Base chains by hook, in the kernel's order, and a packet's way through them.

Where nobody can know whether a rule matches, the packet goes both ways (`State.fork`); ways that no later rule can tell
apart become one again, so the cost stays linear in the rules.

An accept ends its own base chain only; drop and reject end everything (net/netfilter/core.c). Address translation of
all engines hangs on one hook at a fixed priority, and asks no further chain once a mapping stands (nf_nat_inet_fn).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from msgspec import Struct

from wizard.judge.match import BEYOND, WITHIN, Operation, Scope, Several, operations
from wizard.judge.state import State, merge
from wizard.model.ruleset import BaseChain, Chain, Engine, Family, Hook, Nat, Opaque, Rule, Ruleset, Table, Verdict

MOST_STATES = 64
MOST_JUMPS = 16
MOST_ORDERS = 8
NAT_PRIORITY = {"prerouting": -100, "output": -100, "input": 100, "postrouting": 100}
CONNTRACK_PRIORITY = -200
ORDER_DOUBT = "which of two engines at one priority sees the packet first"
_FAMILIES = {4: (Family.IP, Family.INET), 6: (Family.IP6, Family.INET)}


class TooManyWays(Exception):
    """More ways are open than it makes sense to follow."""


@dataclass(slots=True)
class Walked:
    """A chain ready to be walked: its rules' operations, and what they belong to."""

    table: Table
    chain: Chain
    rules: list[tuple[tuple[Operation, ...], Rule]] = field(default_factory=list)


class Hooked(Struct, frozen=True):
    """A base chain on its hook."""

    ruleset: Ruleset
    table: Table
    chain: Chain
    base: BaseChain
    walked: Walked
    position: int = 0
    """The chain's place in its table: later ones were made later."""


Groups = tuple[tuple[tuple[Hooked, ...], ...], ...]


class Ended(Struct, frozen=True):
    """One way's end in a base chain: the verdict, and the rule that gave it (None: the chain's policy)."""

    state: State
    verdict: Verdict
    hooked: Hooked
    walked: Walked
    rule: Rule | None


class Hooks:
    """All base chains of all engines by family and hook."""

    def __init__(self, rulesets: tuple[Ruleset, ...]) -> None:
        self._scopes: dict[int, Scope] = {}
        self._walked: dict[tuple[int, str], Walked] = {}
        self._by_hook: dict[tuple[Family, Hook], list[Hooked]] = {}
        for ruleset in rulesets:
            for table in ruleset.tables:
                self._take(ruleset, table)
        kinds = {(family, each.base.type) for (family, _), found in self._by_hook.items() for each in found}
        self._nat = {number: any((family, "nat") in kinds for family in _FAMILIES[number]) for number in (4, 6)}
        self._ordered: dict[tuple[int, str], Groups] = {}
        self._tables = tuple(table for ruleset in rulesets for table in ruleset.tables)
        self._tracks: dict[int, bool] = {}

    def at(self, family: int, hook: str) -> Groups:
        """The base chains that a packet of this family meets at the hook, in groups, each with its possible orders."""
        key = (family, hook)
        if key not in self._ordered:
            found = [each for table in _FAMILIES[family] for each in self._by_hook.get((table, Hook(hook)), ())]
            self._ordered[key] = _orders(sorted(found, key=_place), family)
        return self._ordered[key]

    def on_device(self, hook: str, device: str) -> Groups:
        """The base chains of netdev tables (and of inet ingress) on one device, in order."""
        found = [
            each
            for family in (Family.NETDEV, Family.INET)
            for each in self._by_hook.get((family, Hook(hook)), ())
            if device in each.base.devices
        ]
        return _orders(sorted(found, key=_place))

    def walked(self, table: Table, name: str) -> Walked | None:
        """The chain, made ready when first asked; None where the table has none of this name."""
        key = (id(table), name)
        found = self._walked.get(key)
        if found is None:
            chain = table.chains.get(name)
            if chain is None:
                return None
            scope = self.scope(table)
            compiled = [(operations(rule, scope), rule) for rule in chain.rules]
            found = Walked(table, chain, [pair for pair in compiled if pair[0]])
            self._walked[key] = found
        return found

    def scope(self, table: Table) -> Scope:
        """What the words of the table's rules refer to."""
        found = self._scopes.get(id(table))
        if found is None:
            found = self._scopes[id(table)] = Scope(table)
        return found

    def _take(self, ruleset: Ruleset, table: Table) -> None:
        if table.dormant:
            return
        for position, chain in enumerate(table.chains.values()):
            if chain.base is None:
                continue
            walked = self.walked(table, chain.name)
            if walked is not None:
                hooked = Hooked(ruleset, table, chain, chain.base, walked, position)
                self._by_hook.setdefault((table.family, chain.base.hook), []).append(hooked)

    def tracks(self, family: int) -> bool:
        """Whether some rule has switched connection tracking on for the family: without, nat chains are not asked."""
        found = self._tracks.get(family)
        if found is None:
            tables = (table for table in self._tables if table.family in _FAMILIES[family])
            rules = ((table, rule) for table in tables for chain in table.chains.values() for rule in chain.rules)
            found = self._tracks[family] = any(_needs_tracking(table, rule, family) for table, rule in rules)
        return found

    def has_nat(self, family: int) -> bool:
        """Whether any nat chain has put the family's nat hooks in place."""
        return self._nat[family]


def _needs_tracking(table: Table, rule: Rule, family: int) -> bool:
    """Whether the rule makes the kernel track the family's connections (callers of nf_ct_netns_get)."""
    for statement in rule.statements:
        if isinstance(statement, Nat):
            return {"ip": 4, "ip6": 6}.get(statement.family or str(table.family), family) == family
        if isinstance(statement, Opaque) or getattr(statement, "kind", "") == "synproxy":
            return True
        if getattr(statement, "what", "") == "connection limit" or "'ct " in repr(statement):
            return True
    return False


def priority_of(base: BaseChain) -> int:
    """Where the chain is called: nat chains hang together at one place, whatever their own priority."""
    return NAT_PRIORITY.get(base.hook, base.priority) if base.type == "nat" else base.priority


def _place(hooked: Hooked) -> tuple[int, int, int, int, int]:
    """Priority, nat chains among themselves by their own, and among equals the newest first."""
    newest = 0 if hooked.table.engine is Engine.IPTABLES_LEGACY else 1
    return (priority_of(hooked.base), hooked.base.priority, newest, -hooked.table.order, -hooked.position)


def _orders(chains: list[Hooked], family: int = 0) -> tuple[tuple[tuple[Hooked, ...], ...], ...]:
    """The chains in groups, each with the orders it may have.

    At one priority the kernel calls the newest first. `nft list hooks` tells the order; else nft tells the age of its
    tables, iptables-legacy does not, so where both stand at one priority either may come first. A chain that came into
    its table later may be newer than the tables that are newer than its own."""
    groups: list[tuple[tuple[Hooked, ...], ...]] = []
    for _, same in groupby(chains, key=lambda hooked: _place(hooked)[:2]):
        group = tuple(same)
        groups.append(_told(group, family) or tuple(_possible(group)))
    return tuple(groups)


def _told(group: tuple[Hooked, ...], family: int) -> tuple[tuple[Hooked, ...], ...]:
    """The orders that the kernel's own listing leaves, of those that the tables' ages allow; none where it says nothing."""
    ranks = [next((called[1:] for called in hooked.base.called if called[0] == family), None) for hooked in group]
    if len(group) < 2 or None in ranks:
        return ()
    told = [(hooked, rank) for hooked, rank in zip(group, ranks, strict=True) if rank is not None]
    orders = [tuple(hooked for hooked, _ in sorted(told, key=lambda each: each[1][reading])) for reading in (0, 1)]
    fitting = [order for order in orders if _may_be(order)] or orders
    return tuple({tuple(map(id, order)): order for order in fitting}.values())


def _may_be(order: tuple[Hooked, ...]) -> bool:
    return not any(_before(later, earlier) for n, earlier in enumerate(order) for later in order[n + 1 :])


def _before(one: Hooked, other: Hooked) -> bool:
    """Whether the one is surely called before the other, which has the same priority."""
    legacy = Engine.IPTABLES_LEGACY
    if one.table is other.table:
        return one.position > other.position
    if legacy in (one.table.engine, other.table.engine):
        return False
    if one.table.order == other.table.order:
        # Both untold.
        return False
    return one.table.order > other.table.order and not other.base.late


def _possible(group: tuple[Hooked, ...]) -> list[tuple[Hooked, ...]]:
    """All orders that the ages allow; of many, the first few and the last."""
    found: list[tuple[Hooked, ...]] = []

    def extend(order: tuple[Hooked, ...], left: tuple[Hooked, ...]) -> None:
        if not left:
            found.append(order)
        for chosen in left:
            rest = tuple(each for each in left if each is not chosen)
            if len(found) < MOST_ORDERS and not any(_before(each, chosen) for each in rest):
                extend((*order, chosen), rest)

    extend((), group)
    if len(found) < MOST_ORDERS:
        return found
    return [*found, _latest_first(group)]


def _latest_first(group: tuple[Hooked, ...]) -> tuple[Hooked, ...]:
    """The order that is farthest from the first that is found."""
    left, order = list(group), []
    while left:
        free = [each for each in left if not any(_before(other, each) for other in left if other is not each)]
        order.append(free[-1])
        left.remove(free[-1])
    return tuple(order)


def pass_hook(hooks: Hooks, groups: Groups, states: list[State], ended: list[Ended]) -> list[State]:
    """Takes the states through base chains; ends (drop, reject, ...) go to `ended`, the rest comes back."""
    for orders in groups:
        if not states:
            break
        if len(orders) == 1:
            states = _pass_chains(hooks, orders[0], states, ended)
            continue
        states[0].doubt(ORDER_DOUBT)
        copies = [[state.fork() for state in states] for _ in orders[1:]]
        ways = [_pass_chains(hooks, order, each, ended) for order, each in zip(orders, [states, *copies], strict=True)]
        states = merge([state for way in ways for state in way])
    return states


def _pass_chains(hooks: Hooks, chains: tuple[Hooked, ...], states: list[State], ended: list[Ended]) -> list[State]:
    for hooked in chains:
        if not states:
            break
        if hooked.table.dormant is None:
            sleeping = [state.fork() for state in states]
            states[0].doubt(f"whether the table {hooked.table.name} is dormant")
            states = merge([*_pass_chain(hooks, hooked, states, ended), *sleeping])
        else:
            states = _pass_chain(hooks, hooked, states, ended)
    return states


def _pass_chain(hooks: Hooks, hooked: Hooked, states: list[State], ended: list[Ended]) -> list[State]:
    """One base chain with its policy."""
    is_nat = hooked.base.type == "nat"
    untouched: list[State] = []
    if is_nat:
        # Only the first packet of a connection is shown to nat chains, until a mapping stands.
        asked = hooks.tracks(states[0].family)
        untouched = [state for state in states if not (asked and _wants_nat(state))]
        states = [state for state in states if asked and _wants_nat(state)]
    run = _Run(hooks, hooked)
    left = run.chain(hooked.walked, states, 0) if states else []
    policy = Verdict("drop") if hooked.base.policy == "drop" else Verdict("accept")
    run.ended.extend(Ended(state, policy, hooked, hooked.walked, None) for state in left)
    passed: list[State] = untouched
    for end in run.ended:
        if end.verdict.kind == "accept" or (end.verdict.kind == "queue" and end.verdict.bypass):
            end.state.passed = (*end.state.passed, end)
            passed.append(end.state)
        else:
            ended.append(end)
    return merge(passed)


def _wants_nat(state: State) -> bool:
    if state.ct != "new":
        return False
    return not (state.nat_destination if state.hook in ("prerouting", "output") else state.nat_source)


class _Run:
    """One walk through a base chain and the chains it jumps to."""

    __slots__ = ("ended", "hooked", "hooks")

    def __init__(self, hooks: Hooks, hooked: Hooked) -> None:
        self.hooks = hooks
        self.hooked = hooked
        self.ended: list[Ended] = []

    def chain(self, walked: Walked, states: list[State], depth: int) -> list[State]:
        """Takes the states through one chain; gives those that fall off its end or return."""
        returned: list[State] = []
        for ops, rule in walked.rules:
            if len(states) == 1:
                state = states[0]
                for place, op in enumerate(ops):
                    answer = op(state)
                    if answer is True:
                        continue
                    if answer is False:
                        break
                    states = self._outcomes(walked, ops, rule, state, place, answer, returned, depth)
                    break
            else:
                following: list[State] = []
                for state in states:
                    following.extend(self._rule(walked, ops, rule, state, 0, returned, depth))
                states = merge(following)
                if len(states) > MOST_STATES:
                    raise TooManyWays
            if not states:
                break
        return merge([*returned, *states]) if returned else states

    def _rule(
        self,
        walked: Walked,
        ops: tuple[Operation, ...],
        rule: Rule,
        state: State,
        start: int,
        returned: list[State],
        depth: int,
    ) -> list[State]:
        """One rule from its `start`-th operation on; gives the states that go on to the next rule."""
        for place in range(start, len(ops)):
            answer = ops[place](state)
            if answer is True:
                continue
            if answer is False:
                return [state]
            return self._outcomes(walked, ops, rule, state, place, answer, returned, depth)
        return [state]

    def _outcomes(
        self,
        walked: Walked,
        ops: tuple[Operation, ...],
        rule: Rule,
        state: State,
        place: int,
        answer: Any,
        returned: list[State],
        depth: int,
    ) -> list[State]:
        """What follows from an answer that is neither yes nor no."""
        if isinstance(answer, Verdict):
            return self._verdict(walked, ops, rule, state, place, answer, returned, depth)
        if isinstance(answer, Several):
            return self._several(walked, ops, rule, state, place, answer, returned, depth)
        other = state.fork()
        if answer is BEYOND:
            # `state` is within the limit, so the rule ends for it; the other way is beyond.
            other.exceeded = other.exceeded or _limit_of(rule)
            return [state, *self._rule(walked, ops, rule, other, place + 1, returned, depth)]
        if answer is WITHIN:
            other.exceeded = other.exceeded or _limit_of(rule)
        else:
            state.doubt(rule.text)
        return [*self._rule(walked, ops, rule, state, place + 1, returned, depth), other]

    def _several(
        self,
        walked: Walked,
        ops: tuple[Operation, ...],
        rule: Rule,
        state: State,
        place: int,
        answer: Several,
        returned: list[State],
        depth: int,
    ) -> list[State]:
        state.doubt(rule.text)
        if not answer.verdicts:
            self.ended.append(Ended(state, Verdict("unknown"), self.hooked, walked, rule))
            return []
        following: list[State] = []
        for verdict in answer.verdicts:
            way = state.fork()
            if verdict is None:
                following.append(way)
            elif isinstance(verdict, Verdict):
                following.extend(self._verdict(walked, ops, rule, way, place, verdict, returned, depth))
        return merge(following)

    def _verdict(
        self,
        walked: Walked,
        ops: tuple[Operation, ...],
        rule: Rule,
        state: State,
        place: int,
        verdict: Verdict,
        returned: list[State],
        depth: int,
    ) -> list[State]:
        kind = verdict.kind
        if kind == "continue":
            return self._rule(walked, ops, rule, state, place + 1, returned, depth)
        if kind == "return":
            returned.append(state)
            return []
        if kind in ("jump", "goto"):
            target = self.hooks.walked(walked.table, verdict.chain)
            if target is None or depth >= MOST_JUMPS:
                state.doubt(f"the chain {verdict.chain} is not known")
                self.ended.append(Ended(state, Verdict("unknown"), self.hooked, walked, rule))
                return []
            left = self.chain(target, [state], depth + 1)
            if kind == "jump":
                return left
            returned.extend(left)
            return []
        self.ended.append(Ended(state, verdict, self.hooked, walked, rule))
        return []


def _limit_of(rule: Rule) -> str:
    """Which kind of limit the rule asks for."""
    return (
        "connection limit"
        if any(getattr(s, "what", "") == "connection limit" for s in rule.statements)
        else "rate limit"
    )
