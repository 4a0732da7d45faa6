"""Everything that a presenter may know, frozen: text, JSON, HTML and screens all read this, so they cannot disagree."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from wizard.model.capture import Unknown
from wizard.model.diagnosis import Finding, Stage, Target
from wizard.model.journey import ClientSees as ClientSees
from wizard.model.journey import Journey
from wizard.model.remedy import Plan


class Overall(StrEnum):
    """The answer to the user's question."""

    REACHABLE = "reachable"
    BLOCKED = "blocked"
    UNDETERMINED = "undetermined"


class StageStatus(StrEnum):
    """`SKIPPED`: not asked (`--no-probe`, or an earlier stop makes it pointless)."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class StageResult(Struct, frozen=True):
    """One stage as shown: a mark, a sentence, and how long it took (seconds)."""

    stage: Stage
    status: StageStatus
    summary: str
    seconds: float = 0.0


class Rehearsed(Struct, frozen=True):
    """What the kernel did with the client's packet in the copy: outcome and refusal as in a Decision; `answered`: it was
    delivered, and an answer found its way back."""

    outcome: str
    reject_with: str | None = None
    answered: bool = False


class Rehearsal(Struct, frozen=True):
    """The plan's network steps tried on a copy of this machine's network. `agrees`: kernel and model said the same before
    and after. `after` is None where nothing of the plan concerns the network. `trouble`: why there was no rehearsal."""

    before: Rehearsed | None = None
    after: Rehearsed | None = None
    agrees: bool = False
    opens: bool = False
    """Before, the packet or its answer was stopped; afterwards both pass."""
    trouble: str = ""
    notes: tuple[str, ...] = ()


class Report(Struct, frozen=True):
    """One diagnosis. `findings` are ordered: blocking ones as the packet meets them, then warnings, then information."""

    target: Target
    platform: str
    taken_at: float
    verdict: Overall
    sentence: str
    journey: Journey
    client_sees: ClientSees
    stages: tuple[StageResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[Finding, ...] = ()
    cannot_tell: tuple[Finding, ...] = ()
    plan: tuple[Plan, ...] = ()
    alternatives: tuple[Plan, ...] = ()
    unread: tuple[Unknown, ...] = ()
    firewall_innocent: bool = False
    vantage_interface: str = ""
    code: str = ""
    """Client side: what was seen here, as a code to carry to the other end (`--heard`)."""
    heard_agrees: bool | None = None
    """Server side: whether what the other device saw is what this machine gives it."""
    heard_means: str = ""
    """... and what follows from that."""
    rehearsal: Rehearsal | None = None


class Progress(Struct, frozen=True):
    """News from a diagnosis at work: a stage that is asked (`status` None) or answered, and what about it, in a sentence.

    `limit`: a stage that is asked now has answered, or counts as not answered, within so many seconds.
    """

    stage: Stage
    status: StageStatus | None
    text: str
    limit: float | None = None
