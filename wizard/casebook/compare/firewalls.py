"""What changed in the firewalls, in the words of whoever keeps the rules (ufw, firewalld, ...) or the rule's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from wizard.firewalls import frontends
from wizard.model.capture import Unknown
from wizard.model.change import Area, Change, Kind
from wizard.model.facts import Facts, Fail2banJail, Firewalld, FirewalldZone, Ufw
from wizard.model.journey import RuleReference
from wizard.model.ruleset import Chain, NamedSet, Rule, Span, Table

_COUNTED = re.compile(r"counter packets \d+ bytes \d+|^\[\d+:\d+\] | -c \d+ \d+")
_MOST = 20
"""So many rules of one chain are worth reading; more were written by a program."""

_SHOWN = 6

Key = tuple[str, str, str]


def rules(one: Facts, two: Facts, port: int) -> Iterator[Change]:
    """The differences between the two machines' firewalls. `port` is what the case is about."""
    before, after = _unread(one), _unread(two)
    if before != after:
        yield Change(Area.FIREWALL, Kind.UNKNOWN, "the rules", before, after)
    if isinstance(one.rulesets, Unknown) or isinstance(two.rulesets, Unknown):
        return
    yield from _front_ends(one, two)
    old, new = _tables(one), _tables(two)
    for key in dict.fromkeys((*old, *new)):
        yield from _table(key, old.get(key), new.get(key), (one, two), port)


def _unread(facts: Facts) -> str:
    """What of the firewalls could not be read."""
    missing = [facts.rulesets] if isinstance(facts.rulesets, Unknown) else facts.unreadable_rulesets
    return "; ".join(f"{each.what or 'the rulesets'}: {each.reason}" for each in missing)


def _tables(facts: Facts) -> dict[Key, Table]:
    assert not isinstance(facts.rulesets, Unknown)
    return {(each.engine.value, each.family.value, each.name): each for side in facts.rulesets for each in side.tables}


def _table(key: Key, old: Table | None, new: Table | None, facts: tuple[Facts, Facts], port: int) -> Iterator[Change]:
    before, after = (dict(each.chains) if each else {} for each in (old, new))
    folded = {Kind.GONE: _Folded(), Kind.NEW: _Folded()}
    for name in dict.fromkeys((*before, *after)):
        one, two = before.get(name), after.get(name)
        if one is None or two is None:
            folded[Kind.GONE if two is None else Kind.NEW].chains.append(name)
    for name in dict.fromkeys((*before, *after)):
        yield from _chain(key, before.get(name), after.get(name), facts, port, folded)
    for kind, fold in folded.items():
        if fold.chains:
            yield _as_change(kind, f"{fold.words()} in {' '.join(key)}", fold.names(), False)
    old_sets, new_sets = (dict(each.sets) if each else {} for each in (old, new))
    for name in dict.fromkeys((*old_sets, *new_sets)):
        yield from _set(key, old_sets.get(name), new_sets.get(name))


class _Folded:
    """Whole chains that came or went, with the rules that only lead into them: told in one line."""

    def __init__(self) -> None:
        self.chains: list[str] = []
        self.rules = 0

    def takes(self, chain: str, rule: Rule) -> bool:
        """Whether the rule goes with these chains."""
        leads = re.search(r"(?:-j|-g|jump|goto) (\S+)", rule.text)
        fits = chain in self.chains or (leads is not None and leads[1] in self.chains)
        self.rules += fits
        return fits

    def words(self) -> str:
        return f"{_count(len(self.chains), 'chain')} with {_count(self.rules, 'further rule')}"

    def names(self) -> str:
        more = f" and {len(self.chains) - _SHOWN} more" if len(self.chains) > _SHOWN else ""
        return ", ".join(self.chains[:_SHOWN]) + more


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _chain(
    key: Key,
    old: Chain | None,
    new: Chain | None,
    facts: tuple[Facts, Facts],
    port: int,
    folded: Mapping[Kind, _Folded],
) -> Iterator[Change]:
    name = new.name if new else old.name if old else ""
    where = f"{' '.join(key)} {name}"
    yield from _policy(where, old, new)
    before, after = (_texts(each) for each in (old, new))
    gone, came = Counter(before) - Counter(after), Counter(after) - Counter(before)
    for kind, chain, differing, side in ((Kind.GONE, old, gone, facts[0]), (Kind.NEW, new, came, facts[1])):
        rules = _differing(chain, differing) if chain else []
        told = [(rule, _is_telling(rule, port)) for rule in rules]
        kept = [(rule, telling) for rule, telling in told if telling or not folded[kind].takes(name, rule)]
        for rule, telling in kept[:_MOST]:
            assert chain is not None
            yield _as_change(kind, f"rule in {where}", _words(key, chain, rule, side), telling)
        if len(kept) > _MOST:
            yield _as_change(kind, f"{len(kept) - _MOST} more rules in {where}", "", False)
    if not gone and not came and before != after:
        yield Change(
            Area.FIREWALL, Kind.CHANGED, f"order of the rules in {where}", " | ".join(before), " | ".join(after)
        )


def _differing(chain: Chain, differing: Counter[str]) -> list[Rule]:
    """The chain's rules that make up the difference, in its order."""
    left = Counter(differing)
    found = []
    for rule in chain.rules:
        text = _plain(rule)
        if left[text]:
            left[text] -= 1
            found.append(rule)
    return found


def _is_telling(rule: Rule, port: int) -> bool:
    return re.search(rf"(?<![\d.:]){port}(?![\d.:])", _plain(rule)) is not None


def _policy(where: str, old: Chain | None, new: Chain | None) -> Iterator[Change]:
    before, after = (each.base.policy if each and each.base else "" for each in (old, new))
    if before != after and "drop" in (before, after):
        kind = Kind.CHANGED if before and after else Kind.NEW if after else Kind.GONE
        yield Change(Area.FIREWALL, kind, f"policy of {where}", before, after, True)


def _texts(chain: Chain | None) -> list[str]:
    return [_plain(rule) for rule in chain.rules] if chain else []


def _plain(rule: Rule) -> str:
    """The rule without its counters, which change with every packet."""
    return _COUNTED.sub(lambda match: "counter" if match[0].startswith("counter") else "", rule.text)


def _as_change(kind: Kind, what: str, text: str, telling: bool) -> Change:
    before, after = (text, "") if kind is Kind.GONE else ("", text)
    return Change(Area.FIREWALL, kind, what, before, after, telling)


def _words(key: Key, chain: Chain, rule: Rule, facts: Facts) -> str:
    reference = RuleReference(*key, chain.name, "rule", rule.text, rule.handle, rule.index)
    named = frontends.named(reference, facts.ufw, facts.firewalld)
    text = _plain(rule)
    return f"{named.front_end_words}: {text}" if named.front_end_words and text not in named.front_end_words else text


# Sets


def _set(key: Key, old: NamedSet | None, new: NamedSet | None) -> Iterator[Change]:
    name = new.name if new else old.name if old else ""
    what = f"set {key[0]} {key[1]} {key[2]} {name}"
    if (old and not old.known) or (new and not new.known):
        if old != new:
            yield Change(Area.FIREWALL, Kind.UNKNOWN, what, "", "its content could not be read")
        return
    before, after = _elements(old), _elements(new)
    for kind, differing in ((Kind.GONE, before - after), (Kind.NEW, after - before)):
        texts = sorted(differing)
        if texts:
            more = f" and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
            yield _as_change(kind, f"elements of {what}", ", ".join(texts[:_MOST]) + more, False)


def _elements(content: NamedSet | None) -> set[str]:
    if content is None:
        return set()
    values = content.elements.values or ("",) * len(content.elements.keys)
    pairs = zip(content.elements.keys, values, strict=False)
    told = {_key(each, content.types) + (f" : {_value(value)}" if value != "" else "") for each, value in pairs}
    return told | {f"not {_key(each, content.types)}" for each in content.exceptions}


def _value(value: Any) -> str:
    return str(getattr(value, "kind", value))


def _key(value: Any, types: tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        parts = [*types, *[""] * len(value)]
        return " . ".join(_key(each, (kind,)) for each, kind in zip(value, parts, strict=False))
    kind = types[0] if types else ""
    if isinstance(value, Span):
        first, last = _key(value.low, types), _key(value.high, types)
        return first if first == last else f"{first}-{last}"
    if isinstance(value, int) and not isinstance(value, bool):
        if kind in ("ipv4_addr", "ip", "net") and 0 <= value < 1 << 32:
            return str(IPv4Address(value))
        if kind == "ipv6_addr":
            return str(IPv6Address(value))
    return str(value)


# Front ends


def _front_ends(one: Facts, two: Facts) -> Iterator[Change]:
    if isinstance(one.ufw, Ufw | None) and isinstance(two.ufw, Ufw | None) and _ufw(one.ufw) != _ufw(two.ufw):
        yield Change(Area.FIREWALL, Kind.CHANGED, "ufw", _ufw(one.ufw), _ufw(two.ufw), True)
    if isinstance(one.firewalld, Firewalld) and isinstance(two.firewalld, Firewalld):
        yield from _firewalld(one.firewalld, two.firewalld)
    if not isinstance(one.fail2ban, Unknown) and not isinstance(two.fail2ban, Unknown):
        yield from _bans(one.fail2ban, two.fail2ban)


def _ufw(ufw: Ufw | None) -> str:
    if ufw is None:
        return "not installed"
    return f"on, incoming: {ufw.default_incoming or 'not told'}" if ufw.enabled else "off"


def _firewalld(one: Firewalld, two: Firewalld) -> Iterator[Change]:
    for what, before, after in (
        ("firewalld", *("running" if each.running else "not running" for each in (one, two))),
        ("firewalld's default zone", one.default_zone, two.default_zone),
        ("firewalld's panic mode", *("on" if each.panic else "off" for each in (one, two))),
    ):
        if before != after:
            yield Change(Area.FIREWALL, Kind.CHANGED, what, before, after, True)
    zones = ({zone.name: zone for zone in each.zones} for each in (one, two))
    old, new = zones
    for name in old.keys() & new.keys():
        if (before := _zone(old[name])) != (after := _zone(new[name])):
            yield Change(Area.FIREWALL, Kind.CHANGED, f"firewalld zone {name}", before, after)


def _zone(zone: FirewalldZone) -> str:
    parts = {
        "target": (zone.target,), "interfaces": zone.interfaces, "sources": zone.sources,
        "services": zone.services, "ports": zone.ports, "rich rules": zone.rich_rules,
    }  # fmt: skip
    return "; ".join(f"{name} {' '.join(sorted(values))}" for name, values in parts.items() if values)


def _bans(one: tuple[Fail2banJail, ...], two: tuple[Fail2banJail, ...]) -> Iterator[Change]:
    old, new = ({(jail.name, str(each)) for jail in side for each in jail.banned} for side in (one, two))
    for jail, address in sorted(old ^ new):
        kind = Kind.GONE if (jail, address) in old else Kind.NEW
        yield _as_change(kind, f"fail2ban's jail {jail}", f"bans {address}", True)
