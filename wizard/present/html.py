"""A report, or a whole case, as one self-contained HTML file: no script, nothing loaded from elsewhere, every text escaped by
the template. It follows the reader's light or dark, and prints in black on white."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from wizard.model.report import Report
from wizard.present.case_story import REPLACED, CaseStory, ChangeView, RunStory, changes_by_area, moment
from wizard.present.hostile import harmless
from wizard.present.strip import Hop
from wizard.present.tone import MARK, Tone
from wizard.present.view import View, view
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


class _Run(Struct, frozen=True):
    """A run as the template needs it."""

    view: View
    boxes: tuple[Box, ...]
    width: float
    platform: str = ""
    number: int = 0
    taken_at: float = 0.0
    before: float = 0.0
    origin: str = ""
    wizard: str = ""
    done: dict[int, float] = {}
    areas: tuple[tuple[str, tuple[ChangeView, ...]], ...] | None = None


def render(report: Report, *, root: bool = False, redacted: bool = False) -> str:
    """The page of one report. `root` False puts `sudo` before the commands that need it; `redacted` says so at its foot."""
    return _filled(
        "report.html",
        run=_run(view(report, root=root)),
        taken_at=moment(report.taken_at),
        platform=report.platform,
        redacted=redacted,
    )


def render_case(case: CaseStory) -> str:
    """The page of one case: how it stands, what changed, the earlier runs, the diary."""
    before = (0.0, *(run.taken_at for run in case.runs))
    runs = [_run_of_case(run, earlier) for run, earlier in zip(case.runs, before, strict=False)]
    return _filled("case.html", case=case, runs=runs)


def _run_of_case(run: RunStory, before: float) -> _Run:
    shown = view(run.report, root=False)
    boxes = drawing(shown.strip)
    return _Run(
        shown,
        boxes,
        _width(boxes),
        platform=run.report.platform,
        number=run.number,
        taken_at=run.taken_at,
        before=before,
        origin=run.origin,
        wizard=run.wizard,
        done=run.done,
        areas=None if run.changes is None else changes_by_area(run.changes),
    )


def _run(shown: View) -> _Run:
    boxes = drawing(shown.strip)
    return _Run(shown, boxes, _width(boxes))


def _width(boxes: tuple[Box, ...]) -> float:
    return boxes[-1].x + boxes[-1].width + 1 if boxes else 0


def drawing(hops: tuple[Hop, ...]) -> tuple[Box, ...]:
    """The hops side by side; a link is `passes`, or `stops` behind the place where the packet's way ends."""
    boxes: list[Box] = []
    x = 1.0
    for number, hop in enumerate(hops):
        width = max(3, len(hop.label)) * _LETTER + 2 * _PADDING
        link = ("stops" if hops[number - 1].tone is Tone.BAD else "passes") if number else ""
        x += _GAP if number else 0
        boxes.append(Box(hop, round(x, 1), round(width, 1), link))
        x += width
    return tuple(boxes)


def _filled(name: str, **values: Any) -> str:
    mark = {tone.value: mark for tone, mark in MARK.items()}
    page = _template(name).render(
        mark=mark, gap=_GAP, version=__version__, moment=moment, harmless=harmless, replaced=REPLACED, **values
    )
    return page.lstrip()


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("wizard", "present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
