"""`wizard session note`, `done`, `close`, `delete`, `export`: what is told to the casebook, and what is handed over."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.cli import session_common as common
from wizard.errors import ExitCode, WizardError

if TYPE_CHECKING:
    from wizard.casebook import Case

_OUTCOMES = ("solved", "unsolved", "passed-on", "withdrawn")
_FORMATS = {"html": "html", "htm": "html", "md": "md", "markdown": "md", "json": "json"}


def note(given: list[str]) -> int:
    """A line in the diary."""
    parser = common.of_case("note", "Write into a case's diary.", '3 "rang back, works now"', "last - < mail.txt")
    parser.add_argument("text", metavar="TEXT", help="the words; - reads them from standard input")
    parsed = parser.parse_args(given)
    text = sys.stdin.read().strip() if parsed.text == "-" else parsed.text.strip()
    if not text:
        raise WizardError("usage", "There is nothing to note.", hint='wizard session note 3 "rang back, works now"')
    with common.book() as book:
        case = common.number(book, parsed.case)
        book.note(case, text)
    print(f"case {case}: noted")
    return ExitCode.CLEAR


def done(given: list[str]) -> int:
    """A step was carried out."""
    parser = common.of_case("done", "A step of the latest plan was carried out.", "3 2", "last 2 --not")
    parser.add_argument("step", type=int, metavar="STEP", help="its number, as `wizard session show` has it")
    parser.add_argument("--not", dest="undo", action="store_true", help="it was not, after all")
    parsed = parser.parse_args(given)
    with common.book() as book:
        run = book.mark_step(common.number(book, parsed.case), parsed.step, done=not parsed.undo)
    left = len(run.steps) - len(run.done)
    print(f"case {run.case}: {len(run.done)} of {len(run.steps)} steps done")
    if not left:
        print(f"Now check again: wizard session check {run.case}", file=sys.stderr)
    return ExitCode.CLEAR


def close(given: list[str]) -> int:
    """A case has ended."""
    parser = common.of_case("close", "A case has ended.", "3 --outcome solved", "last --outcome passed-on")
    parser.add_argument("--outcome", choices=_OUTCOMES, required=True, help="how")
    parsed = parser.parse_args(given)
    from wizard.casebook.records import Outcome

    with common.book() as book:
        case = book.close(common.number(book, parsed.case), Outcome(parsed.outcome))
    print(f"case {case.id}: {parsed.outcome}")
    return ExitCode.CLEAR


def delete(given: list[str]) -> int:
    """A case is taken out for good."""
    parser = common.of_case("delete", "Take a case out of the casebook for good.", "3", "3 --yes")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parsed = parser.parse_args(given)
    with common.book() as book:
        case = book.case(common.number(book, parsed.case))
        if not parsed.yes and not _agreed(case):
            raise WizardError(
                "not-deleted", f"Case {case.id} is still there.", hint=f"wizard session delete {case.id} --yes"
            )
        book.delete(case.id)
    print(f"case {case.id}: deleted")
    return ExitCode.CLEAR


def _agreed(case: Case) -> bool:
    from wizard.present.hostile import harmless

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    what = harmless(case.name or case.target)
    print(
        f"Delete case {case.id} ({what}) with its {case.runs} runs, for good? [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def export(given: list[str]) -> int:
    """A case as a file to hand over."""
    parser = common.of_case(
        "export",
        "A case as a file to hand over; names are replaced.",
        "3 -o case.html",
        "last --format md",
        "3 --format json",
    )
    parser.add_argument(
        "--format", choices=("html", "md", "json"), default="", help="html (the default), md, json; else as FILE ends"
    )
    parser.add_argument("-o", "--output", metavar="FILE", default="", help="a new file (else standard output)")
    parser.add_argument("--force", action="store_true", help="replace FILE where it is there")
    parser.add_argument(
        "--no-redact",
        dest="redact",
        action="store_false",
        help="keep names, users, cards, addresses and secrets as they are",
    )
    parsed = parser.parse_args(given)
    from wizard.casebook.export import tell

    with common.book() as book:
        story = tell(book, common.number(book, parsed.case), redacted=parsed.redact)
    ending = (
        Path(parsed.output).suffix.lstrip(".").replace("markdown", "md").replace("htm", "html").replace("htmll", "html")
    )
    text = _rendered(story, parsed.format or (ending if ending in _FORMATS else "html"))
    if not parsed.output:
        sys.stdout.write(text)
        return ExitCode.CLEAR
    _write(Path(parsed.output), text, replacing=parsed.force)
    print(parsed.output)
    kept = "Names, users, cards, public addresses were replaced; look it through before it goes out."
    print(kept if parsed.redact else "Names and addresses are in it as they are.", file=sys.stderr)
    return ExitCode.CLEAR


def _rendered(story: Any, form: str) -> str:
    if form == "md":
        from wizard.present import case_markdown

        return case_markdown.render_case(story)
    if form == "json":
        from wizard.present import case_json

        return case_json.render(story)
    from wizard.present import html

    return html.render_case(story)


def _write(path: Path, text: str, *, replacing: bool) -> None:
    from wizard.casebook.files import write_new

    try:
        write_new(path, text, replacing=replacing)
    except FileExistsError as error:
        what, hint = f"{path} is there already; it is left as it is.", "another name, or --force."
        raise WizardError("file-exists", what, hint=hint) from error
    except OSError as error:
        hint = "choose a folder where you may write."
        raise WizardError(
            "file-not-written", f"{path} could not be written.", error.strerror or str(error), hint
        ) from error
