"""What the screens are given to call: the TUI asks no machine anything itself, the command line injects who does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from wizard.model.report import Progress, Report
    from wizard.present.listening import Row

LAN, HERE, OUTSIDE = "lan", "here", "outside"


class Options(Struct, frozen=True):
    """What the person said beside the target.

    `symptom` is what `--symptom` takes, or the words as pasted; empty: not known. `device` is where it was seen: `lan`,
    `here`, `outside`, or an address as `--from` takes it. `port` is what was asked for where the target names none.
    """

    symptom: str = ""
    device: str = LAN
    port: int | None = None


Tell = Callable[["Progress"], None]
Diagnose = Callable[[str, Options, Tell], "Report"]
Listening = Callable[[], Sequence["Row"]]
Explain = Callable[[str], str]
"""The page of a root cause by its ref, as plain text."""
