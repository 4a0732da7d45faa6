"""A case, or one report, as Markdown for a ticket (GitHub Flavored Markdown, https://github.github.com/gfm/).

Commands stand in fenced blocks whose fence is longer than any run of backticks inside, so nothing from a machine can end it;
everything else from a machine is either a code span or has every character escaped that Markdown, a mention or a link reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.model.report import Report
from wizard.present.case_story import REPLACED, CaseStory, RunStory, changes_by_area, moment
from wizard.present.hostile import harmless
from wizard.present.plans import PlanView, StepView
from wizard.present.strip import Hop
from wizard.present.tone import MARK, Tone
from wizard.present.view import FindingView, View, view

_READ = re.compile(r"([\\`*_\[\]|~<>$])")
_STARTS = re.compile(r"^(?:([+#=-])|(\d{1,9})([.)])(?=\s|$))")
_CALLS = re.compile(r"(?i)([@#]|(?:https?|ftp|mailto):|www)(?=[\w/.])")
_APART = "&#8203;"
"""A space without width: between `@` and a name it keeps the name from being called."""
_RUNS = re.compile(r"`+")
_NOTE = "Names, users, cards and public addresses are replaced, the same by the same; secrets are taken out."


def render(report: Report, *, redacted: bool = False) -> str:
    """One report."""
    shown = view(report, root=False)
    lines = [f"# {_verdict(shown)}", "", f"{code(shown.target)}, {moment(report.taken_at)}", ""]
    lines += _body(shown, {}, redacted)
    return _page([*lines, *(["", f"_{_NOTE}_"] if redacted else [])])


def render_case(case: CaseStory) -> str:
    """A whole case."""
    return _page(list(_case(case)))


def _page(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _case(case: CaseStory) -> Iterator[str]:
    yield f"# Case {case.id}: {text(case.title)}"
    yield ""
    closed = f", closed {moment(case.closed_at)}" if case.closed_at else ""
    yield f"- **{text(case.status)}**, opened {moment(case.opened_at)}{closed}"
    yield f"- target: {code(case.target)}"
    for label, said in (("what was seen", case.symptom), ("on which device", case.device)):
        if said:
            yield f"- {label}: {text(said)}"
    yield ""
    if not case.runs:
        yield "Nothing was checked yet."
    else:
        yield from _latest(case.runs[-1], case.redacted)
    for earlier, run in zip(case.runs[-2::-1], case.runs[:0:-1], strict=True):
        yield from _changes(earlier, run)
    yield from _earlier(case.runs[:-1])
    yield from _diary(case)
    if case.redacted:
        yield f"_{_NOTE}_"


def _latest(run: RunStory, redacted: bool) -> Iterator[str]:
    shown = run.view
    yield f"## {_verdict(shown)}"
    yield ""
    yield f"Run {run.number}, {moment(run.taken_at)}{f', from {code(run.origin)}' if run.origin else ''}"
    yield ""
    yield from _body(shown, run.done, redacted)


def _earlier(runs: tuple[RunStory, ...]) -> Iterator[str]:
    if runs:
        yield "## Earlier runs"
        yield ""
    for run in reversed(runs):
        done = f"; done: step {', '.join(map(str, run.done))}" if run.done else ""
        yield f"- run {run.number}, {moment(run.taken_at)}: {_verdict(run.view)}{done}"
    yield ""


def _changes(before: RunStory, run: RunStory) -> Iterator[str]:
    yield f"## What changed from run {before.number} to run {run.number}"
    yield ""
    yield f"From {moment(before.taken_at)} to {moment(run.taken_at)}."
    yield ""
    if not run.changes:
        yield "Nothing that the wizard looks at."
        yield ""
    for title, changes in changes_by_area(run.changes or ()):
        yield f"**{title}**"
        yield ""
        for one in changes:
            sides = " → ".join(code(side) for side in (one.before, one.after) if side)
            yield f"- {text(one.sign)} {text(one.what)}{f': {sides}' if sides else ''}"
        yield ""


def _diary(case: CaseStory) -> Iterator[str]:
    yield "## Diary"
    yield ""
    for event in case.diary():
        said = "  \n  ".join(text(line) for line in event.text.splitlines())
        yield f"- {moment(event.at)}: {f'“{said}”' if event.kind == 'note' else said}"
    yield ""


def _verdict(shown: View) -> str:
    return f"{MARK[shown.verdict.tone]} {text(shown.verdict.label)}: {text(shown.verdict.text)}"


def _body(shown: View, done: dict[int, float], redacted: bool) -> Iterator[str]:
    yield from fenced(_strip(shown.strip))
    yield f"So {text(shown.sees.text)}."
    yield ""
    if shown.innocent:
        yield f"{MARK[Tone.GOOD]} {text(shown.innocent.text)}"
        yield ""
    for one in shown.warnings:
        yield f"> {MARK[Tone.CAREFUL]} {text(one.summary)}"
        yield ""
    if shown.would_tell:
        yield "### What would tell"
        yield ""
        yield from fenced(shown.would_tell, "sh")
    yield from _plans(shown, done, redacted)
    for one in (*shown.findings, *shown.warnings, *shown.remarks):
        yield from _finding(one)
    yield from _missing(shown)


def _strip(hops: tuple[Hop, ...]) -> str:
    line = ""
    for number, hop in enumerate(hops):
        link = "" if not number else " ╳ " if hops[number - 1].stops else " ── "
        line += f"{link}{hop.label} {MARK[hop.tone]}".rstrip()
    return line


def _plans(shown: View, done: dict[int, float], redacted: bool) -> Iterator[str]:
    if shown.plans:
        yield "### Plan"
        yield ""
        yield f"{text(shown.promise)[:1].upper()}{text(shown.promise)[1:]}."
        yield ""
        if redacted:
            yield f"> {MARK[Tone.CAREFUL]} {text(REPLACED)}"
            yield ""
    number = 1
    for plan in shown.plans:
        yield from _plan(plan, done, number)
        number += len(plan.steps)
    if shown.undo:
        yield "### The way back, in this order"
        yield ""
        yield from _steps(shown.undo, {}, 1)
    for plan in shown.alternatives:
        yield f"### Or: {text(plan.title)}"
        yield ""
        yield from _plan(plan, {}, 1, titled=True)


def _plan(plan: PlanView, done: dict[int, float], first: int, titled: bool = False) -> Iterator[str]:
    yield f"_{text(plan.promise)}_" if titled else f"**{text(plan.title)}** ({text(plan.promise)})"
    yield ""
    for warning in plan.warnings:
        yield f"> {MARK[Tone.CAREFUL]} {text(warning)}"
        yield ""
    yield from _steps(plan.steps, done, first)
    if plan.verify:
        yield "To see that it worked:"
        yield ""
        yield from _steps(plan.verify, {}, 1)


def _steps(steps: tuple[StepView, ...], done: dict[int, float], first: int) -> Iterator[str]:
    for number, step in enumerate(steps, start=first):
        said = ", ".join(each for each in (step.lead, step.note, "keeps running" if step.background else "") if each)
        ticked = f" {MARK[Tone.GOOD]} done {moment(done[number])}" if number in done else ""
        words = f"by hand: {text(step.text)}" if step.kind == "do" else text(said)
        head = f"{number}. {words}{ticked}".rstrip() + " "
        indent = " " * (len(str(number)) + 2)
        block: list[str] = []
        if step.kind == "edit":
            block = list(fenced(f"- {step.removed}\n+ {step.added}", "diff", indent))
        elif step.kind == "run":
            block = list(fenced(step.text, _language(step), indent))
        if block and len(head) <= len(indent):
            yield head + block.pop(0).strip()
        else:
            yield head.rstrip()
            yield ""
        yield from block


def _language(step: StepView) -> str:
    return {"in PowerShell": "powershell", "in cmd": "bat"}.get(step.lead.rpartition(", ")[2], "sh")


def _finding(one: FindingView) -> Iterator[str]:
    certainty = f" ({one.certainty})" if one.certainty else ""
    yield f"### {MARK[one.tone]} {text(one.summary)}{certainty}"
    yield ""
    yield f"{code(one.ref)}: {text(one.title)}"
    yield ""
    if one.explanation:
        yield text(one.explanation)
        yield ""
    for source, line in one.evidence:
        yield f"- seen in {code(source)}: {code(line)}"
    for miss in one.near_misses:
        yield f"- nearly: {text(miss)}"
    yield ""


def _missing(shown: View) -> Iterator[str]:
    if shown.missing:
        yield "### What could not be read"
        yield ""
    for one in shown.missing:
        yield f"- {text(one.what or 'unknown')}: {text(one.why)}{f'; to read it: {code(one.remedy)}' if one.remedy else ''}"
    yield ""


def text(said: str) -> str:
    """Words as words: nothing in them is markup, calls a person (`@`) or an issue (`#`), or is a link."""
    escaped = _READ.sub(r"\\\1", harmless(said).replace("&", "&amp;"))
    escaped = _CALLS.sub(rf"\1{_APART}", escaped)
    return _STARTS.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", escaped)


def code(said: str) -> str:
    """A code span, whatever is in it (GFM 6.3: the fence is a run of backticks of a length that is not inside)."""
    shown = harmless(said)
    if not shown.strip():
        return "(empty)"
    fence = "`" * _unused(shown)
    space = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _unused(shown: str) -> int:
    lengths = {len(run) for run in _RUNS.findall(shown)}
    return next(length for length in range(1, len(lengths) + 2) if length not in lengths)


def fenced(said: str, language: str = "", indent: str = "") -> Iterator[str]:
    """A fenced block (GFM 4.5): its fence is longer than any run of backticks in it."""
    lines = [harmless(line) for line in said.split("\n")]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in _RUNS.findall(line)), default=0))
    yield f"{indent}{fence}{language}"
    yield from (indent + line for line in lines)
    yield indent + fence
    yield ""
