"""What nft's listing hides: the family that a rule with `reject with tcp reset` asks for.

nft (1.0.6, text and JSON) takes `meta nfproto ipv4` for something that the rejection implies, and leaves it out; in a table
of both families it does not. Only the kernel's own words show it, in `nft --debug=netlink list ruleset`:

    inet filter input 7 6
      [ meta load nfproto => reg 1 ]
      [ cmp eq reg 1 0x00000002 ]
      [ meta load l4proto => reg 1 ]
      [ cmp eq reg 1 0x00000006 ]
      [ reject type 1 code 0 ]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from wizard.model.ruleset import (
    Chain,
    ChangeSet,
    Condition,
    Family,
    Field,
    Limit,
    NoTrack,
    Opaque,
    Rule,
    Ruleset,
    SetField,
    Table,
    Verdict,
    VerdictMap,
)

HIDDEN = "the family that this rule asks for, which nft's listing hides"
REMEDY = "sudo nft --debug=netlink list ruleset"
Place = tuple[str, str, str]
Families = Mapping[Place, tuple[tuple[int, int, int], ...]]
"""By family, table and chain, for each rule in order: its handle, the family that it asks for (4, 6, or 0 for none), and
how many effects come before that."""

_HEAD = re.compile(r"(\w+) (\S+) (\S+) (\d+)(?: \d+)?")
_LOAD = re.compile(r"  \[ meta load (nfproto|protocol) => reg (\d+) \]")
_COMPARE = re.compile(r"  \[ cmp eq reg (\d+) (0x[0-9a-f]+) \]")
# `dreg 0` is the verdict: a verdict map may end the rule before the family is asked for.
_EFFECT = re.compile(
    r"  \[ (?:(?:meta|ct) set|dynset|notrack|limit|connlimit|quota|(?:payload|exthdr) write"
    r"|lookup reg \d+ set \S+ dreg 0)\b.*"
)
_EFFECTS = (SetField, ChangeSet, NoTrack, Limit, VerdictMap)
_VALUES = {
    ("nfproto", 2): 4,
    ("nfproto", 10): 6,
    # Older libraries print the bytes of a number the other way round.
    **dict.fromkeys((("protocol", 0x0800), ("protocol", 0x0008)), 4),
    **dict.fromkeys((("protocol", 0x86DD), ("protocol", 0xDD86)), 6),
}
_SHOWS_FAMILY = re.compile(r"(?:meta (?:nfproto|protocol)|ip6?) |ct (?:original|reply) (?:l3proto|ip6?) ")


def families(text: str) -> Families:
    """Each rule's family from the kernel's words."""
    found: dict[Place, list[tuple[int, int, int]]] = {}
    rules: list[tuple[int, int, int]] = []
    effects = 0
    loaded: dict[str, str] = {}
    for line in text.splitlines():
        if head := _HEAD.fullmatch(line):
            rules = found.setdefault((head[1], head[2], head[3]), [])
            rules.append((int(head[4]), 0, 0))
            loaded, effects = {}, 0
        elif load := _LOAD.fullmatch(line):
            loaded = {load[2]: load[1]}
        else:
            compared = _COMPARE.fullmatch(line)
            family = _VALUES.get((loaded.get(compared[1], ""), int(compared[2], 16)), 0) if compared else 0
            if family and rules:
                rules[-1] = (rules[-1][0], family, effects)
            effects += bool(_EFFECT.fullmatch(line))
            loaded = {}
    return {place: tuple(each) for place, each in found.items()}


def any_hidden(ruleset: Ruleset) -> bool:
    """Whether some rule may ask for a family that is not shown."""
    return any(next(_hidden(table), None) for table in ruleset.tables)


def told(ruleset: Ruleset, known: Families | None) -> Ruleset:
    """The ruleset with the hidden families as conditions; where they are not known, the rule may match or not."""
    return replace(ruleset, tables=tuple(_told_table(table, known) for table in ruleset.tables))


def _hidden(table: Table) -> Iterator[tuple[Chain, Rule]]:
    if table.family not in (Family.INET, Family.BRIDGE, Family.NETDEV):
        return
    for chain in table.chains.values():
        for rule in chain.rules:
            if _resets(rule) and not any(_SHOWS_FAMILY.match(_words(each)) for each in rule.statements):
                yield chain, rule


def _resets(rule: Rule) -> bool:
    return any(isinstance(each, Verdict) and each.reject_with == "tcp-reset" for each in rule.statements)


def _words(statement: Any) -> str:
    return str(getattr(statement, "text", ""))


def _told_table(table: Table, known: Families | None) -> Table:
    chains = dict(table.chains)
    for chain, rule in _hidden(table):
        rules = list(chains[chain.name].rules)
        rules[rule.index - 1] = _told_rule(table, chain, rule, known)
        chains[chain.name] = replace(chains[chain.name], rules=tuple(rules))
    return replace(table, chains=chains)


def _told_rule(table: Table, chain: Chain, rule: Rule, known: Families | None) -> Rule:
    """The rule with its family as a condition, behind the effects that come before it."""
    rules = () if known is None else known.get((str(table.family), table.name, chain.name), ())
    # The ruleset may have changed between the two listings.
    if len(rules) != len(chain.rules) or (rule.handle is not None and rules[rule.index - 1][0] != rule.handle):
        return _with(rule, Opaque(HIDDEN), 0)
    _, family, effects = rules[rule.index - 1]
    if not family:
        return rule
    number, word = (2, "ipv4") if family == 4 else (10, "ipv6")
    return _with(rule, Condition(Field("meta nfproto"), "==", number, f"meta nfproto {word}"), effects)


def _with(rule: Rule, condition: Condition | Opaque, effects: int) -> Rule:
    places = [place for place, each in enumerate(rule.statements) if isinstance(each, _EFFECTS)]
    place = places[min(effects, len(places)) - 1] + 1 if effects and places else 0
    return replace(rule, statements=(*rule.statements[:place], condition, *rule.statements[place:]))
