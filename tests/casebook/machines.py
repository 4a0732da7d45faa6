"""Recorded machines, diagnosed: what a case is made of."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from wizard.collect.bundle import BundleSource
from wizard.diagnose import Options, diagnose_and_keep
from wizard.model.capture import Capture, Unknown
from wizard.model.report import Report

SCENARIOS = Path(__file__).parents[1] / "scenarios"
LOOPBACK = "loopback-only-bind--flask-run-debug"
UFW = "firewall-drops-port--ufw--default-deny"
OPEN = "healthy--ufw-allow"
NAMES = tuple(sorted(each.parent.name for each in SCENARIOS.glob("*/expect.toml")))


def asked(name: str) -> tuple[str, Options]:
    """The target and the options of a scenario."""
    expected = tomllib.loads((SCENARIOS / name / "expect.toml").read_text(encoding="utf-8"))
    given = dict(zip(expected["options"][::2], expected["options"][1::2], strict=True))
    options = Options(vantage=given.get("--from", ""), side=given.get("--side", ""), symptom=given.get("--symptom", ""))
    return str(expected["target"]), options


@cache
def machine(name: str) -> tuple[Report, dict[str, Capture | Unknown], Options]:
    """A scenario's report, its captures, and the options that were given."""
    target, options = asked(name)
    report, captures = diagnose_and_keep(target, BundleSource(SCENARIOS / name), options)
    return report, captures, options
