"""The real program on a real terminal inside a lab: tmux shows it, a person's keys drive it.

The copy keys go the way they go for a person: OSC 52 to the terminal (tmux), and from there into another window.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.live.lab import PROJECT, Lab, LabError

WIZARD = (sys.executable, "-m", "wizard")
_ENDED = "the program ended with"


class Terminal:
    """One tmux server, in the lab, gone with it. The window `wizard` runs the program; `shell` is root's."""

    def __init__(
        self,
        lab: Lab,
        *arguments: str,
        apart: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        size: tuple[int, int] = (100, 34),
    ) -> None:
        self.lab = lab
        self.socket = lab.folder / "tmux"
        home = lab.folder / "home"
        home.mkdir(mode=0o777, exist_ok=True)
        home.chmod(0o777)
        variables = {
            "PYTHONPATH": str(PROJECT),
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "WIZARD_CASEBOOK": str(home / "cases.sqlite3"),
            "COLORTERM": "truecolor",
            **(environment or {}),
        }
        given = [f"{name}={value}" for name, value in variables.items()]
        words = shlex.join([*apart, "env", *given, *WIZARD, *arguments])
        width, height = map(str, size)
        self.tmux("new-session", "-d", "-x", width, "-y", height, "-n", "shell", "-c", str(lab.folder), "sh")
        self.tmux("set", "-s", "set-clipboard", "on")
        self.tmux("new-window", "-n", "wizard", f"{words}; echo {_ENDED} $?.; exec sleep 100000")

    def tmux(self, *words: str) -> str:
        return self.lab.run(["tmux", "-f", "/dev/null", "-S", str(self.socket), *words], env={"TERM": "xterm"}).stdout

    def press(self, *keys: str, window: str = "wizard") -> None:
        """Keys by tmux's names: `Enter`, `Down`, `Escape`, or a character."""
        self.tmux("send-keys", "-t", window, *keys)

    def type_in(self, text: str, window: str = "wizard") -> None:
        self.tmux("send-keys", "-t", window, "-l", text)

    def copied(self) -> str:
        """What the program has put on the clipboard."""
        return self.tmux("show-buffer")

    def paste_and_run(self) -> None:
        """The clipboard, into root's shell, as a person pastes it."""
        self.tmux("paste-buffer", "-t", "shell")
        self.press("Enter", window="shell")

    def text(self, window: str = "wizard") -> str:
        return self.tmux("capture-pane", "-p", "-t", window)

    def shows(self, *texts: str, seconds: float = 90, window: str = "wizard") -> str:
        """Wait until all of it is to be read, whatever the lines' breaks; the screen then."""
        end = time.monotonic() + seconds
        while True:
            screen = self.text(window)
            flat = " ".join(screen.split())
            if all(text in flat for text in texts):
                return screen
            if time.monotonic() > end:
                missing = [text for text in texts if text not in flat]
                raise LabError(f"never came: {missing}; the screen:\n{screen}\nthe shell:\n{self.text('shell')}")
            time.sleep(0.1)

    def ended(self) -> int:
        """Wait until the program has ended and the shell has its terminal back; its exit code."""
        return int(self.shows(_ENDED).split(_ENDED)[1].split(".")[0])


def available() -> bool:
    """Is there a tmux that runs?"""
    try:
        return subprocess.run(["tmux", "-V"], capture_output=True).returncode == 0
    except OSError:
        return False


def write_program(path: Path, text: str) -> None:
    """A program of a test's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
