"""Reads what is known of the Windows Subsystem for Linux.

    Ubuntu                                        wsl --list --running --quiet
    172.20.1.5 fd00::5                            wsl -e hostname -I
      0: 00000000:1388 00000000:0000 0A ...       wsl -e cat /proc/net/tcp /proc/net/tcp6
    [wsl2]                                        %UserProfile%\\.wslconfig
    networkingMode=mirrored
    {"Enabled": "True", "DefaultInboundAction": "Block", ...}            Get-NetFirewallHyperVVMSetting
    [{"Name": "site", "Direction": "Inbound", "Action": "Allow", "LocalPorts": ["5000"], "Protocol": "TCP"}]   ...HyperVRule

`wsl` itself prints UTF-16. Without a line in .wslconfig the mode is NAT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address

from wizard.firewalls.windows import powershell, values
from wizard.firewalls.windows.values import NotUnderstood
from wizard.model.capture import Origin
from wizard.model.facts import Address, Proto
from wizard.model.windows import Direction, HyperVRule, Ports, RuleAction, Wsl
from wizard.parse import proc_net
from wizard.parse.windows.cmdlets import text as told_text

_SETTING = re.compile(r"\s*(?P<key>[A-Za-z0-9]+)\s*=\s*(?P<value>[^#\s]+)")
_ALLOWED = {"allow": True, "2": True, "block": False, "4": False}
_FLAG = {"true": True, "false": False}


def parse(texts: Mapping[str, str]) -> Wsl:
    """All of it together. `texts` has `running`, `addresses`, `listeners`, `config`, `setting`, `rules`; any may be empty."""
    settings = config(texts.get("config", ""))
    everywhere, on_loopback = _ports(texts.get("listeners", ""))
    return Wsl(
        mode=settings.get("networkingmode", "nat").lower(),
        running=tuple(line.strip() for line in _plain(texts.get("running", "")).splitlines() if line.strip()),
        addresses=_addresses(texts.get("addresses", "")),
        ports=everywhere,
        loopback_ports=on_loopback,
        hyperv_inbound_allowed=_inbound(texts.get("setting", "")),
        hyperv_rules=_rules(texts.get("rules", "")),
        localhost_forwarding=_FLAG.get(settings.get("localhostforwarding", "true").lower()),
        origin=Origin(".wslconfig", 1, texts.get("config", "").strip()) if settings else Origin(""),
    )


def config(text: str) -> dict[str, str]:
    """The settings of .wslconfig by their names in lower case; sections do not matter, names are unique."""
    lines = (line.partition("#")[0].partition(";")[0] for line in text.splitlines())
    return {match["key"].lower(): match["value"].strip("\"'") for line in lines if (match := _SETTING.match(line))}


def _plain(text: str) -> str:
    """UTF-16 that was taken for something else keeps its NULs."""
    return text.replace("\0", "").lstrip("\ufeff")


def _addresses(text: str) -> tuple[Address, ...]:
    found: list[Address] = []
    for word in text.split():
        try:
            found.append(ip_address(word))
        except ValueError:
            continue
    return tuple(each for each in found if not each.is_link_local)


def _ports(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ports that something listens on in there: on any address, and on loopback alone."""
    listening = proc_net.parse(text, Proto.TCP, "/proc/net/tcp").value
    loopback = {each.port for each in listening if each.address.is_loopback}
    everywhere = {each.port for each in listening if not each.address.is_loopback}
    return tuple(sorted(everywhere)), tuple(sorted(loopback - everywhere))


def _inbound(text: str) -> bool | None:
    told, _ = powershell.objects(text, "Get-NetFirewallHyperVVMSetting")
    if not told:
        return None
    if told_text(told[0][0], "Enabled").lower() in ("false", "0"):
        return True
    return _ALLOWED.get(told_text(told[0][0], "DefaultInboundAction").lower())


def _rules(text: str) -> tuple[HyperVRule, ...]:
    found = []
    for told, origin in powershell.objects(text, "Get-NetFirewallHyperVRule")[0]:
        enabled = {"true": True, "1": True, "false": False, "2": False}.get(told_text(told, "Enabled").lower())
        action = {"allow": RuleAction.ALLOW, "2": RuleAction.ALLOW, "block": RuleAction.BLOCK, "4": RuleAction.BLOCK}
        inbound = told_text(told, "Direction").lower() in ("inbound", "1")
        given = told.get("LocalPorts")
        listed = [str(each) for each in given] if isinstance(given, list) else [str(given or "Any")]
        protocol = told_text(told, "Protocol")
        try:
            ports = values.ports(each for each in listed if each.lower() not in ("any", "*"))
            number = None if protocol.lower() in ("", "any") else values.protocol(protocol)
        except NotUnderstood:
            continue
        found.append(
            HyperVRule(
                told_text(told, "Name"),
                told_text(told, "DisplayName"),
                action.get(told_text(told, "Action").lower(), RuleAction.UNKNOWN),
                Direction.IN if inbound else Direction.OUT,
                enabled,
                number,
                ports if isinstance(ports, Ports) else Ports(),
                origin,
            )
        )
    return tuple(found)
