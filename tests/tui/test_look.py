"""The look of every screen, as text, at two sizes: a change of one of them is to be seen in the diff of its file.

After a change that is meant, write them anew with `WIZARD_WRITE_GOLDEN=1 pytest tests/tui/test_look.py`, and read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tui import driver, ways

GOLDEN = Path(__file__).parent / "golden"
SIZES = [driver.SMALL, driver.LARGE]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x60"])
@pytest.mark.parametrize("name", ways.SCREENS)
async def test_it_looks_as_it_did(name: str, size: tuple[int, int]) -> None:
    make, way = ways.SCREENS[name]
    app = make()
    file = GOLDEN / f"{name}--{size[0]}x{size[1]}.txt"
    writing = bool(os.environ.get("WIZARD_WRITE_GOLDEN"))
    async with app.run_test(size=size) as pilot:
        await way(pilot, app)
        if writing:
            await pilot.pause(0.5)
            file.write_text(_shown(pilot), encoding="utf-8")
        expected = file.read_text(encoding="utf-8")
        try:
            await driver.until(pilot, lambda: _shown(pilot) == expected)
        except AssertionError:
            assert _shown(pilot) == expected  # pytest shows the difference
    if isinstance(app.diagnose, ways.Hanging):
        app.diagnose.go.set()


def _shown(pilot: driver.Pilot[None]) -> str:
    return driver.screen(pilot).rstrip("\n") + "\n"
