"""Draws the README's picture and its sample: the screens and the text of a recorded machine. `python -m tests.pictures.make`

A test compares what this draws with what the README shows, so neither can go stale.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from wizard.collect.bundle import BundleSource
from wizard.diagnose import diagnose
from wizard.model.options import Options
from wizard.model.report import Report
from wizard.present import text
from wizard.tui.app import WizardApp
from wizard.tui.screens.verdict import VerdictScreen

ROOT = Path(__file__).parents[2]
PICTURE = Path(__file__).with_name("verdict.svg")
README = ROOT / "README.md"
SCENARIO = ROOT / "tests" / "scenarios" / "loopback-only-bind--flask-run-debug"
SIZE = (100, 32)


def report() -> Report:
    """The seed case: a Flask development server with its debugger on, bound to 127.0.0.1."""
    return diagnose("http://10.77.0.1:5000/", BundleSource(SCENARIO), Options(vantage="10.77.0.2"))


def picture() -> str:
    """The verdict screen as SVG, with the class names that textual draws at random made steady."""

    async def drawn() -> str:
        app = WizardApp(lambda *_: report(), lambda: (), root=False)
        async with app.run_test(size=SIZE) as pilot:
            await app.push_screen(VerdictScreen(report(), root=False))
            await pilot.pause(0.5)
            return app.export_screenshot(title="wizard")

    return re.sub(r"terminal-\d+", "terminal-0", asyncio.run(drawn()))


def sample() -> str:
    """The same report as `wizard check` prints it."""
    return text.render(report(), width=100, root=False)


def main() -> None:
    """Write both."""
    PICTURE.write_text(picture(), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    block = f"<!-- sample -->\n```\n{sample()}```\n<!-- end of sample -->"
    readme = re.sub(r"<!-- sample -->.*?<!-- end of sample -->", lambda _: block, readme, flags=re.DOTALL)
    README.write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
