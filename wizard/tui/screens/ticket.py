"""Saving what was found as a ticket: a key on several screens, the same words on each."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from wizard.errors import WizardError
from wizard.model.report import Report
from wizard.present.hostile import harmless
from wizard.tui.background import in_thread
from wizard.tui.calls import Ticket


def saved_as_ticket(screen: Screen[Any], ticket: Ticket, report: Report) -> None:
    """Save in the background, and say where; a second press while the first is at work replaces it."""

    async def save() -> None:
        try:
            path = await in_thread(lambda: ticket(report))
        except WizardError as error:
            screen.notify(" ".join(map(harmless, error.lines())), severity="error", markup=False, timeout=15)
        else:
            screen.notify(f"Saved: {harmless(path)}", markup=False, timeout=15)

    screen.run_worker(save(), exclusive=True, group="ticket")
