"""Windows Firewall's service does not run, so its rules are not in force, and what happens instead is not
certain.

Some guides say to stop it ("net stop mpssvc"). Windows does not support that: connections from
outside may be blocked altogether, and WSL, Hyper-V and the Store stop working. To switch the firewall
off is not the same as to stop its service.

What it looks like: anything; mostly `ERR_CONNECTION_TIMED_OUT` on other devices.

See it by hand:
  Windows  Get-Service MpsSvc,BFE
           sc query mpssvc

Fix: start it again, as an administrator, and then allow what should come in:
  Set-Service MpsSvc -StartupType Automatic; Start-Service MpsSvc

Undo: Stop-Service MpsSvc

Often mistaken for: a firewall that is merely switched off: that one lets everything in;
`windows-another-firewall`, which may have stopped it.

Known how: from Microsoft's documents.
"""

from __future__ import annotations

from wizard.judge.causes._way import unread
from wizard.judge.causes._windows import ELSEWHERE, known
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="windows-firewall-service-stopped",
    stage=Stage.FIREWALL,
    title="Windows Firewall's service does not run",
    severity=Severity.WARNING,
    catalogue=("E40",),
)
_SERVICES = ("mpssvc", "bfe")


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    windows = known(facts)
    if windows is None:
        return unread(facts.windows) if isinstance(facts.windows, Unknown) else ruled_out(ELSEWHERE)
    if isinstance(windows.service_states, Unknown):
        return unread(windows.service_states)
    stopped = [name for name in _SERVICES if windows.service_states.get(name) == "stopped"]
    if not stopped:
        return ruled_out("Windows Firewall's service runs.")
    fix = Advise(f"Start the service {stopped[0]} again, as an administrator.", ("net", "start", stopped[0]))
    return found(
        f"The service {' and '.join(stopped)} does not run: the firewall's rules are not in force.", fix=(fix,)
    )
