"""Reads firewalld's own view: `firewall-cmd --list-all-zones`, `--get-default-zone`, `--query-panic`.

    public (default, active)
      target: default
      icmp-block-inversion: no
      interfaces: eth0
      sources:
      services: dhcpv6-client ssh
      ports: 8000/tcp 9000-9010/udp
      forward-ports:
        port=80:proto=tcp:toport=8080:toaddr=
      rich rules:
        rule family="ipv4" source address="10.0.0.0/8" port port="8000" protocol="tcp" accept

A zone's head stands at the margin, its settings behind two blanks, the items of a long setting a line each behind a tab.
`--query-panic` answers yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Firewalld, FirewalldZone

_HEAD = re.compile(r"(?P<name>\S+)(?: \((?P<attributes>[^)]*)\))?\s*")


def parse(
    zones: str, default_zone: str = "", panic: str = "", source: str = "firewall-cmd --list-all-zones"
) -> Parsed[Firewalld | None]:
    """firewalld as it runs, or None where it does not (all texts empty)."""
    if not zones.strip():
        return Parsed(None)
    unread: list[Origin] = []
    read: list[FirewalldZone] = []
    default = default_zone.strip()
    for number, block in _blocks(zones):
        head = _HEAD.fullmatch(block[0])
        if head is None:
            unread.append(Origin(source, number, block[0]))
            continue
        if "default" in (head["attributes"] or "").split(", "):
            default = default or head["name"]
        read.append(_zone(head["name"], block, Origin(source, number, block[0])))
    origin = Origin(source, 1, f"default zone {default}" if default else "firewalld runs")
    return Parsed(Firewalld(True, default, tuple(read), panic.strip() == "yes", origin=origin), tuple(unread))


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each zone's lines, with the number of the first."""
    block: list[str] = []
    start = 1
    for number, line in enumerate(text.splitlines(), start=1):
        if line and not line[0].isspace():
            if block:
                yield start, block
            start, block = number, [line]
        elif line.strip() and block:
            block.append(line)
    if block:
        yield start, block


def _zone(name: str, block: list[str], origin: Origin) -> FirewalldZone:
    settings: dict[str, list[str]] = {}
    key = ""
    for line in block[1:]:
        if line.startswith("\t") and key:
            settings[key].append(line.strip())
            continue
        key, _, value = line.strip().partition(":")
        settings[key] = [value.strip()] if value.strip() else []
    return FirewalldZone(
        name=name,
        target=_first(settings, "target") or "default",
        interfaces=_words(settings, "interfaces"),
        sources=_words(settings, "sources"),
        services=_words(settings, "services"),
        ports=_words(settings, "ports"),
        rich_rules=tuple(settings.get("rich rules", ())),
        origin=origin,
    )


def _first(settings: dict[str, list[str]], key: str) -> str:
    return next(iter(settings.get(key, ())), "")


def _words(settings: dict[str, list[str]], key: str) -> tuple[str, ...]:
    return tuple(" ".join(settings.get(key, ())).split())
