"""The facts as they will be once a program has been started again elsewhere or in another way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from wizard.fixes.commandline import Binding
from wizard.fixes.edits import applied
from wizard.fixes.restart import PLANNED
from wizard.fixes.start import Start
from wizard.knowledge.recognise import Launch
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Address, Attempt, AttemptOutcome, Facts, Listener, Owner, Process, Proto
from wizard.model.remedy import Edit


def restarted(facts: Facts, launch: Launch, start: Start, edits: Iterable[Edit] = ()) -> Facts:
    """The family is one process with the new words and variables; it goes by the old root's pid, for want of its own."""
    if isinstance(facts.processes, Unknown):
        return facts
    process = _process(launch, start)
    others = {pid: other for pid, other in facts.processes.items() if pid not in launch.pids}
    return replace(
        facts,
        processes={**others, process.pid: process},
        listeners=_handed_over(facts, launch, process),
        sources=edited(facts.sources, edits),
    )


def listening(facts: Facts, launch: Launch, binding: Binding, *, v6only: bool | None) -> Facts:
    """`facts` with the launch's listeners on the old place replaced by one at the new."""
    if isinstance(facts.listeners, Unknown):
        return facts
    mine = [each for each in facts.listeners if _is_mine(each, launch, binding)]
    if not mine:
        return replace(facts, listeners=(*facts.listeners, _first_listener(launch, binding, v6only)))
    new = replace(
        mine[0],
        address=binding.to,
        port=binding.to_port,
        v6only=v6only if binding.to.version == 6 else None,
        scope="",
        accept_queue=0,
        inode=None,
        origin=Origin(PLANNED, 0, f"{binding.to}:{binding.to_port}"),
    )
    at = facts.listeners.index(mine[0])
    kept = [each for each in facts.listeners if each not in mine]
    return replace(facts, listeners=(*kept[:at], new, *kept[at:]), attempts=_still_true(facts, binding))


def _first_listener(launch: Launch, binding: Binding, v6only: bool | None) -> Listener:
    """The socket of a program that had none on TCP before (it listened on a UNIX socket)."""
    return Listener(
        Proto.TCP,
        binding.to,
        binding.to_port,
        (Owner(launch.root.name, launch.root.pid),),
        v6only if binding.to.version == 6 else None,
        accept_queue=0,
        origin=Origin(PLANNED, 0, f"{binding.to}:{binding.to_port}"),
    )


def without_answers(facts: Facts, port: int) -> Facts:
    """`facts` without what was answered on `port` before."""
    return replace(facts, attempts=_attempts(facts, port))


def edited(sources: Mapping[str, str], edits: Iterable[Edit]) -> dict[str, str]:
    """The source files with the edits made."""
    texts = dict(sources)
    for edit in edits:
        if edit.file in texts:
            texts[edit.file] = applied(texts[edit.file], (edit,))
    return texts


def present_listener(facts: Facts, launch: Launch, port: int, to: Address) -> Listener | None:
    """The launch's own listener on `port`; of several the loopback one, then one of another address than `to`."""
    if isinstance(facts.listeners, Unknown):
        return None
    mine = [each for each in facts.listeners if each.port == port and _owned(each, launch)]
    return min(mine, key=lambda each: (not each.address.is_loopback, each.address == to), default=None)


def _process(launch: Launch, start: Start) -> Process:
    environment = {**(launch.root.environment or {}), **start.variables()}
    environment = {name: value for name, value in environment.items() if not name.startswith("WERKZEUG_")}
    origin = Origin(PLANNED, 0, " ".join(start.argv))
    return replace(
        launch.root, argv=start.argv, environment=environment, started=None, state="S", parent=None, origin=origin
    )


def _handed_over(facts: Facts, launch: Launch, process: Process) -> tuple[Listener, ...] | Unknown:
    """The listeners of the old family belong to the one process that stands for the new."""
    if isinstance(facts.listeners, Unknown):
        return facts.listeners
    owner = (Owner(process.name, process.pid),)
    return tuple(replace(each, owners=owner) if _owned(each, launch) else each for each in facts.listeners)


def _is_mine(listener: Listener, launch: Launch, binding: Binding) -> bool:
    if listener.port != binding.port or not _owned(listener, launch):
        return False
    return listener.address == binding.address or binding.to.is_unspecified


def _owned(listener: Listener, launch: Launch) -> bool:
    return any(owner.pid in launch.pids for owner in listener.owners or ())


def _still_true(facts: Facts, binding: Binding) -> tuple[Attempt, ...] | Unknown:
    """The attempts that hold after a move: what the program answered once connected is the same from another address;
    what came of an attempt elsewhere on its port is not."""
    if isinstance(facts.attempts, Unknown):
        return facts.attempts
    return tuple(
        replace(each, port=binding.to_port) if each.port == binding.port else each
        for each in facts.attempts
        if each.port != binding.port or each.outcome is AttemptOutcome.CONNECTED
    )


def _attempts(facts: Facts, port: int) -> tuple[Attempt, ...] | Unknown:
    if isinstance(facts.attempts, Unknown):
        return facts.attempts
    return tuple(attempt for attempt in facts.attempts if attempt.port != port)
