"""Labelled sentences, each wrapped under itself.

seen     ss -H -ltnpe: LISTEN 0 128 127.0.0.1:5000 0.0.0.0:*
         users:(("flask",pid=4242,fd=3))
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widgets import Static

from wizard.tui.content import LABEL_WIDTH, hanging


class Sentences(Static):
    """Lays its lines out for the width there is; `indent` is where a wrapped line goes on."""

    def __init__(
        self, lines: Iterable[Content], *, id: str | None = None, indent: int = LABEL_WIDTH, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.lines = tuple(lines)
        self.indent = indent

    def show(self, lines: Iterable[Content]) -> None:
        """Other lines."""
        self.lines = tuple(lines)
        self._draw(self.size.width or self.app.size.width - 10)

    def on_mount(self) -> None:
        self._draw(self.app.size.width - 10)

    def on_resize(self) -> None:
        self._draw(self.size.width)

    def _draw(self, width: int) -> None:
        self.update(Content("\n").join(hanging(line, max(30, width), self.indent) for line in self.lines))
