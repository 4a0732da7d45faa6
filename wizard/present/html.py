"""A report as one self-contained HTML file: no script, nothing loaded from elsewhere, every text escaped by the template."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from wizard.model.report import Report
from wizard.present.strip import Hop
from wizard.present.tone import MARK, Tone
from wizard.present.view import view
from wizard.version import __version__

if TYPE_CHECKING:
    from jinja2 import Template

_LETTER = 8.6  # pixels: the width of a letter of the drawing's monospaced type at 14 px, rounded up
_PADDING = 12
_GAP = 44


class Box(Struct, frozen=True):
    """A hop of the drawing: its frame's left edge and width, and the link that leads to it (empty for the first)."""

    hop: Hop
    x: float
    width: float
    link: str

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return self.x + self.width / 2


def render(report: Report, *, root: bool = False) -> str:
    """The page. `root` False puts `sudo` before the commands that need it."""
    shown = view(report, root=root)
    boxes = drawing(shown.strip)
    return _template().render(
        view=shown,
        boxes=boxes,
        width=boxes[-1].x + boxes[-1].width + 1 if boxes else 0,
        gap=_GAP,
        mark={tone.value: mark for tone, mark in MARK.items()},
        taken_at=datetime.fromtimestamp(report.taken_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        platform=report.platform,
        version=__version__,
    )


def drawing(hops: tuple[Hop, ...]) -> tuple[Box, ...]:
    """The hops side by side; a link is `passes`, or `stops` behind the place where the packet's way ends."""
    boxes: list[Box] = []
    x = 1.0
    for number, hop in enumerate(hops):
        width = max(3, len(hop.label)) * _LETTER + 2 * _PADDING
        link = ("stops" if hops[number - 1].tone is Tone.BAD else "passes") if number else ""
        x += _GAP if number else 0
        boxes.append(Box(hop, x, width, link))
        x += width
    return tuple(boxes)


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("wizard", "present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
