"""Runs read-only commands side by side, each with its own time limit, in one loop over their pipes.

One loop instead of a thread per command: as fast, with a third less processor time of our own (measured with fifteen
commands: 6 ms against 9), and one place where output is bounded and what is late is killed.
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
from functools import cache
from typing import IO, TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from wizard.collect.commands_in_threads import ThreadedBatch

MOST_OUTPUT = 64 * 1024 * 1024
MOST_ERRORS = 64 * 1024
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
_CHUNK = 1 << 18


class Command(Struct, frozen=True):
    """A command to run: no shell, nothing on standard input."""

    name: str
    argv: tuple[str, ...]
    seconds: float


class Ended(Struct, frozen=True):
    """How a command ended. `trouble` is empty, or `missing`, `not started`, `timeout`, `too much`."""

    command: Command
    exit_code: int = 0
    output: bytes = b""
    errors: bytes = b""
    seconds: float = 0.0
    trouble: str = ""
    detail: str = ""


class _Running:
    """A command that runs, and what it has printed so far."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes], started: float) -> None:
        assert process.stdout is not None and process.stderr is not None
        self.command = command
        self.process = process
        self.started = started
        self.limit = started + command.seconds
        self.pipes: tuple[IO[bytes], IO[bytes]] = (process.stdout, process.stderr)
        self.output: list[bytes] = []
        self.errors: list[bytes] = []
        self.size = 0

    def keep(self, pipe: object, data: bytes) -> None:
        """Keeps what came: all output, and the beginning of the errors."""
        if pipe is self.pipes[0]:
            self.size += len(data)
            self.output.append(data)
        elif sum(map(len, self.errors)) < MOST_ERRORS:
            self.errors.append(data)


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


def batch(commands: Iterable[Command]) -> Batch | ThreadedBatch:
    """The commands, started side by side, in the way that this system knows."""
    if os.name == "nt":
        from wizard.collect.commands_in_threads import ThreadedBatch

        return ThreadedBatch(commands)
    return Batch(commands)


class Batch:
    """Commands that run side by side, from the moment it is made until `wait` has reported the last one.

    A command that outlasts its limit is killed with everything that it started (its process group).
    """

    def __init__(self, commands: Iterable[Command]) -> None:
        self._running: dict[str, _Running] = {}
        self._ended: list[Ended] = []
        for command in commands:
            self._start(command)

    def wait(self, ended: Callable[[Ended], None]) -> None:
        """Reads what the commands print, and calls `ended` for each as it ends."""
        with selectors.DefaultSelector() as selector:
            for each in self._running.values():
                for pipe in each.pipes:
                    selector.register(pipe, selectors.EVENT_READ, each)
            try:
                while self._running or self._ended:
                    while self._ended:
                        ended(self._ended.pop(0))
                    if self._running:
                        self._read_some(selector)
                        self._end_the_late(selector)
            finally:
                self.kill()

    def kill(self) -> None:
        """Ends whatever still runs."""
        for each in self._running.values():
            _kill(each)
        self._running.clear()

    def _start(self, command: Command) -> None:
        path = program(command.argv[0])
        if path is None:
            self._ended.append(Ended(command, 127, trouble="missing"))
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
            self._ended.append(Ended(command, 126, trouble="not started", detail=error.strerror or str(error)))
            return
        self._running[command.name] = _Running(command, process, started)

    def _read_some(self, selector: selectors.BaseSelector) -> None:
        first_limit = min(each.limit for each in self._running.values())
        for key, _ in selector.select(max(0.0, first_limit - time.monotonic())):
            each: _Running = key.data
            if each.command.name not in self._running:
                continue
            data = os.read(key.fd, _CHUNK)
            each.keep(key.fileobj, data)
            if each.size > MOST_OUTPUT:
                self._finish(each, selector, "too much")
            elif not data:
                selector.unregister(key.fileobj)
                if not any(pipe in selector.get_map() for pipe in each.pipes):
                    self._finish(each, selector)

    def _end_the_late(self, selector: selectors.BaseSelector) -> None:
        now = time.monotonic()
        for each in [*self._running.values()]:
            if now >= each.limit:
                self._finish(each, selector, "timeout")

    def _finish(self, each: _Running, selector: selectors.BaseSelector, trouble: str = "") -> None:
        """Takes the command out of the loop. One that closed its pipes and does not end is killed at its limit too."""
        if not trouble:
            try:
                each.process.wait(max(0.0, each.limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                trouble = "timeout"
        for pipe in each.pipes:
            if pipe in selector.get_map():
                selector.unregister(pipe)
            pipe.close()
        if trouble:
            _kill(each)
        del self._running[each.command.name]
        seconds = time.monotonic() - each.started
        code = each.process.returncode if each.process.returncode is not None else -signal.SIGKILL
        output, errors = b"".join(each.output), b"".join(each.errors)
        self._ended.append(Ended(each.command, code, output, errors, seconds, trouble))


def _kill(each: _Running) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(each.process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        # A process in uninterruptible sleep does not die at once; it is not waited for.
        each.process.wait(0.5)
