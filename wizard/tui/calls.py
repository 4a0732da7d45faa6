"""What the screens are given to call: the TUI asks no machine anything itself, the command line injects who does.

What a `More` lacks is not offered: no key, no line. Every call may take its time; the screens make it in a thread that a
key can leave behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from wizard.model.report import Progress, Report
    from wizard.present.listening import Row

REACHED = "the page was reached"
"""So begins the note of a case that ended well."""
LAN, HERE, OUTSIDE = "lan", "here", "outside"


class Options(Struct, frozen=True):
    """What the person said beside the target.

    `symptom` is what `--symptom` takes, or the words as pasted; empty: not known. `device` is where it was seen: `lan`,
    `here`, `outside`, or an address as `--from` takes it. `port` is what was asked for where the target names none.
    `heard` is the short code that a check on the other device printed. `bundle` is a file that this machine's answers are
    read from, instead of asking it.
    """

    symptom: str = ""
    device: str = LAN
    port: int | None = None
    heard: str = ""
    bundle: str = ""


class Lately(Struct, frozen=True):
    """A target of an earlier session, and what became of it: `solved yesterday (ufw)`."""

    target: str
    words: str


class Arrival(Struct, frozen=True):
    """A packet that came from another device: `clock` as `14:07:12`, where from, and what became of it.

    `good` is None while that is not known, True when the program got it.
    """

    clock: str
    text: str
    more: tuple[str, ...] = ()
    good: bool | None = None
    key: str = ""
    """One with the key of an earlier one says more of the same packet."""


class Watching(Struct, frozen=True):
    """The watch is on: no packet is missed from now on, but for its `limits`, in sentences."""

    limits: tuple[str, ...] = ()


class Brought(Struct, frozen=True):
    """A bundle that was found or given: `path` to it, what it was made for (may be empty), whether root made it."""

    path: str
    target: str = ""
    privileged: bool = False
    platform: str = ""


class Handover(Protocol):
    """One reviewable command for root, and the place where its result is waited for."""

    @property
    def command(self) -> str:
        """`sudo wizard collect ...`, as it is pasted."""
        ...

    @property
    def script(self) -> str:
        """The same with the shell script of platform_scripts/, to be read before it is run; empty where there is none."""
        ...

    def arrived(self) -> Brought | None:
        """The result, once it is there and whole. WizardError where something is there that may not be used."""
        ...


Tell = Callable[["Progress"], None]
Diagnose = Callable[[str, Options, Tell], "Report"]
Listening = Callable[[], Sequence["Row"]]
Explain = Callable[[str], str]
"""The page of a root cause by its ref, as plain text."""
Recent = Callable[[], Sequence[Lately]]
Glance = Callable[["Report"], str]
"""A cheap look at what the verdict rests on, as a digest: equal digests mean that nothing has changed."""
Watch = Callable[["Report", Callable[["Arrival | Watching"], None], Event], None]
"""Tell that it watches, then each arrival, until the event is set. WizardError: no watching is possible."""
Rehearse = Callable[["Report"], "Report"]
"""The report with what this kernel said to the device's packet on a copy of the network, before the plan and after it."""
Ticket = Callable[["Report"], str]
"""Save what was found as a ticket; the path of the file."""
HandOver = Callable[["Report"], Handover | None]
Bring = Callable[[str], Brought]
"""A bundle by its path. WizardError where it is none."""
Noted = Callable[[str, "Report | None"], None]
"""Something that a case's diary keeps, in a sentence: a command was copied, the plan was run, the page was reached."""


class More(Struct, frozen=True, kw_only=True):
    """What the screens can do beyond asking and showing; None: not here."""

    recent: Recent | None = None
    glance: Glance | None = None
    watch: Watch | None = None
    rehearse: Rehearse | None = None
    ticket: Ticket | None = None
    hand_over: HandOver | None = None
    bring: Bring | None = None
    noted: Noted | None = None
    script: str = ""
    """Where `collect.sh` lies on this machine, for one without Python."""
