"""The stages side by side, each with what it asks and why, filling in while they are answered.

✓ Name and address   192.168.1.100 is this machine, on wlan0
                     a wrong address reaches another machine, or none
… Firewall           waiting for the nftables ruleset        ▓▓▓░░ at most 2 s more
                     every rule is read, in the order the kernel asks them
· Application        What does it answer?
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic

from textual.content import Content
from textual.widgets import Static

from wizard.model.diagnosis import Stage
from wizard.model.report import Progress
from wizard.present.hostile import harmless
from wizard.present.stages import OF_STATUS, STAGE_ASKS, STAGE_TITLE, WORD_OF_STATUS
from wizard.present.tone import MARK, WORKING, Tone
from wizard.tui.content import hanging, toned

_SLOW = 1.0
_TITLE_WIDTH = 18
_INDENT = _TITLE_WIDTH + 3
_CELLS = 5


@dataclass(slots=True)
class _Line:
    """A stage as it stands: `since` is when it was asked (monotonic seconds), None while it rests; `limit` bounds it."""

    tone: Tone = Tone.QUIET
    text: str = ""
    since: float | None = None
    limit: float | None = None


class StageList(Static):
    """Shows where each stage stands, how long one has been at work, and how long it can still take."""

    def __init__(self, *, id: str | None = None, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(id=id)
        self.clock = clock
        self.lines: dict[Stage, _Line] = {stage: _Line() for stage in Stage if stage is not Stage.EXPOSURE}

    def on_mount(self) -> None:
        self._draw()
        self.set_interval(0.5, self._draw)

    def on_resize(self) -> None:
        self._draw()

    def tell(self, progress: Progress) -> None:
        """A stage is asked (no status yet), or has answered."""
        line = self.lines.get(progress.stage)
        if line is None:
            return
        line.text = harmless(progress.text)
        if progress.status is None:
            line.since = self.clock() if line.since is None else line.since
            line.limit = progress.limit or line.limit
        else:
            line.tone, line.since, line.limit = OF_STATUS[progress.status], None, None
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
        width = self.size.width or self.app.size.width - 4
        rows = [hanging(self._row(stage, line), max(40, width), _INDENT) for stage, line in self.lines.items()]
        self.update(Content("\n").join(rows))

    def _row(self, stage: Stage, line: _Line) -> Content:
        working = line.since is not None
        mark = toned(
            WORKING if working else MARK[line.tone], Tone.UNSURE if self._hangs(line) else line.tone, bold=True
        )
        tone = Tone.BAD if line.tone is Tone.BAD else Tone.PLAIN
        title = toned(f"{STAGE_TITLE[stage]:<{_TITLE_WIDTH}}", Tone.PLAIN if line.text else Tone.QUIET)
        asks, why = STAGE_ASKS[stage]
        said = toned(line.text, tone) if line.text else toned(asks, Tone.QUIET)
        reason = toned(f"\n{' ' * _INDENT}{why}", Tone.QUIET) if working or not line.text else Content("")
        return Content.assemble(mark, " ", title, " ", said, self._clock_of(line), reason)

    def _waited(self, line: _Line) -> float:
        return self.clock() - line.since if line.since is not None else 0.0

    def _hangs(self, line: _Line) -> bool:
        """Half of its time is over: most answers take a fraction of a second."""
        return line.limit is not None and self._waited(line) >= line.limit / 2

    def _clock_of(self, line: _Line) -> Content:
        waited = self._waited(line)
        if waited < _SLOW:
            return Content("")
        if line.limit is None:
            return toned(f"  {waited:.0f} s", Tone.QUIET)
        left = line.limit - waited
        if left <= 0:
            return toned("  no answer in time; going on without it", Tone.UNSURE)
        full = min(_CELLS, int(_CELLS * waited / line.limit))
        bar = "▓" * full + "░" * (_CELLS - full)
        words = "no answer yet, " if self._hangs(line) else ""
        return toned(f"  {bar} {words}at most {ceil(left)} s more", Tone.UNSURE if words else Tone.QUIET)
