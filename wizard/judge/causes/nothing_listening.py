"""No program listens on this port: it is not running, it ended, or it never got that far.

The kernel answers every connection to a port without a socket with a reset. It is the same answer
that a program bound to another address gives, so it pays to look at what does listen.

What it looks like: `ERR_CONNECTION_REFUSED` at once, also on the machine itself
(http://127.0.0.1:5000).

See it by hand:
  Linux    ss -ltnp 'sport = :5000'             nothing
           systemctl status NAME; journalctl -u NAME -n 50      where a service should be running
           docker ps -a                         where a container should
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: start it, and read what it says when it ends at once: the port is taken, an import fails, a
setting is missing. A program started in a terminal ends with it; `systemd-run --user`, tmux or a
service keeps it.
  Linux    sudo systemctl enable --now NAME
  macOS    brew services start NAME
  Windows  Start-Service NAME

Undo: stop it (Ctrl-C; sudo systemctl disable --now NAME; brew services stop NAME; Stop-Service NAME).

Often mistaken for: `loopback-only-bind`: look at what does listen before you start it a second
time; on Windows `firewall-drops-port`, since a closed port keeps silent there.
"""

from __future__ import annotations

from wizard.judge.causes._bind import forwarded, nobody_on_port, refused_on_port
from wizard.judge.causes._client import listeners, place, refused, suspicion
from wizard.judge.causes._process import alive, here, known, wants
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Advise, StartProgram

CAUSE = RootCause(
    ref="nothing-listening",
    stage=Stage.PROCESS,
    title="No program listens on this port",
    catalogue=("A4", "A5", "B1", "B11", "B12", "F13"),
)
RANK = 2


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    near = refused_on_port(journey)
    if near:
        return ruled_out(f"A program holds port {target.port}, on {near[0].address}.", near[0].origin)
    if stop_of(journey, Ending.NO_LISTENER) is None:
        return not_here(journey, f"A program listens on port {target.port}.")
    if not nobody_on_port(journey):
        return _nobody_there(target, journey)
    port = journey.translated.port if journey.translated else target.port
    return found(
        f"No program listens on port {port}.{_idle(facts, port)}", fix=(StartProgram(port, _unit(facts, port)),)
    )


def _nobody_there(target: Target, journey: Journey) -> Verdict:
    """Sent on to a container or another machine, which refuses."""
    to = journey.translated if forwarded(journey) else None
    where = f"{bracketed(to.address)}:{to.port}" if to else "the place it is sent on to"
    return found(
        f"Port {target.port} is sent on to {where}, and nobody listens there.",
        fix=(Advise(f"Start the program that should listen on {where}, or take the redirect away."),),
    )


def _idle(facts: Facts, port: int) -> str:
    """What is known of a program that would listen there."""
    for process in known(facts).values():
        if wants(process, port) and here(process) and (not alive(process) or process.state in ("T", "t")):
            said = "has ended" if not alive(process) else "is stopped"
            return f" {process.name} (pid {process.pid}) {said}."
    return ""


def _unit(facts: Facts, port: int) -> str:
    """The service of a program that was told to listen there."""
    return next(
        (each.unit for each in known(facts).values() if each.unit.endswith(".service") and wants(each, port)), ""
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """A reset, seen from the other end: the plainest reason for one."""
    attempt = refused(target, facts, journey)
    if attempt is None or attempt.icmp is not None:
        return None
    said = f"The program may not be running: nothing listens at {place(attempt)}."
    return suspicion(said, listeners(target, "nothing"), facts, target, journey)
