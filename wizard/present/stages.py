"""The stages in a person's words, and what a stage's answer means."""

from __future__ import annotations

from wizard.model.diagnosis import Stage
from wizard.model.report import StageStatus
from wizard.present.tone import Tone

STAGE_TITLE = {
    Stage.NAME: "Name and address",
    Stage.PROCESS: "Process",
    Stage.BIND: "Bind address",
    Stage.CONFLICT: "Port conflict",
    Stage.FIREWALL: "Firewall",
    Stage.ROUTE: "Route",
    Stage.REACHABILITY: "Reachability",
    Stage.APPLICATION: "Application",
    Stage.EXPOSURE: "Exposure",
}
STAGE_ASKS = {
    Stage.NAME: ("Is that this machine's address?", "a wrong address reaches another machine, or none"),
    Stage.PROCESS: ("Which program serves it?", "with nobody there, the kernel refuses by itself"),
    Stage.BIND: ("On which address does it listen?", "one that listens on 127.0.0.1 never sees a phone"),
    Stage.CONFLICT: ("Does another hold the port?", "then another program answers in its place"),
    Stage.FIREWALL: ("Do the rules let it in?", "every rule is read, in the order the kernel asks them"),
    Stage.ROUTE: ("Does the answer find its way back?", "what goes out elsewhere never arrives"),
    Stage.REACHABILITY: ("Does a connection open?", "tried from here: that proves the program, no firewall"),
    Stage.APPLICATION: ("What does it answer?", "a page may come and still refuse a foreign name"),
}
"""What each stage asks, and why that matters."""
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
