"""Ways in which a connection fails, and some in which it does not: each a short entry, made of real programs and real rules.

`everything()` is all of them; `test_faults.py` builds each in a lab and asks the client, the wizard and the plan.
"""

from __future__ import annotations

from tests.live.faults import (
    application,
    bans,
    bind,
    conflict,
    docker,
    firewalld,
    healthy,
    iptables,
    names,
    nft,
    process,
    route,
    several,
    ufw,
)
from tests.live.faults.entry import Fault

_MODULES = (
    process,
    bind,
    conflict,
    ufw,
    firewalld,
    nft,
    iptables,
    bans,
    docker,
    route,
    names,
    application,
    several,
    healthy,
)


def everything() -> tuple[Fault, ...]:
    """Every fault and every healthy control, in the order of the catalogue."""
    faults = tuple(fault for module in _MODULES for fault in module.FAULTS)
    names = [fault.name for fault in faults]
    assert len(names) == len(set(names)), "two faults have the same name"
    return faults
