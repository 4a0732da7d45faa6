"""How a sentence is meant. A face may colour a tone; the mark and a word say the same without any colour."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """`CAREFUL` is a danger, `QUIET` what may be read later."""

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    CAREFUL = "careful"
    PLAIN = "plain"
    QUIET = "quiet"


MARK = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.UNSURE: "?", Tone.CAREFUL: "⚠", Tone.PLAIN: " ", Tone.QUIET: "·"}
WORKING = "…"
