"""What has to be built so that this kernel treats a packet as the machine in question does: pure, from facts and captures.

The rulesets are taken from the captured text, not from our model of it: a copy made by our own reading would agree
with our own mistakes. Tables that iptables-nft keeps inside nftables go back through iptables-restore, one by one and in
the order of their making: at one hook and priority the newest is called first (nf_hook_entries_grow, net/netfilter/core.c).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import hidden
from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts, Interface, Route, RoutingRule
from wizard.twin.words import Blueprint, Link, Load

Captures = Mapping[str, Capture | Unknown]
MOST_LINKS = 200
_COPIED_SETTINGS = ("net.ipv4.conf.", "net.ipv6.conf.", "net.ipv4.ip_forward", "net.ipv4.fwmark_reflect",
                    "net.ipv6.fwmark_reflect", "net.ipv4.icmp_echo_ignore", "net.ipv6.icmp.")  # fmt: skip
_NOT_COPIED = ("accept_dad", "addr_gen_mode", "stable_secret", "disable_ipv6", "dad_transmits", "tempaddr")


def draw(facts: Facts, captures: Captures) -> Blueprint:
    """The plan of the copy."""
    left_out: list[str] = []
    links = _links(facts, left_out)
    names = {link.name for link in links} | {"lo"}
    return Blueprint(
        links,
        _settings(facts, names),
        (*_routing_rules(facts), *_routes(facts, names, left_out)),
        _loads(captures, left_out),
        _gateways(facts, names),
        tuple(left_out),
    )


def _known(value: Any) -> Any:
    return () if isinstance(value, Unknown) else value


def _links(facts: Facts, left_out: list[str]) -> tuple[Link, ...]:
    used = {route.device for route in _known(facts.routes)}
    wanted = [each for each in _known(facts.interfaces) if not each.loopback and (each.addresses or each.name in used)]
    if len(wanted) > MOST_LINKS:
        left_out.append(f"{len(wanted) - MOST_LINKS} of the interfaces")
    loopback = [_link(each) for each in _known(facts.interfaces) if each.loopback]
    return (*loopback[:1], *map(_link, wanted[:MOST_LINKS]))


def _link(interface: Interface) -> Link:
    mac = interface.mac if len(interface.mac) == 17 and not int(interface.mac[:2], 16) & 1 else ""
    addresses = tuple(str(each) for each in interface.addresses)
    return Link(interface.name, mac, max(1280, min(interface.mtu, 65535)), addresses, interface.up)


def _settings(facts: Facts, names: set[str]) -> tuple[tuple[str, str], ...]:
    """Only settings that every network namespace has for itself; forwarding first, for it resets others (ip-sysctl)."""
    known = facts.sysctls if isinstance(facts.sysctls, Mapping) else {}
    found = [(name, value) for name, value in known.items() if name.startswith(_COPIED_SETTINGS)]
    kept = [
        each
        for each in found
        if not any(word in each[0] for word in _NOT_COPIED) and _of(each[0]) in names | {"all", "default", ""}
    ]
    first = {"net.ipv4.ip_forward": 0, "net.ipv4.conf.all.forwarding": 0, "net.ipv6.conf.all.forwarding": 1}
    ordered = sorted(kept, key=lambda each: (first.get(each[0], 2), each[0]))
    # An answer that the kernel holds back for its rate would look like a drop.
    return (*ordered, ("net.ipv4.icmp_ratelimit", "0"), ("net.ipv6.icmp.ratelimit", "0"))


def _of(name: str) -> str:
    """The interface that a per-interface setting is for; empty for another setting."""
    if ".conf." not in name:
        return ""
    return name.split(".conf.", 1)[1].rpartition(".")[0]


def _routes(facts: Facts, names: set[str], left_out: list[str]) -> tuple[str, ...]:
    """Routes as lines of `ip -batch`; those that the kernel makes itself come with the addresses."""
    lines = []
    for route in _known(facts.routes):
        if route.table == "local" or route.kind in ("local", "broadcast", "multicast", "anycast"):
            continue
        if route.device and route.device not in names:
            left_out.append(f"the route to {route.destination}")
            continue
        lines.append(_route(route))
    return tuple(lines)


def _route(route: Route) -> str:
    words = [f"-{route.destination.version}", "route", "replace"]
    words += [] if route.kind == "unicast" else [route.kind]
    words.append(str(route.destination))
    words += ["via", str(route.gateway)] if route.gateway else []
    words += ["dev", route.device] if route.device and route.kind == "unicast" else []
    words += ["src", str(route.source)] if route.source and route.destination.version == 4 else []
    words += ["metric", str(route.metric)] if route.metric else []
    words += ["table", route.table] if route.table not in ("", "main") else []
    words += (
        ["scope", route.scope] if route.scope and route.scope != "global" and route.destination.version == 4 else []
    )
    words += ["onlink"] if route.gateway else []
    return " ".join(words)


_OWN_RULES = {(0, "local"), (32766, "main"), (32767, "default")}


def _routing_rules(facts: Facts) -> tuple[str, ...]:
    return tuple(_rule(each) for each in _known(facts.routing_rules) if (each.priority, each.table) not in _OWN_RULES)


def _rule(rule: RoutingRule) -> str:
    words = [f"-{rule.family}", "rule", "add", *(["not"] if rule.inverted else []), "priority", str(rule.priority)]
    words += ["from", str(rule.source)] if rule.source else []
    words += ["to", str(rule.destination)] if rule.destination else []
    words += ["iif", rule.incoming] if rule.incoming else []
    words += ["oif", rule.outgoing] if rule.outgoing else []
    words += ["fwmark", f"{rule.mark:#x}/{rule.mask:#x}"] if rule.mark is not None else []
    words += ["ipproto", rule.proto] if rule.proto else []
    words += ["sport", "-".join(map(str, rule.source_ports))] if rule.source_ports else []
    words += ["dport", "-".join(map(str, rule.destination_ports))] if rule.destination_ports else []
    if rule.action == "lookup":
        words += ["lookup", rule.table]
    elif rule.action == "goto" and rule.goto is not None:
        words += ["goto", str(rule.goto)]
    else:
        words.append(rule.action)
    if rule.suppress_prefixlength is not None:
        words += ["suppress_prefixlength", str(rule.suppress_prefixlength)]
    return " ".join(words)


def _gateways(facts: Facts, names: set[str]) -> tuple[tuple[str, str], ...]:
    """Whom the kernel would have to look for before an answer leaves."""
    pairs = [(each.device, str(each.gateway)) for each in _known(facts.routes) if each.gateway and each.device in names]
    return tuple(dict.fromkeys(pairs))


def _loads(captures: Captures, left_out: list[str]) -> tuple[Load, ...]:
    """The rulesets, in an order that keeps the order of tables."""
    loads = [_load_sets(captures)] if _text(captures, "ipset-save").strip() else []
    compat: dict[tuple[str, str], Load] = {}
    for family, program in (("ip", "iptables"), ("ip6", "ip6tables")):
        loads += _legacy(captures, program)
        text = _text(captures, f"{program}-save")
        if text and not iptables.is_legacy(text):
            foreign = set(iptables.incompatible(text))
            for table, part in _tables(text):
                if table not in foreign:
                    what = f"the {program} table {table}"
                    compat[family, table] = Load((f"{program}-nft-restore",), part, what)
    loads += _native(captures, compat, left_out)
    return (*loads, *compat.values())


def _text(captures: Captures, name: str) -> str:
    answer = captures.get(name)
    return answer.text if isinstance(answer, Capture) else ""


def _load_sets(captures: Captures) -> Load:
    return Load(("ipset", "-exist", "restore"), _text(captures, "ipset-save"), "the IP sets")


def _legacy(captures: Captures, program: str) -> list[Load]:
    own, plain = _text(captures, f"{program}-legacy-save"), _text(captures, f"{program}-save")
    text = own if own.strip() else plain if iptables.is_legacy(plain) else ""
    return [
        Load((f"{program}-legacy-restore",), part, f"the legacy {program} table {table}")
        for table, part in _tables(text)
    ]


def _tables(text: str) -> list[tuple[str, str]]:
    """A listing of iptables-save cut into its tables, each one whole."""
    found: list[tuple[str, str]] = []
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("*"):
            lines = [line]
        elif lines:
            lines.append(line)
            if line == "COMMIT":
                found.append((lines[0][1:].strip(), "\n".join(lines) + "\n"))
                lines = []
    return found


def _native(captures: Captures, compat: dict[tuple[str, str], Load], left_out: list[str]) -> list[Load]:
    """nft's own tables, and between them the compatible ones, as they were made. Takes what it uses out of `compat`."""
    listing, printed = _text(captures, "nft-json"), _text(captures, "nft-text")
    if not listing.strip():
        return [Load(("nft", "-f", "-"), printed, "the nftables ruleset")] if printed.strip() else []
    blocks, families = _blocks(printed), hidden.families(_text(captures, "nft-netlink"))
    entries = json.loads(listing).get("nftables", [])
    tables = sorted((each["table"] for each in entries if "table" in each), key=lambda each: each.get("handle", 0))
    loads = []
    for table in tables:
        key = (table["family"], table["name"])
        what = f"the nftables table {key[0]} {key[1]}"
        own = [each for each in entries if _belongs(each, *key)]
        if key in compat:
            loads.append(compat.pop(key))
        elif not any(_on_a_device(each) for each in own):
            loads.append(Load(("nft", "-j", "-f", "-"), _added(_with_families(own, families)), what))
        elif key in blocks:
            loads.append(Load(("nft", "-f", "-"), blocks[key], what))
        else:
            left_out.append(what)
    return loads


def _blocks(text: str) -> dict[tuple[str, str], str]:
    """nft's text cut into its tables, each by family and name."""
    found: dict[tuple[str, str], str] = {}
    key: tuple[str, str] = ("", "")
    lines: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if line.startswith("table ") and len(words) >= 3:
            key, lines = (words[1], words[2].strip('"')), []
        lines.append(line)
        if line == "}" and key[0]:
            found[key] = "\n".join(lines) + "\n"
    return found


def _with_families(own: list[dict[str, Any]], known: hidden.Families) -> list[dict[str, Any]]:
    """The rules with the family that nft's listing hides in front of a reset; asking twice for it does no harm."""
    return [{"rule": _with_family(each["rule"], known)} if "rule" in each else each for each in own]


_EFFECTS = {"mangle", "set", "notrack", "limit", "ct count", "quota", "vmap"}
"""What wizard.firewalls.nftables.hidden counts as effects, in the words of nft's JSON."""


def _with_family(rule: dict[str, Any], known: hidden.Families) -> dict[str, Any]:
    if {"reject": {"type": "tcp reset"}} not in rule.get("expr", []):
        return rule
    families = {told[0]: told[1:] for told in known.get((rule["family"], rule["table"], rule["chain"]), ())}
    family, effects = families.get(rule.get("handle", 0), (0, 0))
    if not family:
        return rule
    asks = {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": f"ipv{family}"}}
    behind = [place for place, each in enumerate(rule["expr"], start=1) if _EFFECTS & each.keys()]
    place = behind[effects - 1] if 0 < effects <= len(behind) else 0
    return {**rule, "expr": [*rule["expr"][:place], asks, *rule["expr"][place:]]}


def _on_a_device(entry: dict[str, Any]) -> bool:
    """A chain of one device, which nft 1.0.6 leaves out of its JSON."""
    return entry.get("chain", {}).get("hook") in ("ingress", "egress")


_ORDER = {"table": 0, "set": 2, "map": 2, "element": 3, "rule": 4}
_NOT_TAKEN_BACK = ("handle", "expires", "index")


def _added(own: list[dict[str, Any]]) -> str:
    """Everything of one table, as nft takes it back: chains before the maps that lead to them, sets before the rules."""
    ordered = sorted(own, key=lambda each: _ORDER.get(next(iter(each)), 1))
    return json.dumps({"nftables": [{"add": _without_marks(each)} for each in ordered]})


def _without_marks(value: Any) -> Any:
    """The object without what the kernel gave it: in front of a rule, a handle would mean a place to put it."""
    if isinstance(value, list):
        return [_without_marks(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_marks(each) for name, each in value.items() if name not in _NOT_TAKEN_BACK}
    return value


def _belongs(entry: dict[str, Any], family: str, name: str) -> bool:
    kind, told = next(iter(entry.items()))
    if kind == "metainfo" or not isinstance(told, dict) or told.get("family") != family:
        return False
    return bool((told.get("name") if kind == "table" else told.get("table")) == name)
