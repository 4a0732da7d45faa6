"""A report for programs: the object that `wizard check --json` promises, written out field by field because it is a contract.

Text from the machine stays the data that it is; JSON's own escapes keep it harmless. Everything is ASCII, so the output
survives any terminal and any locale, and a lone surrogate (an undecodable byte of a name) too.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import Ask, Finding, Side, Target
from wizard.model.journey import Step
from wizard.model.remedy import Do, Edit, Instruction, Plan, Run
from wizard.model.report import ClientSees, Rehearsal, Rehearsed, Report, StageResult
from wizard.present import quoting
from wizard.present.strip import whole_way
from wizard.version import __version__

SCHEMA = "wizard.check/1"


def render(report: Report) -> str:
    """The object as JSON text with a newline at its end."""
    return json.dumps(as_dict(report), indent=2) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The object before it is text; `taken_at` is ISO 8601 in UTC."""
    return {
        "schema": SCHEMA,
        "target": _target(report.target),
        "vantage": {
            "from": str(report.target.vantage) if report.target.vantage else None,
            "interface": report.vantage_interface or report.target.interface or None,
        },
        "verdict": report.verdict.value,
        "sentence": report.sentence,
        "client_sees": _client_sees(report.client_sees),
        "code": report.code or None,
        "heard": _heard(report),
        "stages": [_stage(result) for result in report.stages],
        "journey": [_step(step) for step in whole_way(report.journey)],
        "findings": [_finding(finding) for finding in report.findings],
        "ruled_out": [_brief(finding) for finding in report.ruled_out],
        "cannot_tell": [_brief(finding) for finding in report.cannot_tell],
        "plan": [_plan(plan) for plan in report.plan],
        "alternatives": [_plan(plan) for plan in report.alternatives],
        "unread": [_unread(unknown) for unknown in report.unread],
        "firewall_innocent": report.firewall_innocent,
        **({"rehearsal": _rehearsal(report.rehearsal)} if report.rehearsal else {}),
        "platform": report.platform,
        "taken_at": datetime.fromtimestamp(report.taken_at, UTC).isoformat(timespec="seconds"),
        "wizard": __version__,
    }


def _rehearsal(rehearsal: Rehearsal) -> dict[str, Any]:
    if rehearsal.trouble:
        return {"trouble": rehearsal.trouble}
    return {
        "before": _rehearsed(rehearsal.before),
        "after": _rehearsed(rehearsal.after),
        "agrees": rehearsal.agrees,
        "opens": rehearsal.opens,
        "notes": list(rehearsal.notes),
    }


def _rehearsed(tried: Rehearsed | None) -> dict[str, Any] | None:
    if tried is None:
        return None
    return {"outcome": tried.outcome, "reject_with": tried.reject_with, "answered": tried.answered}


def _target(target: Target) -> dict[str, Any]:
    return {
        "text": target.text,
        "scheme": target.scheme,
        "host": target.host,
        "addresses": [str(address) for address in target.addresses],
        "port": target.port,
        "proto": target.proto.value,
        "side": target.side.value,
    }


def _client_sees(sees: ClientSees) -> dict[str, Any]:
    return {
        "transport": sees.transport or None,
        "browser": sees.browser,
        "errno": sees.errno,
        "curl": sees.curl,
        "certain": sees.certain,
    }


def _heard(report: Report) -> dict[str, Any] | None:
    """What the other device saw (`--heard`, `--symptom`), beside what this machine gives it; null where nobody said."""
    heard, symptom = report.target.heard, report.target.symptom
    if (heard is None and symptom is None) or report.target.side is Side.CLIENT:
        return None
    return {
        "code": heard.code if heard else None,
        "transport": heard.transport if heard else symptom.transport if symptom else None,
        "by": heard.by or None if heard else None,
        "detail": heard.detail or None if heard else None,
        "took": heard.took or None if heard else None,
        "same_network": heard.same_network if heard else None,
        "client": str(heard.client) if heard and heard.client else None,
        "port": heard.port if heard else None,
        "agrees": report.heard_agrees,
        "means": report.heard_means or None,
    }


def _stage(result: StageResult) -> dict[str, Any]:
    return {
        "stage": result.stage.value,
        "status": result.status.value,
        "summary": result.summary,
        "seconds": round(result.seconds, 3),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "hop": step.hop,
        "step": step.name,
        "action": step.action.value,
        "by": step.by or None,
        "evidence": _evidence(step.evidence),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "ref": finding.ref,
        "stage": finding.cause.stage.value,
        "severity": finding.cause.severity.value,
        "certainty": finding.verdict.certainty.value,
        "title": finding.cause.title,
        "summary": finding.verdict.summary,
        "explanation": finding.explanation or finding.verdict.summary,
        "evidence": _evidence(finding.verdict.evidence),
        "near_misses": list(finding.verdict.near_misses),
        "ask": _ask(finding.verdict.ask),
    }


def _ask(ask: Ask | None) -> dict[str, Any] | None:
    """The question that would tell this cause from the others that are left."""
    if ask is None:
        return None
    line = quoting.command(Run(ask.run, root=ask.root, where=ask.where))
    return {"run": line, "as": "root" if ask.root else "user", "where": ask.where, "expect": ask.expect}


def _brief(finding: Finding) -> dict[str, Any]:
    brief: dict[str, Any] = {
        "ref": finding.ref,
        "stage": finding.cause.stage.value,
        "summary": finding.verdict.summary,
        "evidence": _evidence(finding.verdict.evidence),
    }
    if finding.verdict.remedy:
        brief["remedy"] = finding.verdict.remedy
    return brief


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "finding": plan.finding,
        "title": plan.title,
        "steps": [instruction(step) for step in plan.steps],
        "undo": [instruction(step) for step in plan.undo],
        "risk": plan.risk.value,
        "opens_to": plan.opens_to,
        "persists": plan.persists,
        "proved": plan.proved,
        "proved_by": list(plan.proved_by),
        "verify": [instruction(step) for step in plan.verify],
        "warnings": list(plan.warnings),
    }


def instruction(step: Instruction) -> dict[str, Any]:
    """One step of a plan, of its undo or of its check."""
    if isinstance(step, Do):
        return {"do": step.text}
    if isinstance(step, Edit):
        edit = {"file": step.file, "line": step.line, "before": step.before, "after": step.after}
        return {"edit": edit, "note": step.note}
    return {
        "run": quoting.command(step),
        "shell": step.shell.value,
        "as": "root" if step.root else "user",
        "where": step.where,
        "background": step.background,
        "note": step.note,
    }


def _evidence(origins: tuple[Origin, ...]) -> list[dict[str, str]]:
    return [{"source": origin.source, "text": origin.text} for origin in origins]


def _unread(unknown: Unknown) -> dict[str, str]:
    return {"what": unknown.what, "why": unknown.reason, "remedy": unknown.remedy}
