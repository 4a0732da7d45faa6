"""Whatever of a machine is known, and however little: no check raises, and nothing stands in the way of who arrives."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import build
from tests.judge.cases import CASES
from tests.judge.cases.case import MISSING, Case
from wizard.model.diagnosis import Outcome, Severity
from wizard.model.facts import Facts

_MAY_BE_UNKNOWN = tuple(
    name
    for name in Facts.__struct_fields__
    if name not in ("platform", "taken_at", "privileged", "unreadable_rulesets", "sources", "notes")
)
_EMPTY = {
    "processes": {},
    "sysctls": {},
    "ufw": None,
    "firewalld": None,
    "resolution": None,
    "proxy": build.facts().proxy,
}

cases = st.sampled_from(CASES)
names = st.sets(st.sampled_from(_MAY_BE_UNKNOWN))
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(cases, names, names)
def test_no_check_raises_on_partial_facts(case: Case, unknown: set[str], empty: set[str]) -> None:
    blanks = {name: _EMPTY.get(name, ()) for name in empty}
    partial = replace(case.facts, **blanks, **dict.fromkeys(unknown - empty, MISSING))
    judgement = replace(case, facts=partial).judged()
    asked = {each.ref for each in (*judgement.found, *judgement.ruled_out, *judgement.cannot_tell)}
    assert case.ref in asked
    assert all(each.verdict.summary for each in judgement.cannot_tell)


@quick
@given(cases, names)
def test_what_arrives_is_not_called_blocked(case: Case, unknown: set[str]) -> None:
    partial = replace(case, facts=replace(case.facts, **dict.fromkeys(unknown, MISSING)))
    if partial.journey().stop is None:
        blocking = [each for each in partial.judged().found if each.cause.severity is Severity.BLOCKING]
        assert not blocking


@quick
@given(cases, st.sampled_from(("rulesets", "listeners", "interfaces", "routes")))
def test_an_unknown_fact_never_rules_out_what_was_found_with_it(case: Case, name: str) -> None:
    """Less knowledge may leave a cause open or hide it behind another stop; it never proves a healthy machine."""
    journey = replace(case, facts=replace(case.facts, **{name: MISSING})).journey()
    if case.outcome is Outcome.FOUND and case.comes_first and case.journey().stop is not None:
        assert not journey.arrives
