"""Reads `nft -j list ruleset` into the model.

    {"nftables": [{"metainfo": {...}}, {"table": {"family": "inet", "name": "filter", "handle": 1}},
      {"chain": {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "prio": 0, ...}},
      {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 4, "expr": [...]}}]}

Tables that iptables-nft manages show `{"xt": ...}` where nft has no words; `read` leaves out those that the caller has
read through iptables-save. Text listings come here in the same shape (`wizard.firewalls.nftables.text`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from msgspec import MsgspecError
from msgspec.json import decode
from msgspec.structs import replace

from wizard.firewalls import values
from wizard.firewalls.nftables import types
from wizard.firewalls.nftables.expressions import data
from wizard.firewalls.nftables.statements import statement
from wizard.model.capture import Origin
from wizard.model.ruleset import BaseChain, Chain, Engine, Family, Hook, NamedSet, Rule, Ruleset, Table

SOURCE = "nft -j list ruleset"
Key = tuple[str, str]


@dataclass
class _Building:
    """One table while its objects come in."""

    order: int = 0
    dormant: bool | None = False
    chains: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    sets: dict[str, NamedSet] = field(default_factory=dict)


def read(text: str, elsewhere: Collection[Key] = (), source: str = SOURCE) -> Ruleset:
    """The ruleset in `text`; tables in `elsewhere` (family, name) are left out. Text that is no JSON is one unread line."""
    try:
        items = _items(text)
    except (MsgspecError, ValueError, KeyError, TypeError, RecursionError) as error:
        return Ruleset(Engine.NFTABLES, (), (Origin(source, 0, f"not nft's JSON: {error}"),), source)
    return assemble(items, elsewhere, source)


@lru_cache(maxsize=1)
def _items(text: str) -> list[Any]:
    """What is listed; three questions are asked of one listing, which may be large."""
    items = decode(text)["nftables"]
    if not isinstance(items, list):
        raise TypeError("nftables is no list")
    return items


def assemble(items: list[Any], elsewhere: Collection[Key] = (), source: str = SOURCE) -> Ruleset:
    """The ruleset from the objects of nft's JSON."""
    tables: dict[Key, _Building] = {}
    unread: list[Origin] = []
    skipped = set(elsewhere)
    for item in items:
        try:
            _take(item, tables, skipped, source)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
            unread.append(Origin(source, 0, json.dumps(item, default=str)[:2000]))
    found = tuple(_table(key, building) for key, building in tables.items())
    return Ruleset(Engine.NFTABLES, found, tuple(unread), source)


def opaque_tables(text: str) -> tuple[Key, ...]:
    """The tables in which nft shows something as opaque `xt`: iptables-nft manages them."""
    if '"xt"' not in text:
        return ()
    try:
        rules = [item["rule"] for item in _items(text) if isinstance(item, dict) and "rule" in item]
        found = [(r["family"], r["table"]) for r in rules if any("xt" in e for e in r["expr"] if isinstance(e, dict))]
    except (MsgspecError, ValueError, KeyError, TypeError, RecursionError):
        return ()
    return tuple(dict.fromkeys(found))


def table_orders(text: str) -> dict[Key, int]:
    """The kernel's counter of each table from JSON; from a text listing, which follows it, their places there."""
    if not text.lstrip().startswith("{"):
        named = re.findall(r"^table (\w+) (\S+) \{", text, re.MULTILINE)
        return {key: place for place, key in enumerate(named, start=1)}
    try:
        tables = [item["table"] for item in _items(text) if isinstance(item, dict) and "table" in item]
        return {(str(t["family"]), str(t["name"])): int(t.get("handle", 0)) for t in tables}
    except (MsgspecError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def late_chains(text: str) -> frozenset[tuple[str, str, str]]:
    """The base chains (family, table, name) that came into their table after some rule of it did, from JSON."""
    try:
        items = _items(text)
        rules = [item["rule"] for item in items if isinstance(item, dict) and "rule" in item]
        chains = [item["chain"] for item in items if isinstance(item, dict) and "chain" in item]
        oldest: dict[Key, int] = {}
        for each in rules:
            key = (str(each["family"]), str(each["table"]))
            oldest[key] = min(oldest.get(key, 1 << 62), int(each.get("handle", 1 << 62)))
        keyed = [((str(c["family"]), str(c["table"])), c) for c in chains if "hook" in c]
        return frozenset(
            (*key, str(c["name"])) for key, c in keyed if int(c.get("handle", 0)) > oldest.get(key, 1 << 62)
        )
    except (MsgspecError, ValueError, KeyError, TypeError, RecursionError):
        return frozenset()


def rule(expressions: list[Any], family: str, index: int = 1, handle: int | None = None, comment: str = "") -> Rule:
    """One rule from the list under `expr`."""
    statements = tuple(statement(raw, family) for raw in expressions)
    words = [each.text for each in statements]
    text = " ".join([*words, f'comment "{comment}"'] if comment else words)
    return Rule(statements, text, index, handle, comment, Origin(SOURCE, 0, text))


def rule_from_text(text: str, table: Table | str = "inet") -> Rule:
    """One rule in nft's own words (`tcp dport 22 accept`), as it would stand in the table."""
    from wizard.firewalls.nftables import text as text_reader

    return text_reader.rule(text, table)


def _take(item: Mapping[str, Any], tables: dict[Key, _Building], skipped: set[Key], source: str) -> None:
    kind, raw = next(iter(item.items()))
    if kind in ("add", "create", "insert"):
        # A file of commands (`nft -j -f`) rather than a listing.
        kind, raw = next(iter(raw.items()))
    if kind in ("metainfo", "flush", "delete"):
        return
    if kind == "table":
        key = (str(raw["family"]), str(raw["name"]))
        # A file may open the same table again.
        if key not in skipped and key not in tables:
            tables[key] = _Building(int(raw.get("handle", 0)), _dormant(raw.get("flags")))
        return
    key = (str(raw["family"]), str(raw["table"]))
    if key in skipped:
        return
    table = tables.setdefault(key, _Building())
    if kind == "chain":
        table.chains[str(raw["name"])] = raw
        table.rules.setdefault(str(raw["name"]), [])
    elif kind == "rule":
        rules = table.rules.setdefault(str(raw["chain"]), [])
        found = rule(raw["expr"], key[0], len(rules) + 1, raw.get("handle"), str(raw.get("comment", "")))
        rules.append(
            replace(found, text=raw["text"], origin=Origin(source, 0, raw["text"])) if "text" in raw else found
        )
    elif kind in ("set", "map", "meter"):
        table.sets[str(raw["name"])] = _set(raw, kind, source)


def _dormant(flags: Any) -> bool | None:
    """Whether the table sleeps. nft 1.0.6 prints a single flag as an arbitrary string (it frees the flag's name first), so
    a word that is no flag leaves it open."""
    names = [flags] if isinstance(flags, str) else list(flags or ())
    if "dormant" in names:
        return True
    return None if set(names) - {"owner", "persist"} else False


def _set(raw: Mapping[str, Any], kind: str, source: str) -> NamedSet:
    name = str(raw["name"])
    is_map = kind == "map"
    key_types = _types(raw["type"])
    flags = raw.get("flags") or []
    names = (flags,) if isinstance(flags, str) else tuple(str(flag) for flag in flags)
    try:
        single = key_types[0] if len(key_types) == 1 else key_types
        content = types.elements(single, raw.get("elem") or [], data if is_map else None)
    except (ValueError, TypeError, KeyError, IndexError):
        return NamedSet(name, key_types, flags=names, is_map=is_map, known=False, origin=Origin(source, 0, name))
    return NamedSet(name, key_types, content, names, is_map, limited=_limited(raw), origin=Origin(source, 0, name))


def _types(raw: Any) -> tuple[str, ...]:
    """A set's key types: a name, a list of names, or `typeof` expressions (nft 1.1 prints those as objects)."""
    if isinstance(raw, str):
        return (raw,)
    if isinstance(raw, dict):
        from wizard.firewalls.nftables.expressions import expression

        inner = raw.get("typeof", raw)
        kind = expression(inner)[1]
        return (kind,) if isinstance(kind, str) else kind
    return tuple(part for item in raw for part in _types(item))


def _limited(raw: Mapping[str, Any]) -> str:
    for inner in raw.get("stmt") or ():
        if isinstance(inner, dict) and isinstance(inner.get("limit"), dict):
            return "over" if inner["limit"].get("inv") else "within"
    return ""


def _table(key: Key, building: _Building) -> Table:
    chains: dict[str, Chain] = {}
    oldest = min((rule.handle for rules in building.rules.values() for rule in rules if rule.handle), default=0)
    for name, rules in building.rules.items():
        raw = building.chains.get(name, {})
        chains[name] = Chain(name, tuple(rules), _base(raw, oldest), raw.get("handle"))
    return Table(Engine.NFTABLES, Family(key[0]), key[1], chains, building.sets, building.order, building.dormant)


def _base(raw: Mapping[str, Any], oldest_rule: int = 0) -> BaseChain | None:
    """Chains and rules of a table are numbered as they come: a chain behind a rule is younger than its table."""
    if "hook" not in raw:
        return None
    handle = raw.get("handle")
    devices = raw.get("dev", raw.get("devices", ()))
    names = (devices,) if isinstance(devices, str) else tuple(str(device) for device in devices)
    priority = raw.get("prio", 0)
    return BaseChain(
        Hook(raw["hook"]),
        priority if isinstance(priority, int) else values.PRIORITIES.get(str(priority), 0),
        str(raw.get("type", "filter")),
        str(raw.get("policy", "accept")),
        names,
        late=bool(oldest_rule and isinstance(handle, int) and handle > oldest_rule),
    )
