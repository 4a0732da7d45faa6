"""The look of the main screens, as text, at two sizes: a change of one of them is to be seen in the diff of its file.

After a change that is meant, write them anew with `WIZARD_WRITE_GOLDEN=1 pytest tests/tui/test_look.py`, and read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.present import reports
from tests.tui import driver
from tests.tui.driver import shows, until
from wizard.tui.app import WizardApp
from wizard.tui.screens.symptom import SymptomScreen
from wizard.tui.screens.verdict import VerdictScreen

GOLDEN = Path(__file__).parent / "golden"
SIZES = [driver.SMALL, driver.LARGE]


def _compare(name: str, size: tuple[int, int], shown: str) -> None:
    file = GOLDEN / f"{name}--{size[0]}x{size[1]}.txt"
    shown = shown.rstrip("\n") + "\n"
    if os.environ.get("WIZARD_WRITE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZES)
async def test_start_and_symptom(size: tuple[int, int]) -> None:
    app = driver.app(rows=driver.ROWS[:2])
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "docker-proxy")
        _compare("start", size, driver.screen(pilot))
        await pilot.press(*"5000", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
        await shows(pilot, "▸ I don't know", "▸ another device", "f1 Help")
        _compare("symptom", size, driver.screen(pilot))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["loopback_flask", "ufw_and_loopback", "undetermined", "reachable"])
async def test_verdict(name: str, size: tuple[int, int]) -> None:
    app = driver.app(getattr(reports, name))
    async with app.run_test(size=size) as pilot:
        await _to_verdict(pilot, app)
        _compare(f"verdict-{name.replace('_', '-')}", size, driver.screen(pilot))


async def _to_verdict(pilot: driver.Pilot[None], app: WizardApp) -> None:
    await pilot.press(*"5000", "enter")
    await until(pilot, lambda: isinstance(app.screen, SymptomScreen))
    await pilot.press("enter", "enter")
    await until(pilot, lambda: isinstance(app.screen, VerdictScreen))
    await shows(pilot, "f1 Help")
    await pilot.pause(0.2)
