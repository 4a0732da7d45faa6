"""`wizard [TARGET]`: the guided screens, given what they need so that they never touch the machine themselves."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from wizard.cli import arguments
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from wizard.cli.guided import Caller

_EXAMPLES = """  wizard
  wizard http://192.168.1.100:5000
  wizard --bundle machine.zip
"""


def main(given: list[str]) -> int:
    """Open the screens; without a terminal there is nothing to show them on."""
    parser = arguments.Parser("wizard", "The guided screens.", _EXAMPLES)
    parser.add_argument("target", nargs="?", default="", metavar="TARGET", help="what cannot be reached")
    parser.add_argument("--no-diary", dest="diary", action="store_false", help="keep nothing in the casebook")
    arguments.add_diagnosis(parser)
    parsed = parser.parse_args(given)
    if not _on_a_screen():
        what = parsed.target or "5000"
        raise WizardError("no-terminal", "The guided screens need a terminal.", hint=f"wizard check {what}")
    # Loading the screens makes many values and no cycles: looking for those takes a tenth of the time to the first picture.
    gc.disable()
    from wizard.cli.guided import Caller, LazyDiary

    diary = LazyDiary() if parsed.diary else None
    if parsed.bundle:
        from wizard.cli.handover import bring

        bring(parsed.bundle)  # a bundle that cannot be read is said now, not behind three questions
    try:
        return show(parsed.target, Caller(parsed.bundle, arguments.options(parsed), diary))
    finally:
        if diary is not None:
            diary.shut()


def _on_a_screen() -> bool:
    """A terminal, or a browser (there textual-serve names the driver)."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def show(target: str, caller: Caller) -> int:
    """The screens, until the person leaves them."""
    from wizard.cli.guided import explain
    from wizard.tui.app import WizardApp

    more = caller.more()
    app = WizardApp(caller.diagnose, caller.listening, target, root=arguments.is_root(), explain=explain, more=more)
    app.run()
    return app.return_code or ExitCode.CLEAR
