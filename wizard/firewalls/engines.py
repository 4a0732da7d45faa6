"""Puts together what the packet filters of a Linux machine answered: each engine once, and what could not be read.

Three engines filter side by side: nftables' own tables, the tables that iptables-nft keeps inside nftables, and
iptables-legacy's. `nft -j` shows the second kind too, but partly opaque (`xt`), so those are taken from iptables-save.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

from msgspec.structs import replace

from wizard.firewalls import hooks, ipset
from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import hidden
from wizard.firewalls.nftables import read as nftables
from wizard.model.capture import Capture, Unknown
from wizard.model.ruleset import Chain, Engine, Family, Hook, NamedSet, Ruleset, Table

Captures = Mapping[str, Capture | Unknown]
_FAMILIES = {"iptables": Family.IP, "ip6tables": Family.IP6}


def read(captures: Captures) -> tuple[tuple[Ruleset, ...], tuple[Unknown, ...]]:
    """The rulesets, one per engine that has tables or unread lines, and an `Unknown` for each that could not be read.

    Probes: nft-json (or nft-text), nft-hooks, nft-netlink, iptables-save, ip6tables-save, iptables-legacy-save,
    ip6tables-legacy-save, ipset-save, ip-tables-names, ip6-tables-names. A probe that is missing was not asked: it counts
    as not read, unless another answer shows that there is nothing to read.
    """
    # A large ruleset is many small objects and no rubbish: the collector would walk over them again and again.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read(captures)
    finally:
        if collecting:
            gc.enable()


def _read(captures: Captures) -> tuple[tuple[Ruleset, ...], tuple[Unknown, ...]]:
    sets = _ipsets(captures)
    unknowns: list[Unknown] = []
    legacy: list[Ruleset] = []
    compat: list[Ruleset] = []
    for program, family in _FAMILIES.items():
        _legacy(captures, program, family, sets, legacy, unknowns)
        _compat(captures, program, family, sets, compat, legacy)
    native, text, missing = _native(captures, compat)
    unknowns.extend(missing)
    unknowns.extend(_opaque_left(captures, text, compat))
    found = [_merged(Engine.IPTABLES_LEGACY, legacy), _merged(Engine.IPTABLES_NFT, _ordered(compat, text)), native]
    there = [ruleset for ruleset in found if ruleset is not None and (ruleset.tables or ruleset.unread)]
    return _in_order(captures, there), tuple(unknowns)


def _in_order(captures: Captures, found: list[Ruleset]) -> tuple[Ruleset, ...]:
    """The rulesets with the order of the kernel's calls, where it tells."""
    answer = captures.get("nft-hooks")
    if not isinstance(answer, Capture) or not answer.text.strip():
        return tuple(found)
    calls = hooks.read(answer.text).value
    return tuple(hooks.told(ruleset, calls) for ruleset in found)


def _ipsets(captures: Captures) -> Mapping[str, NamedSet]:
    answer = captures.get("ipset-save")
    return ipset.read(answer.text).value if isinstance(answer, Capture) else {}


def _legacy(
    captures: Captures,
    program: str,
    family: Family,
    sets: Mapping[str, NamedSet],
    legacy: list[Ruleset],
    unknowns: list[Unknown],
) -> None:
    """iptables-legacy's tables of one family: from its own listing, or from a plain one that turns out to be legacy."""
    names = captures.get("ip-tables-names" if family is Family.IP else "ip6-tables-names")
    own, plain = captures.get(f"{program}-legacy-save"), captures.get(f"{program}-save")
    chosen = own if isinstance(own, Capture) and own.text.strip() else plain
    if isinstance(chosen, Capture) and (chosen is own or iptables.is_legacy(chosen.text)):
        legacy.append(
            iptables.read(chosen.text, family, Engine.IPTABLES_LEGACY, chosen.source or f"{program}-save", sets)
        )
        return
    if isinstance(names, Capture) and not names.text.strip():
        return
    if isinstance(names, Capture):
        reason = own.reason if isinstance(own, Unknown) else "it was not asked"
        unknowns.append(Unknown(reason, f"sudo {program}-legacy-save", f"the legacy {program} rules"))
    elif isinstance(own, Unknown) and not _absent(own):
        unknowns.append(Unknown(own.reason, own.remedy or f"sudo {program}-legacy-save", f"the legacy {program} rules"))


def _absent(answer: Unknown) -> bool:
    """Whether the program is not installed (other reasons leave rules possible that it would have shown)."""
    return "not installed" in answer.reason


def _compat(
    captures: Captures,
    program: str,
    family: Family,
    sets: Mapping[str, NamedSet],
    compat: list[Ruleset],
    legacy: list[Ruleset],
) -> None:
    """iptables-nft's tables of one family."""
    answer = captures.get(f"{program}-save")
    if not isinstance(answer, Capture) or iptables.is_legacy(answer.text):
        return
    found = iptables.read(answer.text, family, Engine.IPTABLES_NFT, answer.source or f"{program}-save", sets)
    foreign = set(iptables.incompatible(answer.text))
    compat.append(replace(found, tables=tuple(table for table in found.tables if table.name not in foreign)))


def _native(captures: Captures, compat: list[Ruleset]) -> tuple[Ruleset | None, str, list[Unknown]]:
    """nftables' own tables (those read through iptables-save left out), the JSON, and what is missing."""
    elsewhere = [(str(table.family), table.name) for ruleset in compat for table in ruleset.tables]
    answer = captures.get("nft-json")
    if isinstance(answer, Capture):
        if not answer.text.strip():
            return None, "", []
        found = _with_families(captures, nftables.read(answer.text, elsewhere, answer.source or nftables.SOURCE))
        return _with_devices(captures, found, answer.text)
    listing = captures.get("nft-text")
    if isinstance(listing, Capture):
        from wizard.firewalls.nftables import text

        found = text.read(listing.text, elsewhere, listing.source or "nft list ruleset")
        return _with_families(captures, found), listing.text, []
    reason = answer.reason if answer is not None else "it was not asked"
    remedy = (answer.remedy if answer is not None else "") or "sudo nft list ruleset"
    return None, "", [Unknown(reason, remedy, "the nftables ruleset")]


def _with_families(captures: Captures, found: Ruleset) -> Ruleset:
    """The families that nft's listing hides, from the kernel's own words."""
    if not hidden.any_hidden(found):
        return found
    answer = captures.get("nft-netlink")
    return hidden.told(found, hidden.families(answer.text) if isinstance(answer, Capture) else None)


def _with_devices(captures: Captures, found: Ruleset, json: str) -> tuple[Ruleset, str, list[Unknown]]:
    """The devices of ingress and egress chains, which nft 1.0.6 leaves out of its JSON, from its text."""
    if not any(_lacks_devices(chain) for table in found.tables for chain in table.chains.values()):
        return found, json, []
    listing = captures.get("nft-text")
    if not isinstance(listing, Capture):
        reason = "nft's JSON does not name the devices of its ingress chains"
        return found, json, [Unknown(reason, "sudo nft list ruleset", "the devices of nftables' ingress chains")]
    from wizard.firewalls.nftables import text

    told = {(table.family, table.name): table for table in text.read(listing.text, (), listing.source).tables}
    tables = tuple(_told_devices(table, told.get((table.family, table.name))) for table in found.tables)
    return replace(found, tables=tables), json, []


def _lacks_devices(chain: Chain) -> bool:
    return chain.base is not None and chain.base.hook in (Hook.INGRESS, Hook.EGRESS) and not chain.base.devices


def _told_devices(table: Table, told: Table | None) -> Table:
    if told is None:
        return table
    chains = dict(table.chains)
    for name, chain in table.chains.items():
        same = told.chains.get(name)
        if _lacks_devices(chain) and chain.base and same and same.base:
            chains[name] = replace(chain, base=replace(chain.base, devices=same.base.devices))
    return replace(table, chains=chains)


def _opaque_left(captures: Captures, text: str, compat: list[Ruleset]) -> list[Unknown]:
    """Tables of iptables-nft that nft shows as opaque, and no iptables-save has explained."""
    read_here = {(str(table.family), table.name) for ruleset in compat for table in ruleset.tables}
    left = [key for key in nftables.opaque_tables(text) if key not in read_here]
    programs = sorted({"ip6tables" if family == "ip6" else "iptables" for family, _ in left})
    found = []
    for program in programs:
        answer = captures.get(f"{program}-save")
        reason = answer.reason if isinstance(answer, Unknown) else f"{program}-save does not show them"
        found.append(Unknown(reason, f"sudo {program}-save", f"the {program} rules that nft shows as opaque"))
    return found


def _ordered(compat: list[Ruleset], text: str) -> list[Ruleset]:
    """The tables with the order in which the kernel got them, where nft's listing tells."""
    orders, late = nftables.table_orders(text), nftables.late_chains(text)
    return [
        replace(ruleset, tables=tuple(_with_order(table, orders, late) for table in ruleset.tables))
        for ruleset in compat
    ]


def _with_order(table: Table, orders: Mapping[tuple[str, str], int], late: frozenset[tuple[str, str, str]]) -> Table:
    chains = dict(table.chains)
    for name, chain in table.chains.items():
        if chain.base and (str(table.family), table.name, name) in late:
            chains[name] = replace(chain, base=replace(chain.base, late=True))
    return replace(table, chains=chains, order=orders.get((str(table.family), table.name), 0))


def _merged(engine: Engine, parts: list[Ruleset]) -> Ruleset | None:
    """Both families of one engine as one ruleset."""
    if not parts:
        return None
    tables = tuple(table for part in parts for table in part.tables)
    unread = tuple(origin for part in parts for origin in part.unread)
    return Ruleset(engine, tables, unread, ", ".join(dict.fromkeys(part.source for part in parts)))
