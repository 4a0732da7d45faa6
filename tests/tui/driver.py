"""The app as a person's keys drive it: a pilot, waits that end as soon as they may, and what stands on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from textual.pilot import Pilot

from tests.present import reports
from wizard.model.report import Progress, Report
from wizard.present.listening import Row
from wizard.tui.app import WizardApp
from wizard.tui.calls import Options, Tell

ROWS = (
    Row(5000, "flask run", "this machine only", "~/shop"),
    Row(8080, "docker-proxy", "every address"),
    Row(3000, reports.HOSTILE, "192.168.1.5", "/srv"),
)
SMALL, LARGE = (80, 24), (200, 60)


class Asked:
    """A diagnosis that answers with a report and remembers what it was asked."""

    def __init__(self, make: Callable[[], Report]) -> None:
        self.make = make
        self.questions: list[tuple[str, Options]] = []

    def __call__(self, text: str, options: Options, tell: Tell) -> Report:
        self.questions.append((text, options))
        report = self.make()
        for result in report.stages:
            tell(Progress(result.stage, None, "asking"))
            tell(Progress(result.stage, result.status, result.summary))
        return report


def app(
    make: Callable[[], Report] = reports.loopback_flask, target: str = "", rows: Sequence[Row] = ROWS, **more: Any
) -> WizardApp:
    """The app over one report."""
    return WizardApp(Asked(make), lambda: rows, target, **more)


async def until(pilot: Pilot[Any], true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it is true; a failure shows the screen."""
    end = monotonic() + seconds
    while not true():
        if monotonic() > end:
            raise AssertionError("it never came true; the screen:\n" + screen(pilot))
        await pilot.pause(0.01)
    await pilot.pause()


def screen(pilot: Pilot[Any]) -> str:
    """What a person reads, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def on(pilot: Pilot[Any], kind: type) -> Callable[[], bool]:
    """Is this screen open and laid out?"""
    return lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted


async def shows(pilot: Pilot[Any], *texts: str) -> None:
    """Wait until all of it is to be read, whatever the lines' breaks."""
    await until(pilot, lambda: all(text in " ".join(screen(pilot).split()) for text in texts))


async def type_in(pilot: Pilot[Any], text: str) -> None:
    """Press the keys of `text`, one after the other."""
    await pilot.press(*(character if character != " " else "space" for character in text))
    await asyncio.sleep(0)
