"""What the user may add to a target: the options of one diagnosis."""

from __future__ import annotations

from msgspec import Struct


class Options(Struct, frozen=True):
    """What the user may add to a target. `seconds` bounds the whole run; `probe` False: nothing is sent anywhere."""

    vantage: str = ""
    symptom: str = ""
    side: str = ""
    port: int | None = None
    interface: str = ""
    probe: bool = True
    seconds: float | None = None
    heard: str = ""
    """The code that the wizard printed on the other device."""
