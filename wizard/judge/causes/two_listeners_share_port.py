"""Two programs listen on the same address and port, and the kernel gives each connection to one of
them, by chance.

SO_REUSEPORT lets sockets of the same user share a port on purpose, to spread load over the workers
of one program. Between two different programs, or an old and a new copy, it means that every second
visitor gets the wrong one.

What it looks like: it works, and the next time it does not; two versions of a page take turns.

See it by hand:
  Linux    sudo ss -ltnp 'sport = :5000'        two lines with the same address and different pids
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: stop the one that is not meant, or move it to another port.

Undo: start it again.

Often mistaken for: `duplicate-address`, which comes and goes as well; `windows-double-bind`.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.answers import Rival
from wizard.judge.causes._rivals import held
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.capture import Origin
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="two-listeners-share-port",
    stage=Stage.CONFLICT,
    title="Two programs share the port",
    outranks=("port-taken-by-another-program",),
    catalogue=("D4", "D5"),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    stop = stop_of(journey, Ending.ANOTHER_PROGRAM)
    rival = stop.detail if stop else None
    if stop is None:
        return not_here(journey, f"One program holds port {target.port}.")
    if not isinstance(rival, Rival) or rival.kind != "shared":
        return ruled_out(
            f"Only one program holds port {target.port} on that address.", *_origins(facts, target, journey)
        )
    names = list(dict.fromkeys(answers.who(facts, each) for each in (*rival.taken_by, *rival.meant)))
    return found(
        f"{rival.summary}.",
        *(each.origin for each in (*rival.taken_by, *rival.meant)),
        fix=(Advise(f"Stop the one that is not meant: {' or '.join(names)}."),),
    )


def _origins(facts: Facts, target: Target, journey: Journey) -> tuple[Origin, ...]:
    return tuple(each.origin for each in held(facts, target, journey)[:1])
