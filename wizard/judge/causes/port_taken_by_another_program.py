"""Another program holds the port that your program wants.

Two programs cannot listen on the same address and port: the second fails with "Address already in
use" (EADDRINUSE), ends or keeps trying, and visitors reach the first one. Known squatters: another
project's server, a container's published port, an editor's or ssh's port forward, a system service.

What it looks like: somebody else's page, a 404 or 403 from a server that you did not expect, or a
connection that is closed.

See it by hand:
  Linux    sudo ss -ltnp 'sport = :5000'        whose socket it is
           curl -sI http://127.0.0.1:5000/      the Server header
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: take another port (`--port 5001`), or stop the program that holds it, by its service or
container where it has one:
  sudo systemctl stop NAME      docker stop NAME      kill PID       (check first whose it is; never kill docker-proxy)
  Windows: Stop-Process -Id PID, or Stop-Service NAME; never process 4

Undo: start it again.

Often mistaken for: `airplay-holds-port` on a Mac; `windows-excluded-port-range`, where nobody has
it; `stale-copy-answers`, where the other program is one's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._rivals import held, make_way, waiting_stranger
from wizard.judge.causes._way import stop_of
from wizard.model.diagnosis import Certainty, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Attempt, Facts, Listener, Process
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="port-taken-by-another-program",
    stage=Stage.CONFLICT,
    title="Another program holds the port",
    outranks=(
        "closes-without-answer",
        "loopback-only-bind",
        "bound-to-another-address",
        "ipv4-only-bind",
        "ipv6-only-bind",
        "host-header-refused",
        "http-asked-of-https",
        "https-asked-of-http",
        "process-hung",
    ),
    catalogue=("D1", "D9", "D11", "D12", "I10"),
)
_ITS_FAULT = (
    Ending.NO_LISTENER,
    Ending.SILENT,
    Ending.CLOSED,
    Ending.WRONG_PROTOCOL,
    Ending.APPLICATION_REFUSED,
    Ending.ANOTHER_PROGRAM,
)
"""Endings at the program that took the connection, or did not: with the right one there it would be another story."""


def check(
    target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...], processes: Mapping[int, Process]
) -> Verdict:
    there = held(facts, target, journey)
    if (stop := stop_of(journey, Ending.ANOTHER_PROGRAM)) and not isinstance(stop.detail, answers.Rival):
        fix = Advise(f"Stop the program that holds port {target.port}, or move one of the two to another port.")
        return found(
            f"Another program answers on port {target.port}: {stop.step.name}.", *stop.step.evidence, fix=(fix,)
        )
    if not there:
        return ruled_out(f"Nobody holds port {target.port}.")
    holder = answers.owner(facts, there[0])
    waiting = waiting_stranger(facts, holder, there[0].port) if holder is not None else None
    if holder is None or waiting is None:
        return ruled_out(f"No other program waits for port {target.port}.", there[0].origin)
    blocks = stop_of(journey, *_ITS_FAULT) is not None
    return found(
        f"{answers.described(waiting)} wants port {there[0].port}, but {answers.described(holder)} holds it"
        f"{_answer(journey)}.",
        there[0].origin,
        waiting.origin,
        fix=(make_way(facts, there[0], holder, waiting),),
        certainty=Certainty.LIKELY,
        severity=Severity.BLOCKING if blocks else Severity.WARNING,
    )


def _answer(journey: Journey) -> str:
    """What the holder says, where that was asked."""
    attempt = journey.stop.detail if journey.stop else None
    return f" and answers HTTP {attempt.status}" if isinstance(attempt, Attempt) and attempt.status else ""
