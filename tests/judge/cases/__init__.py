"""What each cause is to say: found, a near miss, and a machine of which too little is known. One module per stage."""

from tests.judge.cases import (
    application,
    bind,
    client,
    conflict,
    exposure,
    firewall,
    macos,
    name,
    process,
    route,
    windows,
)
from tests.judge.cases.case import Case

CASES: tuple[Case, ...] = (
    *name.CASES,
    *process.CASES,
    *bind.CASES,
    *conflict.CASES,
    *firewall.CASES,
    *route.CASES,
    *windows.CASES,
    *application.CASES,
    *client.CASES,
    *exposure.CASES,
    *macos.CASES,
)
