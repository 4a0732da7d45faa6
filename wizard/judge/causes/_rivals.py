"""What causes of the conflict stage share: who holds the port, who else wants it, and how to make way."""

from __future__ import annotations

from wizard.judge import answers, sockets
from wizard.judge.causes._containers import is_proxy
from wizard.judge.causes._process import alive, here, known, listening, same_start, waiting_for
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Target
from wizard.model.facts import Facts, Listener, Process
from wizard.model.journey import Journey
from wizard.model.remedy import Advise, Intent, StopProgram

_MOVES_ON = 10


def held(facts: Facts, target: Target, journey: Journey) -> tuple[Listener, ...]:
    """The sockets bound to the port that the packet comes to."""
    if isinstance(facts.listeners, Unknown):
        return ()
    port = journey.translated.port if journey.translated else target.port
    return sockets.on_port(facts.listeners, target.proto, port)


def waiting_stranger(facts: Facts, holder: Process, port: int) -> Process | None:
    """A program that was told to listen on the port, listens nowhere, and is another one than the holder."""
    for process in waiting_for(facts, port):
        if not same_start(facts, holder, process) and not same_start(facts, process, holder):
            return process
    return None


def older_twin(facts: Facts, holder: Process, port: int) -> Process | None:
    """A newer start of the same command in the same folder as `holder`: one that listens nowhere, a few ports further, or on
    the very port too."""
    for process in known(facts).values():
        if not _twins(holder, process) or not alive(process) or not here(process):
            continue
        if same_start(facts, holder, process) or same_start(facts, process, holder):
            continue
        ports = {each.port for each in listening(facts, process)}
        if not ports or any(0 <= each - port <= _MOVES_ON for each in ports):
            return process
    return None


def _twins(older: Process, newer: Process) -> bool:
    """The same words in the same folder, the one started after the other, and both on this machine itself."""
    if (
        older.pid == newer.pid
        or not older.argv
        or older.argv != newer.argv
        or older.cwd != newer.cwd
        or older.cwd is None
    ):
        return False
    if not here(older) or older.started is None or newer.started is None:
        return False
    return (older.started, older.pid) < (newer.started, newer.pid)


def make_way(facts: Facts, listener: Listener, process: Process | None, wanting: Process | None = None) -> Intent:
    """End the program that holds the port: by its unit or container where it has one. Advice only where it is another
    user's than the one who wants the port, the service manager's, or a container's proxy process."""
    somebody_elses = wanting is not None and process is not None and process.user != wanting.user
    if process is None or process.pid == 1 or somebody_elses or is_proxy(facts, listener):
        return Advise(f"Stop what holds port {listener.port} ({answers.who(facts, listener)}), or move one of the two.")
    return StopProgram(
        process.pid, process.name, process.unit if process.unit.endswith(".service") else "", process.container
    )
