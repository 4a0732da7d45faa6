"""A fault of the wizard's own: a report that can be sent, and where it is."""

from __future__ import annotations

import sys
import tempfile
import traceback

from wizard.errors import ExitCode
from wizard.version import __version__


def report(error: Exception) -> int:
    """Write the traceback to a file of its own and say where; never a traceback on the user's screen."""
    text = f"wizard {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n\n"
    text += "".join(traceback.format_exception(error))
    where = _written(text)
    print("error: wizard-fault", file=sys.stderr)
    print(f"  This is our fault, not yours: {type(error).__name__}.", file=sys.stderr)
    print(f"  Try: send us {where}, or run again with --json.", file=sys.stderr)
    return ExitCode.FAULT


def _written(text: str) -> str:
    try:
        with tempfile.NamedTemporaryFile("w", prefix="wizard-fault-", suffix=".txt", delete=False) as file:
            file.write(text)
            return file.name
    except OSError:
        print(text, file=sys.stderr)
        return "the lines above"
