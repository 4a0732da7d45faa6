"""The real program on a real (pseudo) terminal: it paints, answers keys, and gives the terminal back."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
from tests.present import reports
from wizard.present.listening import Row
from wizard.tui.app import WizardApp
app = WizardApp(lambda *asked: reports.loopback_flask(), lambda: (Row(5000, "flask run", "this machine only"),))
app.run()
raise SystemExit(app.return_code)
"""


class Terminal:
    """A program on a terminal of 80 by 24."""

    def __init__(self) -> None:
        self.seen = b""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
            os.execve(sys.executable, [sys.executable, "-c", _PROGRAM], environment)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def until(self, text: bytes, seconds: float = 90) -> None:
        """Read until `text` has come since the last call."""
        end = monotonic() + seconds
        while text not in self.seen:
            if monotonic() > end or not self._read():
                raise AssertionError(f"{text!r} never came: {self.seen[-500:]!r}")
        self.seen = self.seen.partition(text)[2]

    def _read(self) -> bool:
        if not select.select([self.file], [], [], 1)[0]:
            return True
        try:
            self.seen += os.read(self.file, 65536)
        except OSError:  # EIO: the program has gone
            return False
        return True

    def press(self, keys: bytes) -> None:
        os.write(self.file, keys)

    def end(self, seconds: float = 60) -> int:
        """Read to the end; the exit code."""
        limit = monotonic() + seconds
        while monotonic() < limit and self._read():
            pass
        while monotonic() < limit:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            sleep(0.05)
        raise AssertionError("it did not end")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    if opened.pid:
        os.kill(opened.pid, signal.SIGKILL)
        os.waitpid(opened.pid, 0)
    os.close(opened.file)


def test_from_start_to_the_copied_command_and_back_to_the_shell(terminal: Terminal) -> None:
    terminal.until(b"be reached?")
    terminal.press(b"5000\r")
    terminal.until("▸ I don't know".encode())
    terminal.press(b"\r")
    terminal.until("▸ another device".encode())
    terminal.press(b"\r")
    terminal.until(b"kill 4242")
    terminal.press(b"c")
    terminal.until(b"\x1b]52;c;a2lsbCA0MjQy\x07")  # OSC 52: base64 of "kill 4242"
    terminal.press(b"\x11")
    assert terminal.end() == 0
    assert b"\x1b[?1049l" in terminal.seen, "the alternate screen was not left"
    assert b"\x1b[?25h" in terminal.seen, "the cursor was not shown again"
