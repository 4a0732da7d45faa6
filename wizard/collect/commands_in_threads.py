"""The same as `commands.Batch` with a thread for each command: for Windows, where select() knows no pipes."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Queue

from wizard.collect.commands import MOST_ERRORS, MOST_OUTPUT, Command, Ended, environment, program

_AT_ONCE = 8
"""PowerShell takes a second of processor time to start: more of them at once would only wait for each other."""


class ThreadedBatch:
    """Commands that run side by side, from the moment it is made until `wait` has reported the last one."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._ended: Queue[Ended] = Queue()
        self._room = threading.Semaphore(_AT_ONCE)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._expected = 0
        for command in commands:
            self._expected += 1
            threading.Thread(target=self._run, args=(command,), name=f"command {command.name}", daemon=True).start()

    def wait(self, ended: Callable[[Ended], None]) -> None:
        """Calls `ended` for each command as it ends."""
        try:
            for _ in range(self._expected):
                ended(self._ended.get())
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends whatever still runs."""
        for process in [*self._processes.values()]:
            if process.poll() is None:
                with suppress(OSError):
                    process.kill()

    def _run(self, command: Command) -> None:
        try:
            with self._room:
                self._ended.put(self._asked(command))
        except Exception as error:
            # Whoever waits would wait for ever: a fault of ours is an answer too.
            self._ended.put(Ended(command, 126, trouble="not started", detail=f"{type(error).__name__}: {error}"))

    def _asked(self, command: Command) -> Ended:
        path = program(command.argv[0])
        if path is None:
            return Ended(command, 127, trouble="missing")
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                (path, *command.argv[1:]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            return Ended(command, 126, trouble="not started", detail=error.strerror or str(error))
        self._processes[command.name] = process
        trouble = ""
        try:
            output, errors = process.communicate(timeout=command.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            trouble = "timeout"
        seconds = time.monotonic() - started
        if len(output) > MOST_OUTPUT:
            output, trouble = b"", "too much"
        return Ended(command, process.returncode, output, errors[:MOST_ERRORS], seconds, trouble)
