"""iptables' commands: a rule put in front of another, and taken away by the same words.

    iptables -I INPUT 4 -s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -m comment --comment wizard -j ACCEPT
    iptables -D INPUT -s 192.168.1.0/24 -p tcp -m tcp --dport 5000 -m comment --comment wizard -j ACCEPT

`-D` with a rule's words deletes the first rule that is the same (iptables(8)). Ours stands in front of the rule that
decided; the same words further ahead would have let the packet through, so the first is ours.
"""

from __future__ import annotations

import re

from wizard.firewalls.change import Change, Opening, replaced
from wizard.firewalls.iptables import read
from wizard.firewalls.iptables.words import split
from wizard.firewalls.nftables.write import knows_connections
from wizard.firewalls.place import Place
from wizard.model.remedy import Run
from wizard.model.ruleset import Chain, Engine, Family, Ruleset, Table

COMMENT = "wizard"

_SAVE = re.compile(r"ip6?tables(?P<variant>-nft|-legacy)?-save")


def let_through(rulesets: tuple[Ruleset, ...], place: Place, opening: Opening, *, target: str = "ACCEPT") -> Change:
    """An accept (or a return) for the opening, at the place."""
    return insert(rulesets, place, (*conditions(opening, place.base), *_comment(), "-j", target))


def insert(rulesets: tuple[Ruleset, ...], place: Place, words: tuple[str, ...]) -> Change:
    """A rule at the place; the undo is the same words after `-D`."""
    call = (program(place.ruleset, place.table.family), *_table(place.table))
    at = ("-A", place.chain.name) if place.position is None else ("-I", place.chain.name, str(place.position))
    rule = read.rule(("-A", place.chain.name, *words), place.table.family)
    after = place.ruleset.with_rule(place.table.family, place.table.name, place.chain.name, place.position, rule)
    return Change(
        steps=(Run((*call, *at, *words), root=True),),
        undo=(Run((*call, "-D", place.chain.name, *words), root=True),),
        rulesets=replaced(rulesets, place.ruleset, after),
        persists="until reboot",
        verify=(Run((*call, "-S", place.chain.name), root=True),),
        through="iptables",
    )


def delete(rulesets: tuple[Ruleset, ...], place: Place) -> Change | None:
    """Take the rule at the place away, by its number; the undo writes it again, word for word, where it stood."""
    rule = place.next_rule
    if rule is None or not (words := words_of(rule.text)):
        return None
    call = (program(place.ruleset, place.table.family), *_table(place.table))
    after = place.ruleset.without_rule(place.table.family, place.table.name, place.chain.name, rule.index)
    same = [other.index for other in place.chain.rules if other.text == rule.text]
    gone = words if same[:1] == [rule.index] else (str(rule.index),)
    return Change(
        steps=(Run((*call, "-D", place.chain.name, *gone), root=True),),
        undo=(Run((*call, "-I", place.chain.name, str(rule.index), *words), root=True),),
        rulesets=replaced(rulesets, place.ruleset, after),
        persists="until reboot",
        verify=(Run((*call, "-S", place.chain.name), root=True),),
        through="iptables",
    )


def conditions(opening: Opening, base: Chain) -> tuple[str, ...]:
    """The opening in iptables' words, in the order in which iptables-save prints them."""
    peers, here = ("-d", "-s") if opening.reply else ("-s", "-d")
    sides = {peers: "" if opening.anyone else str(opening.peers)}
    sides[here] = f"{opening.here}/{opening.here.max_prefixlen}" if opening.here else ""
    words: tuple[str, ...] = tuple(word for key in ("-s", "-d") if sides[key] for word in (key, sides[key]))
    if opening.interface:
        words += ("-o" if opening.reply else "-i", opening.interface)
    words += ("-p", str(opening.proto), "-m", str(opening.proto))
    words += ("--sport" if opening.reply else "--dport", str(opening.port))
    if opening.reply and knows_connections(base):
        words += ("-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED")
    return words


def program(ruleset: Ruleset, family: Family) -> str:
    """The program that speaks to this engine: the sibling of the one that listed the rules (`iptables-legacy-save`:
    `iptables-legacy`); without a listing's name, by engine."""
    listed = _SAVE.search(ruleset.source)
    variant = listed["variant"] or "" if listed else ""
    if not listed and ruleset.engine == Engine.IPTABLES_LEGACY:
        variant = "-legacy"
    return ("ip6tables" if family == Family.IP6 else "iptables") + variant


def words_of(text: str) -> tuple[str, ...]:
    """A listed rule (`-A INPUT -s 10.0.0.1/32 -j DROP`) as the arguments behind the chain's name; empty if it is none."""
    words = tuple(split(text))
    while words and words[0].startswith("["):
        words = words[1:]
    return words[2:] if words[:1] == ("-A",) else ()


def _comment() -> tuple[str, ...]:
    return ("-m", "comment", "--comment", COMMENT)


def _table(table: Table) -> tuple[str, ...]:
    return () if table.name == "filter" else ("-t", table.name)
