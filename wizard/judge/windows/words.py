"""Rules, profiles and doubts in words, and as the references that a decision names."""

from __future__ import annotations

from wizard.model.capture import Origin
from wizard.model.journey import RuleReference
from wizard.model.windows import (
    Addresses,
    FirewallProfile,
    HyperVRule,
    Ports,
    ProfileName,
    RuleAction,
    Store,
    WindowsRule,
)

ENGINE = "windows-firewall"
FRONT_END = "Windows Firewall"
HYPER_V = "hyper-v"
"""The table that the Hyper-V firewall's decisions stand in."""
_DOES = {RuleAction.ALLOW: "allows", RuleAction.BLOCK: "blocks", RuleAction.BYPASS: "bypasses for"}
_PROTOCOLS = {6: "TCP", 17: "UDP", 1: "ICMPv4", 58: "ICMPv6"}
_PROFILE_SAYS = {
    "default": "the {} profile's default: block what no rule allows",
    "open": "the {} profile's default: allow",
    "shields": "the {} profile blocks all incoming connections, also those of allowed apps",
    "off": "the firewall is off for the {} profile",
}


def of_rule(rule: WindowsRule, number: int, profile: ProfileName) -> RuleReference:
    """The reference to a rule; `number` is its place among all that were read."""
    return RuleReference(
        ENGINE,
        "inet",
        rule.store,
        profile,
        rule=described(rule),
        index=number,
        hook="input",
        front_end=FRONT_END,
        front_end_words=f"Windows Firewall's rule {named(rule)} ({described(rule)})",
        origin=rule.origin,
    )


def of_profile(profile: FirewallProfile, what: str) -> RuleReference:
    """The reference to what a profile does by itself: `default`, `open`, `shields` or `off`."""
    said = _PROFILE_SAYS[what].format(profile.name)
    store = Store.POLICY if profile.by_policy else Store.LOCAL
    return RuleReference(
        ENGINE,
        "inet",
        store,
        profile.name,
        "policy",
        rule=what,
        hook="input",
        front_end=FRONT_END,
        front_end_words=f"Windows Firewall: {said}",
        origin=profile.origin,
    )


def of_hyper_v(outcome: str, rule: HyperVRule | None) -> RuleReference:
    """The reference to what the Hyper-V firewall does with a connection to WSL."""
    said = (
        f"its rule “{rule.name or rule.identifier}” {_DOES.get(rule.action, '')} it"
        if rule
        else f"its default: {outcome}"
    )
    return RuleReference(
        ENGINE,
        "inet",
        HYPER_V,
        "WSL",
        "rule" if rule else "policy",
        rule=said,
        hook="input",
        front_end="Hyper-V firewall",
        front_end_words=f"the Hyper-V firewall stops it ({said})"
        if outcome == "block"
        else f"the Hyper-V firewall: {said}",
        origin=rule.origin if rule else Origin(""),
    )


def named(rule: WindowsRule) -> str:
    """The rule by the name that its window shows."""
    return f"“{rule.name or rule.identifier}”"


def described(rule: WindowsRule) -> str:
    """`blocks TCP for C:\\py\\python.exe, Public`: what a rule does, in the order in which a person asks."""
    parts = [_DOES.get(rule.action, "does something unknown to")]
    parts.append(
        _PROTOCOLS.get(rule.protocol, f"protocol {rule.protocol}") if rule.protocol is not None else "everything"
    )
    if rule.local_ports:
        parts.append(f"on port {ports(rule.local_ports)}")
    if rule.program:
        parts.append(f"for {rule.program}")
    if rule.service:
        parts.append(f"of the service {rule.service}")
    if rule.remote_addresses:
        parts.append(f"from {addresses(rule.remote_addresses)}")
    where = ", ".join(each.value for each in rule.profiles)
    return " ".join(parts) + (f", {where}" if where else "")


def ports(told: Ports) -> str:
    """`80, 8000-8010, RPC`."""
    spans = [str(low) if low == high else f"{low}-{high}" for low, high in told.spans]
    return ", ".join((*spans, *told.words))


def addresses(told: Addresses) -> str:
    """`LocalSubnet, 192.168.1.0-192.168.1.255`; of many the first."""
    from ipaddress import IPv4Address, IPv6Address, summarize_address_range

    texts = list(dict.fromkeys(word for _, word in told.words))
    for each in told.spans[:3]:
        if each.family == 4:
            networks = list(map(str, summarize_address_range(IPv4Address(each.low), IPv4Address(each.high))))
            low, high = str(IPv4Address(each.low)), str(IPv4Address(each.high))
        else:
            networks = list(map(str, summarize_address_range(IPv6Address(each.low), IPv6Address(each.high))))
            low, high = str(IPv6Address(each.low)), str(IPv6Address(each.high))
        one = networks[0].removesuffix("/32").removesuffix("/128")
        texts.append(one if len(networks) == 1 else f"{low}-{high}")
    more = f" and {len(told.spans) - 3} more" if len(told.spans) > 3 else ""
    return ", ".join(texts) + more


def doubt(rule: WindowsRule) -> str:
    """Why it is not known whether a rule is for the connection."""
    if rule.action is RuleAction.UNKNOWN:
        return f"the rule {named(rule)} has an action that was not understood"
    if rule.enabled is None:
        return f"whether the rule {named(rule)} is enabled was not understood"
    if rule.unsure:
        return f"of the rule {named(rule)} this is not known: {rule.unsure[0]}"
    if rule.users:
        return f"the rule {named(rule)} is for certain users only"
    if rule.program or rule.service or rule.package:
        return f"the rule {named(rule)} is for one program, and whose socket takes the connection is not known"
    return f"the rule {named(rule)} asks for something that is not known here"
