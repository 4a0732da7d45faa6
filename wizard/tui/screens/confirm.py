"""The way is open: the address to open on the other device, as text and as a QR code, and its packet as it arrives."""

from __future__ import annotations

from threading import Event
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from wizard.errors import WizardError
from wizard.model.report import Overall, Report
from wizard.present.hostile import harmless
from wizard.present.sharing import url_of
from wizard.present.tone import MARK, Tone
from wizard.present.view import view
from wizard.tui.background import in_thread
from wizard.tui.calls import Arrival, Ticket, Watch, Watching
from wizard.tui.content import toned
from wizard.tui.messages import Arrived, CheckAgain, Reached
from wizard.tui.screens.steps import copied_text
from wizard.tui.screens.ticket import saved_as_ticket
from wizard.tui.widgets.arrivals import Arrivals
from wizard.tui.widgets.journey_strip import JourneyStrip
from wizard.tui.widgets.problem import Problem
from wizard.tui.widgets.qr import QrCode
from wizard.tui.widgets.sentences import Sentences


class ConfirmScreen(Screen[None]):
    """Shows where to go, and who has come. Watching ends with the screen."""

    ABOUT: ClassVar[str] = "The proof is the other device: open the address there, and its packet shows up here."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", id="confirm.copy", tooltip="Copy the address"),
        Binding("f5", "again", "Check again", id="confirm.again", tooltip="Ask everything once more"),
        Binding(
            "t", "ticket", "Ticket", id="confirm.ticket", tooltip="Save what was found, and what was done, as a ticket"
        ),
        Binding("escape", "back", "Back", id="confirm.back", tooltip="Back to the verdict"),
        Binding("q", "app.quit", "Quit", id="confirm.quit", tooltip="Leave; nothing was changed", show=False),
    ]

    def __init__(
        self, report: Report, *, watch: Watch | None = None, ticket: Ticket | None = None, opened: str = ""
    ) -> None:
        super().__init__()
        self.report = report
        self.url = url_of(report.target)
        self.watcher = watch
        self.ticket = ticket
        self.opened = opened
        self.stopped = Event()

    def compose(self) -> ComposeResult:
        shown = view(self.report)
        verdict = shown.verdict
        word = f"{MARK[verdict.tone]} {verdict.label}: "
        yield Static(Content.assemble(toned(word, verdict.tone, bold=True), verdict.text), id="verdict")
        with Horizontal(id="meet"):
            yield QrCode(self.url, id="qr")
            with VerticalScroll(id="beside-qr", can_focus=False):
                yield JourneyStrip(shown.strip, id="strip")
                yield Static(self._where(), id="where")
                yield Sentences((toned(self.opened, Tone.QUIET),) if self.opened else (), id="opened", indent=0)
                yield Static(Content.styled("Who has come", "bold"), id="come", classes="question")
                yield Arrivals(id="arrivals")
                yield Sentences((), id="limits", indent=2)
                yield Problem(id="problem")
        yield Footer(show_command_palette=False)

    def _where(self) -> Content:
        if not self.url:
            return Content("Open it on the other device by this machine's address in its network.")
        return Content.assemble(
            "On the other device, open\n", Content.styled(harmless(self.url), "bold"), "\nor point its camera here."
        )

    def on_mount(self) -> None:
        self.set_class(self.report.verdict is Overall.REACHABLE, "open")
        self.query_one("#come").display = self.watcher is not None
        if self.watcher is not None:
            self.query_one("#limits", Sentences).show((toned("… getting ready to watch", Tone.QUIET),))
            self.watch_arrivals(self.watcher)

    def on_unmount(self) -> None:
        self.stopped.set()

    @work(exclusive=True, group="arrivals")
    async def watch_arrivals(self, watch: Watch) -> None:
        """Watch in a thread that ends with the screen; only messages come back from it."""
        stopped = self.stopped

        def tell(arrival: Arrival | Watching) -> None:
            if not stopped.is_set():
                self.post_message(Arrived(arrival))

        try:
            await in_thread(lambda: watch(self.report, tell, stopped))
        except WizardError as error:
            self.query_one("#limits", Sentences).show(())
            self.query_one("#problem", Problem).show(error)
        finally:
            stopped.set()

    @on(Arrived)
    def show_arrival(self, event: Arrived) -> None:
        if isinstance(event.arrival, Watching):
            self._show_watching(event.arrival)
            return
        self.query_one(Arrivals).add(event.arrival)
        if event.arrival.good:
            self.post_message(Reached(self.report, event.arrival))

    def _show_watching(self, watching: Watching) -> None:
        """From here on no packet is missed; but for what this way of looking cannot see."""
        said = [f"… watching for packets to port {self.report.target.port}"]
        said += [f"· {harmless(limit)}" for limit in watching.limits]
        self.query_one("#limits", Sentences).show(toned(line, Tone.QUIET) for line in said)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not offered."""
        return {"ticket": self.ticket is not None, "copy": bool(self.url)}.get(action, True)

    def action_copy(self) -> None:
        copied_text(self, self.url, "Copied the address.")

    def action_ticket(self) -> None:
        if self.ticket is not None:
            saved_as_ticket(self, self.ticket, self.report)

    def action_again(self) -> None:
        self.post_message(CheckAgain())

    def action_back(self) -> None:
        self.stopped.set()
        self.dismiss()
