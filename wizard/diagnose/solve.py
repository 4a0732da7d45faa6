"""Walk, find what stops it, write the remedy, apply it to the facts, and walk again, until the walk arrives.

Several causes that stand behind one another come out as one ordered plan; the plan is proved when the last walk arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from wizard import fixes
from wizard.fixes.written import Written
from wizard.judge import Judgement, answers, client, judge, suspected, vantage
from wizard.judge import heard as heard_view
from wizard.judge.walk import walk
from wizard.model.diagnosis import Certainty, Finding, Severity, Side, Target
from wizard.model.facts import Address, Facts
from wizard.model.journey import Journey
from wizard.model.remedy import (
    AllowInbound,
    AllowProgram,
    Do,
    Edit,
    Intent,
    OpenInstead,
    Plan,
    Rebind,
    RemoveRedirect,
    Run,
    Unban,
)

MOST_CAUSES = 8
"""More causes than this behind one another: the rest is left for the next check."""


class Solution(Struct, frozen=True):
    """The walk as things are (`journey`), every walk that followed with remedies applied, and what came of it.

    `blocking` are the causes in the order in which the packet meets them; `proved`: the last walk arrives.
    """

    journey: Journey
    walks: tuple[Journey, ...]
    blocking: tuple[Finding, ...]
    first: Judgement
    plans: tuple[Plan, ...]
    alternatives: tuple[Plan, ...]
    proved: bool
    possible: tuple[Finding, ...] = ()
    """Client side: what may stand behind the first blocking cause, each with the question that would tell."""
    others: tuple[Finding, ...] = ()
    """What stops other devices on the same network, where the one walked passes."""
    afterwards: tuple[Facts, ...] = ()
    """The facts with each item of the plan applied, and those before it."""


def solve(facts: Facts, target: Target) -> Solution:
    """The whole way from the first walk to the proved plan."""
    journey, others = first_walk(facts, target)
    journey = heard_view.join(facts, target, journey)
    first = judge(facts, target, journey)
    possible = suspected(facts, target, journey) if first.leaves_open else ()
    if possible and possible[0].verdict.certainty is not Certainty.POSSIBLE:
        first, possible = _led_by(first, possible[0]), possible[1:]
    road = _follow(facts, target, journey, first)
    plans = _plans(road, facts, target, journey)
    return Solution(
        journey,
        tuple(road.walks),
        tuple(road.blocking),
        first,
        plans,
        _alternatives(road, facts, target, journey, first),
        road.proved,
        possible,
        tuple(_about_another(facts, target, each) for each in others[:_MOST_OTHERS]),
        tuple(piece.facts for _, piece in road.written),
    )


def _led_by(judgement: Judgement, finding: Finding) -> Judgement:
    """The judgement with a suspicion that is more than that in the place of what only says how the attempt ended."""
    kept = [each for each in judgement.found if each.cause.severity is not Severity.BLOCKING]
    return replace(judgement, found=(finding, *kept))


_MOST_OTHERS = 3


def _about_another(facts: Facts, target: Target, journey: Journey) -> Finding:
    """What stops another device on the same network, as a warning: it is not the one that was asked about."""
    finding = judge(facts, target, journey).blocking
    if finding is None:
        raise AssertionError("every stop has a cause")
    verdict = replace(
        finding.verdict, summary=f"Not so for {journey.packet.source}: {finding.verdict.summary}", intents=()
    )
    return replace(finding, cause=replace(finding.cause, severity=Severity.WARNING), verdict=verdict)


@dataclass
class _Road:
    """The causes met one behind another, and what was written against each."""

    walks: list[Journey]
    blocking: list[Finding] = field(default_factory=list)
    written: list[tuple[Finding, Written]] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """Something was written, and the last walk arrives."""
        return bool(self.written) and self.walks[-1].arrives


def _follow(
    facts: Facts, target: Target, journey: Journey, judgement: Judgement, instead: Written | None = None
) -> _Road:
    """Walk, remedy, walk again. `instead` is written against the first cause in place of its own remedy."""
    road = _Road([journey])
    now, aim = facts, target
    while road.walks[-1].stop is not None and len(road.blocking) < MOST_CAUSES:
        finding = judgement.blocking
        if finding is None or _met_before(finding, road):
            break
        road.blocking.append(finding)
        piece = instead if instead and not road.written else _remedy(finding, now, road.walks[-1])
        if piece is None:
            break
        road.written.append((finding, piece))
        moved = _moved(aim, finding)
        if piece.facts == now and moved == aim:
            break
        road.walks.append(_again(piece.facts, moved, journey))
        now, aim = piece.facts, moved
        judgement = judge(now, aim, road.walks[-1])
    return road


def _met_before(finding: Finding, road: _Road) -> bool:
    """The same cause at the same place again: the remedy did not help, and trying again would not either."""
    return any(_same(finding, road.walks[-1], seen, road.walks[at]) for at, seen in enumerate(road.blocking))


def _plans(road: _Road, facts: Facts, target: Target, journey: Journey) -> tuple[Plan, ...]:
    return tuple(_plan(finding, piece, facts, target, journey, road.proved) for finding, piece in road.written)


def _alternatives(road: _Road, facts: Facts, target: Target, journey: Journey, first: Judgement) -> tuple[Plan, ...]:
    """Other ways to the goal, each complete in itself: what stands behind the first cause is remedied along with it."""
    if not road.blocking:
        return ()
    finding = road.blocking[0]
    ways = list(fixes.without_opening(finding, facts, target, journey))
    for piece, title, opens in fixes.instead(finding, facts, target, journey):
        other = _follow(facts, target, journey, first, piece)
        plan = _whole(_plans(other, facts, target, journey))
        ways.insert(0, replace(plan, title=title, opens_to=opens))
    return tuple(ways)


def _whole(plans: tuple[Plan, ...]) -> Plan:
    """Several items as one plan: steps in order, the undo from the last to the first."""
    return replace(
        plans[0],
        steps=tuple(step for plan in plans for step in plan.steps),
        undo=tuple(step for plan in reversed(plans) for step in plan.undo),
        warnings=tuple(dict.fromkeys(said for plan in plans for said in plan.warnings)),
        risk=max((plan.risk for plan in plans), key=_RISKS.index),
    )


def first_walk(facts: Facts, target: Target) -> tuple[Journey, tuple[Journey, ...]]:
    """The walk of the device asked about, and of others that end otherwise. Where none was named, a device heard on that
    network stands for it: one that is stopped, if all are or if the user says that something fails; else one that
    passes. Where none was heard, a typical neighbour does."""
    if target.side is Side.CLIENT:
        return client.walk(facts, target), ()
    destination = _destination(facts, target)

    def walked(source: Address | None) -> Journey:
        return walk(facts, target, vantage.packet(facts, target, destination, source))

    if target.vantage is not None:
        return walked(None), ()
    heard = [walked(each) for each in vantage.neighbours(facts, destination)[:_MOST_NEIGHBOURS]]
    anyone = walked(vantage.typical_neighbour(facts, destination))
    stopped = [each for each in heard if each.stop is not None]
    passing = [each for each in heard if each.stop is None]
    if stopped and (target.symptom is not None or not passing):
        return stopped[0], ()
    if not passing:
        return anyone, ()
    return passing[0], tuple(each for each in (*stopped, anyone) if each.stop is not None)


_MOST_NEIGHBOURS = 16


def _destination(facts: Facts, target: Target) -> Address:
    """The address that is dialled: of several the first that is this machine's own, of the device's family."""
    family = target.vantage.version if target.vantage else None
    candidates = [each for each in target.addresses if family in (None, each.version)] or list(target.addresses)
    for address in candidates:
        if vantage.is_own(facts, address):
            return address
    return candidates[0] if candidates else ip_address("::1" if family == 6 else "127.0.0.1")


def _same(finding: Finding, journey: Journey, seen: Finding, then: Journey) -> bool:
    """The same cause at the same place again: the remedy did not help, and trying again would not either."""
    if finding.ref != seen.ref or journey.stop is None or then.stop is None:
        return False
    return journey.stop.step == then.stop.step


def _again(facts: Facts, target: Target, before: Journey) -> Journey:
    if target.side is Side.CLIENT:
        return client.walk(facts, target)
    if target.addresses and before.packet.destination not in target.addresses:
        return walk(facts, target, vantage.packet(facts, target, _destination(facts, target)))
    packet = replace(before.packet, destination_port=target.port)
    return walk(facts, target, packet)


def _moved(target: Target, finding: Finding) -> Target:
    """Where a remedy moves the program to another port, or another URL is opened, that is what is walked next."""
    for intent in finding.verdict.intents:
        if isinstance(intent, Rebind) and intent.move_to:
            return replace(target, port=intent.move_to)
        if isinstance(intent, OpenInstead):
            return _reopened(target, intent)
    return target


def _reopened(target: Target, intent: OpenInstead) -> Target:
    from wizard.judge import target as pasted_target

    pasted = pasted_target.read(intent.url)
    reopened = replace(target, host=pasted.host, scheme=pasted.scheme, port=pasted.port or target.port)
    try:
        return replace(reopened, addresses=(ip_address(pasted.host),))
    except ValueError:
        return reopened


def _remedy(finding: Finding, facts: Facts, journey: Journey) -> Written | None:
    """All intents of one finding as one piece; None if there is none, or nobody knows how to make the first true."""
    whole: Written | None = None
    for intent in finding.verdict.intents:
        piece = fixes.write(intent, whole.facts if whole else facts, journey)
        if piece is None:
            return whole
        whole = piece if whole is None else _joined(whole, piece)
    return whole


def _joined(one: Written, other: Written) -> Written:
    return Written(
        one.title,
        one.steps + other.steps,
        other.undo + one.undo,
        other.facts,
        one.warnings + other.warnings,
        max(one.risk, other.risk, key=_RISKS.index),
        one.persists,
        one.verify + other.verify,
    )


_RISKS = ("none", "low", "medium", "high")


def _plan(finding: Finding, piece: Written, facts: Facts, target: Target, journey: Journey, proved: bool) -> Plan:
    """A plan item: proved only as part of the whole plan, and only if it does something."""
    does = any(isinstance(each, Run | Edit) for each in piece.steps) or _only_opens(finding)
    return Plan(
        finding=finding.ref,
        title=piece.title,
        steps=piece.steps,
        undo=piece.undo,
        risk=piece.risk,
        opens_to=_opens_to(finding.verdict.intents, facts, target, journey),
        persists=piece.persists,
        proved=proved and does,
        proved_by=("model",) if proved and does else (),
        verify=piece.verify or (_verify(target, journey),),
        warnings=piece.warnings,
        intents=finding.verdict.intents,
    )


def _only_opens(finding: Finding) -> bool:
    return any(isinstance(each, OpenInstead) for each in finding.verdict.intents)


def _verify(target: Target, journey: Journey) -> Run | Do:
    host = target.host if target.host and not answers.is_self(target.host) else str(journey.packet.destination)
    shown = f"[{host}]" if ":" in host else host
    url = f"{target.scheme}://{shown}:{target.port}{target.path}"
    return Run(("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\\n", "--max-time", "10", url), where="client")


def _opens_to(intents: tuple[Intent, ...], facts: Facts, target: Target, journey: Journey) -> str:
    """Who can reach what afterwards, in words."""
    for intent in intents:
        if isinstance(intent, AllowInbound):
            return f"{intent.port}/{intent.proto} to {intent.source}"
        if isinstance(intent, AllowProgram):
            return f"every port that {intent.path or 'a listed program'} opens, to everyone"
        if isinstance(intent, Unban):
            return f"{target.port}/{target.proto} to {intent.address}"
        if isinstance(intent, RemoveRedirect):
            return (
                f"{intent.port}/{intent.proto} to everyone whom the redirect caught, as far as the firewall lets them"
            )
        if isinstance(intent, Rebind):
            network = vantage.network_of(facts, journey.packet.destination)
            port = intent.move_to or intent.port
            where = f"{network} and every network this machine is on" if intent.address.is_unspecified else str(network)
            return f"{port}/{target.proto} to {where}, as far as the firewall lets it"
    return ""
