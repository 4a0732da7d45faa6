"""Where in a ruleset a new rule has to stand so that it is met, and nothing more than needed is let past.

A packet that a rule stops gets through if an accept stands right in front of that rule. "Right in front" is the closest
place, and so the one which lets the fewest other rules be skipped: what a ban chain or a rate limit earlier in the same
hook says still holds. There is one exception: a chain that several base chains lead to (`LOGDROP`, called from INPUT and
FORWARD alike) would let the accept speak for the other hooks too, so there the place is in front of the call.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from wizard.model.journey import RuleReference
from wizard.model.ruleset import Chain, Elements, NamedSet, Rule, Ruleset, SetReference, Table, Verdict, VerdictMap

MAXIMUM_DEPTH = 32
"""Calls within calls; the kernel allows 16 (NFT_JUMP_STACK_SIZE)."""


class Place(Struct, frozen=True):
    """In front of the rule at `position` (from 1) of a chain, or at the chain's end (None)."""

    ruleset: Ruleset
    table: Table
    chain: Chain
    position: int | None
    base: Chain

    @property
    def next_rule(self) -> Rule | None:
        """The rule in front of which the place is; None at the end."""
        return None if self.position is None else self.chain.rules[self.position - 1]


def ruleset_of(rulesets: tuple[Ruleset, ...], by: RuleReference) -> Ruleset | None:
    """The ruleset, of those that were read, that holds the chain which decided."""
    for ruleset in rulesets:
        if ruleset.engine == by.engine and ruleset.chain(by.family, by.table, by.chain) is not None:
            return ruleset
    return None


def position_of(chain: Chain, by: RuleReference) -> int | None:
    """The deciding rule's number in its chain (from 1); None for a policy. By handle, then number, then text."""
    if by.what == "policy":
        return None
    for rule in chain.rules:
        if by.handle is not None and rule.handle == by.handle:
            return rule.index
    if by.index is not None and 1 <= by.index <= len(chain.rules):
        return by.index
    return next((rule.index for rule in chain.rules if by.rule and rule.text == by.rule), None)


def in_front_of(rulesets: tuple[Ruleset, ...], by: RuleReference) -> Place | None:
    """The closest place in front of what decided; None if it cannot be found in the rulesets."""
    ruleset = ruleset_of(rulesets, by)
    table = ruleset.table(by.family, by.table) if ruleset else None
    if ruleset is None or table is None:
        return None
    chain = table.chains[by.chain]
    position = position_of(chain, by)
    if by.what == "policy":
        return Place(ruleset, table, chain, _first_way_out(table, chain), chain)
    if position is None:
        return None
    return _narrowed(ruleset, table, chain, position, by)


def _narrowed(ruleset: Ruleset, table: Table, chain: Chain, position: int, by: RuleReference) -> Place | None:
    """Out of chains that other hooks use too, to the call in the chain that only ours does."""
    for _ in range(MAXIMUM_DEPTH):
        roots = bases_leading_to(table, chain.name)
        base = _our_base(table, roots, by)
        if base is None:
            return None
        if roots == {base.name}:
            return Place(ruleset, table, chain, position, base)
        within = reachable(table, base.name)
        caller, position = next((c, p) for c, p in callers(table, chain.name) if c.name in within)
        chain = caller
    return None


def _our_base(table: Table, roots: set[str], by: RuleReference) -> Chain | None:
    chains = [table.chains[name] for name in sorted(roots)]
    ours = [c for c in chains if c.base and (not by.hook or c.base.hook == by.hook)]
    return ours[0] if ours else None


def _first_way_out(table: Table, chain: Chain) -> int | None:
    """The first rule of a base chain behind which the policy may be met without going through the rest of it."""
    for rule in chain.rules:
        if any(verdict.kind in ("return", "goto") for verdict in verdicts(table, rule)):
            return rule.index
    return None


def path_to(table: Table, base: str, chain: str, position: int | None) -> tuple[float, ...] | None:
    """The way from a base chain to a rule as numbers of rules, which compare in the order of evaluation: `(2, 11, 1)`
    is rule 1 of the chain that rule 11 of the chain calls which rule 2 of the base chain calls. None: no way leads there.
    The end of a chain (`position` None) comes behind all its rules."""
    last = float("inf") if position is None else float(position)
    return _path(table, base, chain, last, frozenset())


def _path(table: Table, start: str, goal: str, last: float, seen: frozenset[str]) -> tuple[float, ...] | None:
    if start == goal:
        return (last,)
    if start in seen or start not in table.chains:
        return None
    for rule in table.chains[start].rules:
        for target in targets(table, rule):
            if found := _path(table, target, goal, last, seen | {start}):
                return (float(rule.index), *found)
    return None


def bases_leading_to(table: Table, name: str) -> set[str]:
    """The base chains from which a packet can come to this chain."""
    return {chain.name for chain in table.chains.values() if chain.base and name in reachable(table, chain.name)}


def reachable(table: Table, name: str) -> set[str]:
    """This chain and all that it leads to."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in found or current not in table.chains:
            continue
        found.add(current)
        waiting += [target for rule in table.chains[current].rules for target in targets(table, rule)]
    return found


def callers(table: Table, name: str) -> Iterator[tuple[Chain, int]]:
    """Every rule that jumps or goes to this chain: the chain it stands in, and its number."""
    for chain in table.chains.values():
        for rule in chain.rules:
            if name in targets(table, rule):
                yield chain, rule.index


def targets(table: Table, rule: Rule) -> list[str]:
    """The chains that a rule leads to."""
    return [verdict.chain for verdict in verdicts(table, rule) if verdict.chain]


def verdicts(table: Table, rule: Rule) -> Iterator[Verdict]:
    """Every verdict that a rule can speak, those of its maps included."""
    for statement in rule.statements:
        if isinstance(statement, Verdict):
            yield statement
        elif isinstance(statement, VerdictMap):
            yield from _mapped(table, statement.content)


def _mapped(table: Table, content: Elements | SetReference) -> Iterator[Verdict]:
    if isinstance(content, SetReference):
        named: NamedSet | None = table.sets.get(content.name)
        content = named.elements if named else Elements(())
    yield from (value for value in (*content.values, content.default) if isinstance(value, Verdict))
