"""The kernel's own web server holds the port: http.sys, which serves IIS, WinRM, SQL Server Reporting and
whatever else has registered a URL with it. The owner shows as "System", process 4.

A page that nobody has registered is answered by http.sys itself: 404 or 503, "Server:
Microsoft-HTTPAPI/2.0". Another program that wants the port cannot have it.

What it looks like: an empty "Not Found" or "Service Unavailable" of a server that nobody started; or
the app says that its address is in use.

See it by hand:
  Windows  Get-NetTCPConnection -LocalPort 80 -State Listen          OwningProcess 4
           netsh http show servicestate view=requestq                which URL, of which process

Fix: stop the service that registered the URL (Stop-Service W3SVC for IIS), or move the app to
another port. Never end process 4.

Undo: Start-Service W3SVC.

Often mistaken for: `port-taken-by-another-program`: process 4 cannot be ended; `wrong-path`, since
it answers 404.

Known how: owner and listing from machines' own output and Microsoft's documents; the answers from
reports of others.
"""

from __future__ import annotations

from wizard.judge import answers, sockets
from wizard.judge.causes._process import waiting_for
from wizard.judge.causes._windows import ELSEWHERE, known
from wizard.judge.windows.question import KERNEL_PID
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent, StopProgram
from wizard.model.windows import HttpRegistration, WindowsFacts

CAUSE = RootCause(
    ref="windows-http-sys-holds-port",
    stage=Stage.CONFLICT,
    title="The kernel's own web server (http.sys) holds the port",
    outranks=("port-taken-by-another-program", "host-header-refused", "closes-without-answer", "loopback-only-bind"),
    catalogue=("D8",),
)
_ITS_FAULT = (Ending.APPLICATION_REFUSED, Ending.CLOSED, Ending.SILENT, Ending.WRONG_PROTOCOL, Ending.NO_LISTENER)
_SIGNATURE = b"Microsoft-HTTPAPI/"


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    windows = known(facts)
    if windows is None:
        return ruled_out(ELSEWHERE)
    held = [
        each
        for each in sockets.on_port(listeners, target.proto, target.port)
        if any(owner.pid == KERNEL_PID for owner in each.owners or ())
    ]
    if not held:
        return ruled_out(f"http.sys does not hold port {target.port}.")
    waiting = waiting_for(facts, target.port)
    refused = [each for each in answers.attempts(facts) if each.port == target.port and _is_its_own(each.banner)]
    if not waiting and not refused:
        return ruled_out(f"http.sys holds port {target.port}, and nothing says that it should not.", held[0].origin)
    registered = _registered(windows, target.port)
    urls = ", ".join(dict.fromkeys(each.url for each in registered)) or "nobody's URL"
    wants = f"; {answers.described(waiting[0])} wants the port" if waiting else " and answers for nobody"
    blocks = journey.stop is not None and journey.stop.ending in _ITS_FAULT
    return found(
        f"The kernel's web server (http.sys, process 4) holds port {target.port} for {urls}{wants}.",
        held[0].origin,
        *(each.origin for each in registered[:2]),
        *(each.origin for each in refused[:1]),
        fix=_remedy(facts, windows, registered, target.port),
        certainty=Certainty.LIKELY,
        severity=Severity.BLOCKING if blocks else Severity.WARNING,
    )


def _is_its_own(banner: bytes) -> bool:
    status = banner.split(b" ", 2)[1:2]
    return _SIGNATURE in banner and status in ([b"404"], [b"503"], [b"400"])


def _registered(windows: WindowsFacts, port: int) -> list[HttpRegistration]:
    from wizard.judge.windows.http import port_of

    told = () if isinstance(windows.http, Unknown) else windows.http.registrations
    return [each for each in told if port_of(each.url) == port]


def _remedy(facts: Facts, windows: WindowsFacts, registered: list[HttpRegistration], port: int) -> tuple[Intent, ...]:
    """The service behind the registration, where exactly one process has it and hosts a service."""
    pids = {pid for each in registered for pid in each.pids}
    services = {} if isinstance(windows.services, Unknown) else windows.services
    if len(pids) == 1 and (pid := pids.pop()) in services and len(services[pid]) == 1:
        return (StopProgram(pid, services[pid][0]),)
    look = ("netsh", "http", "show", "servicestate", "view=requestq")
    return (
        Advise(f"Move the app to another port, or stop the service that registered port {port} with http.sys.", look),
    )
