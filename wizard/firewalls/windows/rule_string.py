"""Reads one rule as the registry keeps it.

    v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort=5000|RA4=LocalSubnet|RA6=LocalSubnet|Name=app|
    v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|Profile=Public|App=C:\\py\\python.exe|Name=python.exe|Defer=User|
    V2.0|Action=Block|Dir=In|LPort=1-553,555-8553|Protocol=tcp|App=%SystemRoot%\\System32\\svchost.exe|Svc=WMPNetworkSvc|

Keys may stand several times: values of one key are alternatives, different keys must all hold ([MS-GPFAS] 2.2.2.19). A key
that is not known may be a condition, so the rule is unsure; one that only describes is left aside.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from wizard.firewalls.windows import values
from wizard.firewalls.windows.values import NotUnderstood
from wizard.model.capture import Origin
from wizard.model.windows import Addresses, Direction, Ports, ProfileName, RuleAction, Store, WindowsRule

T = TypeVar("T")
_NOWHERE = Origin("")
_HEAD = re.compile(r"[vV]\d+\.\d+\|")
_ACTIONS = {"allow": RuleAction.ALLOW, "block": RuleAction.BLOCK, "bypass": RuleAction.BYPASS}
_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT}

_DESCRIBING_KEYS = "name desc embedctxt edge defer lsm lom luown pcross skipver"
_DESCRIBES = frozenset(_DESCRIBING_KEYS.split())
"""Keys that say nothing about which packets a rule is for (LUOwn: whose rule it is; the package beside it decides)."""

_READ_KEYS = """
    action active dir protocol profile lport lport2_10 lport2_20 lport2_24 lport2_29 rport rport2_10 rport2_20 rport2_24
    la4 la6 ra4 ra6 ra42 ra62 if iftype app svc icmp4 icmp6 apppkgid pfn security security2 security2_9 rmauth ruauth luauth
    platform platform2 authbypassout
"""
_READ = frozenset(_READ_KEYS.split())


def is_rule(text: str) -> bool:
    """Whether this is a firewall rule, rather than a connection security rule or any other value."""
    return _HEAD.match(text) is not None and "|action=secureserver|" not in text.lower()


def parse(identifier: str, text: str, store: Store = Store.LOCAL, origin: Origin = _NOWHERE) -> WindowsRule:
    """The rule; whatever in it is not understood makes it unsure, so this never fails on text that `is_rule` accepts."""
    return _Reader(text).rule(identifier, store, origin)


class _Reader:
    """One rule's fields by their keys in lower case, and what was not understood on the way."""

    def __init__(self, text: str) -> None:
        self.fields: dict[str, list[str]] = defaultdict(list)
        self.unsure: list[str] = []
        for part in text.split("|")[1:]:
            key, equals, value = part.partition("=")
            if equals:
                self.fields[key.strip().lower()].append(value)
            elif part.strip():
                self.unsure.append(part.strip())
        for key, told in self.fields.items():
            if key not in _READ and key not in _DESCRIBES:
                self.unsure += [f"{key}={value}" for value in told]

    def rule(self, identifier: str, store: Store, origin: Origin) -> WindowsRule:
        """All fields, read."""
        made = WindowsRule(
            identifier=identifier,
            name=self.first("name") or identifier,
            action=self.word("action", _ACTIONS, RuleAction.UNKNOWN),
            direction=self.word("dir", _DIRECTIONS, Direction.UNKNOWN),
            enabled=self.flag("active"),
            profiles=self.profiles(),
            protocol=self.protocol(),
            local_ports=self.ports("lport"),
            remote_ports=self.ports("rport"),
            icmp=(*self.fields["icmp4"], *self.fields["icmp6"]),
            local_addresses=self.addresses("la4", "la6"),
            remote_addresses=self.addresses("ra4", "ra6", "ra42", "ra62"),
            interfaces=tuple(self.fields["if"]),
            interface_types=tuple(self.fields["iftype"]),
            program=self.first("app"),
            service=self.first("svc").lstrip("="),
            package=self.first("apppkgid") or self.first("pfn"),
            users=(*self.fields["luauth"], *self.fields["ruauth"]),
            authenticated=self.authenticated(),
            edge=self.edge(),
            group=self.first("embedctxt"),
            store=store,
            origin=origin,
        )
        self.platform()
        return _with(made, tuple(self.unsure))

    def first(self, key: str) -> str:
        """The first value of a key, or empty. A second program or service is one too many to judge by."""
        told = self.fields[key]
        if len(told) > 1 and key in ("app", "svc", "action", "dir", "protocol"):
            self.unsure.append(f"{key}={told[1]}")
        return told[0] if told else ""

    def word(self, key: str, words: dict[str, T], otherwise: T) -> T:
        """A value that must be one of a few words."""
        return words.get(self.first(key).strip().lower(), otherwise)

    def flag(self, key: str) -> bool | None:
        """TRUE or FALSE; TRUE where it is not said."""
        return {"true": True, "false": False, "": True}.get(self.first(key).strip().lower())

    def profiles(self) -> tuple[ProfileName, ...]:
        """The profiles, in their own order; empty for all."""
        told = [value.strip().lower() for value in self.fields["profile"]]
        if "all" in told or "any" in told:
            return ()
        self.unsure += [f"Profile={value}" for value in told if value not in values.PROFILES]
        found = {values.PROFILES[value] for value in told if value in values.PROFILES}
        return () if len(found) == len(ProfileName) else tuple(each for each in ProfileName if each in found)

    def protocol(self) -> int | None:
        """The number; 256 and no word at all stand for any ([MS-FASP] 2.2.37)."""
        text = self.first("protocol")
        if text.strip().lower() in ("", "any", "256"):
            return None
        return self.understood("Protocol", [text], lambda told: values.protocol(told[0]), None)

    def ports(self, prefix: str) -> Ports:
        """Every key that begins so: LPort, LPort2_10, LPort2_20, ..."""
        told = [value for key, given in self.fields.items() if key.startswith(prefix) for value in given]
        return self.understood(prefix, told, values.ports, Ports())

    def addresses(self, *keys: str) -> Addresses:
        """RA4 and RA6 (and their younger twins) together are one condition."""
        found = Addresses()
        for key in keys:
            family = 4 if "a4" in key else 6
            read = self.understood(key, self.fields[key], partial(values.addresses, family=family), Addresses())
            found = values.both(found, read)
        return Addresses() if values.is_everywhere(found) else found

    def understood(self, key: str, told: list[str], read: Callable[[list[str]], T], otherwise: T) -> T:
        """`read(told)`, or `otherwise` with the rule made unsure."""
        try:
            return read(told) if told else otherwise
        except NotUnderstood as error:
            self.unsure.append(f"{key}={error}")
            return otherwise

    def authenticated(self) -> str:
        """What IPsec the rule asks for: such a rule is for protected connections only."""
        keys = ("security", "security2", "security2_9", "rmauth", "authbypassout")
        return ", ".join(value for key in keys for value in self.fields[key])

    def edge(self) -> str:
        """`TRUE`, `App`, `User`, or empty: what may come through a NAT's tunnel."""
        return self.first("defer") or self.first("edge")

    def platform(self) -> None:
        """`Platform=2:6:2|Platform2=GTEQ|` is Windows 8 or later, which every one is that runs today; an exact version
        may not be this one's."""
        if self.fields["platform"] and self.first("platform2").upper() != "GTEQ":
            self.unsure += [f"Platform={value}" for value in self.fields["platform"]]


def _with(rule: WindowsRule, unsure: tuple[str, ...]) -> WindowsRule:
    from msgspec.structs import replace

    return replace(rule, unsure=unsure) if unsure else rule
