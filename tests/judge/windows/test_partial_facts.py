"""However little is known of a Windows machine: no check raises, and what could not be read is never taken for allowed."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.judge.cases import windows
from tests.judge.cases.case import MISSING, Case
from wizard.diagnose.solve import solve
from wizard.model.windows import WindowsFacts

CASES = [case for case in windows.CASES if isinstance(case.facts.windows, WindowsFacts)]
_NAMES = """
rules profiles networks excluded_ports dynamic_ports port_proxies http services service_states security_products wsl
"""
FIELDS = _NAMES.split()
OTHERS = ("listeners", "processes", "interfaces", "routes", "neighbours", "attempts", "connections")
few = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(st.sampled_from(CASES), st.sets(st.sampled_from(FIELDS)), st.sets(st.sampled_from(OTHERS), max_size=2))
def test_no_check_raises_and_nothing_unread_is_allowed(case: Case, unread: set[str], others: set[str]) -> None:
    known = case.facts.windows
    assert isinstance(known, WindowsFacts)
    partial = replace(
        case.facts, windows=replace(known, **dict.fromkeys(unread, MISSING)), **dict.fromkeys(others, MISSING)
    )
    found = replace(case, facts=partial)
    solution = solve(partial, found.target)
    before, after = case.journey(), solution.journey
    if before.decision is not None and before.decision.outcome in ("drop", "unknown") and after.decision is not None:
        products = "security_products" in unread or "service_states" in unread
        assert products or after.decision.outcome != "deliver"
