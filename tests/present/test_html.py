"""The HTML report: one file, well formed, nothing in it that a browser would run or load."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from tests.present import reports
from wizard.model.report import Report
from wizard.present import html
from wizard.present.strip import strip

_VOID = {"meta", "line", "rect", "br"}
_ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "span", "ol", "ul", "li", "pre", "code", "div",
    "dl", "dt", "dd", "section", "svg", "g", "line", "rect", "text", "footer",
    "table", "tr", "td",
}  # fmt: skip


class Page(HTMLParser):
    """The text of a page, and what is wrong with its tags."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pieces: list[str] = []
        self.wrong: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _ALLOWED or any(name.startswith("on") or name in ("src", "href") for name, _ in attributes):
            self.wrong.append(f"<{tag} {attributes}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


@pytest.mark.parametrize("make", reports.ALL)
def test_the_page_is_well_formed_and_loads_and_runs_nothing(make: Callable[[], Report]) -> None:
    page = Page(html.render(make()))
    assert page.wrong == [] and page.open == []


def test_hostile_text_is_shown_as_text() -> None:
    source = html.render(reports.hostile())
    assert "</script>" not in source and "\x1b" not in source and "\u202e" not in source
    assert "[red]</script>\\x1b[2J\\u202ekcatta listens on 127.0.0.1 only" in Page(source).text


def test_the_drawing_marks_the_place_where_it_stops() -> None:
    report = reports.loopback_flask()
    boxes = html.drawing(strip(report.journey, report.target, report.vantage_interface))
    assert [box.link for box in boxes] == ["", "passes", "passes", "passes", "passes", "stops"]
    assert all(left.x + left.width < right.x for left, right in itertools.pairwise(boxes))
