"""The first question: what can't be reached? And what listens on this machine anyway, the likeliest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static

from wizard.errors import WizardError
from wizard.present.hostile import harmless
from wizard.present.listening import Row
from wizard.present.tone import Tone
from wizard.tui.background import in_thread
from wizard.tui.calls import Lately, Listening, Recent
from wizard.tui.content import toned
from wizard.tui.messages import LeadAsked, TargetGiven
from wizard.tui.widgets.choices import Choice, Choices
from wizard.tui.widgets.paste_input import PasteInput
from wizard.tui.widgets.problem import Problem

_NOT_ROOT = "not root: some things may stay unknown"
_PORT_MISSING = WizardError(
    "port-missing",
    "Which port? There is none in what you gave.",
    hint="the number after the colon in the address you open, or the one that the server prints when it starts",
)


class TargetInput(PasteInput):
    """The first field; below it stands the list of what listens here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "screen.choose", "Choose", id="target.choose", tooltip="Go to the list of what listens here"),
    ]


class PortList(Choices):
    """What listens here; Enter takes a row for the target."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Check", id="listening.check", tooltip="Check the highlighted port"),
    ]


class LatelyList(Choices):
    """What was asked for in earlier sessions; Enter takes a row for the target."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Check", id="lately.check", tooltip="Check the highlighted target once more"),
    ]


class StartScreen(Screen[None]):
    """Asks for the target; posts TargetGiven."""

    AUTO_FOCUS = "#target"
    ABOUT: ClassVar[str] = "Say what cannot be reached: paste whatever you have, or choose what listens here."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", id="start.clear", tooltip="Empty the field", show=False),
        Binding("f2", "lead", "By phone", id="start.lead", tooltip="Lead somebody at another machine through it"),
    ]

    def __init__(self, listening: Listening, *, root: bool, text: str = "", recent: Recent | None = None) -> None:
        super().__init__()
        self.listening = listening
        self.recent = recent
        self.root = root
        self.text = text
        self.rows: Sequence[Row] = ()
        self.lately: Sequence[Lately] = ()

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(Content.styled("Connection Wizard", "bold"), id="name")
            yield Static("" if self.root else toned(_NOT_ROOT, Tone.QUIET), id="privilege")
        yield Static(Content.styled("What can't be reached?", "bold"), classes="question")
        yield TargetInput(self.text, placeholder="http://192.168.1.100:5000", id="target")
        yield Static(toned("Paste an address, a port or the whole error message.", Tone.QUIET), id="hint")
        yield Problem(id="problem")
        yield Input(placeholder="5000", id="port", type="integer", max_length=5)
        yield Static(Content.styled("Listening on this machine", "bold"), classes="question")
        yield PortList([Choice(toned("looking …", Tone.QUIET), disabled=True)], id="listening")
        yield Static(Content.styled("Lately", "bold"), classes="question", id="lately-title")
        yield LatelyList(id="lately")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#port").display = False
        self._show_lately()
        self.set_focus(self.query_one("#target"))
        # The first picture comes first: looking loads the model, and both would share one interpreter.
        self.call_after_refresh(self._look_around)

    def _look_around(self) -> None:
        self.look()
        if self.recent is not None:
            self.look_back(self.recent)

    @work(exclusive=True, group="listening")
    async def look(self) -> None:
        """Ask what listens here, without holding up a key."""
        try:
            self.rows = await in_thread(self.listening)
        except WizardError as error:
            rows = [Choice(toned(harmless(error.what), Tone.UNSURE), disabled=True)]
        else:
            nothing = Choice(toned("nothing that may be seen", Tone.QUIET), disabled=True)
            rows = [Choice(_row(row), id=str(row.port)) for row in self.rows] or [nothing]
        self.query_one("#listening", PortList).show(rows)

    @work(exclusive=True, group="lately")
    async def look_back(self, recent: Recent) -> None:
        """Ask what was asked for lately; a diary that cannot be read is no reason to say anything here."""
        try:
            self.lately = await in_thread(recent)
        except WizardError:
            self.lately = ()
        self._show_lately()

    def _show_lately(self) -> None:
        rows = [Choice(_recent(each), id=str(number)) for number, each in enumerate(self.lately)]
        self.query_one("#lately", LatelyList).show(rows)
        self.set_class(bool(rows), "recent")
        self.query_one("#lately-title").display = self.query_one("#lately").display = bool(rows)

    def refuse(self, error: WizardError) -> None:
        """Show why the target was refused, and let the person mend it."""
        self.query_one(Problem).show(error)
        self.set_focus(self.query_one("#target"))

    @on(Input.Submitted, "#target")
    def take_target(self) -> None:
        """Read what was typed at once: a slip is shown here, not after three more questions."""
        from wizard.judge import target

        text = self.query_one("#target", Input).value
        try:
            pasted = target.read(text)
        except WizardError as error:
            self.refuse(error)
            return
        if pasted.port is None:
            self._ask_port()
        else:
            self._give(text, None)

    def _ask_port(self) -> None:
        self.query_one(Problem).show(_PORT_MISSING)
        port = self.query_one("#port", Input)
        port.display = True
        self.set_focus(port)

    @on(Input.Submitted, "#port")
    def take_port(self, event: Input.Submitted) -> None:
        from wizard.judge import target

        try:
            port = target.read(event.value).port
        except WizardError as error:
            self.query_one(Problem).show(error)
            return
        self._give(self.query_one("#target", Input).value, port)

    @on(OptionList.OptionSelected, "#listening")
    def take_row(self, event: OptionList.OptionSelected) -> None:
        if event.option.id:
            self.query_one("#target", Input).value = event.option.id
            self._give(event.option.id, None)

    @on(OptionList.OptionSelected, "#lately")
    def take_recent(self, event: OptionList.OptionSelected) -> None:
        self.query_one("#target", Input).value = self.lately[int(event.option.id or 0)].target
        self.take_target()

    def _give(self, text: str, port: int | None) -> None:
        self.query_one(Problem).show(None)
        self.query_one("#port").display = False
        self.post_message(TargetGiven(text, port))

    def action_choose(self) -> None:
        listening = self.query_one("#listening", PortList)
        self.set_focus(listening)
        listening.action_first()

    def action_lead(self) -> None:
        self.post_message(LeadAsked(self.query_one("#target", Input).value))

    def action_clear(self) -> None:
        field = self.query_one("#target", Input)
        field.clear()
        self.set_focus(field)


def _row(row: Row) -> Content:
    """`5000   flask run              this machine only   ~/shop`"""
    tone = Tone.UNSURE if row.reach == "this machine only" else Tone.PLAIN
    program = harmless(row.program)
    program = program if len(program) <= 26 else program[:25] + "…"
    return Content.assemble(
        Content.styled(f"{row.port:<6}", "bold"),
        f" {program:<26} ",
        toned(f"{row.reach:<19}", tone),
        toned(harmless(row.place), Tone.QUIET),
    )


def _recent(one: Lately) -> Content:
    """`raspberrypi.local:8000       solved yesterday (ufw)`"""
    target = harmless(one.target)
    target = target if len(target) <= 33 else target[:32] + "…"
    return Content.assemble(Content.styled(f"{target:<33} ", "bold"), toned(harmless(one.words), Tone.QUIET))
