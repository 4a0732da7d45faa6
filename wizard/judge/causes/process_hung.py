"""The connection is made, and then the program says nothing: it is busy, stuck, or waits for
something itself.

A single worker that serves another request, a deadlock, a database that does not answer, a page
that takes its time. The kernel completes the connection; only the program can write the answer.

What it looks like: the page loads forever; curl says "Connected" and ends with exit code 28 where
it has a time limit.

See it by hand:
  Linux    curl -v --max-time 5 http://127.0.0.1:5000/      the same from the machine itself: no firewall is involved
           ss -ltn 'sport = :5000'              Recv-Q above 0: connections that nobody accepted yet
           py-spy dump --pid PID                where a Python program stands
           top -p PID                           busy (R), or waiting (S, D)
  macOS    curl -v --max-time 5 http://127.0.0.1:5000/; sample PID
  Windows  curl.exe -v --max-time 5 http://127.0.0.1:5000/

Fix: look at what it waits for, in its log; restart it; give it more workers (`gunicorn -w 4
--threads 8`, `flask run --with-threads`). Only the program's own output tells which of these it is.

Undo: nothing was changed.

Often mistaken for: `firewall-drops-port`: there not even the connection is made (curl says
"Connected" here); `path-mtu-black-hole`, where small pages come.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Attempt, Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="process-hung",
    stage=Stage.PROCESS,
    title="The program takes the connection and does not answer",
    catalogue=("B7", "B10", "G18"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.SILENT)
    if stop is None:
        return not_here(journey, "The program answers.")
    listener = stop.listeners[0] if stop.listeners else journey.delivered_to
    who = answers.who(facts, listener) if listener else f"the program on port {target.port}"
    waiting = f"; {listener.accept_queue} connections wait for it" if listener and listener.accept_queue else ""
    evidence = [stop.detail.origin] if isinstance(stop.detail, Attempt) else []
    return found(
        f"{who} takes the connection and does not answer{waiting}.",
        *evidence,
        *((listener.origin,) if listener else ()),
        fix=(Advise(f"See what {who} is busy with (its log, its workers), and restart it if it is stuck."),),
        certainty=Certainty.LIKELY,
    )
