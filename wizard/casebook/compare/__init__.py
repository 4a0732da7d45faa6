"""Two looks at one machine: what changed since it worked. Pure: two facts with their reports in, changes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from msgspec import Struct

from wizard.casebook.compare import network, programs
from wizard.casebook.compare.firewalls import rules
from wizard.model.capture import Unknown
from wizard.model.change import Area, Change, Kind
from wizard.model.diagnosis import Severity
from wizard.model.facts import Facts
from wizard.model.report import Report

T = TypeVar("T")
_ORDER = tuple(Area)


class Look(Struct, frozen=True):
    """One look: what was known, and what followed from it."""

    facts: Facts
    report: Report


def compare(before: Look, after: Look) -> tuple[Change, ...]:
    """What differs, by area; within an area what has to do with the case first."""
    changes = [*_verdict(before, after), *_of_facts(before, after)]
    return tuple(sorted(changes, key=lambda each: (_ORDER.index(each.area), not each.telling)))


def _of_facts(before: Look, after: Look) -> Iterator[Change]:
    one, two, target = before.facts, after.facts, after.report.target
    about = (target.port, target.proto)
    yield from _known(
        one.listeners, two.listeners, Area.LISTENER, "who listens", lambda a, b: programs.listeners(a, b, about)
    )
    yield from _known(
        one.processes, two.processes, Area.PROCESS, "the processes", lambda _, __: programs.processes(one, two, about)
    )
    yield from rules(one, two, target.port)
    yield from _of_network(one, two, after)


def _of_network(one: Facts, two: Facts, after: Look) -> Iterator[Change]:
    target = after.report.target
    concerned = network.concerned(target, after.facts)
    yield from _known(
        one.interfaces, two.interfaces, Area.ADDRESS, "the interfaces", lambda a, b: network.interfaces(a, b, target)
    )
    yield from network.resolution(one, two)
    yield from _known(one.hosts, two.hosts, Area.NAME, "the hosts file", network.hosts)
    yield from _known(one.routes, two.routes, Area.ROUTE, "the routes", network.routes)
    yield from _known(one.routing_rules, two.routing_rules, Area.ROUTE, "the routing rules", network.routing_rules)
    yield from _known(
        one.neighbours,
        two.neighbours,
        Area.NEIGHBOUR,
        "the neighbours",
        lambda a, b: network.neighbours(a, b, concerned),
    )
    yield from _known(
        one.containers,
        two.containers,
        Area.CONTAINER,
        "the containers",
        lambda a, b: network.containers(a, b, target.port),
    )
    yield from _known(one.sysctls, two.sysctls, Area.SETTING, "the kernel's settings", network.settings)
    yield from _known(one.attempts, two.attempts, Area.ANSWER, "attempts from here", network.answers)


def _known(
    one: T | Unknown, two: T | Unknown, area: Area, what: str, differ: Callable[[T, T], Iterable[Change]]
) -> Iterator[Change]:
    """The differences; or that there is nothing to compare, because one of the two could not be seen."""
    if isinstance(one, Unknown) and isinstance(two, Unknown):
        return
    if isinstance(one, Unknown) or isinstance(two, Unknown):
        reason = one.reason if isinstance(one, Unknown) else two.reason if isinstance(two, Unknown) else ""
        before, after = (reason, "") if isinstance(one, Unknown) else ("", reason)
        yield Change(area, Kind.UNKNOWN, what, before, after)
        return
    yield from differ(one, two)


# The verdict


def _verdict(before: Look, after: Look) -> Iterator[Change]:
    one, two = before.report, after.report
    if one.verdict is not two.verdict:
        yield Change(Area.VERDICT, Kind.CHANGED, "verdict", _said(one), _said(two), True)
    first, second = _first_cause(one), _first_cause(two)
    if first != second:
        kind = Kind.NEW if not first else Kind.GONE if not second else Kind.CHANGED
        yield Change(Area.VERDICT, kind, "first cause", first, second, True)
    if one.client_sees.transport != two.client_sees.transport:
        yield Change(Area.VERDICT, Kind.CHANGED, "what the device gets", _sees(one), _sees(two), True)


def _said(report: Report) -> str:
    return f"{report.verdict.value}: {report.sentence}"


def _first_cause(report: Report) -> str:
    return next((each.ref for each in report.findings if each.cause.severity is Severity.BLOCKING), "")


def _sees(report: Report) -> str:
    return report.client_sees.browser or report.client_sees.transport or "not known"
