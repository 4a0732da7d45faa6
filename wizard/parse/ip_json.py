"""Reads `ip -j -d addr`, `ip -j -d route show table all`, `ip -j rule` and `ip -j neigh` (iproute2).

    [{"ifindex":2,"ifname":"eth0","flags":["BROADCAST","UP","LOWER_UP"],"mtu":1500,"operstate":"UP","link_type":"ether",
      "address":"52:54:00:12:34:56","linkinfo":{"info_kind":"veth"},
      "addr_info":[{"family":"inet","local":"192.168.1.100","prefixlen":24,"scope":"global"}]}]
    [{"type":"unicast","dst":"default","gateway":"192.168.1.1","dev":"eth0","table":"main","metric":100,"flags":[]}]
    [{"priority":0,"src":"all","table":"local"},{"priority":10,"src":"10.0.0.0","srclen":8,"fwmark":"0x1","table":"7"}]
    [{"dst":"192.168.1.1","dev":"eth0","lladdr":"02:fc:00:00:00:05","router":null,"state":["STALE"]}]

`default` is 0.0.0.0/0 or ::/0. A route's key `type` is there with -d, or where it is not unicast. A missing table is main.
A flag of a neighbour or a rule is a key whose value is null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, TypeVar

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address, Interface, InterfaceAddress, Neighbour, Network, Route, RoutingRule

T = TypeVar("T")
_ESCAPE = re.compile(r'\\(["\\/bfnrtu])|\\')


def parse_addresses(text: str, source: str = "ip -j -d addr") -> Parsed[tuple[Interface, ...]]:
    """The interfaces with their addresses."""
    return _each(text, source, _interface)


def parse_routes(text: str, family: int, source: str) -> Parsed[tuple[Route, ...]]:
    """The routes of every table; `family` is 4 or 6, which `default` does not tell."""
    parsed = _each(text, source, lambda told, origin: _routes(told, family, origin))
    return Parsed(tuple(route for routes in parsed.value for route in routes), parsed.unread)


def parse_rules(text: str, family: int, source: str) -> Parsed[tuple[RoutingRule, ...]]:
    """The rules of the routing policy database."""
    return _each(text, source, lambda told, origin: _rule(told, family, origin))


def parse_neighbours(text: str, source: str = "ip -j neigh") -> Parsed[tuple[Neighbour, ...]]:
    """The neighbour table."""
    return _each(text, source, _neighbour)


def _each(text: str, source: str, read: Callable[[dict[str, Any], Origin], T]) -> Parsed[tuple[T, ...]]:
    """Every object of the JSON list read on its own, so that one strange entry costs only itself."""
    if not text.strip():
        # ip prints nothing at all, not even [], where a family or a table is not there.
        return Parsed(())
    try:
        entries = _loads(text)
    except (ValueError, RecursionError):
        return Parsed((), (Origin(source, 1, text[:200]),))
    values: list[T] = []
    unread: list[Origin] = []
    for entry in entries if isinstance(entries, list) else [entries]:
        if entry == {}:
            continue
        origin = Origin(source, 0, json.dumps(entry))
        try:
            values.append(read(entry, origin))
        except (AttributeError, KeyError, TypeError, ValueError):
            unread.append(origin)
    return Parsed(tuple(values), tuple(unread))


def _loads(text: str) -> Any:
    """JSON as ip writes it: a quote in an interface's name comes as `\\'`, which is no JSON, a control character raw."""
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return json.loads(_ESCAPE.sub(lambda match: match[0] if match[1] else r"\\", text), strict=False)


def _interface(told: dict[str, Any], origin: Origin) -> Interface:
    flags = told["flags"]
    addresses = tuple(_interface_address(each) for each in told.get("addr_info", ()) if "local" in each)
    shown = f"{told['ifname']}: {','.join(flags)} {' '.join(map(str, addresses))}".strip()
    return Interface(
        name=told["ifname"],
        index=told["ifindex"],
        addresses=addresses,
        up="UP" in flags,
        # Without UP the kernel does not say whether the cable is in.
        carrier="LOWER_UP" in flags if "UP" in flags else None,
        loopback="LOOPBACK" in flags,
        mac=str(told.get("address", "")) if told.get("link_type") in ("ether", "loopback") else "",
        mtu=told.get("mtu", 1500),
        kind=told.get("linkinfo", {}).get("info_kind", ""),
        master=told.get("master", ""),
        point_to_point="POINTOPOINT" in flags,
        origin=Origin(origin.source, 0, shown),
    )


def _interface_address(told: dict[str, Any]) -> InterfaceAddress:
    return ip_interface(f"{told['local']}/{told['prefixlen']}")


def _network(text: str, family: int) -> Network:
    if text in ("default", "all", "any"):
        return ip_network("0.0.0.0/0" if family == 4 else "::/0")
    return ip_network(text, strict=False)


def _optional(text: str | None) -> Address | None:
    return None if text is None else ip_address(text)


def _routes(told: dict[str, Any], family: int, origin: Origin) -> tuple[Route, ...]:
    """One route per next hop: a multipath route answers as several."""
    hops = told.get("nexthops") or [{}]
    return tuple(
        _route({**told, **hop, "flags": [*told.get("flags", ()), *hop.get("flags", ())]}, family, origin)
        for hop in hops
    )


def _route(told: dict[str, Any], family: int, origin: Origin) -> Route:
    if "tos" in told:
        raise ValueError("a route for one type of service is not modelled")
    via = told.get("via", {}).get("host")
    return Route(
        destination=_network(told["dst"], family),
        kind=told.get("type", "unicast"),
        device=told.get("dev", ""),
        gateway=_optional(told.get("gateway", via)),
        source=_optional(told.get("prefsrc")),
        metric=int(told.get("metric", 0)),
        table=str(told.get("table", "main")),
        scope=str(told.get("scope", "")),
        flags=tuple(map(str, told["flags"])),
        origin=Origin(origin.source, 0, route_words(told)),
    )


def route_words(told: dict[str, Any]) -> str:
    """The route as `ip route` prints it without -j, as far as a reader needs it."""
    words = [] if told.get("type", "unicast") == "unicast" else [str(told["type"])]
    words.append(str(told["dst"]))
    for key, shown in (
        ("gateway", "via"),
        ("dev", "dev"),
        ("table", "table"),
        ("prefsrc", "src"),
        ("metric", "metric"),
    ):
        if key in told and not (key == "table" and told[key] == "main"):
            words += [shown, str(told[key])]
    return " ".join([*words, *map(str, told.get("flags", ()))])


_RULE_KEYS = frozenset(
    [
        *(
            "priority",
            "src",
            "srclen",
            "dst",
            "dstlen",
            "iif",
            "oif",
            "fwmark",
            "fwmask",
            "table",
            "action",
            "not",
            "goto",
        ),
        *("ipproto", "sport", "sport_start", "sport_end", "dport", "dport_start", "dport_end", "suppress_prefixlen"),
        *("nop", "protocol", "iif_detached", "oif_detached", "unresolved"),
    ]
)


def _rule(told: dict[str, Any], family: int, origin: Origin) -> RoutingRule:
    goto = told.get("goto")
    action = "nop" if "nop" in told else str(told.get("action", "goto" if goto is not None else "lookup"))
    return RoutingRule(
        priority=int(told.get("priority", 0)),
        family=family,
        table=str(told.get("table", "")),
        action="lookup" if action == "to_tbl" else action,
        source=_selector(told, "src", "srclen", family),
        destination=_selector(told, "dst", "dstlen", family),
        incoming=str(told.get("iif", "")),
        outgoing=str(told.get("oif", "")),
        mark=_number(told.get("fwmark")),
        mask=_number(told.get("fwmask")) if "fwmask" in told else 0xFFFFFFFF,  # type: ignore[arg-type]
        proto=str(told.get("ipproto", "")),
        source_ports=_ports(told, "sport"),
        destination_ports=_ports(told, "dport"),
        inverted="not" in told,
        goto=int(goto) if goto is not None else None,
        suppress_prefixlength=told.get("suppress_prefixlen"),
        unread=tuple(sorted(told.keys() - _RULE_KEYS)),
        origin=origin,
    )


def _selector(told: dict[str, Any], key: str, length: str, family: int) -> Network | None:
    if told.get(key, "all") == "all":
        return None
    return _network(f"{told[key]}/{told[length]}" if length in told else told[key], family)


def _number(value: str | int | None) -> int | None:
    return value if value is None or isinstance(value, int) else int(value, 0)


def _ports(told: dict[str, Any], key: str) -> tuple[int, int] | None:
    if key in told:
        return int(told[key]), int(told[key])
    if f"{key}_start" in told:
        return int(told[f"{key}_start"]), int(told[f"{key}_end"])
    return None


def _neighbour(told: dict[str, Any], origin: Origin) -> Neighbour:
    return Neighbour(
        address=ip_address(told["dst"]),
        device=told.get("dev", ""),
        mac=told.get("lladdr", ""),
        state=" ".join(told.get("state", ())),
        router="router" in told,
        origin=origin,
    )
