"""The captures on a desk: each is handed to its parser, and what nobody understood is noted, never dropped in silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from wizard.model.capture import Capture, Origin, Parsed, Unknown

T = TypeVar("T")
Captures = Mapping[str, Capture | Unknown]
_MOST_UNREAD = 5


class Desk:
    """Hands out captures, and notes what could not be read on the way."""

    def __init__(self, captures: Captures) -> None:
        self._captures = captures
        self._unread: dict[str, list[Origin]] = {}

    def answer(self, name: str) -> Capture | Unknown:
        """The probe's answer."""
        return self._captures.get(name, Unknown("not collected", "", name))

    def text(self, name: str) -> str:
        """What the probe read, or nothing: for details of which another capture holds the main part."""
        answer = self.answer(name)
        return answer.text if isinstance(answer, Capture) else ""

    def read(self, name: str, parse: Callable[[str, str], Parsed[T]]) -> T | Unknown:
        """The probe's answer, parsed."""
        answer = self.answer(name)
        return answer if isinstance(answer, Unknown) else self.take(name, parse(answer.text, answer.source or name))

    def take(self, name: str, parsed: Parsed[T]) -> T:
        """The parsed value; what was not understood is noted."""
        if parsed.unread:
            self._unread.setdefault(name, []).extend(parsed.unread)
        return parsed.value

    def notes(self) -> tuple[Unknown, ...]:
        """Every question without an answer, then every line that was not understood."""
        unanswered = [answer for answer in self._captures.values() if isinstance(answer, Unknown)]
        return (*unanswered, *(_not_understood(lines) for lines in self._unread.values()))


def _not_understood(lines: list[Origin]) -> Unknown:
    shown = " | ".join(line.text[:160] for line in lines[:_MOST_UNREAD])
    more = f" and {len(lines) - _MOST_UNREAD} more" if len(lines) > _MOST_UNREAD else ""
    return Unknown(f"not understood: {shown}{more}", what=f"{len(lines)} of the entries of {lines[0].source}")
