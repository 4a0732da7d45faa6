"""`wizard exposure`: every port of this machine, who owns it, from where it can be reached, and why."""

from __future__ import annotations

import json
import sys

from wizard.cli import arguments
from wizard.errors import ExitCode

_EXAMPLES = """  sudo wizard exposure
  sudo wizard exposure --json
  wizard exposure --bundle machine.zip
"""

_LEFT_OUT = {"ss-connections", "ss-unix", "fail2ban", "hosts", "proxy"}
"""What no port depends on: not asked, so that the answer comes sooner."""


def main(given: list[str]) -> int:
    """The table, or one JSON object. Exit code 0 when all could be looked at, 3 when something could not."""
    description = "Every listening port: who owns it, and from where it can be reached."
    parser = arguments.Parser("wizard exposure", description, _EXAMPLES)
    parser.add_argument("--json", action="store_true", help="one JSON object, schema wizard.exposure/1")
    arguments.add_source(parser)
    parsed = parser.parse_args(given)

    source = arguments.source(parsed.bundle, left_out=_LEFT_OUT)
    from wizard.diagnose import collect_and_parse
    from wizard.judge.exposure import exposure
    from wizard.present import exposure_json, exposure_text

    found = exposure(collect_and_parse(source, left_out=_LEFT_OUT).facts)
    if parsed.json:
        sys.stdout.write(json.dumps(exposure_json.exposure(found), indent=2) + "\n")
    else:
        sys.stdout.write(exposure_text.render(found, unicode=arguments.unicode(), width=min(arguments.width(), 80)))
    return ExitCode.UNDETERMINED if found.unread else ExitCode.CLEAR
