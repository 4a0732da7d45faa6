"""The stages, a line each, filling in while they are asked.

✓ Name and address   192.168.1.100 is this machine, on wlan0
… Firewall           reading the rules                          2 s
· Application
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from textual.content import Content
from textual.widgets import Static

from wizard.model.diagnosis import Stage
from wizard.model.report import Progress
from wizard.present.hostile import harmless
from wizard.present.stages import OF_STATUS, STAGE_TITLE, WORD_OF_STATUS
from wizard.present.tone import MARK, WORKING, Tone
from wizard.tui.content import toned

_SLOW = 1.0


@dataclass(slots=True)
class _Line:
    """A stage as it stands: `since` is when it was asked (monotonic seconds), None while it rests."""

    tone: Tone = Tone.QUIET
    text: str = ""
    since: float | None = None


class StageList(Static):
    """Shows where each stage stands, and for how long one has been at work."""

    def __init__(self, *, id: str | None = None, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(id=id)
        self.clock = clock
        self.lines: dict[Stage, _Line] = {stage: _Line() for stage in Stage if stage is not Stage.EXPOSURE}

    def on_mount(self) -> None:
        self._draw()
        self.set_interval(0.5, self._draw)

    def tell(self, progress: Progress) -> None:
        """A stage is asked (no status yet), or has answered."""
        line = self.lines.get(progress.stage)
        if line is None:
            return
        line.text = harmless(progress.text)
        if progress.status is None:
            line.since = self.clock() if line.since is None else line.since
        else:
            line.tone, line.since = OF_STATUS[progress.status], None
            line.text = line.text or WORD_OF_STATUS[progress.status]
        self._draw()

    @property
    def tones(self) -> dict[Stage, Tone]:
        """What has been answered so far."""
        return {stage: line.tone for stage, line in self.lines.items() if line.tone is not Tone.QUIET}

    def stop(self) -> None:
        """Nothing is at work any more."""
        for line in self.lines.values():
            line.since = None
        self._draw()

    def _draw(self) -> None:
        self.update(Content("\n").join(self._row(stage, line) for stage, line in self.lines.items()))

    def _row(self, stage: Stage, line: _Line) -> Content:
        working = line.since is not None
        mark = toned(WORKING if working else MARK[line.tone], line.tone, bold=True)
        waited = self.clock() - line.since if line.since is not None else 0.0
        clock = toned(f"  {waited:.0f} s", Tone.QUIET) if waited >= _SLOW else Content("")
        tone = Tone.BAD if line.tone is Tone.BAD else Tone.PLAIN
        title = toned(f"{STAGE_TITLE[stage]:<18}", Tone.PLAIN if line.text else Tone.QUIET)
        return Content.assemble(mark, " ", title, " ", toned(line.text, tone), clock)
