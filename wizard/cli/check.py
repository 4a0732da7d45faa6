"""`wizard check TARGET`: every stage once, verdict and plan on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wizard.cli import arguments
from wizard.errors import ExitCode

if TYPE_CHECKING:
    from wizard.model.report import Report

_EXAMPLES = """  wizard check 5000
  wizard check http://192.168.1.100:5000 --from 192.168.1.23
  wizard check "192.168.1.100 refused to connect. ERR_CONNECTION_REFUSED" --port 5000
  wizard check 5000 --json | jq .verdict
  wizard check 5000 --bundle machine.zip
  sudo wizard check 5000 --rehearse   try the plan on a copy of this machine's network first
  sudo wizard check 5000            firewalls tell their rules to root only
"""

CODES = {"reachable": ExitCode.CLEAR, "blocked": ExitCode.BLOCKED, "undetermined": ExitCode.UNDETERMINED}


def main(given: list[str]) -> int:
    """Diagnose once and print; the exit code is the verdict's."""
    parser = arguments.Parser(
        "wizard check", "Find out why another device cannot reach TARGET, and how to fix it.", _EXAMPLES
    )
    parser.add_argument("target", metavar="TARGET", help="a port, an address, a URL, or a whole error message")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument("--stages", action="store_true", help="also a line for each stage")
    parser.add_argument(
        "--rehearse", action="store_true", help="try the plan's firewall steps on a copy of this network (Linux)"
    )
    arguments.add_diagnosis(parser)
    parsed = parser.parse_args(given)
    source = arguments.source(parsed.bundle, parsed.timeout)
    # The machine is being asked from here on; loading the rest takes about as long as its answers do.
    from wizard.cli.progress import Progressing
    from wizard.diagnose import diagnose_and_keep

    with Progressing() as progress:
        report, captures = diagnose_and_keep(parsed.target, source, arguments.options(parsed), progress.tell)
        if parsed.rehearse:
            from wizard.diagnose.rehearsal import rehearse

            report = rehearse(report, captures)
    print_report(report, json=parsed.json, stages=parsed.stages)
    return CODES[report.verdict]


def print_report(report: Report, *, json: bool = False, stages: bool = False) -> None:
    """The report on standard output, as text or JSON."""
    if json:
        from wizard.present import json_report

        sys.stdout.write(json_report.render(report).rstrip("\n") + "\n")
        return
    from wizard.present import text

    sys.stdout.write(
        text.render(
            report,
            width=arguments.width(),
            colour=arguments.colour(),
            root=arguments.is_root(),
            unicode=arguments.unicode(),
            stages=stages,
        )
    )
