"""A run, diagnosed again from the answers that were kept with it."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.collect.bundle import Kept
from wizard.diagnose import diagnose
from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts
from wizard.model.options import Options
from wizard.model.report import Report
from wizard.parse import assemble


def report_of(
    target: str,
    captures: Mapping[str, Capture | Unknown],
    options: Options,
    *,
    platform: str,
    taken_at: float,
    privileged: bool,
) -> Report:
    """What today's wizard says to the answers of that day."""
    return diagnose(target, Kept(dict(captures), platform, taken_at, privileged), options)


def facts_of(captures: Mapping[str, Capture | Unknown], *, platform: str, taken_at: float, privileged: bool) -> Facts:
    """The facts in the answers of that day."""
    return assemble.facts(captures, platform, taken_at, privileged)
