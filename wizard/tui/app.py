"""The guided way through: opens screens and hands them what they call; owns nothing else.

A screen is imported when it is opened: the first one is painted before the words of the model are loaded.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content

from wizard.tui.calls import Diagnose, Explain, Listening, Options
from wizard.tui.keys import ScreenCommands, offered
from wizard.tui.messages import CheckAgain, Diagnosed, SymptomGiven, TargetGiven, TargetRefused
from wizard.tui.screens.page import PageScreen
from wizard.tui.screens.start import StartScreen


class WizardApp(App[None]):
    """Start, symptom, stages, verdict. `root` tells whether commands need `sudo` in front of them."""

    TITLE = "Connection Wizard"
    CSS_PATH = "wizard.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    COMMANDS = App.COMMANDS | {ScreenCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="app.help", tooltip="The keys of this screen"),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", tooltip="Leave; nothing was changed", priority=True),
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
    ) -> None:
        super().__init__()
        self.diagnose = diagnose
        self.listeners = listeners
        self.target = target
        self.root = root
        self.explain = explain
        self.asked = ("", Options())

    def on_mount(self) -> None:
        start = StartScreen(self.listeners, root=self.root, text=self.target)
        self.push_screen(start)
        if self.target:
            start.call_after_refresh(start.take_target)

    @on(TargetGiven)
    def ask_symptom(self, event: TargetGiven) -> None:
        from wizard.tui.screens.symptom import SymptomScreen

        self.push_screen(SymptomScreen(event.text, event.port))

    @on(SymptomGiven)
    def check(self, event: SymptomGiven) -> None:
        from wizard.tui.screens.stages import StagesScreen

        self.asked = (event.text, event.options)
        self.push_screen(StagesScreen(self.diagnose, *self.asked))

    @on(Diagnosed)
    def show_verdict(self, event: Diagnosed) -> None:
        from wizard.tui.screens.verdict import VerdictScreen

        while isinstance(self.screen, PageScreen):
            self.pop_screen()
        self.switch_screen(VerdictScreen(event.report, root=self.root, explain=self.explain))

    @on(CheckAgain)
    def check_again(self) -> None:
        from wizard.tui.screens.stages import StagesScreen

        self.switch_screen(StagesScreen(self.diagnose, *self.asked))

    @on(TargetRefused)
    def back_to_start(self, event: TargetRefused) -> None:
        while not isinstance(self.screen, StartScreen):
            self.pop_screen()
        self.screen.refuse(event.error)

    def action_help(self) -> None:
        """The keys of the screen that is open; on a page of keys, none."""
        if not isinstance(self.screen, PageScreen):
            self.push_screen(PageScreen("Keys", _keys(self), indent=14))


def _keys(app: App[Any]) -> Content:
    rows = [
        Content.assemble(Content.styled(f"{one.keys:<14}", "bold"), f"{one.binding.description}: {one.help}")
        for one in offered(app.screen, app)
    ]
    always = Content("\n\nTab moves on, ↑ and ↓ choose, ctrl+p finds any of these by name.")
    return Content("\n").join(rows) + always
