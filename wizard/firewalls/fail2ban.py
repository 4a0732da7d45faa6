"""fail2ban: bans addresses, each jail in a chain (`f2b-sshd`) or a set of its own.

    fail2ban-client set sshd unbanip 192.168.1.20
    fail2ban-client set sshd banip 192.168.1.20

Its server remembers the bans, so a ban is lifted by asking it; a rule deleted behind its back comes back when it restarts.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from wizard.firewalls.change import Change, replaced
from wizard.firewalls.iptables.write import program, words_of
from wizard.firewalls.place import Place
from wizard.model.facts import Address, Fail2banJail
from wizard.model.remedy import Instruction, Run
from wizard.model.ruleset import (
    Condition,
    Elements,
    Engine,
    NamedSet,
    Rule,
    Ruleset,
    SetMatch,
    SetReference,
    Span,
    Table,
)

PREFIX = "f2b-"


def unban(
    rulesets: tuple[Ruleset, ...], place: Place, address: Address, jails: tuple[Fail2banJail, ...], jail: str = ""
) -> Change | None:
    """Lift the ban of one address in the words of fail2ban's client; None where its server bans no such address."""
    name = jail_of(place, address, jails, jail) if is_theirs(place) or _in_firewalld(place) else ""
    after = _without(place, address)
    if not name or after is None:
        return None
    say = ("fail2ban-client", "set", name)
    return Change(
        steps=(Run((*say, "unbanip", str(address)), root=True),),
        undo=(Run((*say, "banip", str(address)), root=True), *_back_in_place(place)),
        rulesets=replaced(rulesets, place.ruleset, after),
        persists="yes",
        warnings=("fail2ban bans the address again when its log shows what it was banned for.",),
        verify=(Run(("fail2ban-client", "status", name), root=True),),
        through="fail2ban",
    )


def jail_of(place: Place, address: Address, jails: tuple[Fail2banJail, ...], jail: str = "") -> str:
    """The jail that bans the address: the one whose chain or set decided, else the named one, else the first."""
    banning = [each.name for each in jails if address in each.banned]
    deciding = [name for name in banning if place.chain.name == PREFIX + name or _speaks_of(place, name)]
    return (deciding or [name for name in banning if name == jail] or banning or [""])[0]


def _speaks_of(place: Place, jail: str) -> bool:
    rule = place.next_rule
    return rule is not None and any(
        word.endswith(PREFIX + jail) or f"-set-{jail}" in word for word in rule.text.split()
    )


def _back_in_place(place: Place) -> tuple[Instruction, ...]:
    """fail2ban puts a new ban on top of its chain. Where the old one stood further down, the undo moves it there."""
    rule = place.next_rule
    if rule is None or rule.index == 1 or place.ruleset.engine == Engine.NFTABLES or names_set(rule):
        return ()
    call = (program(place.ruleset, place.table.family),)
    words = words_of(rule.text)
    return (
        Run((*call, "-D", place.chain.name, *words), root=True),
        Run((*call, "-I", place.chain.name, str(rule.index), *words), root=True),
    )


def _without(place: Place, address: Address) -> Ruleset | None:
    """The rules once the ban is lifted: its rule gone, or its address out of the set that the rule asks."""
    rule = place.next_rule
    if rule is None:
        return None
    family, table = place.table.family, place.table
    names = names_set(rule)
    if not names and not bans_only(rule, address):
        return None
    if not names:
        return place.ruleset.without_rule(family, table.name, place.chain.name, rule.index)
    after = place.ruleset
    for name in names:
        held = table.sets.get(name)
        fewer = without_address(held, address) if held else None
        if fewer is None:
            return None
        after = (
            _with_set_everywhere(after, table, fewer)
            if held and held.kind
            else after.with_set(family, table.name, fewer)
        )
    return after


def _with_set_everywhere(ruleset: Ruleset, table: Table, content: NamedSet) -> Ruleset:
    """An ipset belongs to no table: every table of the ruleset that knows it sees the change."""
    for each in ruleset.tables:
        if content.name in each.sets:
            ruleset = ruleset.with_set(each.family, each.name, content)
    return ruleset


def names_set(rule: Rule) -> list[str]:
    """The sets that a rule asks."""
    found = [s.right.name for s in rule.statements if isinstance(s, Condition) and isinstance(s.right, SetReference)]
    return found + [s.name for s in rule.statements if isinstance(s, SetMatch)]


def without_address(held: NamedSet, address: Address) -> NamedSet | None:
    """The set without the address; None where it holds the address only as part of a network."""
    number = int(address)
    same = (number, Span(number, number), (number,), (Span(number, number),))
    kept = tuple(key for key in held.elements.keys if key not in same)
    if len(kept) == len(held.elements.keys) or held.elements.values:
        return None
    return replace(held, elements=Elements(kept))


def bans_only(rule: Rule, address: Address) -> bool:
    """Is this one address, and no network around it, what the rule is about?"""
    single = rf"(-s |saddr ){re.escape(str(address))}(/{address.max_prefixlen})?( |$)"
    return re.search(single, rule.text) is not None


def _in_firewalld(place: Place) -> bool:
    """fail2ban's firewallcmd actions write rich rules, which bear no mark of their maker."""
    return place.table.name == "firewalld" or place.chain.name.startswith("IN_")


def is_theirs(place: Place) -> bool:
    """Is the rule at the place one that fail2ban made?"""
    rule = place.next_rule
    words = rule.text.split() if rule else []
    return any(PREFIX in word for word in (place.chain.name, place.table.name, *words))
