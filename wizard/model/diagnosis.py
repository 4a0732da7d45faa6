"""The words of a diagnosis: the target, the stages, a root cause, and the three outcomes of asking for one."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from wizard.model.capture import Origin
from wizard.model.facts import Address, Proto
from wizard.model.heard import Heard
from wizard.model.remedy import Intent


class Stage(StrEnum):
    """The stages, in the order in which they are shown. `EXPOSURE` holds warnings, never what stands in the way."""

    NAME = "name"
    PROCESS = "process"
    BIND = "bind"
    CONFLICT = "conflict"
    FIREWALL = "firewall"
    ROUTE = "route"
    REACHABILITY = "reachability"
    APPLICATION = "application"
    EXPOSURE = "exposure"


class Side(StrEnum):
    """Whose machine this is: the one that serves, or the one that cannot get through."""

    SERVER = "server"
    CLIENT = "client"


class Severity(StrEnum):
    """`BLOCKING` stands in the way, `WARNING` is a danger or a trap, `INFO` is worth knowing."""

    BLOCKING = "blocking"
    WARNING = "warning"
    INFO = "info"


class Certainty(StrEnum):
    """How sure: proved by what was read, likely, or possible."""

    PROVED = "proved"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Symptom(Struct, frozen=True):
    """What the other device showed: a transport result as `client_sees.transport` names it, and the words as typed."""

    transport: str
    text: str


class Target(Struct, frozen=True):
    """What cannot be reached. `text` is what was typed; `host` the name or address in it (empty: only a port was given);
    `addresses` what that is, most likely first; `vantage` the device that cannot get through (None: a neighbour)."""

    text: str
    port: int
    host: str = ""
    scheme: str = "http"
    addresses: tuple[Address, ...] = ()
    proto: Proto = Proto.TCP
    side: Side = Side.SERVER
    vantage: Address | None = None
    interface: str = ""
    symptom: Symptom | None = None
    path: str = "/"
    heard: Heard | None = None
    """What the other device saw, from its code."""


class Outcome(StrEnum):
    """Found, ruled out, or cannot tell: an answer either way has its reason."""

    FOUND = "found"
    RULED_OUT = "ruled-out"
    CANNOT_TELL = "cannot-tell"


class RootCause(Struct, frozen=True):
    """A root cause's card. `outranks` names causes that also fit where this one does, but say less (REFS.md: the more
    specific one). `catalogue` are the numbers of CAUSES.md that it covers."""

    ref: str
    stage: Stage
    title: str
    severity: Severity = Severity.BLOCKING
    outranks: tuple[str, ...] = ()
    catalogue: tuple[str, ...] = ()


class Ask(Struct, frozen=True):
    """The one question that would tell a cause from the others that are left: a command, where to run it (`server`, `client`,
    `router`, `here`), and what it prints if this is the cause."""

    run: tuple[str, ...]
    expect: str
    where: str = "server"
    root: bool = False


class Verdict(Struct, frozen=True):
    """What one check found: the outcome, one sentence that says why, the evidence, and (found) what should be true."""

    outcome: Outcome
    summary: str
    evidence: tuple[Origin, ...] = ()
    certainty: Certainty = Certainty.PROVED
    intents: tuple[Intent, ...] = ()
    near_misses: tuple[str, ...] = ()
    remedy: str = ""
    """Cannot tell: the command that would tell."""
    severity: Severity | None = None
    """Found: how bad it is here, where that is not what the cause's card says."""
    ask: Ask | None = None
    """Found, but not for sure: what would tell."""


def found(
    summary: str,
    *evidence: Origin,
    fix: tuple[Intent, ...] = (),
    certainty: Certainty = Certainty.PROVED,
    near_misses: tuple[str, ...] = (),
    severity: Severity | None = None,
    ask: Ask | None = None,
) -> Verdict:
    """The cause is at work; `severity` where it is another one here than on the cause's card; `ask` where it is not sure."""
    return Verdict(Outcome.FOUND, summary, evidence, certainty, fix, near_misses, severity=severity, ask=ask)


def ruled_out(summary: str, *evidence: Origin) -> Verdict:
    """The cause is not at work, and this is why."""
    return Verdict(Outcome.RULED_OUT, summary, evidence)


def cannot_tell(summary: str, remedy: str = "") -> Verdict:
    """Something that the check needs could not be read."""
    return Verdict(Outcome.CANNOT_TELL, summary, remedy=remedy)


class Finding(Struct, frozen=True):
    """A cause with its verdict about this target. `explanation` is the first paragraph of the cause's page."""

    cause: RootCause
    verdict: Verdict
    explanation: str = ""

    @property
    def ref(self) -> str:
        """The cause's name, the same everywhere."""
        return self.cause.ref
