"""The Mac's AirPlay Receiver holds the port.

Since macOS 12 the Control Center listens on ports 5000 and 7000 of every address, so that an iPhone
can show its screen on the Mac. A Flask app that wants port 5000 fails to start ("Address already in
use"), or, bound to 127.0.0.1 alone, leaves everybody else to AirPlay, which answers 403.

What it looks like: "Access to 192.168.1.100 was denied", HTTP 403, with the header `Server:
AirTunes/...`.

See it by hand:
  macOS    sudo lsof -nP -iTCP:5000 -sTCP:LISTEN          ControlCe (Control Center)
           curl -sI http://127.0.0.1:5000/                Server: AirTunes/...

Fix: give your program another port (`flask run --port 5001`): no setting of the Mac has to change.
Or switch the AirPlay Receiver off: System Settings, General, AirDrop & Handoff.

Undo: the port as it was, or the switch back on.

Often mistaken for: `host-header-refused`, since the status is 403 too; look at the Server header.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Process
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent, Rebind

CAUSE = RootCause(
    ref="airplay-holds-port",
    stage=Stage.CONFLICT,
    title="The Mac's AirPlay Receiver holds the port",
    outranks=("port-taken-by-another-program", "specific-bind-shadows-wildcard", "two-listeners-share-port"),
    catalogue=("D2",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.ANOTHER_PROGRAM)
    if stop is None:
        return not_here(journey, "AirPlay does not hold the port.")
    rival = stop.detail
    if not isinstance(rival, answers.Rival) or rival.kind != answers.AIRPLAY:
        return ruled_out("Another program than AirPlay holds the port.")
    return found(f"{rival.summary}.", *(each.origin for each in rival.taken_by), fix=(_fix(facts, target, rival),))


def _fix(facts: Facts, target: Target, rival: answers.Rival) -> Intent:
    """Move the user's own program to the next port, where there is one on loopback; else say how."""
    own: Process | None = answers.owner(facts, rival.meant[0]) if rival.meant else None
    port = target.port + 1
    if own is not None:
        return Rebind(own.pid, rival.taken_by[0].address, target.port, move_to=port)
    return Advise(
        f"Start your program on another port, for example {port} (flask run --host 0.0.0.0 --port {port}), and open that; or "
        "switch the AirPlay Receiver off in System Settings, General, AirDrop & Handoff."
    )
