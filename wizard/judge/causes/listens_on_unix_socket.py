"""The program listens on a UNIX socket (a file), not on a TCP port.

`gunicorn --bind unix:app.sock`, `uvicorn --uds`, php-fpm: set up to stand behind nginx on the same
machine. No network packet ever reaches such a socket; without the web server in front of it nothing
answers on any port.

What it looks like: `ERR_CONNECTION_REFUSED`, although the program runs and says that it is
listening.

See it by hand:
  Linux    ss -xlp | grep -e gunicorn -e uvicorn -e php-fpm
  macOS    lsof -U | grep gunicorn

Fix: start it on an address and port instead (`gunicorn -b 0.0.0.0:8000 app:app`), or start the web
server that should stand in front (`proxy_pass http://unix:/path/app.sock;`).

Undo: start it with the UNIX socket again.

Often mistaken for: `loopback-only-bind`, `nothing-listening`; behind nginx it shows as
`bad-gateway`.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._bind import nobody_on_port, where_to_bind
from wizard.judge.causes._process import alive, here, known, listening, relatives, unix_path
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener, Process, UnixListener
from wizard.model.journey import Journey
from wizard.model.remedy import Advise, Intent, Rebind

CAUSE = RootCause(
    ref="listens-on-unix-socket",
    stage=Stage.PROCESS,
    title="The program listens on a UNIX socket, not on a port",
    outranks=("nothing-listening", "listens-on-another-port"),
    catalogue=("B4",),
)


def check(
    target: Target,
    facts: Facts,
    journey: Journey,
    listeners: tuple[Listener, ...],
    processes: Mapping[int, Process],
    unix_listeners: tuple[UnixListener, ...],
) -> Verdict:
    if not nobody_on_port(journey):
        return not_here(journey, f"A program listens on port {target.port}.")
    for process in processes.values():
        path = _path(process)
        if path is None or not alive(process) or not here(process) or listening(facts, process):
            continue
        socket = _socket(facts, process, path, unix_listeners)
        if socket is not None:
            return _found(facts, target, journey, process, socket)
    return ruled_out("No web program of this machine listens on a UNIX socket alone.")


def _path(process: Process) -> str | None:
    """The socket's path, empty where only the kind of program tells that it has one."""
    return "" if process.name.startswith("php-fpm") else unix_path(process)


def _socket(facts: Facts, process: Process, path: str, sockets: tuple[UnixListener, ...]) -> UnixListener | None:
    """The socket itself: by its owner, or (owners are shown to root only) by its path. A program may have others beside
    it (gunicorn's control socket): the one that its command line names comes first."""
    family = relatives(facts, process)
    theirs = [each for each in sockets if any(owner.pid in family for owner in each.owners or ())]
    unowned = [each for each in sockets if each.owners is None]
    named = [each for each in (*theirs, *unowned) if path and _name(each.path) == _name(path)]
    return next(iter((*named, *theirs)), None)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _found(facts: Facts, target: Target, journey: Journey, process: Process, socket: UnixListener) -> Verdict:
    top = known(facts).get(process.parent or 0)
    process = top if top is not None and _path(top) == _path(process) else process
    where = where_to_bind(facts, journey.packet.destination)
    fix: Intent = Rebind(process.pid, where, target.port)
    if process.name.startswith("php-fpm"):
        fix = Advise("Start the web server that should stand in front of php-fpm (nginx, Apache, Caddy).")
    return found(
        f"{answers.described(process)} listens on the UNIX socket {socket.path}, and on no port.",
        socket.origin,
        process.origin,
        fix=(fix,),
        certainty=Certainty.LIKELY,
    )
