"""What the actions of `wizard session` share: their parsers, the casebook, which case is meant, and how it is said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wizard.cli import arguments
from wizard.errors import WizardError

if TYPE_CHECKING:
    from wizard.casebook import Casebook


def parser(action: str, said: str, *examples: str) -> arguments.Parser:
    listed = "".join(f"  wizard session {action} {each}\n".replace(" \n", "\n") for each in examples)
    return arguments.Parser(f"wizard session {action}", said, listed)


def of_case(action: str, said: str, *examples: str) -> arguments.Parser:
    made = parser(action, said, *examples)
    made.add_argument("case", metavar="ID", help="the case's number, or `last`")
    return made


def book() -> Casebook:
    from wizard.casebook.store import open_casebook

    return open_casebook()


def number(casebook: Casebook, said: str) -> int:
    """The case that is meant."""
    text = said.removeprefix("#")
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    if said != "last":
        raise WizardError("usage", f"{said[:40]!r} is no case: a number, or `last`.", hint="wizard session list")
    latest = casebook.list(limit=1)
    if not latest:
        raise WizardError("no-such-case", "The casebook is empty.", hint="wizard session new TARGET")
    return latest[0].id


def say(text: str) -> None:
    from wizard.present import case_text

    sys.stdout.write(case_text.plain(text, arguments.unicode()))
