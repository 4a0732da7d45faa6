"""`wizard session`: the help desk's cases: begun, checked again, annotated, compared, handed over."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wizard.cli import arguments, session_looks, session_writes
from wizard.cli import session_common as common
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from wizard.casebook import Case, Casebook, Run

_HELP = """usage: wizard session ACTION [options]

The help desk's cases. Each check of a case is kept with everything that it rests on,
so that it can be looked at, compared and handed over on any day.

actions:
  new [TARGET]        begin a case: check this machine, or a bundle that was sent
  check ID            check again, and say what changed since the last time
  list                the cases; --search finds any word of them
  show ID             how a case stands, its plan, its diary
  note ID TEXT        write into its diary
  done ID STEP        a step of the plan was carried out
  compare ID [A B]    what changed between two runs of it, or since it worked
  export ID           as HTML, Markdown or JSON; names are replaced
  close ID            it has ended: solved, unsolved, passed-on, withdrawn
  delete ID           take it out of the casebook for good

ID is a number, or `last` for the case that changed last.

examples:
  wizard session new --bundle machine.zip --name "Ann, 3rd floor"
  sudo wizard session new 5000 --symptom ERR_CONNECTION_REFUSED --device "Ann's phone"
  wizard session done last 2
  wizard session check last
  wizard session export last --format md

The casebook is one file of yours; WIZARD_CASEBOOK=FILE names another.
`wizard session ACTION --help` tells more.
"""


def main(given: list[str]) -> int:
    """One action; `new` and `check` end with the check's own exit code."""
    if not given or given[0] in ("-h", "--help", "help"):
        print(_HELP, end="", file=sys.stdout if given else sys.stderr)
        return ExitCode.CLEAR if given else ExitCode.USAGE
    action = _ACTIONS.get(given[0])
    if action is None:
        what = f"There is no action {given[0]!r}."
        raise WizardError("usage", what, f"There are: {', '.join(_ACTIONS)}.", "wizard session --help")
    return action(given[1:])


# Checking


def _new(given: list[str]) -> int:
    parser = common.parser(
        "new", "Begin a case, and check it.", "5000", "--bundle machine.zip", 'http://192.168.1.100:5000 --name "Ann"'
    )
    parser.add_argument(
        "target", nargs="?", default="", metavar="TARGET", help="what cannot be reached (a bundle may say)"
    )
    parser.add_argument("--name", default="", help="what you call the case")
    parser.add_argument("--device", default="", help="the device that cannot get through, in words")
    parser.add_argument("--no-check", dest="check", action="store_false", help="only begin it")
    _checking(parser)
    parsed = parser.parse_args(given)
    from wizard.judge import target as pasted_target

    source = arguments.source(parsed.bundle, parsed.timeout) if parsed.check or parsed.bundle else None
    target = parsed.target or getattr(source, "target", "")
    if not target:
        what = "The bundle does not say what was asked." if parsed.bundle else "What cannot be reached?"
        hint = f"wizard session new 5000{f' --bundle {parsed.bundle}' if parsed.bundle else ''}"
        raise WizardError("usage", what, hint=hint)
    pasted_target.read(target)
    with common.book() as book:
        case = book.new(target, symptom=parsed.symptom, device=parsed.device or parsed.vantage, name=parsed.name)
        if not parsed.check:
            return _begun(case, parsed.json)
        return _checked(book, case, source, parsed, arguments.options(parsed))


def _begun(case: Case, as_json: bool) -> int:
    print(json.dumps({"case": case.id}) if as_json else f"case {case.id}")
    return ExitCode.CLEAR


def _check(given: list[str]) -> int:
    parser = common.of_case(
        "check", "Check a case again, and say what changed.", "3", "last --bundle new.zip", "3 --from 192.168.1.23"
    )
    parser.add_argument("--here", action="store_true", help="this machine is the one that the bundles came from")
    _checking(parser)
    parsed = parser.parse_args(given)
    with common.book() as book:
        case = book.case(common.number(book, parsed.case))
        last = book.run(case.id) if case.runs else None
        if last is not None and last.origin and not parsed.bundle and not parsed.here:
            what = f"Case {case.id} is about another machine: its answers came from {last.origin}."
            hint = f"wizard session check {case.id} --bundle FILE, or --here if this is that machine."
            raise WizardError("case-of-another-machine", what, hint=hint)
        source = arguments.source(parsed.bundle, parsed.timeout)
        return _checked(book, case, source, parsed, _options(case, last, parsed))


def _checking(parser: arguments.Parser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object, schema wizard.session/1")
    arguments.add_diagnosis(parser)


def _options(case: Case, last: Run | None, parsed: argparse.Namespace) -> Any:
    """Those of the last run, with what is said now laid over them."""
    from msgspec.structs import asdict, replace

    options = arguments.options(parsed)
    if last is None:
        return replace(options, symptom=options.symptom or case.symptom)
    unsaid = ("", None)
    kept = {name: value for name, value in asdict(last.options).items() if getattr(options, name) in unsaid}
    return replace(options, **{**kept, "seconds": options.seconds, "heard": options.heard})


def _checked(book: Casebook, case: Case, source: Any, parsed: argparse.Namespace, options: Any) -> int:
    from msgspec.structs import replace

    from wizard.casebook.export import changes
    from wizard.cli.check import CODES
    from wizard.cli.progress import Progressing
    from wizard.diagnose import diagnose_and_keep
    from wizard.judge import symptoms

    if options.symptom and symptoms.read(options.symptom) is None:
        # The words are the case's; the judgement takes only those that it knows.
        options = replace(options, symptom="")
    with Progressing() as progress:
        report, captures = diagnose_and_keep(case.target, source, options, progress.tell)
    run = book.add_run(case.id, report, captures, options=options, privileged=source.privileged, origin=parsed.bundle)
    changed = changes(book, case.id, run.number - 1, run.number) if run.number > 1 else None
    _print_run(run, report, changed, as_json=parsed.json)
    return CODES[report.verdict]


def _print_run(run: Run, report: Any, changed: Any, *, as_json: bool) -> None:
    from wizard.present import case_json, case_text, json_report

    if as_json:
        told = {"schema": "wizard.session/1", "case": run.case, "run": run.number}
        told["changes"] = None if changed is None else [case_json.change(each) for each in changed]
        print(json.dumps({**told, "report": json_report.as_dict(report)}, indent=2))
        return
    from wizard.cli.check import print_report

    print(f"case {run.case}, run {run.number}\n")
    print_report(report)
    if changed is not None:
        common.say("\n" + case_text.changes(f"changed since run {run.number - 1}", changed))


_ACTIONS: dict[str, Callable[[list[str]], int]] = {
    "new": _new,
    "check": _check,
    "list": session_looks.listed,
    "show": session_looks.show,
    "compare": session_looks.compare,
    "note": session_writes.note,
    "done": session_writes.done,
    "export": session_writes.export,
    "close": session_writes.close,
    "delete": session_writes.delete,
}
