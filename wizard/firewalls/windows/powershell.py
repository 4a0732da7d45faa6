"""Reads `Get-NetFirewallRule` with its filters joined to it, as JSON, as CSV, or as PowerShell's list of properties.

    [{"Name": "app", "DisplayName": "app", "Enabled": "True", "Direction": "Inbound", "Action": "Allow", "Profile": "Private",
      "Protocol": "TCP", "LocalPort": "5000", "RemoteAddress": ["LocalSubnet"], "Program": "Any", "Service": "Any"}]

    "Name";"DisplayName";...;"Enabled";"Profile";...;"LocalAddress";"RemoteAddress";"Protocol";"LocalPort";...

    Name                          : FPS-RPCSS-In-TCP-NoScope
    Enabled                       : False

A rule's own object has neither ports nor addresses nor program: those are objects of other classes, joined by InstanceID.
Where they were not joined the rule is unsure. ConvertTo-Json of Windows PowerShell 5.1 writes enumerations as numbers.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from wizard.firewalls.windows import values
from wizard.firewalls.windows.values import NotUnderstood
from wizard.model.capture import Origin, Parsed
from wizard.model.windows import Addresses, Direction, Ports, ProfileName, RuleAction, Store, WindowsRule

T = TypeVar("T")
_ENABLED = {"true": True, "1": True, "false": False, "2": False}
_DIRECTIONS = {"inbound": Direction.IN, "1": Direction.IN, "outbound": Direction.OUT, "2": Direction.OUT}
_ACTIONS = {
    "allow": RuleAction.ALLOW,
    "2": RuleAction.ALLOW,
    "block": RuleAction.BLOCK,
    "4": RuleAction.BLOCK,
    "allowbypass": RuleAction.BYPASS,
    "3": RuleAction.BYPASS,
}
_PROFILE_BITS = {1: ProfileName.DOMAIN, 2: ProfileName.PRIVATE, 4: ProfileName.PUBLIC}
_STORES = {"grouppolicy": Store.POLICY, "2": Store.POLICY, "mdm": Store.MDM}
_INTERFACE_TYPES = {"wired": "Lan", "wireless": "Wireless", "remoteaccess": "RemoteAccess"}
_PROPERTY = re.compile(r"(?P<name>\w+)\s*: ?(?P<value>.*)")
_NOTHING = ("", "any", "*", "none", "{}", "null")


def parse(text: str, source: str = "Get-NetFirewallRule") -> Parsed[tuple[WindowsRule, ...]]:
    """Every rule; what is in none of the three forms is returned unread."""
    told, unread = objects(text, source)
    return Parsed(tuple(_Reader(each, origin).rule() for each, origin in told), unread)


def objects(text: str, source: str) -> tuple[list[tuple[dict[str, Any], Origin]], tuple[Origin, ...]]:
    """The objects that PowerShell printed in any of its forms, each with its origin."""
    bare = text.lstrip("\ufeff").strip()
    if not bare:
        return [], ()
    if bare[0] in "[{":
        return _from_json(bare, source)
    if bare.startswith('"') or bare.startswith("#TYPE"):
        return _from_csv(bare, source)
    return _from_list(text, source)


def _from_json(text: str, source: str) -> tuple[list[tuple[dict[str, Any], Origin]], tuple[Origin, ...]]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return [], (Origin(source, 1, text[:200]),)
    listed = told if isinstance(told, list) else [told]
    good = [(each, Origin(source, 0, _shown(each))) for each in listed if isinstance(each, dict)]
    return good, tuple(Origin(source, 0, str(each)[:200]) for each in listed if not isinstance(each, dict))


def _from_csv(text: str, source: str) -> tuple[list[tuple[dict[str, Any], Origin]], tuple[Origin, ...]]:
    lines = text.splitlines(keepends=True)
    first = 1 if lines[0].startswith("#TYPE") else 0
    mark = max(";,\t", key=lines[first].count) if len(lines) > first else ";"
    reader = csv.DictReader(lines[first:], delimiter=mark)
    found = []
    for row in reader:
        each = {name: value for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
        found.append((each, Origin(source, first + reader.line_num, _shown(each))))
    return found, ()


def _from_list(text: str, source: str) -> tuple[list[tuple[dict[str, Any], Origin]], tuple[Origin, ...]]:
    """Blank lines part the objects; an indented line goes on with the value above it."""
    found: list[tuple[dict[str, Any], Origin]] = []
    unread: list[Origin] = []
    now: dict[str, Any] = {}
    last = ""
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        match = _PROPERTY.fullmatch(line)
        if match:
            last = match["name"]
            now[last] = match["value"].strip()
        elif line[:1].isspace() and line.strip() and last:
            now[last] += " " + line.strip()
        elif not line.strip() and now:
            found.append((now, Origin(source, number - 1, _shown(now))))
            now, last = {}, ""
        elif line.strip():
            unread.append(Origin(source, number, line.strip()))
    return found, tuple(unread)


def _shown(told: Mapping[str, Any]) -> str:
    """The object on one line, as far as it says something."""
    pairs = (f"{name}={text}" for name, value in told.items() if (text := _text(value)).lower() not in _NOTHING)
    return " ".join(pairs)[:400]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    if isinstance(value, dict):
        # An enumeration that ConvertTo-Json wrote as an object: {"value": 2, "Value": "Allow"}.
        return _text(value.get("Value", value.get("value", "")))
    return "" if value is None else str(value).strip()


class _Reader:
    """One rule's object, and what in it was not understood."""

    def __init__(self, told: Mapping[str, Any], origin: Origin) -> None:
        self.told = {name.casefold(): _text(value) for name, value in told.items()}
        self.origin = origin
        self.unsure: list[str] = []

    def rule(self) -> WindowsRule:
        """The rule with its filters."""
        made = WindowsRule(
            identifier=self.told.get("name", "") or self.told.get("instanceid", ""),
            name=self.told.get("displayname", "") or self.told.get("name", ""),
            action=_ACTIONS.get(self.told.get("action", "").casefold(), RuleAction.UNKNOWN),
            direction=_DIRECTIONS.get(self.told.get("direction", "").casefold(), Direction.UNKNOWN),
            enabled=_ENABLED.get(self.told.get("enabled", "").casefold()),
            profiles=self.profiles(),
            protocol=self.filter("protocol", values.protocol, None),
            local_ports=self.ports("localport"),
            remote_ports=self.ports("remoteport"),
            icmp=tuple(each for each in self.told.get("icmptype", "").split(",") if each.casefold() not in _NOTHING),
            local_addresses=self.filter("localaddress", lambda text: values.addresses([text]), Addresses()),
            remote_addresses=self.filter("remoteaddress", lambda text: values.addresses([text]), Addresses()),
            interfaces=self.some("interfacealias"),
            interface_types=self.interface_types(),
            program=self.one("program"),
            service=self.one("service"),
            package=self.one("package", required=False),
            users=(*self.some("localuser", required=False), *self.some("remoteuser", required=False)),
            authenticated=self.authenticated(),
            edge=self.told.get("edgetraversalpolicy", ""),
            group=self.told.get("group", ""),
            store=_STORES.get(self.told.get("policystoresourcetype", "").casefold(), Store.LOCAL),
            origin=self.origin,
        )
        from msgspec.structs import replace

        self.unsure += [f"DynamicTarget {each}" for each in self.some("dynamictarget", required=False)]
        return replace(made, unsure=tuple(self.unsure)) if self.unsure else made

    def one(self, key: str, *, required: bool = True) -> str:
        """A filter's single value; empty for any. A filter that was not joined makes the rule unsure."""
        if required and key not in self.told:
            self.unsure.append(f"its {key} (the filter was not joined)")
        text = self.told.get(key, "")
        return "" if text.casefold() in _NOTHING and not (key == "service" and text == "*") else text

    def some(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """A filter's values."""
        text = self.one(key, required=required)
        return tuple(
            each.strip() for each in text.split(",") if each.strip() and each.strip().casefold() not in _NOTHING
        )

    def filter(self, key: str, read: Callable[[str], T], otherwise: T) -> T:
        """A filter's value, read."""
        text = self.one(key)
        try:
            return read(text) if text else otherwise
        except NotUnderstood as error:
            self.unsure.append(f"{key} {error}")
            return otherwise

    def ports(self, key: str) -> Ports:
        """The ports of TCP and UDP; the port filter's class fills the field with a word for other protocols too."""
        if self.told.get("protocol", "").casefold() not in ("tcp", "udp", "6", "17"):
            return Ports()
        return self.filter(key, lambda text: values.ports([text]), Ports())

    def profiles(self) -> tuple[ProfileName, ...]:
        """`Any`, `Domain, Private`, or the bits 1, 2, 4 as a number; the largest number stands for all."""
        text = self.told.get("profile", "")
        if text.isascii() and text.isdigit():
            bits = int(text)
            found = [name for bit, name in _PROFILE_BITS.items() if bits & bit]
            return () if bits in (0, 2147483647) or len(found) == len(ProfileName) else tuple(found)
        told = [each.strip().casefold() for each in text.split(",") if each.strip()]
        if not told or "any" in told or "all" in told:
            return ()
        self.unsure += [f"profile {each}" for each in told if each not in values.PROFILES]
        return (
            ()
            if len(set(told)) == len(ProfileName)
            else tuple(each for each in ProfileName if each.value.casefold() in told)
        )

    def interface_types(self) -> tuple[str, ...]:
        """In the registry's words."""
        told = self.some("interfacetype", required=False)
        self.unsure += [f"interface type {each}" for each in told if each.casefold() not in _INTERFACE_TYPES]
        return tuple(_INTERFACE_TYPES[each.casefold()] for each in told if each.casefold() in _INTERFACE_TYPES)

    def authenticated(self) -> str:
        """What IPsec it asks for."""
        asked = [self.told.get(key, "") for key in ("authentication", "encryption", "remotemachine")]
        return ", ".join(each for each in asked if each.casefold() not in (*_NOTHING, "notrequired", "0"))
