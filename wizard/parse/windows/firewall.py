"""Which captures tell Windows Firewall's rules and profiles; what of it nobody could read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from wizard.firewalls.windows import netsh, powershell, profiles, stores
from wizard.model.capture import Capture, Parsed, Unknown
from wizard.model.windows import FirewallProfile, ProfileName, Store, WindowsRule
from wizard.parse.desk import Desk

LOCAL, POLICY, POLICIES = "reg-firewall", "reg-firewall-policy", "reg-policies"
_Read = Callable[[str, str], Parsed[Mapping[ProfileName, FirewallProfile]]]
_POLICY_KEY = "\\windowsfirewall"


class Firewall(Struct, frozen=True):
    """What the captures tell of the firewall."""

    rules: tuple[WindowsRule, ...] | Unknown
    unread_stores: tuple[Unknown, ...]
    profiles: Mapping[ProfileName, FirewallProfile] | Unknown
    ipsec_rules: bool | None


def read(desk: Desk) -> Firewall:
    """The rules of all stores, the profiles as they come out of settings and policy."""
    policy, missing = _policy(desk)
    local = desk.read(LOCAL, stores.parse)
    unread: tuple[Unknown, ...] = (missing,) if missing is not None else ()
    if isinstance(local, Unknown):
        local, unread = _otherwise(desk, local, unread)
    rules = local if isinstance(local, Unknown) else (*local, *policy)
    return Firewall(rules, unread, _profiles(desk), _ipsec(desk))


def _policy(desk: Desk) -> tuple[tuple[WindowsRule, ...], Unknown | None]:
    """Group Policy's rules: none where its key is not there, which the list of keys above it tells."""
    answer = desk.answer(POLICY)
    if isinstance(answer, Capture):
        parsed = stores.parse(answer.text, answer.source or POLICY, Store.POLICY)
        return desk.take(POLICY, parsed), None
    above = desk.answer(POLICIES)
    if isinstance(above, Capture) and _POLICY_KEY not in above.text.casefold():
        return (), None
    return (), replace(answer, what="Group Policy's firewall rules")


def _otherwise(
    desk: Desk, missing: Unknown, unread: tuple[Unknown, ...]
) -> tuple[tuple[WindowsRule, ...] | Unknown, tuple[Unknown, ...]]:
    """The rules from PowerShell's active store, which has policy's in it, or from netsh, which has the local ones only."""
    active = desk.read("get-netfirewallrule", powershell.parse)
    if not isinstance(active, Unknown):
        return active, ()
    listed = desk.read("netsh-rules", netsh.parse)
    return (missing if isinstance(listed, Unknown) else listed), unread


def _profiles(desk: Desk) -> Mapping[ProfileName, FirewallProfile] | Unknown:
    texts = [
        (answer.text, answer.source or name)
        for name in (LOCAL, POLICY)
        if isinstance(answer := desk.answer(name), Capture)
    ]
    kept = profiles.from_registry(texts).value if isinstance(desk.answer(LOCAL), Capture) else None
    active = _told(desk, "get-netfirewallprofile", profiles.from_powershell)
    if kept is not None:
        return {name: _effective(profile, active.get(name)) for name, profile in kept.items()}
    if active:
        return active
    listed = _told(desk, "netsh-profiles", profiles.from_netsh)
    answer = desk.answer(LOCAL)
    if listed:
        return listed
    return answer if isinstance(answer, Unknown) else Unknown("the profiles' settings were not understood")


def _told(desk: Desk, name: str, parse: _Read) -> Mapping[ProfileName, FirewallProfile]:
    found = desk.read(name, parse)
    return {} if isinstance(found, Unknown) else found


def _effective(kept: FirewallProfile, active: FirewallProfile | None) -> FirewallProfile:
    """The registry's profile with what the active store says, where it says something."""
    if active is None:
        return kept
    told = {
        field: value
        for field in ("enabled", "inbound_allowed", "shields_up", "local_rules", "notifies")
        if (value := getattr(active, field)) is not None
    }
    return replace(kept, **told, origin=active.origin) if told else kept


def _ipsec(desk: Desk) -> bool | None:
    """Whether there are connection security rules: they stand beside the others, under ConSecRules."""
    texts = [answer.text for name in (LOCAL, POLICY) if isinstance(answer := desk.answer(name), Capture)]
    if not isinstance(desk.answer(LOCAL), Capture):
        return None
    return any("|action=secure" in text.casefold() or "|action=donotsecure" in text.casefold() for text in texts)
