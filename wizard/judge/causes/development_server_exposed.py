"""The program that other devices reach is a development server, made for one developer on one
machine.

Flask's, Django's and Vite's servers are not made against load or attackers, reload code that
changes, and show source on errors. On a home LAN that may be just what is wanted; on a company's or
a guest network, or the internet, it is not.

What it looks like: the page works.

See it by hand:
  Linux    ss -ltnp                             flask, manage.py runserver, vite, http.server on an address that others reach
  macOS    lsof -nP -iTCP -sTCP:LISTEN
  Windows  Get-NetTCPConnection -State Listen

Fix: nothing has to be done for a look from a phone. For more, a production server behind it or in
its place: gunicorn, uvicorn, waitress; a built site instead of `vite dev`. Close the port again
when done.

Undo: nothing was changed.

Often mistaken for: `debugger-exposed`, which is far worse.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._exposed import in_question
from wizard.judge.causes._process import entry_of
from wizard.model.diagnosis import RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener, Process
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="development-server-exposed",
    stage=Stage.EXPOSURE,
    title="A development server is within reach of the network",
    severity=Severity.INFO,
)


def check(
    target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...], processes: Mapping[int, Process]
) -> Verdict:
    for listener in in_question(journey):
        process = answers.owner(facts, listener)
        entry = entry_of(process) if process else None
        if process is None or entry is None or entry.kind != "development" or listener.address.is_loopback:
            continue
        return found(
            f"{answers.described(process)} is {entry.title}: made for one developer, not for a network of strangers.",
            listener.origin,
        )
    return ruled_out("No development server is within reach on this port.")
