"""An older copy of the same program still holds the port, and answers in place of the one that was
started last.

A second terminal, a reloader's child that outlived its parent, a service beside a copy started by
hand. The new copy fails to bind, moves on to the next port, or shares the port; visitors see the
old code.

What it looks like: the page opens, but changes to the code do not show; or now one version answers,
now the other.

See it by hand:
  Linux    ss -ltnp 'sport = :5000'             the pid that answers
           ps -o pid,lstart,args -C python3     two processes with the same command line
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN; ps -o pid,lstart,args -p PID
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: stop the older one, then start (or let start) the new one: kill PID

Undo: start the old one again.

Often mistaken for: a browser's cache (`browser-remembers-redirect`): curl shows the old page too,
here; `listens-on-another-port`.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._process import holders
from wizard.judge.causes._rivals import held, make_way, older_twin
from wizard.judge.causes._way import stop_of
from wizard.model.diagnosis import Certainty, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener, Process
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="stale-copy-answers",
    stage=Stage.CONFLICT,
    title="An older copy of the program answers",
    outranks=("two-listeners-share-port", "port-taken-by-another-program", "specific-bind-shadows-wildcard"),
    catalogue=("D3",),
)


def check(
    target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...], processes: Mapping[int, Process]
) -> Verdict:
    there = held(facts, target, journey)
    for listener in there:
        for older in holders(facts, listener.owners):
            newer = older_twin(facts, older, listener.port)
            if newer is None:
                continue
            blocks = stop_of(journey, Ending.ANOTHER_PROGRAM) is not None
            return found(
                f"{answers.described(older)} is an older copy of pid {newer.pid} and holds port {listener.port}.",
                listener.origin,
                older.origin,
                newer.origin,
                fix=(make_way(facts, listener, older),),
                certainty=Certainty.LIKELY,
                severity=Severity.BLOCKING if blocks else Severity.WARNING,
            )
    return ruled_out("No older copy of the same program holds the port.", *(each.origin for each in there[:1]))
