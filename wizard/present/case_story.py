"""A help-desk case as it is handed over: what was said, each diagnosis, what changed, what was done and noted.

The casebook tells it (names replaced or not); HTML, Markdown and JSON only lay it out.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from wizard.model.change import Area, Change, Kind
from wizard.model.report import Report
from wizard.present.hostile import harmless
from wizard.present.tone import Tone
from wizard.present.view import View, view

AREA_TITLE = {
    Area.VERDICT: "Verdict",
    Area.LISTENER: "Who listens",
    Area.PROCESS: "Programs",
    Area.FIREWALL: "Firewall",
    Area.ADDRESS: "Addresses",
    Area.NAME: "Names",
    Area.ROUTE: "Routes",
    Area.NEIGHBOUR: "Neighbours",
    Area.CONTAINER: "Containers",
    Area.SETTING: "Kernel settings",
    Area.ANSWER: "What this machine's own tries get",
}
REPLACED = (
    "Names, users, cards and public addresses in this file are substitutes: run the commands that the wizard shows on the"
    " machine itself."
)
SIGN = {Kind.NEW: "+", Kind.GONE: "−", Kind.CHANGED: "≠", Kind.UNKNOWN: "?"}


class RunStory(Struct, frozen=True):
    """One diagnosis. `done` are the steps of its plan that were carried out (number from 1: when); `changes` what is
    different from the run before it, None for the first."""

    number: int
    report: Report
    taken_at: float
    added_at: float
    origin: str = ""
    """The bundle that its answers came from; empty: the machine itself."""
    wizard: str = ""
    """The version that was asked that day, where it is another one than today's."""
    privileged: bool = False
    done: dict[int, float] = {}
    changes: tuple[Change, ...] | None = None

    @property
    def view(self) -> View:
        """The report in sentences."""
        return view(self.report, root=False)


class Event(Struct, frozen=True):
    """A line of the diary. `kind`: `note` (a person's words) or `event`."""

    at: float
    text: str
    kind: str = "event"


class CaseStory(Struct, frozen=True):
    """A case, its runs the oldest first. `redacted`: names, users, cards, public addresses and secrets are replaced."""

    id: int
    target: str
    runs: tuple[RunStory, ...]
    name: str = ""
    symptom: str = ""
    device: str = ""
    opened_at: float = 0.0
    closed_at: float | None = None
    outcome: str = ""
    notes: tuple[Event, ...] = ()
    redacted: bool = True

    @property
    def title(self) -> str:
        """What a person calls it."""
        return harmless(self.name or self.target)

    @property
    def status(self) -> str:
        """`solved`, or that it is open."""
        return self.outcome.replace("-", " ") or "open"

    def diary(self) -> tuple[Event, ...]:
        """Everything that happened, in its order."""
        events = [Event(self.opened_at, "opened")] if self.opened_at else []
        for run in self.runs:
            source = f"from {harmless(run.origin)}" if run.origin else "asked the machine"
            events.append(Event(run.added_at, f"run {run.number}, {source}: {run.report.verdict.value}"))
            events += [Event(at, f"step {step} of run {run.number} done") for step, at in run.done.items()]
        events += [Event(each.at, _lines(each.text), each.kind) for each in self.notes]
        if self.closed_at:
            events.append(Event(self.closed_at, f"closed: {self.status}"))
        return tuple(sorted(events, key=lambda each: each.at))


class ChangeView(Struct, frozen=True):
    """A change as a line: `sign` and `what`, then how it was and how it is (either may be empty)."""

    sign: str
    tone: Tone
    what: str
    before: str
    after: str
    telling: bool


def changes_by_area(changes: tuple[Change, ...]) -> tuple[tuple[str, tuple[ChangeView, ...]], ...]:
    """The changes under the title of their area, in the order of areas."""
    found: dict[str, list[ChangeView]] = {}
    for each in changes:
        found.setdefault(AREA_TITLE[each.area], []).append(_change(each))
    return tuple((title, tuple(views)) for title, views in found.items())


_TONE = {Kind.NEW: Tone.PLAIN, Kind.GONE: Tone.PLAIN, Kind.CHANGED: Tone.PLAIN, Kind.UNKNOWN: Tone.UNSURE}


def _change(change: Change) -> ChangeView:
    before, after = harmless(change.before), harmless(change.after)
    if change.kind is Kind.UNKNOWN:
        before, after = (f"not seen: {each}" if each else "seen" for each in (before, after))
    return ChangeView(SIGN[change.kind], _TONE[change.kind], harmless(change.what), before, after, change.telling)


def moment(at: float) -> str:
    """`2026-11-21 14:02:11 UTC`"""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _lines(text: str) -> str:
    """A note keeps its lines; each of them is harmless."""
    return "\n".join(harmless(line) for line in text.splitlines())
