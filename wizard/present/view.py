"""A report as sentences with a tone: what is said is decided here, once; text, HTML and screens only lay it out.

Nothing here has a colour, a width or markup, and every text is harmless (wizard.present.hostile). Commands come both as
they are shown and as they are copied.
"""

from __future__ import annotations

import re

from msgspec import Struct

from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import Ask, Certainty, Finding, Severity, Side
from wizard.model.remedy import Run
from wizard.model.report import ClientSees, Overall, Report, StageResult
from wizard.present import quoting
from wizard.present.hostile import harmless
from wizard.present.plans import PLACE, PlanView, plan_view, promise, undo_of
from wizard.present.plans import StepView as StepView
from wizard.present.rehearsal import rehearsed
from wizard.present.sentence import Sentence as Sentence
from wizard.present.stages import OF_STATUS, STAGE_TITLE, WORD_OF_STATUS
from wizard.present.strip import Hop, strip
from wizard.present.tone import Tone

INNOCENT = "your firewall already allows this; leave it alone"
# What `ss -e` says behind the owners is for programs (inode, cookie, control group).
_SOCKET_DETAILS = re.compile(r"(?<=\)\)) (?:uid|ino|sk|cgroup|v6only|timer):.*$")
_VERDICT_TONE = {
    Overall.REACHABLE: Tone.GOOD,
    Overall.BLOCKED: Tone.BAD,
    Overall.UNDETERMINED: Tone.UNSURE,
}
_HEARD_TONE = {True: Tone.GOOD, False: Tone.CAREFUL, None: Tone.UNSURE}
_VERDICT_WORD = {Overall.REACHABLE: "reachable", Overall.BLOCKED: "blocked", Overall.UNDETERMINED: "cannot tell"}
_SEES = {
    "connected": "gets through to the program",
    "refused": "is refused at once",
    "timeout": "waits and gets no answer",
    "unreachable": "is told that there is no way here",
    "prohibited": "is told that this is not permitted",
    "reset": "gets through, and is cut off",
    "empty": "gets through, and then nothing",
    "tls-error": "gets through, and fails to agree on encryption",
    "unresolved": "finds no address for the name",
    "proxy-error": "asks a proxy, which cannot help",
    "http-error": "gets through, and the program answers with an error",
}


class StageView(Struct, frozen=True):
    """A stage's line: `word` says what the mark of its tone says."""

    title: str
    tone: Tone
    word: str
    summary: str
    seconds: float = 0.0


class FindingView(Struct, frozen=True):
    """A finding with all that is known for it. `evidence` are (source, line) pairs."""

    ref: str
    tone: Tone
    title: str
    summary: str
    certainty: str
    explanation: str
    evidence: tuple[tuple[str, str], ...]
    near_misses: tuple[str, ...]
    ask: str = ""
    """The command that would tell this cause from the others that are left, or empty."""
    ask_where: str = ""
    ask_expect: str = ""


class MissingView(Struct, frozen=True):
    """What could not be read: what, why, and the command that would read it (may be empty)."""

    what: str
    why: str
    remedy: str


class View(Struct, frozen=True):
    """Everything a face may show, in the order of thought: verdict, where it stops, why, what to do, what is missing."""

    target: str
    verdict: Sentence
    strip: tuple[Hop, ...]
    sees: Sentence
    innocent: Sentence | None
    stages: tuple[StageView, ...]
    findings: tuple[FindingView, ...]
    warnings: tuple[FindingView, ...]
    remarks: tuple[FindingView, ...]
    plans: tuple[PlanView, ...]
    promise: str
    undo: tuple[StepView, ...]
    alternatives: tuple[PlanView, ...]
    missing: tuple[MissingView, ...]
    would_tell: str
    """Undetermined: the one command that would tell, or empty."""
    heard: Sentence | None = None
    """What the other device saw, set beside what this machine gives it."""
    code: str = ""
    """Client side: the code to carry to the other end, or empty."""
    carry: str = ""
    """The command there that takes it."""
    rehearsal: Sentence | None = None
    """What the kernel did in a copy of the network, if it was asked."""

    @property
    def steps(self) -> tuple[StepView, ...]:
        """Every step of every plan, in order."""
        return tuple(step for plan in self.plans for step in plan.steps)

    @property
    def refs(self) -> tuple[str, ...]:
        """The causes one may read about."""
        return tuple(finding.ref for finding in (*self.findings, *self.warnings, *self.remarks))


def view(report: Report, *, root: bool = True) -> View:
    """The report in sentences. `root` False puts `sudo` before the commands that need it."""
    missing = _missing(report)
    undetermined = report.verdict is Overall.UNDETERMINED
    return View(
        target=harmless(report.target.text) or str(report.target.port),
        verdict=Sentence(harmless(report.sentence), _VERDICT_TONE[report.verdict], _VERDICT_WORD[report.verdict]),
        strip=strip(report.journey, report.target, report.vantage_interface or report.target.interface),
        sees=_sees(report),
        innocent=Sentence(INNOCENT, Tone.GOOD) if report.firewall_innocent else None,
        stages=tuple(map(stage_view, report.stages)),
        findings=_findings(report.findings, Severity.BLOCKING),
        warnings=_findings(report.findings, Severity.WARNING),
        remarks=_findings(report.findings, Severity.INFO),
        plans=tuple(plan_view(plan, root=root) for plan in report.plan),
        promise=promise(report.plan) if report.plan else "",
        undo=undo_of(report.plan, root=root),
        alternatives=tuple(plan_view(plan, root=root) for plan in report.alternatives),
        missing=missing,
        would_tell=next((one.remedy for one in missing if one.remedy), "") if undetermined else "",
        heard=Sentence(harmless(report.heard_means), _HEARD_TONE[report.heard_agrees]) if report.heard_means else None,
        code=report.code,
        carry=f"sudo wizard check {report.target.port} --heard {report.code}" if report.code else "",
        rehearsal=rehearsed(report.rehearsal) if report.rehearsal else None,
    )


def stage_view(result: StageResult) -> StageView:
    """A stage's answer as a line."""
    status = result.status
    return StageView(
        STAGE_TITLE[result.stage], OF_STATUS[status], WORD_OF_STATUS[status], harmless(result.summary), result.seconds
    )


def _sees(report: Report) -> Sentence:
    sees = report.client_sees
    who = "this machine" if report.target.side is Side.CLIENT else _device(report)
    words = _SEES.get(sees.transport)
    if words is None:
        return Sentence(f"what {who} gets is not known", Tone.UNSURE)
    certain = "" if sees.certain else ", as far as can be told"
    return Sentence(f"{who} {words}{_codes(sees)}{certain}", Tone.PLAIN if sees.certain else Tone.UNSURE)


def _device(report: Report) -> str:
    return str(report.target.vantage) if report.target.vantage else "another device"


def _codes(sees: ClientSees) -> str:
    """The word by which people know it: the browser's, or curl's exit code where a browser has none."""
    code = sees.browser or (f"curl exits with {sees.curl}" if sees.curl else "")
    return f": {code}" if code else ""


def _findings(findings: tuple[Finding, ...], severity: Severity) -> tuple[FindingView, ...]:
    return tuple(_finding(finding) for finding in findings if finding.cause.severity is severity)


_SEVERITY_TONE = {Severity.BLOCKING: Tone.BAD, Severity.WARNING: Tone.CAREFUL, Severity.INFO: Tone.QUIET}


def _finding(finding: Finding) -> FindingView:
    verdict = finding.verdict
    return FindingView(
        ref=finding.ref,
        tone=_SEVERITY_TONE[finding.cause.severity],
        title=harmless(finding.cause.title),
        summary=harmless(verdict.summary),
        certainty="" if verdict.certainty is Certainty.PROVED else verdict.certainty.value,
        explanation=" ".join(map(harmless, finding.explanation.split())),
        evidence=tuple(map(_evidence, verdict.evidence)),
        near_misses=tuple(map(harmless, verdict.near_misses)),
        ask=harmless(_question(verdict.ask)) if verdict.ask else "",
        ask_where=PLACE.get(verdict.ask.where, "here") if verdict.ask else "",
        ask_expect=harmless(verdict.ask.expect) if verdict.ask else "",
    )


def _question(ask: Ask) -> str:
    return quoting.command(Run(ask.run, root=ask.root, where=ask.where), sudo=ask.root)


def _evidence(origin: Origin) -> tuple[str, str]:
    where = f"{origin.source} line {origin.line}" if origin.line and origin.source.startswith("/") else origin.source
    text = _SOCKET_DETAILS.sub("", origin.text) if origin.source.startswith("ss ") else origin.text
    return harmless(where), harmless(" ".join(text.split()))


def _missing(report: Report) -> tuple[MissingView, ...]:
    """What stayed unknown on the packet's way first, then the rest, then what a cause lacked and nobody has said yet."""
    missing: list[MissingView] = []
    for unknown in (*report.journey.unknowns, *report.unread, *map(_lacking, report.cannot_tell)):
        shown = MissingView(harmless(unknown.what), harmless(unknown.reason), harmless(unknown.remedy))
        if not any(_says_the_same(said, shown) for said in missing):
            missing.append(shown)
    return tuple(missing)


def _says_the_same(said: MissingView, shown: MissingView) -> bool:
    return said.why in shown.why and (said.what == shown.what or said.what in shown.why)


def _lacking(finding: Finding) -> Unknown:
    return Unknown(finding.verdict.summary, finding.verdict.remedy, finding.ref)
