"""The object that `wizard check --json` promises (CONTRACT), field by field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.present import reports
from wizard.model.report import Report
from wizard.present import json_report

TOP = {
    "schema", "target", "vantage", "verdict", "client_sees", "stages", "journey", "findings", "plan", "alternatives",
    "unread", "platform", "taken_at", "wizard",
}  # fmt: skip
TRANSPORTS = {
    "connected", "refused", "timeout", "unreachable", "prohibited", "reset", "empty", "tls-error", "unresolved",
    "proxy-error", "http-error",
}  # fmt: skip
STAGES = {"name", "process", "bind", "conflict", "firewall", "route", "reachability", "application"}


def _parsed(make: Callable[[], Report]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(json_report.render(make()))
    return parsed


@pytest.mark.parametrize("make", reports.ALL)
def test_every_promised_field_is_there(make: Callable[[], Report]) -> None:
    shown = _parsed(make)
    assert shown.keys() >= TOP
    assert shown["schema"] == "wizard.check/1"
    assert shown["verdict"] in {"reachable", "blocked", "undetermined"}
    assert shown["target"].keys() >= {"text", "scheme", "host", "addresses", "port", "proto", "side"}
    assert shown["vantage"].keys() >= {"from", "interface"}
    assert shown["client_sees"].keys() >= {"transport", "browser", "errno", "curl"}
    assert shown["client_sees"]["transport"] in TRANSPORTS
    for stage in shown["stages"]:
        assert stage.keys() >= {"stage", "status", "summary", "seconds"}
        assert stage["stage"] in STAGES
        assert stage["status"] in {"pass", "fail", "warn", "unknown", "skipped"}
    for step in shown["journey"]:
        assert step.keys() >= {"hop", "step", "action", "by", "evidence"}
    for finding in shown["findings"]:
        assert finding.keys() >= {
            "ref", "stage", "severity", "certainty", "title", "explanation", "evidence", "near_misses",
        }  # fmt: skip
        assert all(evidence.keys() == {"source", "text"} for evidence in finding["evidence"])
    for unread in shown["unread"]:
        assert unread.keys() >= {"what", "why", "remedy"}


@pytest.mark.parametrize("make", reports.ALL)
def test_every_plan_has_its_promised_form(make: Callable[[], Report]) -> None:
    shown = _parsed(make)
    for plan in (*shown["plan"], *shown["alternatives"]):
        assert plan.keys() >= {
            "finding", "title", "steps", "undo", "risk", "opens_to", "persists", "proved", "proved_by", "verify",
        }  # fmt: skip
        for step in (*plan["steps"], *plan["undo"], *plan["verify"]):
            _check_step(step)


def _check_step(step: dict[str, Any]) -> None:
    assert len(step.keys() & {"run", "edit", "do"}) == 1
    if "run" in step:
        assert step["shell"] in {"sh", "powershell", "cmd"}
        assert step["as"] in {"root", "user"}
        assert step["where"] in {"here", "client", "router"}
        assert isinstance(step["background"], bool)
        assert not step["run"].startswith("sudo")
    if "edit" in step:
        assert step["edit"].keys() >= {"file", "line", "before", "after"}


def test_a_root_step_says_so_and_brings_no_sudo() -> None:
    step = _parsed(reports.ufw_and_loopback)["plan"][0]["steps"][0]
    assert step["run"] == "ufw prepend allow proto tcp from 192.168.1.0/24 to any port 5000"
    assert (step["as"], step["background"], step["where"]) == ("root", False, "here")


def test_the_journey_ends_where_it_stops() -> None:
    last = _parsed(reports.loopback_flask)["journey"][-1]
    assert (last["hop"], last["action"]) == ("port", "stop")
    assert last["evidence"][0]["source"] == "ss"


def test_hostile_text_stays_data_and_the_output_stays_ascii() -> None:
    text = json_report.render(reports.hostile())
    assert text.isascii() and "\x1b" not in text
    assert json.loads(text)["target"]["host"] == reports.HOSTILE
    assert json.loads(text)["plan"][0]["steps"][2]["edit"]["before"] == f"a = '{reports.HOSTILE}'"


def test_a_neighbour_is_null_and_a_named_device_its_address() -> None:
    assert _parsed(reports.loopback_flask)["vantage"] == {"from": None, "interface": "wlan0"}
    assert _parsed(reports.from_phone)["vantage"]["from"] == "192.168.1.23"


def test_taken_at_is_a_time_with_its_zone() -> None:
    assert _parsed(reports.reachable)["taken_at"] == "2025-10-09T08:53:20+00:00"
