"""Every cause, against the cases of `tests.judge.cases`: what it finds, what it rules out, what it cannot tell."""

from __future__ import annotations

import pytest

from tests import build
from tests.judge.cases import CASES, Case
from tests.judge.cases.case import target
from wizard.judge import Judgement
from wizard.model.diagnosis import Outcome, Severity


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identifier)
def test_a_cause_says_what_its_case_expects(case: Case) -> None:
    judgement = case.judged()
    finding = next(each for each in _all(judgement) if each.ref == case.ref)
    assert finding.verdict.outcome is case.outcome, (finding.verdict.summary, case.journey().stop)
    assert case.says in finding.verdict.summary
    assert finding.verdict.summary.strip() and finding.explanation


@pytest.mark.parametrize(
    "case", [each for each in CASES if each.outcome is Outcome.FOUND], ids=lambda case: case.identifier
)
def test_what_is_found_explains_the_stop_or_warns(case: Case) -> None:
    judgement = case.judged()
    refs = [each.ref for each in judgement.found if each.cause.severity is Severity.BLOCKING]
    if case.comes_first:
        assert case.journey().stop is not None
        assert judgement.blocking is not None and judgement.blocking.ref == case.ref, refs
    else:
        assert case.ref in [each.ref for each in judgement.remarks] + refs


def test_on_a_healthy_machine_nothing_stands_in_the_way() -> None:
    case = Case("", Outcome.FOUND, "healthy", build.facts(attempts=(build.attempt(),)), target())
    assert case.journey().arrives
    assert case.judged().blocking is None
    assert not case.judged().cannot_tell


def _all(judgement: Judgement) -> tuple:  # type: ignore[type-arg]
    return judgement.found + judgement.ruled_out + judgement.cannot_tell
