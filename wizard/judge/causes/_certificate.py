"""What the causes about certificates share: the attempt that did not believe one, and what the answer says of the time."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.judge import answers
from wizard.judge.causes._way import stop_of
from wizard.model.facts import Attempt, Facts
from wizard.model.journey import Ending, Journey

DAY = 86_400.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def disbelieved(journey: Journey) -> Attempt | None:
    """The attempt whose certificate was not believed, where the walk ends at that."""
    stop = stop_of(journey, Ending.NOT_BELIEVED)
    return stop.detail if stop is not None and isinstance(stop.detail, Attempt) else None


def skew(facts: Facts, attempt: Attempt) -> float | None:
    """Seconds by which this machine's clock is ahead of the server's (its `Date`, RFC 9110 section 6.6.1); None if untold."""
    there = _date(answers.header(attempt, "Date"))
    return None if there is None else facts.taken_at - there


def _date(text: str) -> float | None:
    """`Sun, 06 Nov 1994 08:49:37 GMT` as seconds since the epoch."""
    words = text.replace("-", " ").split()
    try:
        day, month, year, clock = int(words[1]), _MONTHS.index(words[2]) + 1, int(words[3]), words[4].split(":")
        moment = datetime(year, month, day, int(clock[0]), int(clock[1]), int(clock[2]), tzinfo=UTC)
    except (IndexError, ValueError):
        return None
    return moment.timestamp()


def clocks_agree(facts: Facts, attempt: Attempt) -> bool | None:
    """Whether the two clocks tell the same day; None where the server does not say."""
    ahead = skew(facts, attempt)
    return None if ahead is None else abs(ahead) < DAY
