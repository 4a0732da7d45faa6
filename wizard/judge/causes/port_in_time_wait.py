"""The port is still occupied by connections of the program's last run, so it cannot be taken again
yet.

The side that closes a TCP connection first keeps it in TIME-WAIT for 60 seconds (Linux). A server
that binds without SO_REUSEADDR fails with "Address already in use" as long as any is left. Most
servers set the option; hand-written ones forget it.

What it looks like: `ERR_CONNECTION_REFUSED` right after a restart, and "Address already in use" in
the program's output, while nothing listens.

See it by hand:
  Linux    ss -tan 'sport = :5000'              TIME-WAIT, FIN-WAIT-2, CLOSE-WAIT, and no LISTEN
  macOS    netstat -an -p tcp | grep 5000
  Windows  Get-NetTCPConnection -LocalPort 5000

Fix: wait a minute and start it again; in the program set SO_REUSEADDR before bind() (Python's
socketserver: allow_reuse_address = True). Connections in CLOSE-WAIT belong to a process that still
runs: end that one.

Undo: nothing was changed.

Often mistaken for: `port-taken-by-another-program`: then somebody listens; `source-port-collision`.
"""

from __future__ import annotations

from wizard.judge.causes._bind import nobody_on_port
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Connection, Facts, Listener
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="port-in-time-wait",
    stage=Stage.CONFLICT,
    title="Old connections still occupy the port",
    outranks=("nothing-listening", "still-starting", "listens-on-another-port", "listens-on-unix-socket"),
    catalogue=("D7", "D10"),
)
_LINGERING = ("TIME-WAIT", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "LAST-ACK", "CLOSING")


def check(
    target: Target,
    facts: Facts,
    journey: Journey,
    listeners: tuple[Listener, ...],
    connections: tuple[Connection, ...],
) -> Verdict:
    if not nobody_on_port(journey):
        return not_here(journey, f"A program listens on port {target.port}.")
    port = journey.translated.port if journey.translated else target.port
    left = [each for each in connections if each.local_port == port and each.state in _LINGERING]
    if not left:
        return ruled_out(f"No old connection occupies port {port}.")
    count = "an old connection" if len(left) == 1 else f"{len(left)} old connections"
    states = ", ".join(sorted({each.state for each in left}))
    return found(
        f"Nothing listens on port {port}, but {count} of its last run ({states}) may still occupy it.",
        *(each.origin for each in left[:3]),
        fix=(
            Advise(f"Wait until the old connections are gone (a minute), then start the program on port {port} again."),
        ),
        certainty=Certainty.LIKELY,
    )
