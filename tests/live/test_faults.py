"""Every fault of `tests/live/faults`, with real servers and real firewalls: the wizard is right, and its plan works.

For each: exit code and verdict; the first blocking finding; what the client sees equals what curl really gets; the plan,
pasted line by line, gives HTTP 200 and opens nothing else; the undo gives back the same rulesets; a check changes nothing;
a healthy machine is never called blocked.
"""

from __future__ import annotations

import pytest

from tests.live.conftest import skip_without
from tests.live.examine import examine, summary
from tests.live.faults import everything
from tests.live.faults.entry import Fault

FAULTS = everything()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_wizard_is_right_about(fault: Fault) -> None:
    skip_without(*fault.needs, *(need for server in fault.serve for need in server.needs))
    outcome = examine(fault)
    assert not outcome.complaints, "\n".join([*outcome.complaints, summary(outcome)])


def test_the_faults_are_many_and_several_are_compound() -> None:
    broken = [fault for fault in FAULTS if not fault.healthy]
    assert len(broken) >= 30
    assert len([fault for fault in broken if fault.name.startswith("several--")]) >= 6
    assert len([fault for fault in FAULTS if fault.healthy]) >= 10
