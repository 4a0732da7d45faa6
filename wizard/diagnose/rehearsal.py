"""The rehearsal: the client's packet in a copy of this machine's network, before the plan and after its network steps.

The model has proved the plan already; here this kernel says so too. Everything happens in a private namespace (wizard.twin).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from wizard.diagnose.solve import Solution, solve
from wizard.judge.trace import arrival, reply, trace
from wizard.model.capture import Capture, Unknown
from wizard.model.diagnosis import Side
from wizard.model.facts import Facts
from wizard.model.journey import Decision
from wizard.model.packet import Packet
from wizard.model.remedy import Plan
from wizard.model.report import Rehearsal, Rehearsed, Report
from wizard.parse import assemble
from wizard.twin.copy import NoCopy, Twin
from wizard.twin.steps import in_copy
from wizard.twin.words import Answer, Command

Captures = Mapping[str, Capture | Unknown]


def rehearse(report: Report, captures: Captures) -> Report:
    """The report with its rehearsal, and with `kernel` in `proved_by` of what was tried and opened the way."""
    if report.target.side is Side.CLIENT:
        return replace(report, rehearsal=Rehearsal(trouble="only the serving machine's own network can be copied"))
    if report.platform != "linux":
        return replace(report, rehearsal=Rehearsal(trouble=f"a copy of {report.platform} cannot be made on Linux"))
    facts = assemble.facts(captures, report.platform, report.taken_at, privileged=True)
    solution = solve(facts, report.target)
    try:
        rehearsal, tried = _rehearsed(facts, captures, solution)
    except NoCopy as trouble:
        return replace(report, rehearsal=Rehearsal(trouble=str(trouble)))
    proved = {id(plan) for plan in tried} if rehearsal.agrees and rehearsal.opens else set()
    plans = zip(report.plan, solution.plans, strict=False)
    return replace(
        report,
        rehearsal=rehearsal,
        plan=tuple(
            replace(plan, proved_by=("model", "kernel")) if id(own) in proved and plan.proved else plan
            for plan, own in plans
        ),
    )


def _rehearsed(facts: Facts, captures: Captures, solution: Solution) -> tuple[Rehearsal, list[Plan]]:
    """Before and after, and the items of the plan that had steps for the copy."""
    packet = _arriving(facts, solution.journey.packet)
    steps = _steps(facts, solution)
    tried = [plan for plan, commands in steps if commands]
    with Twin(facts, captures) as twin:
        before = twin.ask(packet)
        agrees = agree(trace(facts, packet), before) is True
        if before.trouble:
            raise NoCopy(before.trouble)
        if not tried:
            return Rehearsal(_told(before), None, agrees, notes=twin.notes), tried
        for _, commands in steps:
            for command in commands:
                twin.run(command.argv, command.text)
        later = _arriving(facts, solution.walks[-1].packet)
        last = solution.afterwards[-1]
        after = twin.ask(later)
        agrees = agrees and agree(trace(last, later), after) is True
        opens = not _passes(facts, packet, before) and _passes(last, later, after)
        return Rehearsal(_told(before), _told(after), agrees, opens, notes=twin.notes), tried


def _arriving(facts: Facts, packet: Packet) -> Packet:
    return replace(packet, interface=arrival(facts, packet))


def _steps(facts: Facts, solution: Solution) -> list[tuple[Plan, tuple[Command, ...]]]:
    """Each item of the plan with what the copy is told for it."""
    found = []
    states = (facts, *solution.afterwards)
    for plan, before, after in zip(solution.plans, states, states[1:], strict=False):
        rules = [() if isinstance(each.rulesets, Unknown) else each.rulesets for each in (before, after)]
        found.append((plan, in_copy(plan, rules[0], rules[1])))
    return found


def _told(answer: Answer) -> Rehearsed:
    return Rehearsed(answer.outcome, answer.reject_with, answer.answered)


def _passes(facts: Facts, packet: Packet, answer: Answer) -> bool:
    """Delivered and answered; a forwarded packet has no program in the copy that could answer."""
    if answer.outcome == "forward":
        return reply(facts, packet, trace(facts, packet)).outcome not in ("drop", "reject")
    return answer.outcome == "deliver" and answer.answered


def agree(decision: Decision, answer: Answer) -> bool | None:
    """Whether the kernel did what the model says; None where one of the two says nothing."""
    if answer.trouble or decision.outcome == "unknown":
        return None
    return (decision.outcome, decision.reject_with) == (answer.outcome, answer.reject_with)
