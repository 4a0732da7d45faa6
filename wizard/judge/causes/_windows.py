"""What the causes of Windows share: the decision of its firewall, the rule behind it, and what is known of the machine."""

from __future__ import annotations

from wizard.judge.causes._firewall import filtered, not_filtered
from wizard.judge.windows.words import ENGINE
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Verdict, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Decision, Journey, NearMiss
from wizard.model.windows import (
    Direction,
    FirewallProfile,
    ProfileName,
    RuleAction,
    WindowsFacts,
    WindowsRule,
)

ELSEWHERE = "This is no Windows machine."


def known(facts: Facts) -> WindowsFacts | None:
    """Windows' own facts, or None where there are none."""
    return facts.windows if isinstance(facts.windows, WindowsFacts) else None


def stopped(facts: Facts, journey: Journey, otherwise: str) -> Decision | Verdict:
    """Windows Firewall's decision, if the walk ends in it; else the verdict that says why not."""
    if facts.windows is None:
        return ruled_out(ELSEWHERE)
    decision = filtered(journey)
    if decision is None or decision.by is None:
        return not_filtered(facts, journey, otherwise)
    return decision if decision.by.engine == ENGINE else ruled_out(otherwise)


def rule_of(facts: Facts, decision: Decision) -> WindowsRule | None:
    """The rule that decided, as it was read."""
    windows, by = known(facts), decision.by
    if windows is None or isinstance(windows.rules, Unknown) or by is None or by.what != "rule" or by.index is None:
        return None
    return windows.rules[by.index] if by.index < len(windows.rules) else None


def profile_of(facts: Facts, decision: Decision) -> FirewallProfile | None:
    """The profile that was in force."""
    windows, by = known(facts), decision.by
    if windows is None or isinstance(windows.profiles, Unknown) or by is None:
        return None
    return next((windows.profiles[name] for name in windows.profiles if name.value == by.chain), None)


def near(decision: Decision, condition: str) -> NearMiss | None:
    """The allow rule that misses by this one condition, if that is what it comes to: no default alone."""
    by = decision.by
    if by is None or by.what != "policy" or by.rule != "default":
        return None
    return next((each for each in decision.near_misses if each.condition == condition), None)


def network_name(facts: Facts, interface: str) -> str:
    """`the network “home”`: as Windows calls the network on an interface."""
    windows = known(facts)
    networks = () if windows is None or isinstance(windows.networks, Unknown) else windows.networks
    name = next((each.name for each in networks if each.interface == interface and each.name), "")
    return f"the network “{name}”" if name else f"the network on {interface or 'this interface'}"


def owned_by(listener: Listener, *names: str) -> bool:
    """Whether a program of one of these names (without `.exe`) holds the socket."""
    return any(each.name.casefold().removesuffix(".exe") in names for each in listener.owners or ())


def is_public(decision: Decision) -> bool:
    """Whether the public profile decided."""
    return decision.by is not None and decision.by.chain == ProfileName.PUBLIC


def block_twins(rules: tuple[WindowsRule, ...], decided: WindowsRule) -> tuple[int, ...]:
    """The places of a block rule and its twins: the prompt makes one for TCP and one for UDP, of one program and name."""
    return tuple(at for at, each in enumerate(rules) if each is decided or _is_twin(each, decided))


def _is_twin(one: WindowsRule, other: WindowsRule) -> bool:
    same = one.store is other.store and one.name == other.name and one.program.casefold() == other.program.casefold()
    blocks = one.action is RuleAction.BLOCK and one.direction is Direction.IN and bool(one.enabled)
    return same and blocks and bool(one.program) and one.profiles == other.profiles
