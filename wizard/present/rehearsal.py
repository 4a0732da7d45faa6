"""What a rehearsal showed, in a sentence."""

from __future__ import annotations

from wizard.model.report import Rehearsal, Rehearsed
from wizard.present.hostile import harmless
from wizard.present.sentence import Sentence
from wizard.present.tone import Tone


def rehearsed(rehearsal: Rehearsal) -> Sentence:
    """What this kernel did with the client's packet in a copy of the network, before the plan and after it."""
    if rehearsal.trouble or rehearsal.before is None:
        return Sentence(harmless(f"no rehearsal: {rehearsal.trouble}; the model's answer stands"), Tone.UNSURE)
    before = _became(rehearsal.before)
    if rehearsal.after is None:
        said = f"in a copy of this network the packet {before}; nothing of the plan concerns the network"
        return Sentence(_with_notes(said, rehearsal), Tone.GOOD if rehearsal.agrees else Tone.UNSURE)
    said = f"in a copy of this network the packet {before} before the plan, and {_became(rehearsal.after)} after it"
    if not rehearsal.agrees:
        return Sentence(_with_notes(f"{said}: the model expected something else", rehearsal), Tone.BAD)
    return Sentence(_with_notes(said, rehearsal), Tone.GOOD if rehearsal.opens else Tone.UNSURE)


def _became(tried: Rehearsed) -> str:
    if tried.outcome == "deliver":
        return "was delivered and answered" if tried.answered else "was delivered, but no answer came back"
    if tried.outcome == "reject":
        return f"was rejected ({tried.reject_with})"
    return {"drop": "was dropped", "forward": "was sent on"}.get(tried.outcome, "went nobody knows where")


def _with_notes(said: str, rehearsal: Rehearsal) -> str:
    return harmless(f"{said} (not copied: {'; '.join(rehearsal.notes[:3])})" if rehearsal.notes else said)
