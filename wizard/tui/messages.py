"""Everything that can happen between screens, one sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from wizard.errors import WizardError
from wizard.tui.calls import Options

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
