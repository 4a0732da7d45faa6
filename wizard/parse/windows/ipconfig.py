"""Reads `ipconfig /all` (and `ipconfig`) in any language.

    Ethernet adapter vEthernet (WSL):

       Description . . . . . . . . . . . : Hyper-V Virtual Ethernet Adapter
       Physical Address. . . . . . . . . : 00-15-5D-FD-0D-45
       Link-local IPv6 Address . . . . . : fe80::8bd5:17a8:5e7d:9a50%52(Preferred)
       IPv4 Address. . . . . . . . . . . : 172.26.240.1(Preferred)
       Subnet Mask . . . . . . . . . . . : 255.255.240.0
       Default Gateway . . . . . . . . . :

An interface begins with an unindented line that ends in a colon. Its own IPv4 address is the one over a mask; its IPv6
addresses stand at labels with `IPv6` in them, a word that no language translates. An interface without any address has no
link. How long an IPv6 prefix is, is not printed: 64 is taken.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_interface

from msgspec import Struct

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address, Interface, InterfaceAddress

_HEADING = re.compile(r"(?P<heading>\S.*\S)\s*[::]\s*")
_SETTING = re.compile(r"\s+(?P<label>\S.*?)[\s.]*(?:[::]\s+(?P<value>.*\S)?\s*|[::]\s*)")
_ADAPTER = re.compile(
    r"(?P<kind>.*?(?:[Aa]dapter|[Aa]daptador(?: de)? \S+|Carte \S+|Scheda \S+|адаптер|アダプター|适配器|介面卡)) +"
    r"(?P<name>.+)"
)
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}")
_MASK = re.compile(r"(?:255|254|252|248|240|224|192|128|0)(?:\.(?:255|254|252|248|240|224|192|128|0)){3}")
_LITERAL = re.compile(r"[0-9A-Fa-f:.]+(?:%\w+)?")
_KINDS = (("wireless", "wireless"), ("wi-fi", "wireless"), ("wlan", "wireless"), ("drahtlos", "wireless"),
          ("ppp", "ras"), ("ethernet", "lan"))  # fmt: skip


class _Section(Struct):
    """One interface while it is being read: its settings in order, as (label, value, line number)."""

    heading: str
    line: int
    settings: list[tuple[str, str, int]]


def parse(text: str, source: str = "ipconfig /all") -> Parsed[tuple[Interface, ...]]:
    """The interfaces that have a heading; the machine's own block at the top is none."""
    sections = [each for each in _sections(text) if _is_interface(each)]
    return Parsed(tuple(_interface(each, source) for each in sections))


def gateways(text: str) -> tuple[Address, ...]:
    """The addresses that stand behind a mask first of all: the default gateways."""
    found: list[Address] = []
    for section in _sections(text):
        at = next((n for n, (_, value, _) in enumerate(section.settings) if _MASK.fullmatch(value)), None)
        for label, value, _ in section.settings[at + 1 :] if at is not None else ():
            address = _literal(value)
            if address is not None and label:
                found.append(address)
            if label and (address is not None or not value):
                break
    return tuple(dict.fromkeys(found))


def _sections(text: str) -> list[_Section]:
    found: list[_Section] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1].strip() and (heading := _HEADING.fullmatch(line)):
            found.append(_Section(heading["heading"], number, []))
        elif found and (setting := _SETTING.fullmatch(line)):
            found[-1].settings.append((setting["label"], (setting["value"] or "").strip(), number))
        elif found and line.strip() and line[:1].isspace():
            found[-1].settings.append(("", line.strip(), number))
    return found


def _is_interface(section: _Section) -> bool:
    return bool(section.settings)


def _interface(section: _Section, source: str) -> Interface:
    named = _ADAPTER.fullmatch(section.heading)
    name = named["name"] if named else section.heading
    addresses = _addresses(section)
    words = (named["kind"] if named else section.heading).casefold()
    kind = next((kind for word, kind in _KINDS if word in words), "")
    mac = next((value for _, value, _ in section.settings if _MAC.fullmatch(value)), "")
    shown = f"{section.heading}: {' '.join(map(str, addresses))}".strip()
    return Interface(
        name,
        _index(section),
        addresses,
        carrier=bool(addresses),
        mac=mac.replace("-", ":").lower(),
        kind=kind,
        origin=Origin(source, section.line, shown),
    )


def _index(section: _Section) -> int:
    """The number behind the percent sign of the link-local address."""
    zones = (re.search(r"^fe80:[0-9A-Fa-f:]*%(\d+)", value) for _, value, _ in section.settings)
    return next((int(zone[1]) for zone in zones if zone), 0)


def _addresses(section: _Section) -> tuple[InterfaceAddress, ...]:
    found: list[InterfaceAddress] = []
    previous: Address | None = None
    for label, value, _ in section.settings:
        address = _literal(value)
        if _MASK.fullmatch(value) and previous is not None and previous.version == 4:
            found.append(ip_interface(f"{previous}/{value}"))
            previous = None
        elif address is not None and address.version == 6 and "ipv6" in label.casefold().replace("dhcpv6", ""):
            found.append(ip_interface(f"{address}/64"))
        else:
            previous = address
    return tuple(found)


def _literal(value: str) -> Address | None:
    """The address at the beginning of a value, without its zone and `(Preferred)`."""
    match = _LITERAL.match(value)
    try:
        return ip_address(match[0].partition("%")[0]) if match else None
    except ValueError:
        return None
