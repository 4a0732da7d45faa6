"""A page to read and leave again: evidence, a cause explained, the keys of a screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from wizard.tui.widgets.sentences import Sentences


class PageScreen(ModalScreen[None]):
    """A title and text that scrolls; `indent` is where a wrapped line goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Back", id="page.back", tooltip="Close this page", key_display="esc"),
    ]

    def __init__(self, title: str, body: Content, *, indent: int = 0) -> None:
        super().__init__()
        self.page_title = title
        self.body = body
        self.indent = indent

    def compose(self) -> ComposeResult:
        yield Static(Content.styled(self.page_title, "bold"), id="page-title")
        with VerticalScroll(id="page-body"):
            yield Sentences(self.body.split("\n", allow_blank=True), id="page-text", indent=self.indent)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#page-body"))
