"""An error that the person can act on: what, why, and the next step."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from wizard.errors import WizardError
from wizard.present.hostile import harmless
from wizard.present.tone import Tone
from wizard.tui.content import labelled, marked


class Problem(Static):
    """Empty and invisible until there is one."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.display = False

    def show(self, error: WizardError | None) -> None:
        """Show the error, or (None) nothing."""
        self.display = error is not None
        if error is not None:
            self.update(said(error))


def said(error: WizardError) -> Content:
    """The error in up to three lines."""
    lines = [marked(harmless(error.what), Tone.BAD)]
    if error.why:
        lines.append(Content("  " + harmless(error.why)))
    if error.hint:
        lines.append(labelled("  try", harmless(error.hint)))
    return Content("\n").join(lines)
