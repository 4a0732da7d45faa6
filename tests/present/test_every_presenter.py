"""One report through every presenter: each finding, each command and each undo is there, and hostile text is harmless.

A new presenter joins with one line in `FACES`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.present import reports
from tests.present.test_html import Page
from wizard.model.report import Report
from wizard.present import html, json_report, text
from wizard.present.plans import StepView
from wizard.present.view import View, view


def _strings(value: Any) -> Iterator[str]:
    """Every string of a JSON object."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


FACES: dict[str, Callable[[Report], str]] = {
    "text": lambda report: " ".join(text.render(report).split()),
    "html": lambda report: Page(html.render(report, root=True)).text,
    "json": lambda report: " ".join("\n".join(_strings(json.loads(json_report.render(report)))).split()),
}
SOUND = [make for make in reports.ALL if make is not reports.hostile]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("make", SOUND)
def test_every_finding_is_named_and_said(face: str, make: Callable[[], Report]) -> None:
    shown = FACES[face](make())
    assert make().sentence in shown
    for finding in make().findings:
        assert finding.ref in shown
    for finding in make().findings[1:]:
        assert finding.verdict.summary in shown


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("make", SOUND)
def test_every_command_and_every_undo_is_there(face: str, make: Callable[[], Report]) -> None:
    shown = FACES[face](make())
    for step in _all_steps(view(make())):
        assert step.text in shown


def _all_steps(shown: View) -> tuple[StepView, ...]:
    return (*shown.steps, *shown.undo)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("make", SOUND)
def test_the_firewall_is_called_innocent_where_it_is(face: str, make: Callable[[], Report]) -> None:
    said = "leave it alone" in FACES[face](make()) or '"firewall_innocent": true' in json_report.render(make())
    assert said is make().firewall_innocent


def test_hostile_text_is_shown_harmlessly_as_text() -> None:
    shown = text.render(reports.hostile())
    assert "[red]</script>\\x1b[2J\\u202ekcatta" in shown
    assert "\x1b" not in shown and "\u202e" not in shown


def test_hostile_text_is_harmless_in_every_part_of_the_view() -> None:
    for one in _texts(view(reports.hostile())):
        assert one.isprintable(), one


def _texts(value: object) -> Iterator[str]:
    """Every string of a view, through its dataclasses and tuples."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for inner in value:
            yield from _texts(inner)
    elif hasattr(value, "__struct_fields__"):
        for name in value.__struct_fields__:
            if name != "copy":
                yield from _texts(getattr(value, name))
