"""A case for programs: its own fields, and `wizard.check/1` for each run. ASCII, like every JSON of the wizard."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from wizard.model.change import Change
from wizard.present import json_report
from wizard.present.case_story import CaseStory, RunStory

SCHEMA = "wizard.case/1"
CHANGES = "wizard.changes/1"


def render(case: CaseStory) -> str:
    """The object as JSON text with a newline at its end."""
    return json.dumps(as_dict(case), indent=2) + "\n"


def as_dict(case: CaseStory) -> dict[str, Any]:
    """The object before it is text; times are ISO 8601 in UTC."""
    return {
        "schema": SCHEMA,
        "id": case.id,
        "name": case.name,
        "target": case.target,
        "symptom": case.symptom,
        "device": case.device,
        "opened_at": moment(case.opened_at),
        "closed_at": moment(case.closed_at),
        "outcome": case.outcome or None,
        "redacted": case.redacted,
        "runs": [_run(run) for run in case.runs],
        "notes": [{"at": moment(each.at), "kind": each.kind, "text": each.text} for each in case.notes],
    }


def _run(run: RunStory) -> dict[str, Any]:
    return {
        "number": run.number,
        "taken_at": moment(run.taken_at),
        "added_at": moment(run.added_at),
        "origin": run.origin or None,
        "privileged": run.privileged,
        "wizard": run.wizard,
        "steps_done": [{"step": step, "at": moment(at)} for step, at in run.done.items()],
        "changes": None if run.changes is None else [change(each) for each in run.changes],
        "report": json_report.as_dict(run.report),
    }


def change(one: Change) -> dict[str, Any]:
    """One difference between two runs."""
    return {
        "area": one.area.value,
        "kind": one.kind.value,
        "what": one.what,
        "before": one.before or None,
        "after": one.after or None,
        "telling": one.telling,
    }


def moment(at: float | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
