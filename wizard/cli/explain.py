"""`wizard explain [REF]`: the page of one root cause, or the list of all."""

from __future__ import annotations

import sys

from wizard.cli import arguments
from wizard.errors import ExitCode
from wizard.judge import catalogue, page
from wizard.present import explain as pages

_EXAMPLES = """  wizard explain                       every root cause, by stage
  wizard explain loopback-only-bind
"""


def main(given: list[str]) -> int:
    """Print one page, or the list."""
    parser = arguments.Parser(
        "wizard explain", "What a root cause is, how to see it, how to fix and undo it.", _EXAMPLES
    )
    parser.add_argument("ref", nargs="?", metavar="REF", help="a root cause's name, as a report shows it")
    parsed = parser.parse_args(given)
    if parsed.ref is None:
        sys.stdout.write(_listed())
    else:
        cause, text = page(parsed.ref)
        sys.stdout.write(pages.page(cause, text, width=min(arguments.width(), 100)))
    return ExitCode.CLEAR


def _listed() -> str:
    lines: list[str] = []
    stage = ""
    for module in catalogue():
        if module.CAUSE.stage.value != stage:
            stage = module.CAUSE.stage.value
            lines.append(f"\n{stage}")
        lines.append(f"  {module.CAUSE.ref:<36} {module.CAUSE.title}")
    return "\n".join(lines).lstrip("\n") + "\n"
