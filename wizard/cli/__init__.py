"""The `wizard` command: arguments in, exit code out. Each subcommand is one module that is imported when it is called.

argparse and not typer: typer alone takes longer to import (it brings click and rich) than a whole check may, and a person
waits for this program's first line.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

from wizard.errors import ExitCode, WizardError

COMMANDS = {
    "check": "every stage once; verdict and plan on standard output",
    "trace": "ask the firewall model what this machine does with a packet",
    "exposure": "every listening port, from where it can be reached, and why",
    "watch": "wait for another device to try; say whether it arrived, and what stopped it",
    "collect": "write a bundle: what this machine answered to each read-only probe",
    "session": "the help desk's cases: kept, searched, compared, handed over",
    "explain": "the page of one root cause",
    "demo": "a safe practice case on loopback",
    "serve": "the guided screens in a browser, on 127.0.0.1",
}

_HELP = """usage: wizard [TARGET]                 the guided screens
       wizard COMMAND [options]

Finds out why another device cannot reach a program on this machine, and prints
the exact commands that fix it, each with its undo. It changes nothing itself.

{commands}

TARGET is whatever you would paste: 5000, 192.168.1.100:5000, a URL, a server's
own line, or the browser's whole message.

examples:
  wizard                                        start, and be asked
  wizard check 5000                             can others reach port 5000 here?
  wizard check http://192.168.1.100:5000 --from 192.168.1.23
  wizard check 5000 --symptom ERR_CONNECTION_TIMED_OUT --json
  wizard explain loopback-only-bind
  wizard demo                                   see it work, safely

exit codes: 0 nothing stands in the way, 1 something does, 2 usage,
            3 could not tell, 4 a fault of the wizard's own, 130 interrupted
`wizard COMMAND --help` tells more.
"""


def run(arguments: list[str]) -> int:
    """Run one command line; every way to end is one of the promised exit codes."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except WizardError as error:
        print("\n".join(_harmless(error.lines())), file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not complain about it when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.CLEAR
    except Exception as error:
        from wizard.cli import fault

        return fault.report(error)


def _harmless(lines: tuple[str, ...]) -> list[str]:
    from wizard.present.hostile import harmless

    return [harmless(line) for line in lines]


def _dispatch(arguments: list[str]) -> int:
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help", "help"):
        print(help_text(), end="")
        return ExitCode.CLEAR
    if first in ("-V", "--version"):
        from wizard.version import __version__

        print(f"wizard {__version__}")
        return ExitCode.CLEAR
    if first in COMMANDS:
        # One-shot commands make many small values and few cycles: looking for those halves the speed of a big ruleset.
        gc.set_threshold(200_000, 20, 20)
        code: int = import_module(f"wizard.cli.{first}").main(arguments[1:])
        return code
    from wizard.cli import screens

    return screens.main(arguments)


def help_text() -> str:
    """What `wizard --help` prints."""
    listed = "\n".join(f"  {name:<9} {said}" for name, said in COMMANDS.items())
    return _HELP.format(commands="commands:\n" + listed)
