"""Whole Macs, as their bundles tell of them: each comes out as its scenario says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.macos import build
from tests.macos.scenarios import SCENARIOS, Scenario
from wizard.collect.bundle import BundleSource, Kept, save
from wizard.diagnose import Options, diagnose
from wizard.model.diagnosis import Severity
from wizard.model.remedy import Instruction, Run
from wizard.model.report import Report
from wizard.present.quoting import command


def _asked(scenario: Scenario, folder: Path) -> Report:
    captures = build.captures(*scenario.sockets, **scenario.changes)
    save(folder / "mac.zip", Kept(captures, "macos", build.TAKEN_AT, True), captures)
    options = Options(**{"vantage": "192.168.1.20", **scenario.options})
    return diagnose(scenario.target, BundleSource(folder / "mac.zip"), options)


def _commands(steps: tuple[Instruction, ...]) -> list[str]:
    return [command(step) for step in steps if isinstance(step, Run)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_a_mac_comes_out_as_expected(scenario: Scenario, tmp_path: Path) -> None:
    report = _asked(scenario, tmp_path)
    assert report.verdict.value == scenario.verdict, (report.sentence, report.unread)
    blocking = [each.ref for each in report.findings if each.cause.severity is Severity.BLOCKING]
    assert blocking == list(scenario.found)
    if scenario.transport:
        assert report.client_sees.transport == scenario.transport
    steps = [line for plan in report.plan for line in _commands(plan.steps)]
    undo = [line for plan in report.plan for line in _commands(plan.undo)]
    for part in scenario.commands:
        assert any(part in line for line in steps), steps
    for part in scenario.undo:
        assert any(part in line for line in undo), undo
    if scenario.proved is not None:
        assert all(plan.proved is scenario.proved for plan in report.plan), report.plan
        assert report.plan
    for line in (*steps, *undo):
        assert "/proc/" not in line, line
        assert "setglobalstate" not in line, line


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(SCENARIOS) >= 25
    assert len({each.name for each in SCENARIOS}) == len(SCENARIOS)
