"""What a casebook holds: cases, their runs, and what was noted on the way. Times are seconds since the epoch."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from wizard.model.options import Options


class Outcome(StrEnum):
    """How a case ended; an open case has none. `PASSED_ON`: somebody else carries on with it."""

    SOLVED = "solved"
    UNSOLVED = "unsolved"
    PASSED_ON = "passed-on"
    WITHDRAWN = "withdrawn"


class Case(Struct, frozen=True):
    """One person's trouble with one target: what was said, and how it stands.

    `verdict`, `sentence` and `first_cause` are those of the latest of its `runs`, empty where there is none yet.
    """

    id: int
    target: str
    name: str = ""
    symptom: str = ""
    """What the other device showed, in the words of whoever saw it."""
    device: str = ""
    """The device that cannot get through, as it was described."""
    opened_at: float = 0.0
    changed_at: float = 0.0
    closed_at: float | None = None
    outcome: Outcome | None = None
    runs: int = 0
    verdict: str = ""
    sentence: str = ""
    first_cause: str = ""


class Run(Struct, frozen=True):
    """One diagnosis of a case. `number` counts from 1 within the case; `report` is what `wizard check --json` said then.

    The captures are kept beside it (`Casebook.captures`), so that the diagnosis can be made again from the same answers.
    """

    id: int
    case: int
    number: int
    taken_at: float
    """When the machine was asked."""
    added_at: float
    platform: str
    privileged: bool
    verdict: str
    sentence: str
    first_cause: str
    options: Options
    report: dict[str, Any]
    origin: str = ""
    """Where its answers came from: empty for a live machine, else the name of the bundle."""
    wizard: str = ""
    """The version that made the report."""
    done: dict[int, float] = {}
    """The steps that were carried out, by their number (from 1, through all of the plan), and when."""

    @property
    def steps(self) -> tuple[dict[str, Any], ...]:
        """Every step of the plan in order, as the report has them."""
        return tuple(step for plan in self.report.get("plan", ()) for step in plan.get("steps", ()))


class Note(Struct, frozen=True):
    """A line of a case's diary. `kind` is `note` for what a person wrote, `event` for what happened."""

    at: float
    text: str
    kind: str = "note"


class Story(Struct, frozen=True):
    """A case with everything that belongs to it, the oldest first."""

    case: Case
    runs: tuple[Run, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def latest(self) -> Run | None:
        """The run that shows how things stand."""
        return self.runs[-1] if self.runs else None
