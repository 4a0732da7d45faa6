"""`wizard collect -o FILE`: what this machine answered to each read-only probe, to be looked at anywhere."""

from __future__ import annotations

import sys

from wizard.cli import arguments
from wizard.cli.progress import Progressing
from wizard.diagnose import collect_and_parse, diagnose_and_keep
from wizard.errors import ExitCode
from wizard.model.capture import Unknown
from wizard.present.hostile import harmless

_EXAMPLES = """  wizard collect -o machine.zip
  sudo wizard collect -o machine.zip --target 5000      with an attempt and the program's files
  wizard collect -o machine.zip --redact                to show to strangers: the same findings, other names
  wizard check 5000 --bundle machine.zip                then, on any machine
"""


def main(given: list[str]) -> int:
    """Write a bundle and say what is in it, and what could not be read."""
    parser = arguments.Parser("wizard collect", "Write down what this machine answers; nothing is changed.", _EXAMPLES)
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="a .zip, or a folder")
    parser.add_argument("--target", metavar="TARGET", default="", help="what cannot be reached, to look closer at it")
    parser.add_argument(
        "--redact", action="store_true", help="replace names, users, cards and public addresses; take secrets out"
    )
    arguments.add_diagnosis(parser)
    parsed = parser.parse_args(given)
    source = arguments.source(parsed.bundle, parsed.timeout)
    with Progressing() as progress:
        if parsed.target:
            _, captures = diagnose_and_keep(parsed.target, source, arguments.options(parsed), progress.tell)
        else:
            captures = collect_and_parse(source, progress.tell).captures
    from wizard.collect import bundle

    target = parsed.target or str(getattr(source, "target", ""))
    if parsed.redact:
        from wizard.collect.redact import redact

        captures, target = redact(captures, target)
    bundle.save(parsed.output, source, captures, target=target, redacted=parsed.redact)
    missing = [each for each in captures.values() if isinstance(each, Unknown)]
    print(harmless(parsed.output))
    print(f"{len(captures) - len(missing)} answers, {len(missing)} not to be had:", file=sys.stderr)
    for each in missing:
        print(harmless(f"  {each.what}: {each.reason}"), file=sys.stderr)
    return ExitCode.CLEAR
