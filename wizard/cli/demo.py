"""`wizard demo [CASE]`: something broken, safely, and the diagnosis of it.

Without a case: a small real web server on 127.0.0.1, and why no other device can reach it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from wizard.cli import arguments
from wizard.cli.check import print_report
from wizard.cli.progress import Progressing
from wizard.demo import BUNDLES, DEFAULT, Case, cases
from wizard.diagnose import diagnose
from wizard.errors import ExitCode, WizardError
from wizard.model.options import Options

_EXAMPLES = """  wizard demo                 start a server that only this machine can reach, and say why
  wizard demo --keep          leave it running until Enter is pressed, to try the plan
  wizard demo --list          every practice case
  wizard demo ufw-order       one of them: a recorded machine whose rules are in the wrong order
  wizard demo hung-app --tui  the same, in the guided screens
"""
_KINDS = {"live": "live, on this machine", "namespace": "live, in a network of its own", "recorded": "as bundles"}


def main(given: list[str]) -> int:
    """Build the case, diagnose, print; 0 if the wizard found what was built."""
    parser = arguments.Parser("wizard demo", "A safe practice case: something broken, diagnosed.", _EXAMPLES)
    parser.add_argument("case", nargs="?", metavar="CASE", default=DEFAULT, help="one of `wizard demo --list`")
    parser.add_argument("--list", action="store_true", help="every practice case")
    parser.add_argument("--tui", action="store_true", help="in the guided screens")
    parser.add_argument("--keep", action="store_true", help="leave the case standing until Enter is pressed")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parsed = parser.parse_args(given)
    if parsed.list:
        sys.stdout.write(_json() if parsed.json else _listed())
        return ExitCode.CLEAR
    case = _case(parsed.case)
    from wizard.cli import practice

    if _wants_a_network(case) and practice.INSIDE not in os.environ:
        if practice.can_have_a_namespace(case):
            practice.enter_namespace(given)
        elif case.kind == "live":
            print("This machine has no network at the moment: nobody could dial it in any case.", file=sys.stderr)
        elif not case.bundle:
            raise WizardError(
                "no-namespace",
                f"The case {case.name} needs a network of its own, and none can be made here.",
                hint=f"sudo wizard demo {case.name}, or a recorded case: wizard demo ufw-drop",
                code=ExitCode.UNDETERMINED,
            )
    with _built(case) as (target, bundle):
        _tell(case, target, bundle)
        if parsed.tui:
            from wizard.cli import screens

            return screens.main([*_words(case, target, bundle), "--no-diary"])
        return _walk_through(case, target, bundle, parsed)


def _wants_a_network(case: Case) -> bool:
    """Its own, in a namespace: because of what it breaks, or because this machine is offline and nobody could dial it."""
    from wizard.cli import practice

    return case.kind == "namespace" or (case.serve == "http.server" and not practice.has_a_network())


@contextmanager
def _built(case: Case) -> Iterator[tuple[str, str]]:
    """(target, bundle): the case, ready to be asked about."""
    from wizard.cli import practice

    inside = practice.INSIDE in os.environ and case.kind != "recorded"
    running: AbstractContextManager[int]
    if inside:
        running = practice.machine(case)
    elif case.kind == "live":
        _can_be_live(case)
        running = practice.served(case)
    else:
        running = nullcontext(5000)
    with running as port:
        recorded = case.kind == "recorded" or (case.kind == "namespace" and not inside)
        yield case.target.format(port=port), str(BUNDLES / case.bundle) if recorded else ""


def _can_be_live(case: Case) -> None:
    missing = [each for each in case.needs if not shutil.which(each)]
    here = sys.platform.split("-")[0].rstrip("0123456789")
    if missing or (case.platforms and here not in case.platforms):
        what = f"needs {' and '.join(missing)}" if missing else f"runs on {', '.join(case.platforms)} only"
        hint = "wizard demo --list names other cases"
        raise WizardError("demo-not-here", f"The case {case.name} {what}.", hint=hint, code=ExitCode.UNDETERMINED)


def _walk_through(case: Case, target: str, bundle: str, parsed: argparse.Namespace) -> int:
    with Progressing() as progress:
        options = Options(vantage=case.options.get("from", ""))
        report = diagnose(target, arguments.source(bundle), options, progress.tell)
    print_report(report, json=parsed.json)
    sys.stdout.flush()
    print(f"\nto learn  {case.learn} (wizard explain {case.ref})", file=sys.stderr)
    if parsed.keep and not bundle and sys.stdin.isatty():
        input(f"\nThe case stands: try the plan in {_where()}. Enter ends it. ")
    return ExitCode.CLEAR if _expected(case) & {finding.ref for finding in report.findings} else ExitCode.FAULT


def _expected(case: Case) -> set[str]:
    """What must be found; offline it is that which comes first."""
    from wizard.cli import practice

    offline = case.kind == "live" and not practice.has_a_network()
    return {case.ref, "interface-down"} if offline else {case.ref}


def _tell(case: Case, target: str, bundle: str) -> None:
    """What the person says, and the command that is run, on standard error."""
    kind = case.origin if bundle else _KINDS[case.kind]
    print(f"{case.name} ({kind}): {case.story}", file=sys.stderr)
    if case.serve == "http.server":
        print(f"A practice server listens on 127.0.0.1:{target}. Can another device reach it?", file=sys.stderr)
    print(f"  “{case.says}”\n\n$ {shlex.join(['wizard', 'check', *_words(case, target, bundle)])}\n", file=sys.stderr)


def _where() -> str:
    """A terminal in which the plan's commands meet the case: a shell in its namespace, where it has one."""
    from wizard.cli import practice

    inside = os.environ.get(practice.INSIDE)
    return f"another terminal, inside: sudo nsenter -t {inside} -n sh" if inside else "another terminal"


def _words(case: Case, target: str, bundle: str) -> list[str]:
    words = [target]
    for name, value in case.options.items():
        words += [f"--{name}", value]
    return [*words, "--bundle", bundle] if bundle else words


def _case(name: str) -> Case:
    for case in cases():
        if case.name == name:
            return case
    from difflib import get_close_matches

    near = get_close_matches(name, [case.name for case in cases()], 3, 0.4)
    hint = "did you mean " + " or ".join(near) + "?" if near else "`wizard demo --list` names them all"
    raise WizardError("case-not-known", f"There is no practice case called {name[:60]!r}.", hint=hint)


def _listed() -> str:
    lines: list[str] = []
    for kind, title in _KINDS.items():
        of_kind = [case for case in cases() if case.kind == kind]
        lines += [f"\n{title}"] + [f"  {case.name:<20} {case.story}" for case in of_kind]
    return "\n".join(lines).lstrip("\n") + "\n\nwizard demo CASE, or wizard demo CASE --tui\n"


def _json() -> str:
    from json import dumps

    told = [
        {
            "name": case.name,
            "kind": case.kind,
            "ref": case.ref,
            "story": case.story,
            "says": case.says,
            "learn": case.learn,
        }
        for case in cases()
    ]
    return dumps({"schema": "wizard.demo/1", "cases": told}, ensure_ascii=False, indent=2) + "\n"
