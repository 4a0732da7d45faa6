"""A page to read and leave again: evidence, a cause explained, the keys of a screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static


class PageScreen(ModalScreen[None]):
    """A title and text that scrolls; any of the keys that open a page also closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Back", id="page.back", tooltip="Close this page", key_display="esc"),
    ]

    def __init__(self, title: str, body: Content) -> None:
        super().__init__()
        self.page_title = title
        self.body = body

    def compose(self) -> ComposeResult:
        yield Static(Content.styled(self.page_title, "bold"), id="page-title")
        with VerticalScroll(id="page-body"):
            yield Static(self.body, id="page-text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#page-body").focus()
