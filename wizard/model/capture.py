"""What was asked of a machine, and what it answered: raw text, kept as it came.

A `Probe` is a question; a `Capture` its answer; an `Unknown` says why there is no answer and what would give one.
Live machine and bundle both hand out captures, so nothing behind `collect` can tell them apart.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T_co = TypeVar("T_co", covariant=True)


class Probe(Struct, frozen=True):
    """One read-only question: a command (`argv`), a file or glob of files (`path`), or a Python reader (`reader`).

    `only_if` names a path that must exist before the command may run, because running it elsewhere would change the
    machine (`iptables-legacy-save` loads modules where no legacy table exists). `seconds` bounds the answer. A probe
    with `instead_of` is asked only where the probe of that name gave no answer, one with `only_after` (a probe's name and
    a text) only where that probe's answer holds the text.
    """

    name: str
    asks: str
    argv: tuple[str, ...] = ()
    path: str = ""
    reader: str = ""
    needs_root: bool = False
    only_if: str = ""
    seconds: float = 5.0
    remedy: str = ""
    instead_of: str = ""
    only_after: tuple[str, str] | None = None

    @property
    def comes_first(self) -> bool:
        """Whether it is asked whatever others answered."""
        return not self.instead_of and self.only_after is None


class Capture(Struct, frozen=True):
    """The answer to a probe. `text` is decoded output (or file content); `exit_code` is 0 for a file that was read."""

    probe: str
    text: str
    source: str = ""
    """What a person would type to see the same: `ss -H -ltnpe`, `/proc/net/route`."""
    exit_code: int = 0
    seconds: float = 0.0
    errors: str = ""
    """What the command wrote to standard error."""


class Unknown(Struct, frozen=True):
    """Nobody could look: not the same as an empty answer. `remedy` is the command that would tell, or empty."""

    reason: str
    remedy: str = ""
    what: str = ""
    """The fact that is missing, in a person's words: `the nftables ruleset`."""


class Origin(Struct, frozen=True):
    """Where a fact was read: the source (command or file), the line number counted from 1 (0: no line), and the line."""

    source: str
    line: int = 0
    text: str = ""


class Parsed(Struct, Generic[T_co], frozen=True):
    """A parser's answer: what it understood, and the lines it could not read (never dropped in silence)."""

    value: T_co
    unread: tuple[Origin, ...] = ()
