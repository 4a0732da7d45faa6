"""Walk, find what stops it, write the remedy, apply it to the facts, and walk again, until the walk arrives.

Several causes that stand behind one another come out as one ordered plan; the plan is proved when the last walk arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address

from wizard import fixes
from wizard.fixes.written import Written
from wizard.judge import Judgement, answers, client, judge, vantage
from wizard.judge.walk import walk
from wizard.model.diagnosis import Finding, Side, Target
from wizard.model.facts import Address, Facts
from wizard.model.journey import Action, Journey
from wizard.model.remedy import AllowInbound, Do, Edit, Intent, OpenInstead, Plan, Rebind, Run, Unban

MOST_CAUSES = 8
"""More causes than this behind one another: the rest is left for the next check."""


@dataclass(frozen=True, slots=True)
class Solution:
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
    others: tuple[Journey, ...] = ()
    """Walks of other known devices on the same network that end otherwise."""


def solve(facts: Facts, target: Target) -> Solution:
    """The whole way from the first walk to the proved plan."""
    journey, others = first_walk(facts, target)
    first = judge(facts, target, journey)
    walks = [journey]
    blocking: list[Finding] = []
    written: list[tuple[Finding, Written]] = []
    now, aim, judgement = facts, target, first
    while walks[-1].stop is not None and len(blocking) < MOST_CAUSES:
        finding = judgement.blocking
        if finding is None or any(_same(finding, walks[-1], seen, walks[at]) for at, seen in enumerate(blocking)):
            break
        blocking.append(finding)
        piece = _remedy(finding, now, walks[-1])
        if piece is None:
            break
        written.append((finding, piece))
        after, aim = piece.facts, _moved(aim, finding)
        if after == now and aim == target:
            break
        now = after
        walks.append(_again(now, aim, journey))
        judgement = judge(now, aim, walks[-1])
    proved = bool(written) and walks[-1].arrives
    plans = tuple(_plan(finding, piece, facts, target, journey, proved) for finding, piece in written)
    return Solution(
        journey,
        tuple(walks),
        tuple(blocking),
        first,
        plans,
        fixes.alternatives(blocking[0] if blocking else None, facts, target, journey),
        proved,
        others,
    )


def first_walk(facts: Facts, target: Target) -> tuple[Journey, tuple[Journey, ...]]:
    """The walk of the device asked about. Where none was named, a device known on that network stands for it; one that
    is stopped where others pass is shown first only if the user says that something fails."""
    if target.side is Side.CLIENT:
        return client.walk(facts, target), ()
    destination = _destination(facts, target)
    journey = walk(facts, target, vantage.packet(facts, target, destination))
    if target.vantage is not None:
        return journey, ()
    heard = vantage.neighbours(facts, destination)[1:9]
    typical = vantage.typical_neighbour(facts, destination)
    also = [walk(facts, target, vantage.packet(facts, target, destination, each)) for each in (*heard, typical)]
    stopped = tuple(each for each in also if each.stop is not None)
    if journey.stop is None and stopped and target.symptom is not None:
        return stopped[0], (journey,)
    if journey.stop is not None and not stopped and target.symptom is None:
        return also[0], (journey,)
    return journey, stopped if journey.stop is None else ()


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
    return replace(target, host=pasted.host, scheme=pasted.scheme, port=pasted.port or target.port)


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
        if isinstance(intent, Unban):
            return f"{target.port}/{target.proto} to {intent.address}"
        if isinstance(intent, Rebind):
            network = vantage.network_of(facts, journey.packet.destination)
            port = intent.move_to or intent.port
            where = f"{network} and every network this machine is on" if intent.address.is_unspecified else str(network)
            return f"{port}/{target.proto} to {where}, as far as the firewall lets it"
    return ""


def unknown_steps(journey: Journey) -> bool:
    """Whether anything on the way could not be looked at."""
    return any(step.action is Action.UNKNOWN for step in journey.steps)
