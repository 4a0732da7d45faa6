"""An input that takes a whole pasted message: its lines become one, where Textual's own keeps the first only."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input


class PasteInput(Input):
    """A browser's error page copied with its heading has three lines, and the code stands in the last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Next", id="input.next", tooltip="Go on with what is typed here"),
    ]

    def _on_paste(self, event: events.Paste) -> None:
        # Textual calls the handler of each class in turn: the inherited one would paste the first line again.
        event.prevent_default()
        event.stop()
        text = " ".join(event.text.split())
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)
