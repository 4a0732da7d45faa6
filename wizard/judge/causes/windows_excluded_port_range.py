"""Windows keeps this port to itself, so no program may listen on it: bind fails with error 10013, although
nobody is there.

Hyper-V, WSL, Docker Desktop and Windows' own container network (WinNAT) reserve whole blocks of a
hundred ports when the machine starts, out of the dynamic range. Where that range begins at 1024
(some installers set it so) the blocks fall on the ports that web apps use, on others after each
restart.

What it looks like: the program ends at once with "An attempt was made to access a socket in a way
forbidden by its access permissions" (WSAEACCES, 10013; Node: EACCES; Docker: "ports are not
available"), and `netstat` shows nobody. Other devices get `ERR_CONNECTION_TIMED_OUT`, since Windows
stays silent on a port without a program.

See it by hand:
  Windows  netsh interface ipv4 show excludedportrange protocol=tcp      the port lies in a row without *
           netsh interface ipv4 show dynamicport tcp                     Start Port: 1024 is the trap

Fix: reserve the port by hand while WinNAT is stopped; a program that asks for it then gets it. Then
start the program again.
  net stop winnat
  netsh interface ipv4 add excludedportrange protocol=tcp startport=5000 numberofports=1 store=persistent
  net start winnat
Simplest of all: take another port. For good: `netsh interface ipv4 set dynamicport tcp start=49152
num=16384`, and restart.

Undo: netsh interface ipv4 delete excludedportrange protocol=tcp startport=5000 numberofports=1
store=persistent

Often mistaken for: `port-taken-by-another-program`, where netstat shows the owner;
`privileged-port`, which Windows does not have.

Known how: the listings from machines' own output; error and remedy from many reports of others
(docker/for-win issue 3171).
"""

from __future__ import annotations

from wizard.judge.causes._bind import nobody_on_port
from wizard.judge.causes._process import waiting_for
from wizard.judge.causes._way import not_here, unread
from wizard.judge.causes._windows import ELSEWHERE, known
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import ReservePort
from wizard.model.windows import WindowsFacts

CAUSE = RootCause(
    ref="windows-excluded-port-range",
    stage=Stage.BIND,
    title="Windows reserves this port, so no program may listen on it",
    outranks=("nothing-listening", "listens-on-another-port", "still-starting", "other-network-namespace"),
    catalogue=("C8",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    windows = known(facts)
    if windows is None:
        return unread(facts.windows) if isinstance(facts.windows, Unknown) else ruled_out(ELSEWHERE)
    if not nobody_on_port(journey):
        return not_here(journey, f"A program listens on port {target.port}.")
    if isinstance(windows.excluded_ports, Unknown):
        return unread(windows.excluded_ports)
    inside = [each for each in windows.excluded_ports if target.port in each and not each.administered]
    if not inside:
        return ruled_out(f"Port {target.port} lies in none of the ranges that Windows reserves.")
    first = inside[0]
    waiting = waiting_for(facts, target.port)
    who = f" {waiting[0].name} (pid {waiting[0].pid}) was told to listen there." if waiting else ""
    return found(
        f"Windows reserves ports {first.first} to {first.last}: no program may listen on {target.port}.{who}{_why(windows)}",
        first.origin,
        *(each.origin for each in waiting[:1]),
        fix=(ReservePort(target.port),),
        certainty=Certainty.PROVED if waiting else Certainty.LIKELY,
    )


def _why(windows: WindowsFacts) -> str:
    """The trap behind it, where it is set: the range for outgoing connections begins among the ports of servers."""
    ranges = () if isinstance(windows.dynamic_ports, Unknown) else windows.dynamic_ports
    low = next((each for each in ranges if each.first < _USUAL_FIRST), None)
    return f" Its dynamic ports begin at {low.first}, so it takes such ports again and again." if low else ""


_USUAL_FIRST = 49152
"""Where the dynamic range begins unless somebody moved it (RFC 6335 section 6)."""
