"""How a sentence is meant. A face may colour a tone; the mark and a word say the same without any colour."""

from __future__ import annotations

from enum import StrEnum

from wizard.model.report import Overall, StageStatus


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

OF_VERDICT = {
    Overall.REACHABLE: Tone.GOOD,
    Overall.BLOCKED: Tone.BAD,
    Overall.UNDETERMINED: Tone.UNSURE,
}
OF_STATUS = {
    StageStatus.PASS: Tone.GOOD,
    StageStatus.FAIL: Tone.BAD,
    StageStatus.WARN: Tone.CAREFUL,
    StageStatus.UNKNOWN: Tone.UNSURE,
    StageStatus.SKIPPED: Tone.QUIET,
}
WORD_OF_STATUS = {
    StageStatus.PASS: "fine",
    StageStatus.FAIL: "stops here",
    StageStatus.WARN: "careful",
    StageStatus.UNKNOWN: "cannot tell",
    StageStatus.SKIPPED: "not asked",
}
