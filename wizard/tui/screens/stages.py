"""The stages at work, filling in live; Escape leaves them behind at once, whatever a probe is waiting for."""

from __future__ import annotations

from threading import Event
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from wizard.errors import ExitCode, WizardError
from wizard.judge import target
from wizard.model.report import Progress, Report
from wizard.present.hostile import harmless
from wizard.present.strip import forming
from wizard.present.tone import Tone
from wizard.tui.background import in_thread
from wizard.tui.calls import LAN, Diagnose, Options
from wizard.tui.content import toned
from wizard.tui.messages import Diagnosed, Failed, Progressed, TargetRefused
from wizard.tui.widgets.journey_strip import JourneyStrip
from wizard.tui.widgets.problem import Problem
from wizard.tui.widgets.stage_list import StageList


class Stopped(Exception):
    """The person left; the diagnosis ends at its next word."""


class StagesScreen(Screen[None]):
    """Runs one diagnosis; posts Diagnosed, or shows the error that ended it."""

    ABOUT: ClassVar[str] = (
        "Each stage asks this machine one thing; they are asked side by side, and nothing is changed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f5,r",
            "again",
            "Check again",
            id="stages.again",
            tooltip="Start the check from the beginning",
            key_display="f5",
        ),
        Binding("escape", "back", "Back", id="stages.back", tooltip="Stop, and go back to the questions"),
        Binding("q", "app.quit", "Quit", id="stages.quit", tooltip="Leave; nothing was changed", show=False),
    ]

    def __init__(self, diagnose: Diagnose, text: str, options: Options) -> None:
        super().__init__()
        self.diagnose = diagnose
        self.text = text
        self.options = options
        self.stopped = Event()
        self.port = options.port or _port(text)

    def compose(self) -> ComposeResult:
        seen_from = "another device on this network" if self.options.device == LAN else self.options.device
        head = Content.styled(harmless(self.text), "bold")
        yield Static(Content.assemble(head, toned(f"   from {harmless(seen_from)}", Tone.QUIET)), id="head")
        yield JourneyStrip(forming({}, self.port), id="strip")
        with VerticalScroll(id="stages-body", can_focus=False):
            yield StageList(id="stages")
        yield Problem(id="problem")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.run_diagnosis()

    def on_unmount(self) -> None:
        self.stopped.set()

    @work(exclusive=True, group="diagnosis")
    async def run_diagnosis(self) -> None:
        """Diagnose in a thread that may be left behind; only messages come back from it."""
        self.stopped = stopped = Event()

        def tell(progress: Progress) -> None:
            if stopped.is_set():
                raise Stopped
            self.post_message(Progressed(progress))

        def run() -> Report | WizardError | None:
            try:
                return self.diagnose(self.text, self.options, tell)
            except WizardError as error:
                return error
            except Stopped:
                return None

        try:
            outcome = await in_thread(run)
        finally:
            stopped.set()
        if isinstance(outcome, Report):
            self.post_message(Diagnosed(outcome))
        elif outcome is not None:
            self.post_message(Failed(outcome))

    @on(Progressed)
    def show_progress(self, event: Progressed) -> None:
        stages = self.query_one(StageList)
        stages.tell(event.progress)
        self.query_one(JourneyStrip).show(forming(stages.tones, self.port))

    @on(Failed)
    def show_error(self, event: Failed) -> None:
        self.query_one(StageList).stop()
        self.query_one(Problem).show(event.error)
        if event.error.code is ExitCode.USAGE:
            self.post_message(TargetRefused(event.error))

    def action_again(self) -> None:
        self.query_one(Problem).show(None)
        self.run_diagnosis()

    def action_back(self) -> None:
        self.stopped.set()
        self.workers.cancel_group(self, "diagnosis")
        self.dismiss()


def _port(text: str) -> int | None:
    try:
        return target.read(text).port
    except WizardError:
        return None
