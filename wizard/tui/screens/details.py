"""The long form, for those who ask: every finding with its evidence and near misses; the page of each cause."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from wizard.model.report import Report
from wizard.present.explain import rewrapped
from wizard.present.rehearsal import rehearsed
from wizard.present.tone import MARK, Tone
from wizard.present.view import FindingView, View
from wizard.tui.calls import Explain
from wizard.tui.content import labelled, marked, toned

_UNBROKEN = 100_000  # columns: the page wraps it to its own width


def evidence_of(shown: View) -> Content:
    """Findings first, then the packet's way, the stages, and what could not be read."""
    return Content("\n").join(_evidence(shown))


def _evidence(shown: View) -> Iterator[Content]:
    for finding in (*shown.findings, *shown.warnings, *shown.remarks):
        yield from _finding(finding)
        yield Content("")
    yield Content.styled("The packet's way", "bold")
    for hop in shown.strip:
        for words in hop.steps or (("not reached",) if hop.tone is Tone.QUIET else ("",)):
            yield Content.assemble(toned(MARK[hop.tone], hop.tone), f" {hop.label:<12} ", toned(words, Tone.PLAIN))
    yield Content("")
    yield Content.styled("The stages", "bold")
    for stage in shown.stages:
        words = stage.summary or stage.word
        yield Content.assemble(toned(MARK[stage.tone], stage.tone), f" {stage.title:<18}", toned(words, Tone.PLAIN))
    if shown.missing:
        yield Content("")
        yield Content.styled("Could not be read", "bold")
    for missing in shown.missing:
        yield marked(f"{missing.what}: {missing.why}" if missing.what else missing.why, Tone.UNSURE)
        if missing.remedy:
            yield labelled("  try", missing.remedy)


def _finding(finding: FindingView) -> Iterator[Content]:
    doubt = f" ({finding.certainty})" if finding.certainty else ""
    yield marked(finding.summary + doubt, finding.tone)
    yield toned(f"  {finding.ref}", Tone.QUIET)
    for source, line in finding.evidence:
        yield labelled("  seen", Content.assemble(toned(f"{source}: ", Tone.QUIET), line) if line else Content(source))
    for near_miss in finding.near_misses:
        yield labelled("  nearly", near_miss)


def explanation_of(shown: View, explain: Explain | None) -> Content:
    """The page of each cause that was found, the blocking ones first."""
    pages = [_page(finding, explain) for finding in (*shown.findings, *shown.warnings, *shown.remarks)]
    return Content("\n\n\n").join(pages)


def _page(finding: FindingView, explain: Explain | None) -> Content:
    if explain is not None:
        return Content(rewrapped(explain(finding.ref), _UNBROKEN))
    return Content.assemble(Content.styled(finding.title, "bold"), f"\n{finding.ref}\n\n{finding.explanation}")


def rehearsal_of(report: Report) -> Content:
    """What this kernel said to the device's packet on a copy of the network, before the plan and after it."""
    if report.rehearsal is None:
        return Content("No rehearsal could be made here; the model's answer stands.")
    said = rehearsed(report.rehearsal)
    return Content.assemble(
        marked(said.text, said.tone), "\n\n", toned("Nothing outside of the copy was touched.", Tone.QUIET)
    )
