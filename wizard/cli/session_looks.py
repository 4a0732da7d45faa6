"""`wizard session list`, `show`, `compare`: what the casebook holds."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from wizard.cli import arguments
from wizard.cli import session_common as common
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from wizard.casebook import Case, Casebook


def listed(given: list[str]) -> int:
    """The cases in a table, or as JSON."""
    parser = common.parser(
        "list", "The cases, what changed last first.", "", '--search "school phone"', "--open --json"
    )
    parser.add_argument(
        "--search", metavar="WORDS", default="", help="those in which each of the words stands somewhere"
    )
    parser.add_argument("--open", action="store_true", help="those that are not closed")
    parser.add_argument("--limit", type=int, default=1000, metavar="N", help="so many at most")
    parser.add_argument("--json", action="store_true", help="a JSON array")
    parsed = parser.parse_args(given)
    with common.book() as book:
        found = [each for each in book.list(parsed.search, max(parsed.limit, 1)) if not (parsed.open and each.outcome)]
    if parsed.json:
        print(json.dumps([_as_json(each) for each in found], indent=2))
    elif found:
        from wizard.present import case_text

        head = ("ID", "STATE", "CHANGED", "RUNS", "VERDICT", "TARGET", "NAME", "CAUSE")
        sys.stdout.write(case_text.table(head, [_row(each) for each in found], unicode=arguments.unicode()))
    else:
        words = f" in which {parsed.search!r} stands" if parsed.search else ""
        print(f"No case{words}. Begin one: wizard session new TARGET", file=sys.stderr)
    return ExitCode.CLEAR


def _row(case: Case) -> tuple[str, ...]:
    from wizard.present.case_story import moment

    state, changed = case.outcome.value if case.outcome else "open", moment(case.changed_at)[:16]
    name = case.name or case.device
    return str(case.id), state, changed, str(case.runs), case.verdict, case.target, name, case.first_cause


def _as_json(case: Case) -> dict[str, Any]:
    from wizard.present.case_json import moment

    told = {name: getattr(case, name) for name in ("id", "name", "target", "symptom", "device", "runs")}
    times = {name: moment(getattr(case, name)) for name in ("opened_at", "changed_at", "closed_at")}
    stands = {
        "verdict": case.verdict or None,
        "sentence": case.sentence or None,
        "first_cause": case.first_cause or None,
    }
    return {**told, **times, "outcome": case.outcome.value if case.outcome else None, **stands}


def show(given: list[str]) -> int:
    """One case whole."""
    parser = common.of_case("show", "How a case stands, its plan, its diary.", "3", "last --json")
    parser.add_argument("--json", action="store_true", help="one JSON object, schema wizard.case/1, names as they are")
    parsed = parser.parse_args(given)
    from wizard.casebook.export import tell
    from wizard.present import case_json, case_text

    with common.book() as book:
        story = tell(book, common.number(book, parsed.case), redacted=False)
    if parsed.json:
        sys.stdout.write(case_json.render(story))
        return ExitCode.CLEAR
    common.say(case_text.head(story) + "\n")
    if story.runs:
        from wizard.cli.check import print_report

        print_report(story.runs[-1].report)
        common.say("\n" + case_text.steps(story.runs[-1]) + "\n")
    common.say(case_text.diary(story))
    return ExitCode.CLEAR


def _worked(book: Casebook, case: Case) -> int:
    """Where nothing gets through now: the last run in which something did. Else the run before the latest."""
    numbers = range(case.runs - 1, 0, -1) if case.verdict != "reachable" else ()
    return next((each for each in numbers if book.run(case.id, each).verdict == "reachable"), case.runs - 1)


def compare(given: list[str]) -> int:
    """Two runs of a case, side by side."""
    parser = common.of_case("compare", "What changed between two runs of a case.", "3", "3 1 4", "last --json")
    said = "two of its runs; else the latest, with the last before it that got through"
    parser.add_argument("runs", nargs="*", type=int, metavar="RUN", help=said)
    parser.add_argument("--json", action="store_true", help="one JSON object, schema wizard.changes/1")
    parsed = parser.parse_args(given)
    if len(parsed.runs) not in (0, 2):
        raise WizardError("usage", "Two runs are compared, or none is named.", hint="wizard session compare 3 1 2")
    from wizard.casebook.export import changes
    from wizard.present import case_json, case_text
    from wizard.present.case_story import moment

    with common.book() as book:
        case = book.case(common.number(book, parsed.case))
        if not parsed.runs and case.runs < 2:
            hint = f"wizard session check {case.id}"
            raise WizardError(
                "one-run-only", f"Case {case.id} has {case.runs or 'no'} run; two are compared.", hint=hint
            )
        first, second = parsed.runs or (_worked(book, case), case.runs)
        one, two = book.run(case.id, first), book.run(case.id, second)
        changed = changes(book, case.id, first, second)
    if parsed.json:
        sides = ({"run": run.number, "taken_at": case_json.moment(run.taken_at)} for run in (one, two))
        told = dict(zip(("before", "after"), sides, strict=True))
        listed = [case_json.change(each) for each in changed]
        print(json.dumps({"schema": case_json.CHANGES, "case": case.id, **told, "changes": listed}, indent=2))
    else:
        sides_said = " → ".join(f"run {run.number} ({moment(run.taken_at)})" for run in (one, two))
        common.say(case_text.changes(f"case {case.id}: {sides_said}", changed))
    return ExitCode.CLEAR
