"""Reads what each of the three profiles does: from PowerShell, from the registry, or from netsh.

    [{"Name": "Private", "Enabled": "True", "DefaultInboundAction": "Block", "AllowInboundRules": "True", ...}]

    HKEY_LOCAL_MACHINE\\...\\FirewallPolicy\\StandardProfile            StandardProfile is the private one
        EnableFirewall    REG_DWORD    0x1
        DoNotAllowExceptions    REG_DWORD    0x1                        "block all, also what is in the list": shields up

    Private Profile Settings:                                           in this order, in any language
    ----------------------------------------------------------------------
    State                                 ON
    Firewall Policy                       BlockInboundAlways,AllowOutbound
    LocalFirewallRules                    N/A (GPO-store only)

A value that is missing in the registry has its default: on, block, local rules count. Group Policy's value wins over the
local one ([MS-GPFAS] 2.2.3). `Get-NetFirewallProfile -PolicyStore ActiveStore` shows what came of both. netsh's word for
ON is translated, its policy never: so `netsh` alone tells the policy, and leaves `enabled` open where the word is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from wizard.firewalls.windows import powershell, registry
from wizard.model.capture import Origin, Parsed
from wizard.model.windows import FirewallProfile, ProfileName

Profiles = Mapping[ProfileName, FirewallProfile]

_KEYS = {
    "domainprofile": ProfileName.DOMAIN,
    "standardprofile": ProfileName.PRIVATE,
    "privateprofile": ProfileName.PRIVATE,
    "publicprofile": ProfileName.PUBLIC,
}
_PLACE = re.compile(
    r".*\\(?:(?P<policy>policies\\microsoft\\windowsfirewall|firewallpolicy\\mdm)|parameters\\firewallpolicy)"
    r"\\(?P<profile>\w+profile)",
    re.IGNORECASE,
)
# The registry's value, the field, and what 0 and 1 mean for it.
_SETTINGS: dict[str, tuple[str, dict[int, bool]]] = {
    "enablefirewall": ("enabled", {0: False, 1: True}),
    "defaultinboundaction": ("inbound_allowed", {0: True, 1: False}),
    "donotallowexceptions": ("shields_up", {0: False, 1: True}),
    "allowlocalpolicymerge": ("local_rules", {0: False, 1: True}),
    "disablenotifications": ("notifies", {0: True, 1: False}),
    "disablestealthmode": ("stealth", {0: True, 1: False}),
}
_POLICY = re.compile(r"\b(?P<inbound>Block|Allow)Inbound(?P<always>Always)?\s*,\s*(?:Allow|Block)Outbound\b")
_SLASH = "\\"
_DASHES = re.compile(r"-{20,}\s*")
_ON, _OFF = ("on", "ein", "启用", "打开", "oui", "да", "有効", "オン"), ("off", "aus", "关闭", "禁用", "オフ", "無効")
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}
_INBOUND = {"block": False, "4": False, "allow": True, "2": True}


def from_registry(texts: Iterable[tuple[str, str]]) -> Parsed[Profiles]:
    """What the keys of local settings and Group Policy, as (text, source), together come to."""
    told: list[registry.Value] = []
    unread: list[Origin] = []
    for text, source in texts:
        values, missed = registry.values(text, source)
        told += values
        unread += missed
    found = {name: FirewallProfile(name) for name in ProfileName}
    # A stable sort: the local values, then policy's, which replace them.
    for value in sorted(told, key=lambda each: _is_policy(each.key)):
        place = _PLACE.fullmatch(value.key.rstrip("\\"))
        setting = _SETTINGS.get(value.name.lower())
        name = _KEYS.get(place["profile"].lower()) if place else None
        if name is not None and setting is not None:
            found[name] = _set(found[name], setting, value)
    return Parsed(found, tuple(unread))


def _is_policy(key: str) -> bool:
    place = _PLACE.fullmatch(key.rstrip("\\"))
    return bool(place and place["policy"])


def _set(profile: FirewallProfile, setting: tuple[str, dict[int, bool]], value: registry.Value) -> FirewallProfile:
    field, meanings = setting
    meaning = meanings.get(value.number) if value.number is not None else None
    by_policy = profile.by_policy
    if _is_policy(value.key):
        by_policy = tuple(dict.fromkeys((*by_policy, field)))
    shown = f"{value.key.rpartition(_SLASH)[2]}: {value.origin.text}"
    return replace(profile, **{field: meaning}, by_policy=by_policy, origin=replace(value.origin, text=shown))


def from_powershell(text: str, source: str = "Get-NetFirewallProfile") -> Parsed[Profiles]:
    """The profiles as PowerShell's active store has them."""
    told, unread = powershell.objects(text, source)
    found: dict[ProfileName, FirewallProfile] = {}
    missed = list(unread)
    for each, origin in told:
        name = next((known for known in ProfileName if known.value == str(each.get("Name", ""))), None)
        if name is None:
            missed.append(origin)
        else:
            found[name] = _of_object(name, each, origin)
    return Parsed(found, tuple(missed))


def _of_object(name: ProfileName, told: Mapping[str, Any], origin: Origin) -> FirewallProfile:
    def word(key: str) -> str:
        value = told.get(key, "")
        return str(value.get("Value", "") if isinstance(value, dict) else value).strip().lower()

    rules_allowed = _BOOLEAN.get(word("AllowInboundRules"))
    return FirewallProfile(
        name,
        enabled=_BOOLEAN.get(word("Enabled")),
        inbound_allowed=_INBOUND.get(word("DefaultInboundAction")),
        shields_up=None if rules_allowed is None else not rules_allowed,
        local_rules=_BOOLEAN.get(word("AllowLocalFirewallRules"), None if word("AllowLocalFirewallRules") else True),
        notifies=_BOOLEAN.get(word("NotifyOnListen")),
        origin=origin,
    )


def from_netsh(text: str, source: str = "netsh advfirewall show allprofiles") -> Parsed[Profiles]:
    """The three blocks of `show allprofiles`; fewer tell nothing, because a block's heading is translated."""
    blocks = _blocks(text)
    if len(blocks) != len(ProfileName):
        return Parsed({}, (Origin(source, 1, text.strip()[:160]),) if text.strip() else ())
    return Parsed({name: _of_block(name, block, source) for name, block in zip(ProfileName, blocks, strict=True)})


def current(text: str, every: str) -> ProfileName | None:
    """The profile that `netsh advfirewall show currentprofile` tells of, where it is one: by its heading, which is the same
    one, in any language, as in `show allprofiles`, whose order is fixed."""
    names = _headings(every)
    told = _headings(text)
    if len(names) != len(ProfileName) or len(told) != 1 or told[0] not in names or len(set(names)) != len(names):
        return None
    return tuple(ProfileName)[names.index(told[0])]


def _headings(text: str) -> list[str]:
    """The lines over dashes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [line for line, after in pairwise(lines) if _DASHES.fullmatch(after)]


def _blocks(text: str) -> list[list[tuple[int, str]]]:
    """The settings of each profile: what follows a heading with a colon and (mostly) a line of dashes."""
    lines = list(enumerate(text.splitlines(), start=1))
    blocks: list[list[tuple[int, str]]] = []
    for at, (number, line) in enumerate(lines):
        after = next((each for _, each in lines[at + 1 :] if each.strip()), "")
        heading = line.rstrip().endswith((":", ":")) and not line[:1].isspace()
        if heading and (_DASHES.fullmatch(after) or re.fullmatch(r"\S+\s{10,}\S+\s*", after)):
            blocks.append([])
        elif blocks and line.strip() and not _DASHES.fullmatch(line):
            blocks[-1].append((number, line))
    # A block `Logging:` has no dashes, but its first line has the same form.
    return [block for block in blocks if not block[:1] or not block[0][1].startswith("LogAllowed")]


def _of_block(name: ProfileName, block: list[tuple[int, str]], source: str) -> FirewallProfile:
    number, first = block[0] if block else (0, "")
    word = first.split()[-1].lower() if first.split() else ""
    enabled = True if word in _ON else False if word in _OFF else None
    profile = FirewallProfile(name, enabled, None, None, None, origin=Origin(source, number, first.strip()))
    for at, line in block:
        if match := _POLICY.search(line):
            allowed, always = match["inbound"] == "Allow", match["always"] is not None
            profile = replace(
                profile, inbound_allowed=allowed, shields_up=always, origin=Origin(source, at, line.strip())
            )
        elif line.startswith("LocalFirewallRules"):
            # "N/A (GPO-store only)": the local store shows no policy of its own, so nothing is said against local rules.
            value = line.removeprefix("LocalFirewallRules").strip()
            profile = replace(profile, local_rules=None if value.startswith("N/A") else value.lower() == "enable")
    return profile
