"""Runs read-only commands side by side, each with its own time limit, in one loop over their pipes.

One loop instead of a thread per command: with twenty short commands the threads cost more than the commands.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

MOST_OUTPUT = 64 * 1024 * 1024
MOST_ERRORS = 64 * 1024
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Command:
    """A command to run: no shell, nothing on standard input."""

    name: str
    argv: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `trouble` is empty, or `missing`, `not started`, `timeout`, `too much`."""

    command: Command
    exit_code: int = 0
    output: bytes = b""
    errors: bytes = b""
    seconds: float = 0.0
    trouble: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Running:
    command: Command
    process: subprocess.Popen[bytes]
    started: float
    output: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    size: int = 0
    pipes: int = 2


def search_path() -> str:
    """PATH, and behind it the folders of system programs, which an ordinary user's PATH often lacks."""
    given = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(dict.fromkeys([*filter(None, given), *_SYSTEM_FOLDERS]))


@cache
def environment() -> dict[str, str]:
    """The environment of every command: as it is here, but speaking English, uncoloured and unpaged."""
    return {**os.environ, "LC_ALL": "C", "LANGUAGE": "C", "NO_COLOR": "1", "PAGER": "cat", "PATH": search_path()}


@cache
def program(name: str) -> str | None:
    """Where the program is, or None."""
    return shutil.which(name, path=search_path())


def run(
    commands: Iterable[Command], ended: Callable[[Ended], None], meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Starts every command, calls `meanwhile` once while they run, and calls `ended` for each as it ends.

    A command that outlasts its limit is killed with everything that it started (its process group).
    """
    with selectors.DefaultSelector() as selector:
        running: dict[str, _Running] = {}
        try:
            for command in commands:
                _start(command, selector, running, ended)
            meanwhile()
            while running:
                _read_some(selector, running, ended)
                _end_the_late(selector, running, ended)
        finally:
            for each in running.values():
                _kill(each)


def _start(
    command: Command, selector: selectors.BaseSelector, running: dict[str, _Running], ended: Callable[[Ended], None]
) -> None:
    path = program(command.argv[0])
    if path is None:
        ended(Ended(command, 127, trouble="missing"))
        return
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            (path, *command.argv[1:]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment(),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        ended(Ended(command, 126, trouble="not started", detail=error.strerror or str(error)))
        return
    each = running[command.name] = _Running(command, process, started)
    for pipe, kept in ((process.stdout, each.output), (process.stderr, each.errors)):
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)
        selector.register(pipe, selectors.EVENT_READ, (each, kept))


def _read_some(selector: selectors.BaseSelector, running: dict[str, _Running], ended: Callable[[Ended], None]) -> None:
    first_limit = min(each.started + each.command.seconds for each in running.values())
    for key, _ in selector.select(max(0.0, first_limit - time.monotonic())):
        each, kept = key.data
        if each.command.name not in running:
            continue
        data = os.read(key.fd, _CHUNK)
        if data:
            _keep(each, kept, data)
            if each.size > MOST_OUTPUT:
                _finish(each, selector, running, ended, "too much")
            continue
        selector.unregister(key.fileobj)
        each.pipes -= 1
        if each.pipes == 0:
            _finish(each, selector, running, ended)


def _keep(each: _Running, kept: list[bytes], data: bytes) -> None:
    if kept is each.output:
        each.size += len(data)
        kept.append(data)
    elif sum(map(len, kept)) < MOST_ERRORS:
        kept.append(data)


def _end_the_late(
    selector: selectors.BaseSelector, running: dict[str, _Running], ended: Callable[[Ended], None]
) -> None:
    now = time.monotonic()
    for each in [*running.values()]:
        if now >= each.started + each.command.seconds:
            _finish(each, selector, running, ended, "timeout")


def _finish(
    each: _Running,
    selector: selectors.BaseSelector,
    running: dict[str, _Running],
    ended: Callable[[Ended], None],
    trouble: str = "",
) -> None:
    """Takes the command out of the loop. One that closed its pipes and does not end is killed at its limit too."""
    if not trouble:
        try:
            each.process.wait(max(0.0, each.started + each.command.seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            trouble = "timeout"
    registered = selector.get_map()
    for pipe in (each.process.stdout, each.process.stderr):
        if pipe is not None:
            if pipe.fileno() in registered:
                selector.unregister(pipe)
            pipe.close()
    if trouble:
        _kill(each)
    del running[each.command.name]
    seconds = time.monotonic() - each.started
    code = each.process.returncode
    ended(Ended(each.command, code, b"".join(each.output), b"".join(each.errors), seconds, trouble))


def _kill(each: _Running) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(each.process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        # A process in uninterruptible sleep does not die at once; it is not waited for.
        each.process.wait(0.5)
