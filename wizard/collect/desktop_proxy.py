"""The proxy settings of a desktop, as they are stored: GNOME's (gsettings), KDE's (kioslaverc), and /etc/environment.

Reading starts nothing: gsettings is asked only where the user has a settings file (dconf) of his own, and without a session
bus. Under sudo it is the settings of the user behind it that count.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from wizard.collect.commands import environment, program
from wizard.model.capture import Capture

SCHEMA = "org.gnome.system.proxy"
SECONDS = 2.0
_MOST = 20_000


def look() -> Capture:
    """The capture `desktop-proxy`: a setting a line, each behind the name of its source."""
    home = _home()
    lines = [*_system(), *_kde(home), *_gnome(home)]
    return Capture("desktop-proxy", "".join(line + "\n" for line in lines), "gsettings list-recursively " + SCHEMA)


def _home() -> Path:
    """The home of whoever uses the desktop: under sudo not root's own."""
    user = os.environ.get("SUDO_USER", "")
    if user and user != "root":
        import pwd

        try:
            return Path(pwd.getpwnam(user).pw_dir)
        except KeyError:
            pass
    return Path.home()


def _system() -> list[str]:
    text = _text(Path("/etc/environment"))
    return [f"/etc/environment {line.strip()}" for line in text.splitlines() if "_proxy=" in line.lower()]


def _kde(home: Path) -> list[str]:
    text = _text(home / ".config" / "kioslaverc")
    return [f"kioslaverc {line.strip()}" for line in text.splitlines() if "=" in line and "roxy" in line]


def _gnome(home: Path) -> list[str]:
    path = program("gsettings")
    if path is None or not _is_there(home / ".config" / "dconf" / "user"):
        return []
    words = environment() | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    }
    try:
        done = subprocess.run(
            [path, "list-recursively", SCHEMA],
            capture_output=True,
            timeout=SECONDS,
            env=words,
            stdin=subprocess.DEVNULL,
            cwd="/",
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith(SCHEMA)]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""
