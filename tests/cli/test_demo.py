"""The practice cases: each recorded one tells what it should, and the list is whole."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from wizard.cli import demo
from wizard.cli.explain import everything
from wizard.collect.bundle import BundleSource
from wizard.demo import BUNDLES, DEFAULT, Case, cases
from wizard.diagnose import diagnose
from wizard.model.options import Options

ROOT = Path(__file__).parents[2]
RECORDED = [case for case in cases() if case.bundle]


def wizard(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wizard", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


def test_there_are_enough_cases_of_each_kind() -> None:
    assert len(cases()) >= 15
    assert {case.kind for case in cases()} == {"live", "namespace", "recorded"}
    assert cases()[0].name == DEFAULT and cases()[0].serve == "http.server"
    assert len({case.name for case in cases()}) == len(cases())
    refs = {page.ref for page in everything()}
    assert {case.ref for case in cases()} <= refs


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_case_is_told_in_short_sentences(case: Case) -> None:
    assert len(case.story) <= 90 and case.story.endswith(".")
    assert case.says and case.learn.endswith(".")
    assert case.serve is not None or case.lines or case.bundle
    assert set(case.options) <= {"from", "symptom", "side"}


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.name)
def test_a_recorded_case_tells_what_it_should(case: Case) -> None:
    target = case.target.format(port=5000)
    report = diagnose(target, BundleSource(BUNDLES / case.bundle), Options(vantage=case.options.get("from", "")))
    assert case.ref in [finding.ref for finding in report.findings]


def test_every_bundle_has_its_case() -> None:
    assert {each.name for each in BUNDLES.iterdir() if each.is_dir()} == {case.bundle for case in RECORDED}


def test_the_list_names_every_case_also_for_programs() -> None:
    text = wizard("demo", "--list").stdout
    told = json.loads(wizard("demo", "--list", "--json").stdout)
    assert told["schema"] == "wizard.demo/1"
    assert [case["name"] for case in told["cases"]] == [case.name for case in cases()]
    assert all(case.name in text for case in cases())


def test_a_recorded_case_is_walked_through_and_can_be_asked_again() -> None:
    done = wizard("demo", "ufw-order")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("✗ blocked: ")
    assert "to learn" in done.stderr and "wizard explain allow-rule-comes-too-late" in done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("$ wizard "))
    again = wizard(*shlex.split(line)[2:])
    assert (again.returncode, again.stdout) == (1, done.stdout)


def test_a_case_opens_in_the_screens_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr("wizard.cli.screens.main", lambda words: asked.append(words) or 0)
    assert demo.main(["ufw-drop", "--tui"]) == 0
    assert asked == [
        ["http://10.77.0.1:5000/", "--from", "10.77.0.2", "--bundle", str(BUNDLES / "ufw-drop"), "--no-diary"]
    ]


def test_an_unknown_case_names_the_nearest() -> None:
    done = wizard("demo", "ufw-oder")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ufw-order" in done.stderr
