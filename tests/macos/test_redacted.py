"""A redacted Mac comes out as the Mac itself does, and nothing of its person is left."""

from __future__ import annotations

import re

import pytest

from tests.macos import build
from tests.macos.scenarios import SCENARIOS, Scenario
from wizard.collect.bundle import Kept
from wizard.collect.redact import Redaction
from wizard.diagnose import Options, diagnose
from wizard.model.capture import Capture, Unknown
from wizard.model.report import Report

USER, CARD = "marieluise", "f0:18:98:03:d9:30"


def _asked(captures: dict[str, Capture | Unknown], scenario: Scenario) -> Report:
    options = Options(**{"vantage": "192.168.1.20", **scenario.options})
    return diagnose(scenario.target, Kept(captures, "macos", build.TAKEN_AT, True), options)


def _planted(scenario: Scenario) -> dict[str, Capture | Unknown]:
    """The scenario with a user whose name is no word."""
    made = build.captures(*scenario.sockets, **scenario.changes)
    return {
        name: Capture(name, re.sub(r"\balex\b", USER, each.text), each.source) if isinstance(each, Capture) else each
        for name, each in made.items()
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_a_redacted_mac_gives_the_same_findings(scenario: Scenario) -> None:
    before = _planted(scenario)
    redaction = Redaction(b"a key for tests")
    redaction.learn(before, scenario.target)
    after = redaction.captures(before)
    left = "\n".join(each.text for each in after.values() if isinstance(each, Capture))
    assert USER not in left
    assert CARD not in left
    plain, redacted = _asked(before, scenario), _asked(dict(after), scenario)
    assert redacted.verdict is plain.verdict
    assert [each.ref for each in redacted.findings] == [each.ref for each in plain.findings]
    assert [(each.finding, each.proved, len(each.steps)) for each in redacted.plan] == [
        (each.finding, each.proved, len(each.steps)) for each in plain.plan
    ]
