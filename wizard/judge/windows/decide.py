"""What Windows Firewall does with the first packet of a connection, and what becomes of the answer."""

from __future__ import annotations

from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from wizard.judge import sockets, vantage
from wizard.judge.routing import LOOPBACK
from wizard.judge.windows import nearness, words
from wizard.judge.windows.conditions import fits, number
from wizard.judge.windows.question import asked, profiles
from wizard.model.capture import Unknown
from wizard.model.facts import Facts
from wizard.model.journey import Decision, RuleReference, Translation
from wizard.model.packet import Packet
from wizard.model.windows import (
    Direction,
    FirewallProfile,
    ProfileName,
    RuleAction,
    Store,
    WindowsFacts,
    WindowsRule,
    Wsl,
)

Numbered = tuple[int, WindowsRule]
WSL_OWNER = "WSL"
"""The owner's name of a socket inside WSL, which Windows itself does not list."""


class Answer(Struct, frozen=True):
    """How it comes out: `outcome` deliver, drop or unknown; by which rule, or for what reason."""

    outcome: str
    by: RuleReference | None = None
    reason: str = ""
    assumptions: tuple[str, ...] = ()


class _Fitting(Struct, frozen=True):
    """The rules that are for a connection, for certain and perhaps, by what they do; `own` are the machine's own."""

    certain: tuple[Numbered, ...]
    perhaps: tuple[Numbered, ...]

    def those(self, action: RuleAction, *, own: bool) -> tuple[Numbered, ...]:
        """The ones that certainly are for it; without `own` those of the local store do not count."""
        return tuple(each for each in self.certain if each[1].action is action and _counts(each[1], own))

    def maybe(self, action: RuleAction, *, own: bool) -> tuple[Numbered, ...]:
        """The ones that may be: a rule whose action was not understood may do anything."""
        able = (action, RuleAction.UNKNOWN)
        unclear = (each for each in self.certain if each[1].action is RuleAction.UNKNOWN)
        both = (*unclear, *(each for each in self.perhaps if each[1].action in able))
        return tuple(each for each in both if _counts(each[1], own))


def _counts(rule: WindowsRule, own: bool) -> bool:
    return own or rule.store is not Store.LOCAL


def trace(facts: Facts, packet: Packet, explain: bool = True) -> Decision:
    """The firewall's decision about one inbound packet; `explain=False` leaves out near misses."""
    packet = _arriving(facts, packet)
    answer, profile = _answer(facts, packet)
    near = nearness.near(facts, packet, profile) if explain and answer.outcome == "drop" and profile else ()
    return Decision(
        outcome=answer.outcome,
        to=Translation(packet.destination, packet.destination_port),
        by=answer.by,
        stage="input",
        reason=answer.reason,
        path=(f"inbound, {profile} profile" if profile else "inbound",),
        near_misses=near,
        assumptions=answer.assumptions or _assumptions(facts, answer),
    )


def _assumptions(facts: Facts, answer: Answer) -> tuple[str, ...]:
    """What a connection that is let in rests on, where it was not looked at."""
    windows = facts.windows
    if answer.outcome != "deliver" or not isinstance(windows, WindowsFacts):
        return ()
    assumed = ["no other maker's firewall filters here"] if isinstance(windows.security_products, Unknown) else []
    if windows.ipsec_rules is not False:
        assumed.append("no connection security rule asks this sender for IPsec")
    return tuple(assumed)


def _arriving(facts: Facts, packet: Packet) -> Packet:
    """The packet on the interface where a neighbour's arrives, if none is named."""
    if packet.interface:
        return packet
    return replace(packet, interface=vantage.arrival(facts, packet.source, packet.destination))


def _answer(facts: Facts, packet: Packet) -> tuple[Answer, ProfileName | None]:
    windows = facts.windows
    if windows is None or isinstance(windows, Unknown):
        reason = windows.reason if isinstance(windows, Unknown) else "this machine's Windows facts were not collected"
        return Answer("unknown", reason=reason), None
    if packet.interface == LOOPBACK or packet.destination.is_loopback or vantage.is_own(facts, packet.source):
        return Answer("deliver", reason="Windows Firewall does not filter what a machine sends to itself"), None
    if (wsl := mirrored(facts, windows, packet)) is not None:
        return _by_hyper_v(wsl, packet), None
    if _is_in_wsl(facts, packet):
        return Answer("unknown", reason="what the Hyper-V firewall does for WSL was not told"), None
    if doubt := _somebody_else(windows):
        return Answer("unknown", reason=doubt), None
    found = {name: _under(facts, windows, packet, name) for name in profiles(windows, packet)}
    outcomes = {answer.outcome for answer in found.values()}
    if len(outcomes) > 1 or not found:
        missing = windows.networks.reason if isinstance(windows.networks, Unknown) else "its category was not told"
        return Answer("unknown", reason=f"which profile is in force on {packet.interface}: {missing}"), None
    name, answer = next(iter(found.items()))
    return answer, name if len(found) == 1 else None


def mirrored(facts: Facts, windows: WindowsFacts, packet: Packet) -> Wsl | None:
    """WSL, where it takes the connection itself: in mirrored mode it has this machine's own addresses."""
    wsl = windows.wsl
    if not isinstance(wsl, Wsl) or wsl.mode != "mirrored" or packet.destination_port not in wsl.ports:
        return None
    return wsl if _is_in_wsl(facts, packet) else None


def _is_in_wsl(facts: Facts, packet: Packet) -> bool:
    """Whether nobody but WSL holds the port."""
    listeners = () if isinstance(facts.listeners, Unknown) else facts.listeners
    owners = [
        owner
        for each in sockets.on_port(listeners, packet.proto, packet.destination_port)
        for owner in each.owners or ()
    ]
    return bool(owners) and all(owner.name == WSL_OWNER for owner in owners)


def _by_hyper_v(wsl: Wsl, packet: Packet) -> Answer:
    """Blocks before allows, then the default (New-NetFirewallHyperVRule)."""
    port, proto = packet.destination_port, number(packet.proto)
    fitting = [
        each
        for each in wsl.hyperv_rules
        if each.direction is Direction.IN
        and each.enabled is not False
        and each.protocol in (None, proto)
        and (not each.local_ports or any(low <= port <= high for low, high in each.local_ports.spans))
    ]
    for action, outcome in ((RuleAction.BLOCK, "drop"), (RuleAction.ALLOW, "deliver")):
        rule = next((each for each in fitting if each.action is action), None)
        if rule is not None:
            return Answer(outcome, words.of_hyper_v(action, rule))
    if wsl.hyperv_inbound_allowed is None:
        return Answer("unknown", reason="what the Hyper-V firewall does for WSL was not told")
    allowed = wsl.hyperv_inbound_allowed
    return Answer("deliver" if allowed else "drop", words.of_hyper_v("allow" if allowed else "block", None))


def _somebody_else(windows: WindowsFacts) -> str:
    """Why Windows Firewall's rules do not tell: it does not run, or another maker's firewall has taken its place."""
    products = () if isinstance(windows.security_products, Unknown) else windows.security_products
    active = [each.name for each in products if each.active is not False]
    if active:
        return f"{' and '.join(active)} filters here beside Windows Firewall, and its rules cannot be read"
    states = {} if isinstance(windows.service_states, Unknown) else windows.service_states
    stopped = [name for name in ("mpssvc", "bfe") if states.get(name, "running") == "stopped"]
    return f"the firewall's service {stopped[0]} does not run, and what then comes in is not certain" if stopped else ""


def _under(facts: Facts, windows: WindowsFacts, packet: Packet, name: ProfileName) -> Answer:
    """The answer under one profile. Whatever setting of it is not known is tried both ways."""
    if isinstance(windows.profiles, Unknown) or name not in windows.profiles:
        why = windows.profiles.reason if isinstance(windows.profiles, Unknown) else "it was not told"
        profile = FirewallProfile(name, None, None, None, None)
        doubt = f"what the {name} profile does: {why}"
    else:
        profile = windows.profiles[name]
        doubt = f"a setting of the {name} profile was not told"
    rules = _fitting(facts, windows, packet, name)
    ways = [_decided(windows, each, rules) for each in _settled(profile)]
    if len({each.outcome for each in ways}) == 1:
        return ways[0]
    return Answer("unknown", reason=doubt)


def _settled(profile: FirewallProfile) -> list[FirewallProfile]:
    """The profile with each setting that is not known put both ways."""

    def ways(value: bool | None) -> tuple[bool, ...]:
        return (True, False) if value is None else (value,)

    settings = (profile.enabled, profile.inbound_allowed, profile.shields_up, profile.local_rules)
    name, by_policy, origin = profile.name, profile.by_policy, profile.origin
    return [
        FirewallProfile(name, enabled, inbound, shields, own, by_policy=by_policy, origin=origin)
        for enabled, inbound, shields, own in product(*map(ways, settings))
    ]


def _fitting(facts: Facts, windows: WindowsFacts, packet: Packet, name: ProfileName) -> _Fitting:
    question = asked(facts, windows, packet, name)
    certain: list[Numbered] = []
    perhaps: list[Numbered] = []
    for numbered in inbound(windows):
        rule = numbered[1]
        if rule.enabled is False or (rule.store is Store.HARDENING and rule.action is not RuleAction.BLOCK):
            continue
        holds = fits(rule, question)
        if holds and rule.enabled and rule.direction is Direction.IN:
            certain.append(numbered)
        elif holds is not False:
            perhaps.append(numbered)
    return _Fitting(tuple(certain), tuple(perhaps))


def _decided(windows: WindowsFacts, profile: FirewallProfile, rules: _Fitting) -> Answer:
    """By action, never by order: bypass, block, allow, the default ([MS-FASP] 2.2.34)."""
    if not profile.enabled:
        return Answer(
            "deliver", words.of_profile(profile, "off"), f"the firewall is off for the {profile.name} profile"
        )
    if profile.shields_up:
        return Answer("drop", words.of_profile(profile, "shields"))
    own = bool(profile.local_rules)
    unread = isinstance(windows.rules, Unknown) or bool(windows.unread_stores)
    bypass = rules.those(RuleAction.BYPASS, own=own)
    blocks = rules.those(RuleAction.BLOCK, own=own)
    allows = rules.those(RuleAction.ALLOW, own=own)
    if bypass:
        return _by_rule("deliver", bypass[0], profile)
    if blocks:
        overruled = rules.maybe(RuleAction.BYPASS, own=own)
        return _unsure(overruled, windows) if overruled else _by_rule("drop", blocks[0], profile)
    doubts = rules.maybe(RuleAction.BLOCK, own=own)
    let_in = bool(allows) or bool(profile.inbound_allowed)
    may_let_in = rules.maybe(RuleAction.ALLOW, own=own) or rules.maybe(RuleAction.BYPASS, own=own)
    if not let_in and not may_let_in and not unread:
        return Answer("drop", words.of_profile(profile, "default"))
    if unread or doubts or not let_in:
        return _unsure(doubts or tuple(may_let_in), windows)
    return _by_rule("deliver", allows[0], profile) if allows else Answer("deliver", words.of_profile(profile, "open"))


def _by_rule(outcome: str, numbered: Numbered, profile: FirewallProfile) -> Answer:
    return Answer(outcome, words.of_rule(numbered[1], numbered[0], profile.name))


def _unsure(doubts: tuple[Numbered, ...], windows: WindowsFacts) -> Answer:
    """What would have to be known: a store that was not read, or what a rule asks for."""
    if isinstance(windows.rules, Unknown):
        return Answer("unknown", reason=f"the firewall's rules: {windows.rules.reason}")
    if windows.unread_stores and not doubts:
        missing = windows.unread_stores[0]
        return Answer("unknown", reason=f"{missing.what}: {missing.reason}")
    told = tuple(words.doubt(rule) for _, rule in doubts[:3])
    return Answer("unknown", reason=told[0] if told else "the rules were not understood", assumptions=told)


def inbound(windows: WindowsFacts) -> list[Numbered]:
    """The rules that are for inbound connections, or may be, each with its number among all."""
    rules = () if isinstance(windows.rules, Unknown) else windows.rules
    return [(at, rule) for at, rule in enumerate(rules) if rule.direction is not Direction.OUT]


def reply(facts: Facts, packet: Packet, decision: Decision) -> Decision:
    """The answer's way back: a connection that was let in is let out; what is missing may be a route."""
    packet = _arriving(facts, packet)
    to = Translation(packet.source, packet.source_port)
    route = vantage.route_toward(facts, packet.source)
    if vantage.is_own(facts, packet.source):
        return Decision("deliver", to, stage="output", out_interface=LOOPBACK)
    if route is None and not isinstance(facts.routes, Unknown) and not _attached(facts, packet):
        return Decision("drop", to, stage="routing", reason=f"no route back to {packet.source}")
    return Decision("deliver", to, stage="output", out_interface=route.device if route else packet.interface)


def _attached(facts: Facts, packet: Packet) -> bool:
    return vantage.lives_on(facts, packet.source, packet.interface)


def hides_closed_ports(facts: Facts, packet: Packet) -> bool | None:
    """Whether a port without a socket stays silent: stealth mode, which is on wherever the firewall is. None: not known."""
    windows, packet = facts.windows, _arriving(facts, packet)
    if windows is None or isinstance(windows, Unknown) or isinstance(windows.profiles, Unknown):
        return None
    if packet.interface == LOOPBACK or packet.destination.is_loopback or vantage.is_own(facts, packet.source):
        return False
    told = [windows.profiles[name] for name in profiles(windows, packet) if name in windows.profiles]
    answers = {None if each.enabled is None or each.stealth is None else each.enabled and each.stealth for each in told}
    return answers.pop() if len(answers) == 1 else None


__all__ = ["WSL_OWNER", "hides_closed_ports", "inbound", "reply", "trace"]
