"""Everything that can happen between screens, one sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from wizard.errors import WizardError
from wizard.tui.calls import Arrival, Brought, Options, Watching

if TYPE_CHECKING:
    from wizard.model.report import Progress, Report


@dataclass
class TargetGiven(Message):
    """The person said what cannot be reached; `port` is set where the text names none."""

    text: str
    port: int | None = None


@dataclass
class SymptomGiven(Message):
    """The person said what the other device shows, and which device it is."""

    text: str
    options: Options


@dataclass
class Progressed(Message):
    """A stage was asked, or answered."""

    progress: Progress


@dataclass
class Diagnosed(Message):
    """The diagnosis came to its end."""

    report: Report


@dataclass
class Failed(Message):
    """The diagnosis could not be made, and the person can do something about it."""

    error: WizardError


@dataclass
class CheckAgain(Message):
    """The person wants the same question asked once more."""


@dataclass
class TargetRefused(Message):
    """The target was no target after all; the start screen shows why."""

    error: WizardError


@dataclass
class LeadAsked(Message):
    """The person leads somebody at another machine; `text` is what is known of the target (may be empty)."""

    text: str = ""
    report: Report | None = None


@dataclass
class PlanRun(Message):
    """The person says that the plan has been run."""

    report: Report


@dataclass
class WayOpened(Message):
    """The connection gets through now: the other device may be asked."""

    report: Report


@dataclass
class RightsAsked(Message):
    """The person wants to know what root would tell."""

    report: Report


@dataclass
class BundleBrought(Message):
    """This machine's answers, or another's, are in a file now; `target` may be empty where the question stands already."""

    brought: Brought
    target: str = ""


@dataclass
class Arrived(Message):
    """A packet came from another device; or the watch is on."""

    arrival: Arrival | Watching


@dataclass
class Reached(Message):
    """The other device has got through to the program."""

    report: Report
    arrival: Arrival
