"""What has changed between two looks at one target, stage by stage: what is fine now, and what still stands in the way.

✓ Bind address   now: flask run (pid 5151) listens on 0.0.0.0
✗ Firewall       still: ufw drops it
"""

from __future__ import annotations

from msgspec import Struct

from wizard.model.diagnosis import Stage
from wizard.model.report import Report, StageResult, StageStatus
from wizard.present.hostile import harmless
from wizard.present.stages import OF_STATUS, STAGE_TITLE, WORD_OF_STATUS
from wizard.present.tone import Tone

_OPEN = (StageStatus.FAIL, StageStatus.UNKNOWN, StageStatus.WARN)


class Change(Struct, frozen=True):
    """A stage that was, or is, not fine. `word` is `now` (it has changed) or `still`."""

    title: str
    tone: Tone
    word: str
    text: str

    @property
    def is_new(self) -> bool:
        """It was otherwise before."""
        return self.word == "now"


def changes(before: Report, now: Report) -> tuple[Change, ...]:
    """Each stage that was or is not fine, in the stages' order."""
    earlier = {each.stage: each for each in before.stages}
    return tuple(
        _change(earlier.get(each.stage), each)
        for each in now.stages
        if each.stage is not Stage.EXPOSURE and (each.status in _OPEN or _was_open(earlier.get(each.stage)))
    )


def _was_open(stage: StageResult | None) -> bool:
    return stage is not None and stage.status in _OPEN


def _change(before: StageResult | None, now: StageResult) -> Change:
    same = before is not None and (before.status, before.summary) == (now.status, now.summary)
    text = harmless(now.summary) or WORD_OF_STATUS[now.status]
    return Change(STAGE_TITLE[now.stage], OF_STATUS[now.status], "still" if same else "now", text)
