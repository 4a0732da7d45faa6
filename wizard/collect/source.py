"""Where captures come from: the live machine or a bundle; nothing behind this can tell which."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from wizard.model.capture import Capture, Probe, Unknown

Tell = Callable[[str], None]
"""Told a sentence whenever a probe has answered."""


class Source(Protocol):
    """Something that answers probes. `taken_at` is in seconds since the epoch; `privileged`: asked as root."""

    platform: str
    taken_at: float
    privileged: bool
    live: bool
    """Whether it can be asked more than it holds: a name, an attempt, a file."""

    def gather(self, probes: Iterable[Probe], tell: Tell | None = None) -> dict[str, Capture | Unknown]:
        """The answer to each probe by its name, in the probes' order.

        A probe whose `only_if` is not met is answered by an empty capture whose `errors` say what is not there: the
        question is settled, there is none. A probe may be left out of the answer when another has answered for it.
        """
        ...
