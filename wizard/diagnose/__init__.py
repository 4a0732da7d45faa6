"""From a pasted text to a report: the five steps, and the only place that knows them all.

collect what the machine answers -> parse it into facts -> judge where the connection ends
-> write the plan and walk again with it applied -> hand over one frozen Report
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec import Struct

from wizard.collect.source import Source
from wizard.diagnose import further, reporting
from wizard.diagnose.aim import aim
from wizard.diagnose.solve import solve
from wizard.judge import target as pasted_target
from wizard.model.capture import Capture, Unknown
from wizard.model.diagnosis import Stage
from wizard.model.facts import Facts
from wizard.model.options import Options
from wizard.model.report import Progress, Report, StageStatus
from wizard.parse import assemble

Tell = Callable[[Progress], None]

__all__ = ["Options", "collect_and_parse", "diagnose"]


class Collected(Struct, frozen=True):
    """What one source answered, and the facts in it."""

    captures: dict[str, Capture | Unknown]
    facts: Facts


def diagnose(
    target: str, source: Source | None = None, options: Options | None = None, tell: Tell | None = None
) -> Report:
    """Find out why another device cannot reach `target`, and how to change that.

    `target` is whatever a person pasted. `source` is a live machine (the default) or a bundle. Raises WizardError where
    the target is not understood. `tell` hears of each stage as it is known; it is called in this thread.
    """
    report, _ = diagnose_and_keep(target, source, options, tell)
    return report


def diagnose_and_keep(
    target: str, source: Source | None = None, options: Options | None = None, tell: Tell | None = None
) -> tuple[Report, dict[str, Capture | Unknown]]:
    """As `diagnose`, with everything that was captured on the way (for a bundle or a case)."""
    options = options or Options()
    pasted = pasted_target.read(target)
    source = source or _live(options)
    collected = collect_and_parse(source, tell)
    aimed, extra = aim(pasted, options, collected, source)
    captures = collected.captures | extra
    facts = assemble.with_more(collected.facts, extra)
    if tell is not None:
        _tell_so_far(tell, reporting.report(facts, aimed, solve(facts, aimed), captures, options))

    def tried(sentence: str) -> None:
        _say(tell, Stage.REACHABILITY, None, sentence)

    more = further.look(facts, aimed, source, options, tried)
    captures |= more
    facts = assemble.with_more(facts, more)
    report = reporting.report(facts, aimed, solve(facts, aimed), captures, options)
    for stage in report.stages:
        _say(tell, stage.stage, stage.status, stage.summary)
    return report, captures


def _tell_so_far(tell: Tell, report: Report) -> None:
    """What is known before anything is sent; the attempts that follow may take seconds."""
    for stage in report.stages:
        if stage.status is not StageStatus.SKIPPED:
            _say(tell, stage.stage, stage.status, stage.summary)
    _say(tell, Stage.REACHABILITY, None, "trying from this machine", further.LONGEST_ATTEMPT)


def collect_and_parse(source: Source, tell: Tell | None = None, left_out: Collection[str] = ()) -> Collected:
    """Ask a source everything its platform knows (but for the probes `left_out`), and read the answers."""
    probes = [probe for probe in further.probes_of(source.platform) if probe.name not in left_out]
    stages = {probe.asks: reporting.stage_of(probe.name) for probe in probes}
    waiting = [probe for probe in probes if probe.comes_first]
    for stage in dict.fromkeys(stages.values()) if source.live else ():
        limit = max((probe.seconds for probe in waiting if stages[probe.asks] is stage), default=0.0)
        _say(tell, stage, None, "asking", limit)

    def answered(sentence: str) -> None:
        asks = sentence.partition(": ")[0]
        stage = stages.get(asks, Stage.PROCESS)
        waiting[:] = [probe for probe in waiting if probe.asks != asks]
        still = [probe.asks for probe in waiting if stages[probe.asks] is stage]
        _say(tell, stage, None, f"waiting for {still[0]}" if still else sentence)

    captures = source.gather(probes, answered)
    return Collected(captures, assemble.facts(captures, source.platform, source.taken_at, source.privileged))


def _live(options: Options) -> Source:
    from wizard.collect.live import LiveSource

    return LiveSource(options.seconds)


def _say(tell: Tell | None, stage: Stage, status: StageStatus | None, text: str, limit: float | None = None) -> None:
    if tell is not None:
        tell(Progress(stage, status, text, limit))
