"""The program was started a moment ago and does not listen yet.

Between the start of a process and its listen() lie imports, migrations, loading a model, compiling
assets: a second for a small app, minutes for a large one. Until then the port has no socket, and
the kernel refuses.

What it looks like: `ERR_CONNECTION_REFUSED`, and the page opens a little later without anything
having changed.

See it by hand:
  Linux    ps -o pid,etime,args -p PID          started less than two minutes ago
           ss -ltnp 'sport = :5000'             nothing yet
  macOS    ps -o pid,etime,args -p PID; lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Get-Process -Id PID | Select StartTime; Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: wait, and watch the program's own output for "Running on" or an error:
  until ss -Hltn 'sport = :5000' | grep -q .; do sleep 1; done

Undo: nothing was changed.

Often mistaken for: `nothing-listening`: wait a minute before you start it again;
`reloader-without-child`, which waits for ever.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._bind import nobody_on_port
from wizard.judge.causes._process import NEW, waiting_for
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener, Process
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="still-starting",
    stage=Stage.PROCESS,
    title="The program is still starting",
    outranks=("nothing-listening", "listens-on-another-port", "other-network-namespace"),
    catalogue=("B2",),
)


def check(
    target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...], processes: Mapping[int, Process]
) -> Verdict:
    if not nobody_on_port(journey):
        return not_here(journey, f"A program listens on port {target.port}.")
    waiting = [each for each in waiting_for(facts, target.port) if each.state not in ("T", "t")]
    young = [each for each in waiting if each.started is not None and 0 <= facts.taken_at - each.started < NEW]
    if not young:
        why = (
            f"{answers.described(waiting[0])} has run for longer than {NEW:.0f} s."
            if waiting
            else "No program is on its way"
        )
        return ruled_out(why if waiting else f"{why} to port {target.port}.")
    process = young[0]
    age = facts.taken_at - (process.started or 0)
    return found(
        f"{answers.described(process)} was started {age:.0f} s ago and does not listen on port {target.port} yet.",
        process.origin,
        fix=(Advise(f"Wait until {answers.title(process)} says that it is running, and check again."),),
        certainty=Certainty.LIKELY,
    )
