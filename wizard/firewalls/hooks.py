"""Reads `nft list hooks`: in which order the kernel calls what hangs on one hook.

    family ip {
            hook input {
                    -0000000150 iptable_mangle_hook [iptable_mangle]
                     0000000000 chain inet filter input [nf_tables]
                     0000000000 ipt_do_table [ip_tables]
                    +0000000100 nf_nat_ipv4_local_in [nf_nat]
            }
    }

At one priority the newest is called first. nft tells the age of its own tables; only this listing tells where
iptables-legacy's stand among them. The kernel sends the hooks in the order of its calls, but nft puts equals behind the
first of them, the last first (basehook_list_add_tail in its src/mnl.c, until it is mended): with three or more at one
priority both readings stay possible.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from wizard.model.capture import Origin, Parsed
from wizard.model.ruleset import BaseChain, Chain, Engine, Family, Ruleset, Table

Spot = tuple[int, str, int]
"""Family (4 or 6), hook, priority."""
Name = tuple[str, ...]
"""`("inet", "filter", "input")` for a chain of nft, `("legacy",)` for a table of iptables-legacy."""
Calls = Mapping[Spot, tuple[Name, ...]]

LEGACY: Name = ("legacy",)
_FAMILIES = {"ip": 4, "ip6": 6}
_HEAD = re.compile(r"(?:family (?P<family>\w+)|hook (?P<hook>\w+)(?: device \S+)?) \{")
_CALL = re.compile(r"(?P<priority>[-+]?\d+)(?: (?P<what>.*?))?(?: \[(?P<module>[^]]*)\])?")
_LEGACY_WORDS = re.compile(r"ip6?t_do_table|ip6?table_\w+")


def read(text: str, source: str = "nft list hooks") -> Parsed[Calls]:
    """Who is called at each priority of each hook of IPv4 and IPv6, in the order listed."""
    found: dict[Spot, list[Name]] = {}
    unread: list[Origin] = []
    family, hook = "", ""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if words in ("", "}"):
            continue
        if head := _HEAD.fullmatch(words):
            family, hook = head["family"] or family, head["hook"] or ""
        elif (call := _CALL.fullmatch(words)) and family and hook:
            if family in _FAMILIES:
                spot = (_FAMILIES[family], hook, int(call["priority"]))
                found.setdefault(spot, []).append(_name(call["what"] or "", call["module"] or ""))
        elif not words.startswith("#"):
            unread.append(Origin(source, number, line[:200]))
    return Parsed({spot: tuple(names) for spot, names in found.items()}, tuple(unread))


def _name(what: str, module: str) -> Name:
    words = what.split()
    if len(words) == 4 and words[0] == "chain":
        return tuple(words[1:])
    return LEGACY if _LEGACY_WORDS.fullmatch(what) else ("other", what, module)


def told(ruleset: Ruleset, calls: Calls) -> Ruleset:
    """The ruleset with each base chain's places among those of its priority (`BaseChain.called`)."""
    return replace(ruleset, tables=tuple(_told_table(table, calls) for table in ruleset.tables))


def _told_table(table: Table, calls: Calls) -> Table:
    chains = {name: _told_chain(table, chain, calls) for name, chain in table.chains.items()}
    return replace(table, chains=chains)


def _told_chain(table: Table, chain: Chain, calls: Calls) -> Chain:
    base = chain.base
    if base is None or base.type == "nat":
        # The chains of nat hang on one function of the kernel, which is all that is listed.
        return chain
    families = {Family.IP: (4,), Family.IP6: (6,)}.get(table.family, (4, 6))
    name = LEGACY if table.engine is Engine.IPTABLES_LEGACY else (str(table.family), table.name, chain.name)
    called = tuple(place for family in families for place in _places(family, base, name, calls))
    return replace(chain, base=replace(base, called=called)) if called else chain


def _places(family: int, base: BaseChain, name: Name, calls: Calls) -> tuple[tuple[int, int, int], ...]:
    """The place as listed, and as it is if nft has turned those behind the first around."""
    names = calls.get((family, str(base.hook), base.priority), ())
    if names.count(name) != 1:
        return ()
    place = names.index(name)
    return ((family, place, len(names) - place if place else 0),)
