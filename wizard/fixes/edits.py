"""Changes to single lines of source text: as edit steps, and as the text afterwards. Line ends stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from wizard.model.remedy import Edit

_END = re.compile(r"\r\n|\r|\n")


class Replacement(Struct, frozen=True):
    """In `line` (counted from 1) the characters `start` up to `end` (counted from 0) become `text`."""

    line: int
    start: int
    end: int
    text: str


def lines_of(text: str) -> tuple[str, ...]:
    """The lines without their ends, as Python and an editor count them (a form feed ends no line)."""
    return tuple(_END.split(text))


def edits(path: str, text: str, replacements: Iterable[Replacement], note: str = "") -> tuple[Edit, ...]:
    """One edit for each line that changes, in the file's order."""
    lines = lines_of(text)
    changed: dict[int, str] = {}
    # From the right, so that the positions to the left stay true.
    for each in sorted(replacements, key=lambda one: (one.line, one.start, one.end), reverse=True):
        line = changed.get(each.line, lines[each.line - 1])
        changed[each.line] = line[: each.start] + each.text + line[each.end :]
    return tuple(
        Edit(path, number, lines[number - 1], after, note)
        for number, after in sorted(changed.items())
        if after != lines[number - 1]
    )


def applied(text: str, changes: Iterable[Edit]) -> str:
    """The text once the edits are made."""
    pieces = re.split(r"(\r\n|\r|\n)", text)  # line, end, line, end, ...
    for change in changes:
        pieces[2 * (change.line - 1)] = change.after
    return "".join(pieces)


def reversed_edits(changes: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """The same lines back, the last first."""
    return tuple(Edit(each.file, each.line, each.after, each.before, each.note) for each in reversed(changes))
