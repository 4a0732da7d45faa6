"""Commands on a page of their own: the way back, or other ways to the same end."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static

from wizard.present.hostile import harmless
from wizard.present.plans import StepView
from wizard.tui.screens.page import PageScreen
from wizard.tui.widgets.command_list import CommandList, Part


class StepsScreen(ModalScreen[None]):
    """A list of steps; a key copies one, another all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,enter", "copy", "Copy step", id="steps.copy", tooltip="Copy the highlighted command"),
        Binding("a", "copy_all", "Copy all", id="steps.copy-all", tooltip="Copy every command on this page"),
        Binding("v", "plain", "Plain", id="steps.plain", tooltip="The commands as plain lines, to be selected by hand"),
        Binding("escape,q,u,o", "dismiss", "Back", id="steps.back", tooltip="Close this page", key_display="esc"),
    ]

    def __init__(self, title: str, parts: tuple[Part, ...]) -> None:
        super().__init__()
        self.page_title = title
        self.parts = parts

    def compose(self) -> ComposeResult:
        yield Static(Content.styled(self.page_title, "bold"), id="page-title")
        yield CommandList(self.parts, id="page-body")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(CommandList))

    def on_option_list_option_selected(self) -> None:
        self.action_copy()

    def action_copy(self) -> None:
        step = self.query_one(CommandList).chosen
        if step:
            copied(self, (step,))

    def action_copy_all(self) -> None:
        copied(self, self.query_one(CommandList).steps)

    def action_plain(self) -> None:
        shown_plain(self.app, lines_of(self.query_one(CommandList).steps))


def copied(screen: Screen[Any], steps: tuple[StepView, ...]) -> None:
    """Put the steps on the clipboard, and say so."""
    text = lines_of(steps)
    if not text:
        screen.notify("Nothing to copy: this is done by hand.", markup=False)
        return
    copied_text(screen, text, "Copied." if len(steps) == 1 else f"Copied {len(steps)} steps.")


def copied_text(screen: Screen[Any], text: str, said: str) -> None:
    """Put text on the clipboard (OSC 52, which the terminal may or may not obey), and say so."""
    # A name may hold bytes that are no text; the clipboard takes text only.
    screen.app.copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))
    screen.notify(f"{said} If it does not paste: v shows it plain.", markup=False)


def lines_of(steps: tuple[StepView, ...]) -> str:
    """The steps that can be pasted, a line each."""
    return "\n".join(step.copy for step in steps if step.kind != "do")


def shown_plain(app: App[Any], text: str) -> None:
    """The lines as they are, outside of the screens, where the terminal's own selecting works on whole lines.

    Where the screens cannot step aside (in a browser), a page shows them.
    """
    try:
        with app.suspend():
            print("\n" + "\n".join(map(harmless, text.splitlines())) + "\n", flush=True)
            with suppress(EOFError, KeyboardInterrupt):
                input("Enter leads back to the wizard. ")
    except SuspendNotSupported:
        app.push_screen(
            PageScreen("Plain, to be selected and copied by hand", Content("\n".join(map(harmless, text.splitlines()))))
        )
