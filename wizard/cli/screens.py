"""`wizard [TARGET]`: the guided screens, given what they need so that they never touch the machine themselves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from wizard.cli import arguments
from wizard.errors import ExitCode, WizardError
from wizard.model.capture import Unknown
from wizard.model.options import Options

if TYPE_CHECKING:
    from wizard.model.report import Report
    from wizard.present.listening import Row
    from wizard.tui import calls

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
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        what = parsed.target or "5000"
        raise WizardError("no-terminal", "The guided screens need a terminal.", hint=f"wizard check {what}")
    return _show(parsed.target, _Caller(parsed.bundle, arguments.options(parsed)))


class _Caller:
    """What the screens call: each call asks anew, so that "check again" sees what has changed."""

    def __init__(self, bundle: str, options: Options) -> None:
        self._bundle = bundle
        self._options = options

    def diagnose(self, target: str, said: calls.Options, tell: calls.Tell) -> Report:
        """One diagnosis, with what the person said on the way laid over the command line's options."""
        options = replace(
            self._options,
            symptom=said.symptom or self._options.symptom,
            port=said.port or self._options.port,
            vantage=self._options.vantage or _vantage(said.device),
        )
        source = arguments.source(self._bundle, options.seconds)
        from wizard.diagnose import diagnose

        return diagnose(target, source, _lenient(options), tell)

    def listening(self) -> Sequence[Row]:
        """What listens here now, the likeliest first."""
        from wizard.diagnose import collect_and_parse
        from wizard.present.listening import rows

        facts = collect_and_parse(arguments.source(self._bundle)).facts
        listeners = () if isinstance(facts.listeners, Unknown) else facts.listeners
        processes = {} if isinstance(facts.processes, Unknown) else facts.processes
        return rows(listeners, processes, home=str(Path.home()))


def _vantage(device: str) -> str:
    """The address that stands for the device chosen: this machine itself, a stranger's (RFC 5737), or as typed."""
    return {"lan": "", "here": "127.0.0.1", "outside": "203.0.113.77"}.get(device, device)


def _lenient(options: Options) -> Options:
    """Words that name no known symptom are no error here: the person typed what they saw."""
    from wizard.judge import symptoms

    return options if not options.symptom or symptoms.read(options.symptom) else replace(options, symptom="")


def _explain(ref: str) -> str:
    from wizard.judge import page
    from wizard.present import explain

    return explain.page(*page(ref))


def _show(target: str, caller: _Caller) -> int:
    from wizard.tui.app import WizardApp

    app = WizardApp(caller.diagnose, caller.listening, target, root=arguments.is_root(), explain=_explain)
    app.run()
    return app.return_code or ExitCode.CLEAR
