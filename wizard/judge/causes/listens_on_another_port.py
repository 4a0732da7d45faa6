"""The program runs and listens, but on another port than the one in the URL.

Many development servers move on when their port is taken: Vite from 5173 to 5174, Next.js from 3000
to 3001, Streamlit from 8501 to 8502. Others read PORT from the environment, or a configuration
file, and do not care for what the documentation says.

What it looks like: `ERR_CONNECTION_REFUSED` on the expected port; the program's own output names
the port that it has.

See it by hand:
  Linux    ss -ltnp                             the program with another port than expected
  macOS    lsof -nP -iTCP -sTCP:LISTEN
  Windows  Get-NetTCPConnection -State Listen

Fix: open the URL with the port that it has. Or free the expected one and start it with a fixed port
(`vite --strictPort`, `next dev -p 3000`, `flask run --port 5000`).

Undo: nothing was changed.

Often mistaken for: `nothing-listening`: the program runs, only elsewhere; `stale-copy-answers`,
where the old port still has somebody.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._bind import nobody_on_port
from wizard.judge.causes._process import here, is_script, is_web_app, wants
from wizard.judge.causes._way import dialled, instead, not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener, Process, Proto
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="listens-on-another-port",
    stage=Stage.PROCESS,
    title="The program listens on another port",
    outranks=("nothing-listening",),
    catalogue=("A4", "A5", "B3", "F4"),
)
_NEAR = 10
"""How far servers move on from a taken port, at most."""


def check(
    target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...], processes: Mapping[int, Process]
) -> Verdict:
    if not nobody_on_port(journey):
        return not_here(journey, f"A program listens on port {target.port}.")
    candidates = _ranked(facts, target, listeners)
    if not candidates:
        return ruled_out("No web program of this machine listens on another port that could be meant.")
    sure, listener = candidates[0]
    others = dict.fromkeys(each.port for _, each in candidates if each.port != listener.port)
    return found(
        f"Nothing listens on port {target.port}, but {answers.who(facts, listener)} listens on port {listener.port}.",
        listener.origin,
        fix=(instead(target, address=dialled(facts, journey) or journey.packet.destination, port=listener.port),),
        certainty=Certainty.LIKELY if sure else Certainty.POSSIBLE,
        near_misses=tuple(f"a web program also listens on port {port}" for port in others),
    )


def _ranked(facts: Facts, target: Target, listeners: tuple[Listener, ...]) -> list[tuple[bool, Listener]]:
    """Sockets of web programs: those that were told this port, then those near it, then the only one of this machine."""
    told, near, web = [], [], []
    for each in listeners:
        process = answers.owner(facts, each)
        if process is None or each.proto is not Proto.TCP or not here(process):
            continue
        if not (is_web_app(process) or is_script(process)):
            continue
        if is_web_app(process):
            web.append(each)
        if wants(process, target.port) and is_web_app(process):
            told.append(each)
        elif abs(each.port - target.port) <= _NEAR:
            near.append(each)
    near.sort(key=lambda each: (each.port < target.port, abs(each.port - target.port)))
    sure = [(True, each) for each in (*told, *near)]
    return sure or ([(False, web[0])] if len({each.port for each in web}) == 1 else [])
