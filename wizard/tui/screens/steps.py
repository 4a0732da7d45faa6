"""Commands on a page of their own: the way back, or other ways to the same end."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Static

from wizard.present.plans import StepView
from wizard.tui.widgets.command_list import CommandList, Part


class StepsScreen(ModalScreen[None]):
    """A list of steps; a key copies one, another all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,enter", "copy", "Copy step", id="steps.copy", tooltip="Copy the highlighted command"),
        Binding("a", "copy_all", "Copy all", id="steps.copy-all", tooltip="Copy every command on this page"),
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
        self.query_one(CommandList).focus()

    def on_option_list_option_selected(self) -> None:
        self.action_copy()

    def action_copy(self) -> None:
        step = self.query_one(CommandList).chosen
        if step:
            copied(self, (step,))

    def action_copy_all(self) -> None:
        copied(self, self.query_one(CommandList).steps)


def copied(screen: Screen[Any], steps: tuple[StepView, ...]) -> None:
    """Put the steps on the clipboard (OSC 52, which the terminal may or may not obey), and say so."""
    text = "\n".join(step.copy for step in steps if step.kind != "do")
    if not text:
        screen.notify("Nothing to copy: this is done by hand.", markup=False)
        return
    # A name may hold bytes that are no text; the clipboard takes text only.
    screen.app.copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))
    what = "Copied." if len(steps) == 1 else f"Copied {len(steps)} steps."
    screen.notify(f"{what} If it does not paste, select the line with Shift and the mouse.", markup=False)
