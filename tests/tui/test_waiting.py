"""No key waits on a probe, and no exit either."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from threading import Event

import pytest

from tests.present import reports
from tests.tui import driver
from tests.tui.driver import shows, until
from wizard.model.diagnosis import Stage
from wizard.model.report import Progress, Report, StageStatus
from wizard.tui.app import WizardApp
from wizard.tui.calls import Options, Tell
from wizard.tui.screens.stages import Stopped
from wizard.tui.screens.symptom import SymptomScreen
from wizard.tui.screens.verdict import VerdictScreen


class Hanging:
    """A diagnosis whose firewall probe answers only when it is let go."""

    def __init__(self) -> None:
        self.go = Event()
        self.ended = Event()
        self.stopped = False

    def __call__(self, text: str, options: Options, tell: Tell) -> Report:
        try:
            tell(Progress(Stage.NAME, StageStatus.PASS, "192.168.1.100 is this machine"))
            tell(Progress(Stage.FIREWALL, None, "reading its rules"))
            self.go.wait(150)
            tell(Progress(Stage.FIREWALL, StageStatus.PASS, "ufw allows it"))
        except Stopped:
            self.stopped = True
            raise
        finally:
            self.ended.set()
        return reports.reachable()


async def test_stages_fill_in_while_a_probe_is_still_at_work() -> None:
    diagnose = Hanging()
    app = WizardApp(diagnose, lambda: ())
    async with app.run_test(size=driver.SMALL) as pilot:
        await _begin(pilot, app)
        await shows(pilot, "✓ Name and address 192.168.1.100 is this machine", "… Firewall reading its rules", "1 s")
        diagnose.go.set()
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))


async def test_escape_leaves_a_hanging_probe_behind_and_stops_it_at_its_next_word() -> None:
    diagnose = Hanging()
    app = WizardApp(diagnose, lambda: ())
    async with app.run_test(size=driver.SMALL) as pilot:
        await _begin(pilot, app)
        await shows(pilot, "… Firewall")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        diagnose.go.set()
        await until(pilot, diagnose.ended.is_set)
        assert diagnose.stopped
        await pilot.pause(0.1)
        assert isinstance(app.screen, SymptomScreen)


async def test_a_verdict_that_comes_while_a_page_is_open_is_shown() -> None:
    diagnose = Hanging()
    app = WizardApp(diagnose, lambda: ())
    async with app.run_test(size=driver.SMALL) as pilot:
        await _begin(pilot, app)
        await shows(pilot, "… Firewall")
        await pilot.press("f1")
        await shows(pilot, "Start the check from the beginning")
        diagnose.go.set()
        await until(pilot, lambda: isinstance(app.screen, VerdictScreen))


async def test_the_list_of_listeners_may_take_its_time() -> None:
    go = Event()

    def listening() -> tuple[()]:
        go.wait(150)
        return ()

    app = WizardApp(Hanging(), listening)
    async with app.run_test(size=driver.SMALL) as pilot:
        await shows(pilot, "looking …")
        await pilot.press(*"5000")
        await shows(pilot, "│ 5000")
        go.set()
        await shows(pilot, "nothing that may be seen")


def test_the_program_ends_at_once_although_a_probe_never_returns() -> None:
    script = textwrap.dedent("""
        import asyncio, threading
        from tests.tui import driver
        from wizard.tui.app import WizardApp

        async def main():
            app = WizardApp(lambda *asked: threading.Event().wait(), lambda: threading.Event().wait())
            async with app.run_test() as pilot:
                await pilot.press(*"5000", "enter")
                await driver.shows(pilot, "Which device?")
                await pilot.press("enter", "enter")
                await driver.shows(pilot, "Name and address")
                await pilot.press("ctrl+q")

        asyncio.run(main())
        print("ended")
    """)
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=150, env={**os.environ}
    )
    assert ended.stdout == "ended\n", ended.stderr


async def _begin(pilot: object, app: WizardApp) -> None:
    await pilot.press(*"5000", "enter")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, SymptomScreen))  # type: ignore[arg-type]
    await pilot.press("enter", "enter")  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [ValueError("a fault of our own")])
async def test_a_fault_of_our_own_is_not_swallowed(error: Exception) -> None:
    def diagnose(text: str, options: Options, tell: Tell) -> Report:
        raise error

    app = WizardApp(diagnose, lambda: ())
    with pytest.raises(Exception, match="a fault of our own"):
        async with app.run_test(size=driver.SMALL) as pilot:
            await _begin(pilot, app)
            await pilot.pause(1)
