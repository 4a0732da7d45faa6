"""Writes Windows Firewall's commands, each with the one that brings back what was there: PowerShell, and netsh as its twin.

    New-NetFirewallRule -Name wizard-tcp-5000 -DisplayName 'wizard TCP 5000' -Direction Inbound -Action Allow -Protocol TCP
        -LocalPort 5000 -Profile Private -RemoteAddress LocalSubnet         undo: Remove-NetFirewallRule -Name wizard-tcp-5000
    netsh advfirewall firewall add rule name="wizard-tcp-5000" dir=in action=allow protocol=TCP localport=5000 profile=private
        remoteip=localsubnet      undo: netsh advfirewall firewall delete rule name="wizard-tcp-5000" dir=in protocol=TCP ...

PowerShell's `-Name` is the rule's own id. netsh knows display names only, and `delete` takes every rule of that name, so a
new rule gets a name that none has. Sources: New-NetFirewallRule, netsh advfirewall.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct

from wizard.firewalls.windows import rule_string
from wizard.model.capture import Origin
from wizard.model.facts import Proto
from wizard.model.remedy import Run, Shell
from wizard.model.windows import ProfileName, WindowsRule

SUBNET = "LocalSubnet"
_WILDCARDS = re.compile(r"([\[\]*?`])")


class Opening(Struct, frozen=True):
    """One port to let in: from whom (`LocalSubnet`, or a network), and in which profile (None: every)."""

    proto: Proto
    port: int
    source: str
    profile: ProfileName | None
    name: str


def opening(
    rules: tuple[WindowsRule, ...],
    proto: Proto,
    port: int,
    source: IPv4Network | IPv6Network | None,
    profile: ProfileName | None,
) -> Opening:
    """The opening under a name that no rule has; `source` None stands for this machine's own subnets."""
    taken = {name.casefold() for each in rules for name in (each.identifier, each.name)}
    name = f"wizard-{proto}-{port}"
    number = 2
    while name.casefold() in taken:
        name, number = f"wizard-{proto}-{port}-{number}", number + 1
    return Opening(proto, port, SUBNET if source is None else str(source), profile, name)


def rule(made: Opening, source: str) -> WindowsRule:
    """The rule as it will be read once it is there."""
    family = "" if made.source == SUBNET else "6" if ":" in made.source else "4"
    keys = ("RA4", "RA6") if not family else (f"RA{family}",)
    addresses = "".join(f"{key}={made.source}|" for key in keys)
    profile = f"Profile={made.profile}|" if made.profile else ""
    number = 6 if made.proto is Proto.TCP else 17
    text = f"v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol={number}|{profile}LPort={made.port}|{addresses}Name={made.name}|"
    return rule_string.parse(made.name, text, origin=Origin(source, 0, text))


def add(made: Opening) -> tuple[Run, Run]:
    """PowerShell's command, and its undo."""
    words = (
        "New-NetFirewallRule",
        "-Name",
        made.name,
        "-DisplayName",
        made.name,
        "-Direction",
        "Inbound",
        "-Action",
        "Allow",
        "-Protocol",
        made.proto.upper(),
        "-LocalPort",
        str(made.port),
        *(("-Profile", made.profile.value) if made.profile else ()),
        "-RemoteAddress",
        made.source,
    )
    return _powershell(*words), _powershell("Remove-NetFirewallRule", "-Name", made.name)


def add_by_netsh(made: Opening) -> tuple[Run, Run]:
    """netsh's twin, for where PowerShell may not be used, and its undo."""
    place = ("dir=in", f"protocol={made.proto.upper()}", f"localport={made.port}")
    profile = (f"profile={made.profile.value.lower()}",) if made.profile else ()
    source = made.source.lower() if made.source == SUBNET else made.source
    name = f"name={made.name}"
    there = ("netsh", "advfirewall", "firewall", "add", "rule", name, place[0], "action=allow", *place[1:])
    back = ("netsh", "advfirewall", "firewall", "delete", "rule", name, *place)
    return _cmd(*there, *profile, f"remoteip={source}"), _cmd(*back)


def switch(rule: WindowsRule, *, on: bool) -> Run | None:
    """Enable or disable one of the machine's own rules: by its id; a rule that only netsh told, by its display name with
    what else netsh knows it by. None where nothing names it alone."""
    if rule.identifier:
        verb = "Enable-NetFirewallRule" if on else "Disable-NetFirewallRule"
        return _powershell(verb, "-Name", _literally(rule.identifier))
    if not rule.name or '"' in rule.name:
        return None
    more = (f"program={rule.program}",) if rule.program else ()
    state = "enable=yes" if on else "enable=no"
    return _cmd("netsh", "advfirewall", "firewall", "set", "rule", f"name={rule.name}", "dir=in", *more, "new", state)


def allow_inbound_rules(profile: ProfileName, *, on: bool) -> Run:
    """Whether a profile's allow rules count: off is "block all incoming connections"."""
    return _powershell(
        "Set-NetFirewallProfile", "-Name", profile.value, "-AllowInboundRules", "True" if on else "False"
    )


def set_category(interface: str, category: ProfileName) -> Run:
    """Take the network on an interface for another kind; a domain's cannot be set by hand."""
    return _powershell("Set-NetConnectionProfile", "-InterfaceAlias", interface, "-NetworkCategory", category.value)


def _literally(name: str) -> str:
    """An id with characters that PowerShell takes for wildcards, each behind its backtick."""
    return _WILDCARDS.sub(r"`\1", name)


def _powershell(*words: str) -> Run:
    return Run(words, root=True, shell=Shell.POWERSHELL)


def _cmd(*words: str) -> Run:
    return Run(words, root=True, shell=Shell.CMD)
