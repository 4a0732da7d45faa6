"""Whole machines, as their bundles tell of them: each is to come out as its `expect.toml` says.

A scenario is a bundle (the format of `wizard collect -o`) plus `expect.toml`, which states only what matters:

    target   = "http://10.77.0.1:5000/"     what was asked
    options  = ["--from", "10.77.0.2"]
    verdict  = "blocked"
    found    = ["firewall-drops-port"]      the blocking refs, in the order in which the packet meets them
    warns    = ["debugger-exposed"]         optional: remarks that must be there
    ruled_out = ["loopback-only-bind"]      optional
    commands = ["ufw prepend allow ..."]    optional: parts of commands that the plan must have
    proved   = true                         optional: every item of the plan
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from wizard.collect.bundle import BundleSource
from wizard.diagnose import Options, diagnose
from wizard.model.diagnosis import Severity
from wizard.model.remedy import Edit, Run
from wizard.model.report import Report
from wizard.present.quoting import command

HERE = Path(__file__).parent
FOLDERS = sorted(each.parent for each in HERE.glob("*/expect.toml"))


def _expected(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "expect.toml").read_text(encoding="utf-8"))


def _report(folder: Path) -> Report:
    expected = _expected(folder)
    given = dict(zip(expected["options"][::2], expected["options"][1::2], strict=True))
    options = Options(vantage=given.get("--from", ""), side=given.get("--side", ""), symptom=given.get("--symptom", ""))
    return diagnose(expected["target"], BundleSource(folder), options)


def _steps(report: Report) -> list[str]:
    steps = [step for plan in report.plan for step in plan.steps]
    return [command(step) if isinstance(step, Run) else step.after for step in steps if isinstance(step, Run | Edit)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_scenario_comes_out_as_expected(folder: Path) -> None:
    expected, report = _expected(folder), _report(folder)
    assert report.verdict.value == expected["verdict"], report.sentence
    blocking = [each.ref for each in report.findings if each.cause.severity is Severity.BLOCKING]
    assert blocking == expected["found"]
    remarks = {each.ref for each in report.findings if each.cause.severity is not Severity.BLOCKING}
    assert set(expected.get("warns", ())) <= remarks
    assert set(expected.get("ruled_out", ())) <= {each.ref for each in report.ruled_out}
    for part in expected.get("commands", ()):
        assert any(part in step for step in _steps(report)), _steps(report)
    if "proved" in expected:
        assert [plan.proved for plan in report.plan] == [expected["proved"]] * len(report.plan)


def test_there_are_scenarios_and_each_is_named_for_what_it_shows() -> None:
    assert len(FOLDERS) >= 10
    for folder in FOLDERS:
        ref = next(iter(_expected(folder)["found"]), "healthy")
        assert folder.name == ref or folder.name.startswith(f"{ref}--")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_scenario_speaks_of_no_recording_machine(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not any(word in text for word in ("lab-init", "wizard-lab", "pyenv", "recorded-bundle")), path
