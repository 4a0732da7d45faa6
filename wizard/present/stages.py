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
