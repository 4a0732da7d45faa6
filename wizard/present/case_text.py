"""Cases for a terminal and for pipes: the list, one case's head, its plan with what was done, its diary, what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wizard.model.change import Change
from wizard.present.case_story import CaseStory, RunStory, changes_by_area, moment
from wizard.present.hostile import harmless
from wizard.present.plans import StepView

_ASCII = str.maketrans({"✓": "+", "✗": "X", "≠": "*", "−": "-", "→": ">", "…": "~", "“": '"', "”": '"'})
_WIDEST = 60


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, unicode: bool = True) -> str:
    """The rows in columns under their heads; a cell too wide is cut, the last column is not."""
    shown = [[*(_cut(harmless(cell)) for cell in row[:-1]), harmless(row[-1])] for row in (head, *rows)]
    widths = [max(len(row[place]) for row in shown) for place in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown)
    return plain("".join(f"{line}\n" for line in lines), unicode)


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"


def head(case: CaseStory) -> str:
    """Who, what, where, and how it stands."""
    lines = [f"case {case.id}: {case.title} ({case.status})"]
    for label, said in (("target", case.target), ("seen", case.symptom), ("on", case.device)):
        if said:
            lines.append(f"  {label:<7} {harmless(said)}")
    for run in case.runs:
        source = f", from {harmless(run.origin)}" if run.origin else ""
        lines.append(f"  run {run.number:<3} {moment(run.taken_at)}: {run.report.verdict.value}{source}")
    return "".join(f"{line}\n" for line in lines)


def steps(run: RunStory) -> str:
    """The plan's steps by the numbers that `wizard session done` takes."""
    shown = run.view.steps
    if not shown:
        return ""
    lines = [f"steps of run {run.number}"]
    for number, step in enumerate(shown, start=1):
        done = f"✓ {number}" if number in run.done else f"  {number}"
        lines.append(f"  {done:<5} {_step(step)}")
    return "".join(f"{line}\n" for line in lines)


def _step(step: StepView) -> str:
    lead = f"{step.lead}: " if step.lead else ""
    return f"{lead}{f'{step.removed.strip()} → {step.added.strip()}' if step.kind == 'edit' else step.text}"


def diary(case: CaseStory) -> str:
    """Everything that happened, in its order."""
    lines = ["diary"]
    for event in case.diary():
        said = event.text.splitlines() or [""]
        quoted = [f"“{said[0]}", *said[1:]] if event.kind == "note" else said
        end = "”" if event.kind == "note" else ""
        lines += [f"  {moment(event.at)}  {quoted[0]}", *(f"{'':<27}{line}" for line in quoted[1:])]
        lines[-1] += end
    return "".join(f"{line}\n" for line in lines)


def changes(between: str, changed: tuple[Change, ...]) -> str:
    """What changed, by area; `between` says between which two looks."""
    return "".join(f"{line}\n" for line in _changes(between, changed))


def _changes(between: str, changed: tuple[Change, ...]) -> Iterator[str]:
    yield between
    if not changed:
        yield "  nothing that the wizard looks at"
    for title, views in changes_by_area(changed):
        yield f"  {title}"
        for one in views:
            yield f"    {one.sign} {one.what}"
            if one.before:
                yield f"        was  {one.before}" if one.after else f"        {one.before}"
            if one.after:
                yield f"        is   {one.after}" if one.before else f"        {one.after}"


def plain(text: str, unicode: bool) -> str:
    """The text for a terminal that knows ASCII only, where that is so."""
    return text if unicode else text.translate(_ASCII)
