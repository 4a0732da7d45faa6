"""iptables' time match: the clock in UTC, which it takes unless told otherwise (net/netfilter/xt_time.c).

-m time --timestart 08:00 --timestop 18:00 --weekdays Mon,Tue --datestop 2038-01-19T03:14:07
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wizard.firewalls import values
from wizard.model.ruleset import AllOf, AnyOf, Condition, Constant, Elements, Family, Field, Nothing, Opaque, Span

if TYPE_CHECKING:
    from wizard.firewalls.iptables.matches import Match, Option

_FOREVER = (1 << 31) - 1
_READ = {"--datestart", "--datestop", "--timestart", "--timestop", "--weekdays", "--monthdays", "--contiguous", "--utc"}


def read(match: Match, family: Family) -> list[Any]:
    """The conditions on the clock. The kernel's own time zone (`--kerneltz`) is not known here."""
    given = {option.name: option for option in match.options}
    if set(given) - _READ:
        return [Opaque(match.text)]
    found = [*_dates(given), *_hours(given, match.text), *_days(given, match.text)]
    return found or [Nothing(match.text)]


def _dates(given: dict[str, Option]) -> list[Any]:
    low = _stamp(given["--datestart"].argument) if "--datestart" in given else 0
    high = _stamp(given["--datestop"].argument) if "--datestop" in given else _FOREVER
    if (low, high) == (0, _FOREVER):
        return []
    words = " ".join(given[name].text for name in ("--datestart", "--datestop") if name in given)
    return [Condition(Field("clock stamp"), "==", Span(low, high), words)]


def _stamp(text: str) -> int:
    """`2026-11-21T10:30:00`, with less and less given, as seconds since 1970."""
    from datetime import date

    day, _, hour = text.partition("T")
    year, month, number = (*(int(part) for part in day.split("-")), 1, 1)[:3]
    days = date(year, month, number).toordinal() - date(1970, 1, 1).toordinal()
    return days * 86400 + (_seconds(hour) if hour else 0)


def _seconds(text: str) -> int:
    hours, minutes, seconds = (*(int(part) for part in text.split(":")), 0, 0)[:3]
    return hours * 3600 + minutes * 60 + seconds


def _bounds(given: dict[str, Option]) -> tuple[int, int]:
    start = _seconds(given["--timestart"].argument) if "--timestart" in given else 0
    stop = _seconds(given["--timestop"].argument) if "--timestop" in given else 86399
    return start, stop


def _hours(given: dict[str, Option], text: str) -> list[Any]:
    start, stop = _bounds(given)
    if start < stop:
        return [] if (start, stop) == (0, 86399) else [Condition(Field("clock second"), "==", Span(start, stop), text)]
    outside = Span(stop + 1, start - 1)
    return [Condition(Field("clock second"), "!=", outside, text)] if outside.low <= outside.high else []


def _days(given: dict[str, Option], text: str) -> list[Any]:
    """Days of the week and of the month; after midnight a contiguous night still belongs to the day before."""
    start, stop = _bounds(given)
    today = _days_are(given, "")
    if not today or "--contiguous" not in given or start < stop:
        return today
    second = Field("clock second")
    evening = AllOf((Condition(second, ">", stop), *today))
    morning = AllOf((Condition(second, "<=", stop), *_days_are(given, "yesterday ")))
    return [AnyOf((evening, morning), text=text)]


def _days_are(given: dict[str, Option], when: str) -> list[Any]:
    found: list[Any] = []
    if "--weekdays" in given:
        option = given["--weekdays"]
        names = {name[:2].capitalize(): number for name, number in values.DAYS.items()}
        days = {names[p[:2].capitalize()] if p[0].isalpha() else int(p) % 7 for p in option.argument.split(",")}
        found.append(_among(f"clock {when}day", days, option))
    if "--monthdays" in given:
        option = given["--monthdays"]
        found.append(_among(f"clock {when}monthday", {int(part) for part in option.argument.split(",")}, option))
    return found


def _among(name: str, days: set[int], option: Option) -> Any:
    if not days:
        return Constant(option.negated, option.text)
    return Condition(Field(name), "!=" if option.negated else "==", Elements(tuple(sorted(days))), option.text)
