"""Waits for the file that one command for root writes: looks for it now and then, and says when it is there."""

from __future__ import annotations

from textual import work
from textual.timer import Timer

from wizard.errors import WizardError
from wizard.tui.background import in_thread
from wizard.tui.calls import Handover
from wizard.tui.messages import BundleBrought
from wizard.tui.widgets.problem import Problem

_EVERY = 1.0


class Pickup(Problem):
    """Posts BundleBrought, once; shows what is wrong with a file that may not be used."""

    def __init__(self, handover: Handover | None, *, id: str | None = None, every: float = _EVERY) -> None:
        super().__init__(id=id)
        self.handover = handover
        self.every = every
        self.timer: Timer | None = None

    def on_mount(self) -> None:
        if self.handover is not None:
            self.timer = self.set_interval(self.every, self.look)

    @work(exclusive=True, group="pickup")
    async def look(self) -> None:
        """Is it there?"""
        if self.handover is None or not self.screen.is_current:
            return
        try:
            brought = await in_thread(self.handover.arrived)
        except WizardError as error:
            self.show(error)
            return
        if brought is not None and self.timer is not None:
            self.timer.stop()
            self.timer = None
            self.post_message(BundleBrought(brought))
