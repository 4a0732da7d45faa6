"""What does the other device show, in its browser's words; and which device is it?"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static

from wizard.errors import WizardError
from wizard.judge import target
from wizard.present.hostile import harmless
from wizard.present.tone import Tone
from wizard.tui.calls import HERE, LAN, OUTSIDE, Options
from wizard.tui.content import toned
from wizard.tui.messages import SymptomGiven
from wizard.tui.screens.symptom_words import BROWSERS, OTHER, Row, rows_of
from wizard.tui.widgets.choices import Choice, Choices
from wizard.tui.widgets.paste_input import PasteInput

ADDRESS = "address"
DEVICES = (
    (LAN, "another device on this network"),
    (HERE, "this machine itself"),
    (OUTSIDE, "a device outside, over the internet"),
    (ADDRESS, "one whose address I know"),
)


class Answers(Choices):
    """The answers to one question; Enter takes the highlighted one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Next", id="answers.next", tooltip="Take the highlighted answer"),
    ]


class SymptomScreen(Screen[None]):
    """Two lists, enter goes on; posts SymptomGiven. What was pasted already answers the first where it can."""

    AUTO_FOCUS = "#symptom"
    ABOUT: ClassVar[str] = 'What the other device shows says where to look; "I don\'t know" is an answer too.'
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "browser", "Browser", id="symptom.browser", tooltip="The same in another browser's words"),
        Binding("escape", "back", "Back", id="symptom.back", tooltip="Back to the address"),
        Binding("q", "app.quit", "Quit", id="symptom.quit", tooltip="Leave; nothing was changed", show=False),
    ]

    def __init__(self, text: str, port: int | None = None, known: Options | None = None) -> None:
        super().__init__()
        self.text = text
        self.port = port
        self.known = known or Options()
        self.browser = _browser_of(text)
        self.rows: tuple[Row, ...] = rows_of(self.browser)

    def compose(self) -> ComposeResult:
        yield Static(Content.styled(harmless(self.text), "bold"), id="head")
        yield Static(self._question(), classes="question", id="question")
        yield Answers(map(_symptom, self.rows), id="symptom")
        yield PasteInput(placeholder="paste it here", id="pasted")
        yield Static(Content.styled("Which device?", "bold"), classes="question")
        yield Answers((Choice(Content(words), id=name) for name, words in DEVICES), id="device")
        yield Input(placeholder="192.168.1.23", id="address")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        symptoms, devices = self.query_one("#symptom", OptionList), self.query_one("#device", OptionList)
        symptoms.highlighted = self._guess()
        devices.highlighted = 0
        self.query_one("#pasted").display = self.query_one("#address").display = False
        self.set_focus(symptoms)

    def _question(self) -> Content:
        words = f"   in {BROWSERS[self.browser]} words"
        return Content.assemble(Content.styled("What does the other device show?", "bold"), toned(words, Tone.QUIET))

    def _guess(self) -> int:
        """The row that the pasted message names, or "I don't know"."""
        try:
            symptom = target.read(self.text).symptom
        except WizardError:
            symptom = None
        if symptom is None:
            return len(self.rows) - 1
        for number, row in enumerate(self.rows):
            if symptom.transport == row.takes:
                return number
        self.query_one("#pasted", Input).value = symptom.text
        return self._place(OTHER)

    def _place(self, name: str) -> int:
        return next((number for number, row in enumerate(self.rows) if row.id == name), 0)

    def action_browser(self) -> None:
        """The rows in the next browser's words; the answer stays where it has one."""
        listed = self.query_one("#symptom", Answers)
        chosen = self.rows[listed.highlighted or 0].id
        names = list(BROWSERS)
        self.browser = names[(names.index(self.browser) + 1) % len(names)]
        self.rows = rows_of(self.browser)
        self.query_one("#question", Static).update(self._question())
        listed.show(map(_symptom, self.rows))
        listed.highlighted = self._place(chosen)

    @on(OptionList.OptionHighlighted, "#symptom")
    def show_pasted(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one("#pasted").display = event.option_id == OTHER

    @on(OptionList.OptionHighlighted, "#device")
    def show_address(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one("#address").display = event.option_id == ADDRESS

    @on(OptionList.OptionSelected, "#symptom")
    def symptom_taken(self, event: OptionList.OptionSelected) -> None:
        self.set_focus(self.query_one("#pasted" if event.option_id == OTHER else "#device"))

    @on(Input.Submitted, "#pasted")
    def pasted(self) -> None:
        self.set_focus(self.query_one("#device"))

    @on(OptionList.OptionSelected, "#device")
    def device_taken(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == ADDRESS:
            self.set_focus(self.query_one("#address"))
        else:
            self._give()

    @on(Input.Submitted, "#address")
    def address_taken(self, event: Input.Submitted) -> None:
        try:
            valid = bool(target.read(event.value).host)
        except WizardError as error:
            self.notify(error.what, severity="error", markup=False)
            return
        if valid:
            self._give()
        else:
            self.notify("That is no address of a device.", severity="error")

    def _give(self) -> None:
        known = self.known
        said = Options(self._symptom(), self._device(), self.port, known.heard, known.bundle)
        self.post_message(SymptomGiven(self.text, said))

    def _symptom(self) -> str:
        row = self.rows[self.query_one("#symptom", OptionList).highlighted or 0]
        return self.query_one("#pasted", Input).value.strip() if row.id == OTHER else row.takes

    def _device(self) -> str:
        name, _ = DEVICES[self.query_one("#device", OptionList).highlighted or 0]
        return self.query_one("#address", Input).value.strip() if name == ADDRESS else name

    def action_back(self) -> None:
        self.dismiss()


def _browser_of(text: str) -> str:
    """Whose words the pasted ones are: Chrome's, unless they say otherwise."""
    if "NS_ERROR_" in text or "Firefox" in text:
        return "firefox"
    return "safari" if "Safari" in text else "chrome"


def _symptom(row: Row) -> Choice:
    return Choice(Content.assemble(f"{row.words:<44} ", toned(row.code, Tone.QUIET)), id=row.id)
