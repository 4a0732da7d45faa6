"""The guided way through: opens screens and hands them what they call; owns nothing else.

A screen is imported when it is opened: the first one is painted before the words of the model are loaded.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import App
from textual.binding import Binding, BindingType

from wizard.errors import ExitCode
from wizard.tui.calls import REACHED, Diagnose, Explain, Handover, Listening, More, Options
from wizard.tui.keys import ScreenCommands, keys_page
from wizard.tui.messages import (
    BundleBrought,
    CheckAgain,
    Diagnosed,
    LeadAsked,
    PlanRun,
    Reached,
    RightsAsked,
    SymptomGiven,
    TargetGiven,
    TargetRefused,
    WayOpened,
)
from wizard.tui.screens.start import StartScreen

if TYPE_CHECKING:
    from wizard.model.report import Report
    from wizard.tui.screens.verdict import VerdictScreen


class WizardApp(App[None]):
    """Start, symptom, stages, verdict, the way open. `root` tells whether commands need `sudo` in front of them."""

    TITLE = "Connection Wizard"
    CSS_PATH = "wizard.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    COMMANDS = App.COMMANDS | {ScreenCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="app.help", tooltip="The keys of this screen"),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", tooltip="Leave; nothing was changed", priority=True),
        Binding("ctrl+c", "interrupt", "Interrupt", id="app.interrupt", tooltip="Leave at once (130)", show=False),
        Binding(
            "ctrl+z",
            "suspend_process",
            "Suspend",
            id="app.suspend",
            tooltip="Back to the shell; `fg` returns",
            show=False,
        ),
    ]

    def __init__(
        self,
        diagnose: Diagnose,
        listeners: Listening,
        target: str = "",
        *,
        root: bool = False,
        explain: Explain | None = None,
        more: More | None = None,
    ) -> None:
        super().__init__()
        self.diagnose = diagnose
        self.listeners = listeners
        self.target = target
        self.root = root
        self.explain = explain
        self.more = more or More()
        self.asked = ("", Options())
        self.ran = False
        """The person has said that the plan was run: a way that is open then is shown as that."""

    def on_mount(self) -> None:
        start = StartScreen(self.listeners, root=self.root, text=self.target, recent=self.more.recent)
        self.push_screen(start)
        self.call_after_refresh(gc.enable)  # whoever began may have switched it off until the first picture
        if self.target:
            start.call_after_refresh(start.take_target)

    @on(TargetGiven)
    def ask_symptom(self, event: TargetGiven) -> None:
        from wizard.tui.screens.symptom import SymptomScreen

        self.push_screen(SymptomScreen(event.text, event.port))

    @on(SymptomGiven)
    def check(self, event: SymptomGiven) -> None:
        self.asked = (event.text, event.options)
        self.ran = False
        self._run_stages(event.options)

    def _run_stages(self, options: Options) -> None:
        from wizard.tui.screens.stages import StagesScreen

        self.push_screen(StagesScreen(self.diagnose, self.asked[0], options))

    @on(Diagnosed)
    def show_verdict(self, event: Diagnosed) -> None:
        from wizard.tui.screens.page import PageScreen

        while isinstance(self.screen, PageScreen):
            self.pop_screen()
        self.switch_screen(self._verdict(event.report))
        if self.ran and event.report.verdict == "reachable":
            self.post_message(WayOpened(event.report))

    def _verdict(self, report: Report) -> VerdictScreen:
        from wizard.tui.screens.verdict import VerdictScreen

        handover = self._handover(report)
        return VerdictScreen(report, root=self.root, explain=self.explain, more=self.more, handover=handover)

    def _handover(self, report: Report) -> Handover | None:
        """What root would be asked to run, where that would tell."""
        if self.root or self.asked[1].bundle or self.more.hand_over is None:
            return None
        return self.more.hand_over(report)

    @on(CheckAgain)
    def check_again(self) -> None:
        self._back_to_the_question()
        self._run_stages(self.asked[1])

    @on(PlanRun)
    def wait_for_the_way(self, event: PlanRun) -> None:
        """Look again until it is open; a recorded machine does not change."""
        from wizard.tui.screens.waiting import WaitingScreen

        self.ran = True
        self._note("says that the plan was run", event.report)
        glance = self.more.glance
        if glance is None or self.asked[1].bundle:
            self.check_again()
            return
        handover = self._handover(event.report)
        waiting = WaitingScreen(self.diagnose, glance, self.asked, event.report, root=self.root, handover=handover)
        self.push_screen(waiting, self._came_back)

    def _came_back(self, report: Report | None) -> None:
        """The verdict as it is now, in place of the one from before."""
        if report is not None:
            self.switch_screen(self._verdict(report))

    @on(WayOpened)
    def confirm(self, event: WayOpened) -> None:
        """The address for the other device; behind it lies the verdict."""
        from wizard.tui.screens.confirm import ConfirmScreen
        from wizard.tui.screens.waiting import WaitingScreen

        if isinstance(self.screen, WaitingScreen):
            self.pop_screen()
            self.switch_screen(self._verdict(event.report))
        live = not self.asked[1].bundle
        watch = self.more.watch if live else None
        self.push_screen(ConfirmScreen(event.report, watch=watch, ticket=self.more.ticket))

    @on(Reached)
    def note_arrival(self, event: Reached) -> None:
        self._note(f"{REACHED}: {event.arrival.text}", event.report)

    @on(RightsAsked)
    def explain_rights(self, event: RightsAsked) -> None:
        from wizard.tui.screens.rights import RightsScreen

        self.push_screen(RightsScreen(event.report, self._handover(event.report)))

    @on(BundleBrought)
    def check_bundle(self, event: BundleBrought) -> None:
        """The same question, to what a file holds; one from elsewhere asks its own."""
        from wizard.tui.screens.symptom import SymptomScreen

        if event.target:
            said = Options(bundle=event.brought.path)
            self.push_screen(SymptomScreen(event.target, known=said))
            return
        self._back_to_the_question()
        self._run_stages(replace(self.asked[1], bundle=event.brought.path))

    def _back_to_the_question(self) -> None:
        from wizard.tui.screens.lead import LeadScreen
        from wizard.tui.screens.symptom import SymptomScreen

        while not isinstance(self.screen, (StartScreen, SymptomScreen, LeadScreen)):
            self.pop_screen()

    @on(LeadAsked)
    def lead(self, event: LeadAsked) -> None:
        from wizard.tui.screens.lead import LeadScreen, known_of

        known = known_of(event.text, self.asked[1] if event.report is not None else None)
        self.push_screen(LeadScreen(known, event.report, bring=self.more.bring, script=self.more.script))

    @on(TargetRefused)
    def back_to_start(self, event: TargetRefused) -> None:
        while not isinstance(self.screen, StartScreen):
            self.pop_screen()
        self.screen.refuse(event.error)

    def _note(self, words: str, report: Report) -> None:
        if self.more.noted is not None:
            self.more.noted(words, report)

    def action_interrupt(self) -> None:
        """Ctrl-C where nothing is selected: as it ends every other program."""
        self.exit(return_code=ExitCode.INTERRUPTED)

    def action_help(self) -> None:
        """The keys of the screen that is open; on a page of keys, none."""
        from wizard.tui.screens.page import PageScreen

        if not isinstance(self.screen, PageScreen):
            self.push_screen(PageScreen("Keys", keys_page(self), indent=14))
