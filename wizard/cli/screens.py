"""`wizard [TARGET]`: the guided screens, given what they need so that they never touch the machine themselves."""

from __future__ import annotations

import sys

from wizard.cli import arguments
from wizard.errors import ExitCode, WizardError

_EXAMPLES = """  wizard
  wizard http://192.168.1.100:5000
  wizard --bundle machine.zip
"""


def main(given: list[str]) -> int:
    """Open the screens; without a terminal there is nothing to show them on."""
    parser = arguments.Parser("wizard", "The guided screens.", _EXAMPLES)
    parser.add_argument("target", nargs="?", default="", metavar="TARGET", help="what cannot be reached")
    arguments.add_diagnosis(parser)
    parsed = parser.parse_args(given)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        what = parsed.target or "5000"
        raise WizardError("no-terminal", "The guided screens need a terminal.", hint=f"wizard check {what}")
    return _show(parsed.target, parsed.bundle, arguments.options(parsed)) or ExitCode.CLEAR


def _show(target: str, bundle: str, options: object) -> int:
    from wizard.tui.app import WizardApp

    raise NotImplementedError(WizardApp, target, bundle, options)
