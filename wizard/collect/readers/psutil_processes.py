"""Every process as psutil tells it on any platform, one JSON object a line, in the form of the reader `processes`.

    {"pid": 4242, "name": "python.exe", "argv": ["C:\\\\py\\\\python.exe", "app.py"], "state": "", "parent": 900,
     "started": 1760000000.0, "user": "alex", "cwd": "C:\\\\site", "exe": "C:\\\\py\\\\python.exe", "environment": {}}

What may not be read (another user's path, folder, environment) is null.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import psutil

from wizard.collect.environment import MATTERS

T = TypeVar("T")
_STATES = {
    psutil.STATUS_RUNNING: "R",
    psutil.STATUS_SLEEPING: "S",
    psutil.STATUS_DISK_SLEEP: "D",
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_TRACING_STOP: "t",
    psutil.STATUS_ZOMBIE: "Z",
    psutil.STATUS_IDLE: "S",
}


def read() -> str:
    """The processes, one JSON object a line."""
    lines = []
    for process in psutil.process_iter():
        try:
            lines.append(json.dumps(_told(process)))
        except psutil.NoSuchProcess:
            continue
    return "".join(line + "\n" for line in lines)


def _told(process: psutil.Process) -> dict[str, Any]:
    with process.oneshot():
        return {
            "pid": process.pid,
            "name": _printable(_asked(process.name)) or "",
            "argv": [_printable(each) for each in _asked(process.cmdline) or []],
            # Windows has threads that stop, not processes: psutil calls them running.
            "state": _STATES.get(_asked(process.status) or "", ""),
            "parent": _asked(process.ppid),
            "started": _asked(process.create_time),
            "user": _printable(_asked(process.username)),
            "cwd": _printable(_asked(process.cwd)),
            "exe": _printable(_asked(process.exe)) or None,
            "environment": _environment(process),
        }


def _asked(question: Callable[[], T]) -> T | None:
    """An answer, or None where the system refuses it. Raises NoSuchProcess."""
    try:
        return question()
    except psutil.NoSuchProcess:
        raise
    except (psutil.Error, OSError):
        return None


def _environment(process: psutil.Process) -> dict[str, str] | None:
    told = _asked(process.environ)
    if told is None:
        return None
    named = {_name(name): value for name, value in told.items()}
    return {name: str(_printable(value)) for name, value in named.items() if name in MATTERS}


def _name(name: str) -> str:
    """Windows knows a variable by its letters in any case; elsewhere `port` is not `PORT`."""
    return name.upper() if sys.platform == "win32" else name


def _printable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
