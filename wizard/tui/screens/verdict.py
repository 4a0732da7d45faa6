"""The verdict in one sentence, the journey with the place where it stops, why, and the plan whose steps a key copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static

from wizard.errors import WizardError
from wizard.model.diagnosis import Side
from wizard.model.report import Overall, Report
from wizard.present.hostile import harmless
from wizard.present.plans import PlanView, StepView
from wizard.present.tone import MARK, Tone
from wizard.present.view import View, view
from wizard.tui.background import in_thread
from wizard.tui.calls import Explain, Handover, More
from wizard.tui.content import LABEL_WIDTH, labelled, toned
from wizard.tui.keys import further_keys
from wizard.tui.messages import CheckAgain, LeadAsked, PlanRun, RightsAsked, WayOpened
from wizard.tui.screens.details import evidence_of, explanation_of, rehearsal_of
from wizard.tui.screens.page import PageScreen
from wizard.tui.screens.steps import StepsScreen, copied, lines_of, shown_plain
from wizard.tui.screens.ticket import saved_as_ticket
from wizard.tui.widgets.command_list import CommandList, Part, PlanList
from wizard.tui.widgets.journey_strip import JourneyStrip
from wizard.tui.widgets.pickup import Pickup
from wizard.tui.widgets.sentences import Sentences

_REHEARSE = "Try the plan on a copy of the firewall in this kernel; nothing else is touched"


class VerdictScreen(Screen[None]):
    """Shows one report. It decides nothing: it lays out the view, copies commands, and posts CheckAgain."""

    ABOUT: ClassVar[str] = (
        "Where the connection stops, why, and the commands that open it. You run them; the wizard changes nothing."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", id="verdict.copy", tooltip="Copy the highlighted command"),
        Binding("a", "copy_all", "All", id="verdict.copy-all", tooltip="Copy every command of the plan"),
        Binding("v", "plain", "Plain", id="verdict.plain", tooltip="The commands as plain lines, outside", show=False),
        Binding("u", "undo", "Undo", id="verdict.undo", tooltip="The commands that bring back what was there"),
        Binding("o", "others", "Others", id="verdict.others", tooltip="Other ways to the same end", show=False),
        Binding("e", "evidence", "Seen", id="verdict.evidence", tooltip="What was read, and what it says"),
        Binding("x", "explain", "Why", id="verdict.explain", tooltip="The page about this cause"),
        Binding("r", "rehearse", "Rehearse", id="verdict.rehearse", tooltip=_REHEARSE, show=False),
        Binding("s", "rights", "How", id="verdict.rights", tooltip="What root would tell, and the one command for it"),
        Binding("p", "confirm", "Phone", id="verdict.confirm", tooltip="Its address and QR code, and who comes"),
        Binding("t", "ticket", "Ticket", id="verdict.ticket", tooltip="Save what was found as a ticket", show=False),
        Binding("l", "lead", "Lead", id="verdict.lead", tooltip="Lead somebody through the plan by phone", show=False),
        Binding("f5", "again", "Again", id="verdict.again", tooltip="Ask everything once more", show=False),
        Binding("escape", "back", "Back", id="verdict.back", tooltip="Back to the questions"),
        Binding("q", "app.quit", "Quit", id="verdict.quit", tooltip="Leave; nothing was changed", show=False),
    ]

    def __init__(
        self,
        report: Report,
        *,
        root: bool,
        explain: Explain | None = None,
        more: More | None = None,
        handover: Handover | None = None,
    ) -> None:
        super().__init__()
        self.report = report
        self.root = root
        self.shown = view(report, root=root)
        self.explain = explain
        self.more = more or More()
        self.handover = handover if report.verdict is Overall.UNDETERMINED else None
        self.parts = _parts(self.shown, self.handover)

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
        yield Sentences((self._promise(),), id="promise")
        if shown.alternatives:
            yield Sentences((_others(shown),), id="others", classes="crowded" if len(shown.plans) > 1 else None)
        yield PlanList(self.parts, id="plan")
        yield Pickup(self.handover, id="pickup")
        yield Static(id="further")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#further", Static).update(further_keys(self, self.app))
        plan = self.query_one(CommandList)
        if plan.steps:
            self.set_focus(plan)
        else:
            plan.display = False
            self.set_focus(self.query_one("#why"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would show nothing are not offered."""
        verdict = self.report.verdict
        offered = {
            "copy": bool(self._steps()),
            "copy_all": len(self._steps()) > 1,
            "plain": bool(self._steps()),
            "undo": bool(self.shown.undo),
            "others": bool(self.shown.alternatives),
            "explain": bool(self.shown.refs),
            "rehearse": self._can_rehearse(),
            "rights": verdict is Overall.UNDETERMINED and self.handover is not None,
            "confirm": verdict is not Overall.BLOCKED and self.report.target.side is Side.SERVER,
            "ticket": self.more.ticket is not None,
        }
        return offered.get(action, True)

    def _can_rehearse(self) -> bool:
        return self.more.rehearse is not None and bool(self.report.plan)

    def _promise(self) -> Content:
        said = _promise(self.shown)
        if self.handover is not None and not self.shown.plans:
            return labelled("to tell", "root runs this, it only reads; its result is picked up here (s says more)")
        return said + toned("  (r rehearses it)", Tone.QUIET) if self._can_rehearse() and self.shown.plans else said

    def _steps(self) -> tuple[StepView, ...]:
        return tuple(step for part in self.parts for step in part.steps)

    @on(OptionList.OptionSelected, "#plan")
    def done(self) -> None:
        """Enter says "I have run it"."""
        self.post_message(PlanRun(self.report))

    def action_copy(self) -> None:
        step = self.query_one(CommandList).chosen
        if step:
            self._copy((step,))

    def action_copy_all(self) -> None:
        self._copy(self._steps())

    def _copy(self, steps: tuple[StepView, ...]) -> None:
        copied(self, steps)
        if self.more.noted is not None:
            self.more.noted(f"copied: {lines_of(steps)}", self.report)

    def action_plain(self) -> None:
        shown_plain(self.app, lines_of(self._steps()))

    @work(exclusive=True, group="rehearsal")
    async def action_rehearse(self) -> None:
        """Ask this kernel in a thread; a page shows what it said."""
        if self.more.rehearse is None:
            return
        rehearse = self.more.rehearse
        self.notify("Rehearsing the plan on a copy of the firewall …", markup=False)
        try:
            report = await in_thread(lambda: rehearse(self.report))
        except WizardError as error:
            self.notify(" ".join(map(harmless, error.lines())), severity="error", markup=False, timeout=15)
            return
        self.report, self.shown = report, view(report, root=self.root)
        self.query_one("#promise", Sentences).show((self._promise(),))
        if self.is_current:
            self.app.push_screen(PageScreen("The rehearsal", rehearsal_of(report), indent=2))

    def action_rights(self) -> None:
        self.post_message(RightsAsked(self.report))

    def action_confirm(self) -> None:
        self.post_message(WayOpened(self.report))

    def action_ticket(self) -> None:
        if self.more.ticket is not None:
            saved_as_ticket(self, self.more.ticket, self.report)

    def action_lead(self) -> None:
        self.post_message(LeadAsked(self.report.target.text, self.report))

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
        return labelled("next", "open it on the other device: p shows its address and a QR code, and who comes")
    if shown.alternatives:
        return labelled("plan", "none of its own; o shows other ways")
    return labelled("plan", "none that is known to be safe; e shows what was read")


def _others(shown: View) -> Content:
    first, *more = shown.alternatives
    count = f", and {len(more)} more" if more else ""
    return labelled("or", f"{first.title}{count} (o)", Tone.QUIET)


def _parts(shown: View, handover: Handover | None = None) -> tuple[Part, ...]:
    if not shown.plans and handover is not None:
        return (Part("", (StepView("run", harmless(handover.command), handover.command),)),)
    if not shown.plans and shown.would_tell:
        return (Part("", (StepView("run", shown.would_tell, shown.would_tell),)),)
    if len(shown.plans) == 1:
        return (Part("", shown.plans[0].steps, shown.plans[0].warnings),)
    return tuple(Part(plan.title, plan.steps, plan.warnings) for plan in shown.plans)


def _part(plan: PlanView) -> Part:
    return Part(f"{plan.title} ({plan.promise})", plan.steps, plan.warnings)
