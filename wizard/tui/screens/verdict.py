"""The verdict in one sentence, the journey with the place where it stops, why, and the plan whose steps a key copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static

from wizard.model.report import Report
from wizard.present.plans import PlanView, StepView
from wizard.present.tone import MARK, Tone
from wizard.present.view import View, view
from wizard.tui.calls import Explain
from wizard.tui.content import LABEL_WIDTH, labelled, toned
from wizard.tui.messages import CheckAgain
from wizard.tui.screens.details import evidence_of, explanation_of
from wizard.tui.screens.page import PageScreen
from wizard.tui.screens.steps import StepsScreen, copied
from wizard.tui.widgets.command_list import CommandList, Part, PlanList
from wizard.tui.widgets.journey_strip import JourneyStrip
from wizard.tui.widgets.sentences import Sentences


class VerdictScreen(Screen[None]):
    """Shows one report. It decides nothing: it lays out the view, copies commands, and posts CheckAgain."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", id="verdict.copy", tooltip="Copy the highlighted command"),
        Binding("a", "copy_all", "All", id="verdict.copy-all", tooltip="Copy every command of the plan"),
        Binding("u", "undo", "Undo", id="verdict.undo", tooltip="The commands that bring back what was there"),
        Binding("o", "others", "Others", id="verdict.others", tooltip="Other ways to the same end", show=False),
        Binding("e", "evidence", "Seen", id="verdict.evidence", tooltip="What was read, and what it says"),
        Binding("x", "explain", "Why", id="verdict.explain", tooltip="The page about this cause"),
        Binding("r", "again", "Again", id="verdict.again", tooltip="Ask everything once more", show=False),
        Binding("escape", "back", "Back", id="verdict.back", tooltip="Back to the questions"),
        Binding("q", "app.quit", "Quit", id="verdict.quit", tooltip="Leave; nothing was changed", show=False),
    ]

    def __init__(self, report: Report, *, root: bool, explain: Explain | None = None) -> None:
        super().__init__()
        self.shown = view(report, root=root)
        self.explain = explain

    def compose(self) -> ComposeResult:
        shown = self.shown
        yield Static(verdict_of(shown), id="verdict")
        yield JourneyStrip(shown.strip, id="strip")
        with Horizontal(id="middle"):
            with VerticalScroll(id="why"):
                yield Sentences(why(shown), id="reasons")
            with Vertical(id="beside"):
                yield Static(Content.styled("What each stage said", "bold"))
                yield Sentences(_stages(shown), id="stages", indent=20)
        yield Sentences((_promise(shown),), id="promise")
        if shown.alternatives:
            yield Sentences((_others(shown),), id="others", classes="crowded" if len(shown.plans) > 1 else None)
        yield PlanList(_parts(shown), id="plan")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        plan = self.query_one(CommandList)
        if plan.steps:
            plan.focus()
        else:
            plan.display = False
            self.query_one("#why").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would show nothing are not offered."""
        offered = {
            "copy": bool(self._steps()),
            "copy_all": len(self._steps()) > 1,
            "undo": bool(self.shown.undo),
            "others": bool(self.shown.alternatives),
            "explain": bool(self.shown.refs),
        }
        return offered.get(action, True)

    def _steps(self) -> tuple[StepView, ...]:
        return tuple(step for part in _parts(self.shown) for step in part.steps)

    @on(OptionList.OptionSelected, "#plan")
    def done(self) -> None:
        """Enter says "I have run it"."""
        self.post_message(CheckAgain())

    def action_copy(self) -> None:
        step = self.query_one(CommandList).chosen
        if step:
            copied(self, (step,))

    def action_copy_all(self) -> None:
        copied(self, self._steps())

    def action_undo(self) -> None:
        self.app.push_screen(StepsScreen("The way back, in this order", (Part("", self.shown.undo),)))

    def action_others(self) -> None:
        self.app.push_screen(StepsScreen("Other ways", tuple(map(_part, self.shown.alternatives))))

    def action_evidence(self) -> None:
        self.app.push_screen(PageScreen("Evidence", evidence_of(self.shown), indent=LABEL_WIDTH))

    def action_explain(self) -> None:
        self.app.push_screen(PageScreen("Explained", explanation_of(self.shown, self.explain)))

    def action_again(self) -> None:
        self.post_message(CheckAgain())

    def action_back(self) -> None:
        self.dismiss()


def verdict_of(shown: View) -> Content:
    """The mark, the word and the sentence."""
    verdict = shown.verdict
    word = toned(f"{MARK[verdict.tone]} {verdict.label}: ", verdict.tone, bold=True)
    return Content.assemble(word, Content.styled(verdict.text, "bold"))


def why(shown: View) -> Iterator[Content]:
    """What was seen, what follows for the other device, what to be careful with, what is missing."""
    for number, finding in enumerate(shown.findings):
        if number:
            yield labelled("then", finding.summary)
            continue
        for position, (source, line) in enumerate(finding.evidence[:2]):
            text = Content.assemble(toned(f"{source}: ", Tone.QUIET), line) if line else Content(source)
            yield labelled("" if position else "seen", text)
        for near_miss in finding.near_misses[:1]:
            yield labelled("nearly", near_miss)
    yield labelled("so", shown.sees.text, shown.sees.tone)
    if shown.innocent:
        yield labelled("", shown.innocent.text, shown.innocent.tone)
    for warning in shown.warnings:
        yield labelled(f"{MARK[Tone.CAREFUL]} care", warning.summary, Tone.CAREFUL)
    for remark in shown.remarks:
        yield labelled("note", remark.summary)
    if shown.verdict.tone is Tone.UNSURE:
        for missing in shown.missing[:3]:
            yield labelled("unread", f"{missing.what}: {missing.why}" if missing.what else missing.why)


def _stages(shown: View) -> Iterator[Content]:
    for stage in shown.stages:
        mark = toned(MARK[stage.tone], stage.tone, bold=True)
        yield Content.assemble(mark, f" {stage.title:<18}", toned(stage.summary or stage.word, Tone.PLAIN))


def _promise(shown: View) -> Content:
    if shown.plans:
        return labelled("plan", shown.promise)
    if shown.would_tell:
        return labelled("to tell", "run this, it only reads; then press enter")
    if shown.verdict.tone is Tone.GOOD:
        return labelled("next", "open it on the other device; press r to check again")
    if shown.alternatives:
        return labelled("plan", "none of its own; o shows other ways")
    return labelled("plan", "none that is known to be safe; e shows what was read")


def _others(shown: View) -> Content:
    first, *more = shown.alternatives
    count = f", and {len(more)} more" if more else ""
    return labelled("or", f"{first.title}{count} (o)", Tone.QUIET)


def _parts(shown: View) -> tuple[Part, ...]:
    if not shown.plans and shown.would_tell:
        return (Part("", (StepView("run", shown.would_tell, shown.would_tell),)),)
    if len(shown.plans) == 1:
        return (Part("", shown.plans[0].steps, shown.plans[0].warnings),)
    return tuple(Part(plan.title, plan.steps, plan.warnings) for plan in shown.plans)


def _part(plan: PlanView) -> Part:
    return Part(f"{plan.title} ({plan.promise})", plan.steps, plan.warnings)
