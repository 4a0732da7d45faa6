"""A program bound to one address stands in front of the program that listens on all of them.

The kernel prefers the most specific socket: who holds 192.168.1.100:5000 takes every connection to
that address, and the program on 0.0.0.0:5000 gets the rest. Forwards of editors and ssh on
127.0.0.1 do the same to the machine's own visitors.

What it looks like: at one address the wrong program answers (or closes, or refuses the page), at
another address the right one.

See it by hand:
  Linux    sudo ss -ltnp 'sport = :5000'        one line with an address, one with 0.0.0.0 or *, and different pids
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: stop the program on the single address, or move one of the two to another port.

Undo: start it again.

Often mistaken for: `stale-copy-answers`, where both are the same program;
`two-listeners-share-port`, where it changes from visit to visit.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.answers import Rival
from wizard.judge.causes._rivals import make_way
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="specific-bind-shadows-wildcard",
    stage=Stage.CONFLICT,
    title="A program on one address stands in front of the one on all addresses",
    outranks=("port-taken-by-another-program",),
    catalogue=("D6",),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    stop = stop_of(journey, Ending.ANOTHER_PROGRAM)
    if stop is None:
        return not_here(journey, "The most specific socket is the one that is meant.")
    rival = stop.detail
    if not isinstance(rival, Rival) or rival.kind != "shadowed" or not rival.taken_by:
        return ruled_out("The two programs share the same address.")
    taken = rival.taken_by[0]
    wanting = answers.owner(facts, rival.meant[0]) if rival.meant else None
    return found(
        f"{rival.summary}.",
        *(each.origin for each in (*rival.taken_by, *rival.meant)),
        fix=(make_way(facts, taken, answers.owner(facts, taken), wanting),),
    )
