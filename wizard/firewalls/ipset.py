"""Reads `ipset save`: the sets that iptables' `-m set` asks.

    create blocked hash:net family inet hashsize 1024 maxelem 65536 comment
    add blocked 10.0.0.0/8 comment "the \\"lab\\""
    add blocked 10.1.0.0/16 nomatch
    create pairs hash:ip,port family inet
    add pairs 192.168.1.1,tcp:80
    create all list:set size 8
    add all blocked

A key is a tuple of parts, one for each part of the type; a port is (protocol, port), in a bitmap:port only the number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.firewalls import values
from wizard.firewalls.iptables.words import split
from wizard.model.capture import Origin, Parsed
from wizard.model.ruleset import Elements, NamedSet, Span, Wildcard

SOURCE = "ipset save"


@dataclass
class _Building:
    kind: str
    family: int
    netmask: int | None = None
    keys: list[Any] = field(default_factory=list)
    exceptions: list[Any] = field(default_factory=list)
    known: bool = True
    origin: Origin = Origin("")


def read(text: str, source: str = SOURCE) -> Parsed[Mapping[str, NamedSet]]:
    """The sets by name. A line that is not understood is unread, and the set it belongs to is then not known."""
    sets: dict[str, _Building] = {}
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            _take(line, sets, Origin(source, number, line))
        except (ValueError, KeyError, IndexError):
            unread.append(Origin(source, number, line))
            words = line.split()
            if len(words) > 1 and words[1] in sets:
                sets[words[1]].known = False
    return Parsed({name: _set(name, building) for name, building in sets.items()}, tuple(unread))


def _take(line: str, sets: dict[str, _Building], origin: Origin) -> None:
    words = split(line) if '"' in line else line.split()
    operation, name = words[0], words[1]
    if operation == "create":
        options = _options(words[3:])
        family = 6 if options.get("family") == "inet6" else 4
        netmask = int(options["netmask"]) if "netmask" in options else None
        known = "bitmask" not in options
        sets[name] = _Building(words[2], family, netmask, known=known, origin=origin)
    elif operation == "add":
        _add(sets[name], words)
    else:
        raise ValueError(operation)


def _options(words: list[str]) -> dict[str, str]:
    return dict(zip(words, [*words[1:], ""], strict=True))


def _add(building: _Building, words: list[str]) -> None:
    key = _key(building, words[2])
    if "wildcard" in words[3:]:
        key = tuple(Wildcard(part) if isinstance(part, str) else part for part in key)
    (building.exceptions if "nomatch" in words[3:] else building.keys).append(key)


def _key(building: _Building, text: str) -> tuple[Any, ...]:
    method, _, parts = building.kind.partition(":")
    if method == "list":
        return (text,)
    kinds = parts.split(",")
    words = text.split(",")
    if len(words) != len(kinds):
        raise ValueError("an entry of another length")
    found = tuple(_part(kind, word, building) for kind, word in zip(kinds, words, strict=True))
    return found


def _part(kind: str, text: str, building: _Building) -> Any:
    if kind in ("ip", "net"):
        return _addresses(text, building.netmask)
    if kind == "port":
        return _port(text) if building.kind != "bitmap:port" else _port(text)[1]
    if kind == "mac":
        return values.mac(text)
    if kind == "mark":
        return values.number(text)
    if kind == "iface":
        return text
    raise ValueError(kind)


def _addresses(text: str, netmask: int | None) -> Span:
    low, dash, high = text.partition("-")
    if dash:
        return Span(values.address(low), values.address(high))
    if netmask is not None and "/" not in text:
        text = f"{text}/{netmask}"
    return values.network(text)


def _port(text: str) -> tuple[int, Span | int]:
    """`tcp:80`, `udp:1000-2000`; without a protocol ipset takes TCP (a bitmap:port has none at all)."""
    protocol, colon, ports = text.rpartition(":")
    low, dash, high = ports.partition("-")
    span = Span(values.port(low), values.port(high or low)) if dash else values.port(low)
    return (values.protocol(protocol) if colon else 6), span


def _set(name: str, building: _Building) -> NamedSet:
    types = tuple(building.kind.partition(":")[2].split(","))
    return NamedSet(
        name,
        types,
        Elements(tuple(building.keys)),
        kind=building.kind,
        family=building.family,
        exceptions=tuple(building.exceptions),
        known=building.known,
        origin=building.origin,
    )
