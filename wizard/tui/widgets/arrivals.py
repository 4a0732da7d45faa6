"""The packets that came from other devices, the newest last.

✓ 14:07:12  192.168.1.23 arrived on wlan0
            passed ufw (rule 1), reached flask, HTTP 200
"""

from __future__ import annotations

from textual.content import Content

from wizard.present.hostile import harmless
from wizard.present.tone import MARK, Tone
from wizard.tui.calls import Arrival
from wizard.tui.content import toned
from wizard.tui.widgets.sentences import Sentences

_INDENT = 12
_MOST = 6
_TONE = {True: Tone.GOOD, False: Tone.BAD, None: Tone.UNSURE}


class Arrivals(Sentences):
    """Shows the last few; an arrival with a key that was seen takes the place of the earlier one."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__((), id=id, indent=_INDENT)
        self.seen: dict[str, Arrival] = {}

    def add(self, arrival: Arrival) -> None:
        """One more, or the same with more known of it."""
        self.seen[arrival.key or str(len(self.seen))] = arrival
        self.show(line for each in list(self.seen.values())[-_MOST:] for line in _lines(each))


def _lines(arrival: Arrival) -> list[Content]:
    tone = _TONE[arrival.good]
    head = Content.assemble(toned(MARK[tone], tone, bold=True), f" {arrival.clock}  ", harmless(arrival.text))
    return [head, *(Content(" " * _INDENT + harmless(line)) for line in arrival.more)]
