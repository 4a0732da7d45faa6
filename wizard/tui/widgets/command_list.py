"""The steps of plans as a list: one is highlighted, a key copies it. What is copied is never cut or wrapped."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content

from wizard.present.plans import StepView
from wizard.present.tone import Tone
from wizard.tui.content import toned
from wizard.tui.widgets.choices import Choice, Choices

_NOTE_WIDTH = 16
_SHORT = 54


class Part(Struct, frozen=True):
    """Steps under one heading (empty: none), with warnings that belong to them."""

    heading: str
    steps: tuple[StepView, ...]
    warnings: tuple[str, ...] = ()


class CommandList(Choices):
    """Numbered steps; headings and warnings stand between them and cannot be chosen."""

    def __init__(self, parts: tuple[Part, ...], *, id: str | None = None) -> None:
        self.steps = tuple(step for part in parts for step in part.steps)
        super().__init__(_rows(parts), id=id)

    def show_parts(self, parts: tuple[Part, ...]) -> None:
        """Other steps; the same ones leave the highlight where it is."""
        steps = tuple(step for part in parts for step in part.steps)
        if steps != self.steps:
            self.steps = steps
            self.show(_rows(parts))
            self.action_first()

    @property
    def chosen(self) -> StepView | None:
        """The highlighted step; the first one while nothing is highlighted."""
        if not self.steps:
            return None
        option = self.highlighted_option
        return self.steps[int(option.id)] if option and option.id else self.steps[0]


class PlanList(CommandList):
    """The plan itself: Enter says that it has been run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Ran it", id="plan.done", tooltip="I have run the plan: check again"),
    ]

    async def _on_click(self, event: events.Click) -> None:
        # The inherited handler would take a click for Enter; here it only highlights the step that a key then copies.
        event.prevent_default()
        clicked = event.style.meta.get("option")
        if clicked is not None and not self.get_option_at_index(clicked).disabled:
            self.highlighted = clicked


def _rows(parts: tuple[Part, ...]) -> list[Choice]:
    rows: list[Choice] = []
    number = 0
    for part in parts:
        if part.heading:
            rows.append(Choice(toned(part.heading, Tone.QUIET, bold=True), disabled=True))
        rows += [Choice(toned(f"⚠ {warning}", Tone.CAREFUL), disabled=True) for warning in part.warnings]
        for step in part.steps:
            rows.append(Choice(_step(number + 1, step), id=str(number)))
            number += 1
    return rows


def _step(number: int, step: StepView) -> Content:
    """`1 stop it          kill 4242`, or the note on a line of its own where both would not fit."""
    head = f"{number} "
    if step.kind == "do":
        return Content.assemble(head, toned("by hand  ", Tone.QUIET), Content(step.text))
    if step.kind == "edit":
        removed, added = toned(f"- {step.removed}", Tone.BAD), toned(f"+ {step.added}", Tone.GOOD)
        return Content.assemble(head, toned(step.lead, Tone.QUIET), "\n  ", removed, "\n  ", added)
    if step.kind == "run" and not (step.lead or step.note or step.background):
        return Content.assemble(head, Content(step.text))
    note = ", ".join(filter(None, (step.lead, step.note, "keeps running" if step.background else "")))
    if len(note) <= _NOTE_WIDTH and len(step.text) <= _SHORT:
        return Content.assemble(head, toned(f"{note:<{_NOTE_WIDTH}} ", Tone.QUIET), Content(step.text))
    return Content.assemble(head, toned(note, Tone.QUIET), "\n  ", Content(step.text))
