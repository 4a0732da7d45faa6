"""Puts a solution into the one frozen Report that every presenter reads."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.diagnose.solve import Solution
from wizard.judge import answers, heard, heard_code
from wizard.judge.sees import client_sees
from wizard.model.capture import Capture, Unknown
from wizard.model.diagnosis import Side, Stage, Target
from wizard.model.facts import AttemptOutcome, Facts
from wizard.model.journey import Action, Journey, Step
from wizard.model.options import Options
from wizard.model.report import Overall, Report, StageResult, StageStatus
from wizard.model.windows import WindowsFacts

_PROBES_OF_STAGE = {
    Stage.NAME: ("resolution", "hosts", "ip-addresses"),
    Stage.PROCESS: ("processes",),
    Stage.BIND: ("ss-listeners",),
    Stage.CONFLICT: ("ss-connections",),
    Stage.FIREWALL: ("nft-json", "iptables-save", "ip6tables-save", "iptables-legacy-save", "firewalld", "ufw-status"),
    Stage.ROUTE: ("ip-routes-4", "ip-routes-6", "ip-rules-4", "ip-neighbours"),
    Stage.REACHABILITY: ("attempts",),
    Stage.APPLICATION: ("attempts",),
}
_ON_WINDOWS = {
    Stage.NAME: ("psutil-interfaces", "get-netipaddress", "ipconfig"),
    Stage.PROCESS: ("win32-process", "tasklist", "sc-queryex"),
    Stage.BIND: ("psutil-listeners", "netstat", "excluded-ports-4"),
    Stage.CONFLICT: ("http-servicestate", "netsh-portproxy"),
    Stage.FIREWALL: ("reg-firewall", "reg-firewall-policy", "get-netfirewallprofile", "get-netconnectionprofile"),
    Stage.ROUTE: ("get-netroute", "route-print", "get-netneighbor", "arp"),
}
_PROBES_OF_STAGE = {stage: (*names, *_ON_WINDOWS.get(stage, ())) for stage, names in _PROBES_OF_STAGE.items()}
"""Which probes a stage waits for: the slowest of them is the stage's time, since they run side by side."""


def stage_of(probe: str) -> Stage:
    """The stage that a probe's answer serves."""
    return next((stage for stage, names in _PROBES_OF_STAGE.items() if probe in names), Stage.PROCESS)


SHOWN = tuple(stage for stage in Stage if stage is not Stage.EXPOSURE)


def report(
    facts: Facts, target: Target, solution: Solution, captures: Mapping[str, Capture | Unknown], options: Options
) -> Report:
    """The report of one diagnosis."""
    verdict = _verdict(solution.journey)
    together = heard.compare(facts, target, solution.journey)
    seen_here = heard.told(facts, target, solution.journey) if target.side is Side.CLIENT else None
    findings = solution.blocking + solution.possible + solution.others + solution.first.remarks
    return Report(
        target=target,
        platform=facts.platform,
        taken_at=facts.taken_at,
        verdict=verdict,
        sentence=_sentence(verdict, solution, target),
        journey=solution.journey,
        client_sees=client_sees(solution.journey),
        stages=tuple(_stage(each, solution, facts, target, captures, options) for each in SHOWN),
        findings=findings,
        ruled_out=solution.first.ruled_out,
        cannot_tell=solution.first.cannot_tell,
        plan=solution.plans,
        alternatives=solution.alternatives,
        unread=_unread(facts, solution),
        firewall_innocent=_innocent(facts, solution),
        vantage_interface=solution.journey.packet.interface,
        code=heard_code.encode(seen_here) if seen_here else "",
        heard_agrees=together.agrees if together else None,
        heard_means=together.means if together else "",
    )


def _verdict(journey: Journey) -> Overall:
    """A certain stop blocks, whatever else is unknown; without one, anything unknown leaves it open."""
    if journey.stop is not None:
        return Overall.BLOCKED
    return Overall.UNDETERMINED if journey.unknowns else Overall.REACHABLE


def _sentence(verdict: Overall, solution: Solution, target: Target) -> str:
    if verdict is Overall.BLOCKED:
        if solution.blocking:
            return solution.blocking[0].verdict.summary
        stop = solution.journey.stop
        return stop.step.name if stop else "Something stands in the way."
    if verdict is Overall.UNDETERMINED:
        return _missing(solution.journey.unknowns[0])
    packet = solution.journey.packet
    if target.side is Side.CLIENT:
        return f"{target.host}:{target.port} answers this machine."
    return f"Nothing on this machine stands in the way of {packet.source} to port {target.port}."


def _missing(missing: Unknown) -> str:
    what = missing.what or "something that decides"
    verb = "tell" if what.startswith(("whether ", "what ", "where ", "who ", "which ")) else "read"
    return f"Could not {verb} {what}: {missing.reason}."


def _unread(facts: Facts, solution: Solution) -> tuple[Unknown, ...]:
    return tuple(dict.fromkeys((*solution.journey.unknowns, *facts.notes)))


def _innocent(facts: Facts, solution: Solution) -> bool:
    """The firewall was read, has rules, lets this connection in and its answer out, and something else stands in the way."""
    journey = solution.journey
    if journey.stop is None or journey.unknowns or isinstance(facts.rulesets, Unknown) or facts.unreadable_rulesets:
        return False
    any_rule = any(chain.rules for each in facts.rulesets for table in each.tables for chain in table.chains.values())
    if isinstance(facts.windows, WindowsFacts):
        any_rule = not isinstance(facts.windows.rules, Unknown) and bool(facts.windows.rules)
    let_in = journey.decision is not None and journey.decision.outcome == "deliver"
    no_firewall_finding = all(each.cause.stage is not Stage.FIREWALL for each in solution.blocking)
    return bool(any_rule and let_in and no_firewall_finding)


def _stage(
    stage: Stage,
    solution: Solution,
    facts: Facts,
    target: Target,
    captures: Mapping[str, Capture | Unknown],
    options: Options,
) -> StageResult:
    status, summary = _stage_answer(stage, solution, facts, target, options)
    times = [each.seconds for name in _PROBES_OF_STAGE[stage] if isinstance(each := captures.get(name), Capture)]
    return StageResult(stage, status, summary, round(max(times, default=0.0), 3))


def _stage_answer(
    stage: Stage, solution: Solution, facts: Facts, target: Target, options: Options
) -> tuple[StageStatus, str]:
    blocking = [each for each in solution.blocking if each.cause.stage is stage]
    if blocking:
        return StageStatus.FAIL, blocking[0].verdict.summary
    steps = [step for journey in solution.walks for step in journey.steps if step.stage == stage.value]
    if unknown := next((step for step in steps if step.action is Action.UNKNOWN), None):
        return StageStatus.UNKNOWN, unknown.name + (f": {unknown.by}" if unknown.by else "")
    warned = [each for each in solution.first.remarks if each.cause.stage is stage]
    if warned:
        return StageStatus.WARN, warned[0].verdict.summary
    if stage is Stage.REACHABILITY:
        return _reachability(facts, solution, options)
    passed = [step for step in steps if step.action in (Action.PASS, Action.TRANSLATE)]
    if passed:
        return StageStatus.PASS, _said(passed[-1])
    return _not_walked(stage, solution, target, options)


def _said(step: Step) -> str:
    return f"{step.name}: {step.by}" if step.by else step.name


def _reachability(facts: Facts, solution: Solution, options: Options) -> tuple[StageStatus, str]:
    """What this machine's own attempt proves: the bind and the program, never the firewall."""
    made = answers.attempts(facts)
    steps = [step for step in solution.journey.steps if step.stage == Stage.REACHABILITY.value]
    if steps:
        return StageStatus.PASS, _said(steps[-1])
    if not made:
        return StageStatus.SKIPPED, "nothing sent (--no-probe)" if not options.probe else "no attempt made from here"
    attempt = made[0]
    where = f"{attempt.address}:{attempt.port}"
    if attempt.outcome is AttemptOutcome.CONNECTED:
        return StageStatus.PASS, f"this machine itself connects to {where} (proves the bind, not the firewall)"
    return StageStatus.WARN, f"this machine itself gets {attempt.outcome} at {where}"


_THEIRS = (Stage.PROCESS, Stage.BIND, Stage.CONFLICT)


def _not_walked(stage: Stage, solution: Solution, target: Target, options: Options) -> tuple[StageStatus, str]:
    settled = [each for each in solution.first.ruled_out if each.cause.stage is stage]
    if stage is Stage.CONFLICT and solution.walks[-1].delivered_to is not None and settled:
        return StageStatus.PASS, f"nobody else holds port {solution.journey.packet.destination_port}"
    if solution.journey.delivered_to is None and target.side is Side.CLIENT and stage in _THEIRS:
        return StageStatus.SKIPPED, "known on the other machine only"
    if stage is Stage.APPLICATION and not options.probe:
        return StageStatus.SKIPPED, "not asked (--no-probe)"
    return StageStatus.SKIPPED, "the connection does not get this far"
