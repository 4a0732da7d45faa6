"""The journey drawn as a strip, and under it, in words, what happens at the place where it stops.

device ━━━ wlan0 ━━━ ufw ✓ ━━━ 5000 ━╳━ flask
                               ▲ it stops here: no socket takes packets for 192.168.1.100:5000
"""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from wizard.present.strip import Hop
from wizard.present.tone import MARK, Tone
from wizard.tui.content import toned

_LONGEST_LINK = 5


class JourneyStrip(Static):
    """Lays the hops out over the width there is; breaks the line between hops where there is too little."""

    def __init__(self, hops: tuple[Hop, ...] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hops = hops

    def show(self, hops: tuple[Hop, ...]) -> None:
        """Another journey."""
        self.hops = hops
        self._draw(self.size)

    def on_mount(self) -> None:
        self._draw(self.app.size)

    def on_resize(self) -> None:
        self._draw(self.size)

    def _draw(self, size: Size) -> None:
        self.update(drawn(self.hops, max(20, size.width)))


def drawn(hops: tuple[Hop, ...], width: int) -> Content:
    """The strip for a width in cells, one line or more, and the words under it."""
    labels = [_label(hop, last=number + 1 == len(hops)) for number, hop in enumerate(hops)]
    lines: list[Content] = [Content("")]
    row = pointer = 0
    stretch = _stretch(labels, width)
    for number, (hop, label) in enumerate(zip(hops, labels, strict=True)):
        link = _link(hops[number - 1], stretch) if number else Content("")
        if number and lines[-1].cell_length + link.cell_length + label.cell_length > width:
            lines.append(Content("   "))
        lines[-1] += link
        if hop.stops and not pointer:
            row, pointer = len(lines) - 1, lines[-1].cell_length
        lines[-1] += label
    if any(hop.stops for hop in hops):
        lines.insert(row + 1, _pointing(pointer, width))
    return Content("\n").join(lines)


def _label(hop: Hop, *, last: bool) -> Content:
    decides = hop.tone is Tone.GOOD and (hop.place == "firewall" or last)
    mark = f" {MARK[hop.tone]}" if decides or hop.tone is Tone.UNSURE or (hop.stops and last) else ""
    return toned(hop.label + mark, hop.tone, bold=hop.stops)


def _stretch(labels: list[Content], width: int) -> int:
    """How long a link may be, in cells, so that everything stands on one line."""
    taken = sum(label.cell_length for label in labels)
    links = max(1, len(labels) - 1)
    return max(1, min(_LONGEST_LINK, (width - taken) // links - 2))


def _link(before: Hop, stretch: int) -> Content:
    if before.stops:
        return toned(" " + "╳".center(max(3, stretch), "━") + " ", Tone.BAD)
    return toned(f" {'━' * stretch} ", Tone.UNSURE if before.tone is Tone.UNSURE else Tone.QUIET)


def _pointing(column: int, width: int) -> Content:
    """`it stops here`, behind an arrow at that column or, where there is no room, in front of it."""
    words = "it stops here"
    if column + len(words) + 2 <= width:
        return toned(f"{' ' * column}▲ {words}", Tone.BAD)
    return toned(f"{' ' * (column - len(words) - 1)}{words} ▲", Tone.BAD)
