"""Every process that is no kernel thread, one JSON object a line, straight from /proc.

    {"pid": 4242, "name": "flask", "argv": ["/usr/bin/python3", "/usr/bin/flask", "run"], "state": "S", "parent": 900,
     "started": 1760000000.0, "uid": 1000, "user": "alex", "cwd": "/home/alex/site", "exe": "/usr/bin/python3.11",
     "environment": {"FLASK_DEBUG": "1"}, "cgroup": "0::/user.slice", "namespace": 4026531840, "foreign": false}

psutil asks the same files, an object and several system calls for each answer: ten times as slow for a whole machine.
What may not be read (another user's cwd, exe, environment, namespace) is null.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from wizard.collect import proc
from wizard.collect.environment import that_matter, withheld
from wizard.collect.files import text_of

_TICKS = os.sysconf("SC_CLK_TCK")
_PF_KTHREAD = 0x00200000
"""The flag of a kernel thread in field 9 of /proc/PID/stat (include/linux/sched.h)."""


def read() -> str:
    """The processes, one JSON object a line. Raises OSError where /proc cannot be listed."""
    booted = _boot_time()
    here = proc.network_namespace("self")
    users: dict[int, str | None] = {}
    lines = []
    for pid in proc.pids():
        process = _process(pid, booted, here)
        if process is not None:
            uid = process["uid"]
            if uid not in users:
                users[uid] = _user_name(uid)
            process["user"] = users[uid]
            lines.append(json.dumps(process))
    return "".join(line + "\n" for line in lines)


def _process(pid: int, booted: float, here: int | None) -> dict[str, Any] | None:
    stat = proc.read(f"/proc/{pid}/stat")
    if not stat:
        return None
    fields = stat[stat.rfind(b")") + 2 :].split()
    if int(fields[6]) & _PF_KTHREAD:
        return None
    uid = proc.user(pid)
    if uid is None:
        return None
    environment = proc.read(f"/proc/{pid}/environ")
    namespace = proc.network_namespace(pid)
    return {
        "pid": pid,
        "name": text_of(proc.name_of(stat)),
        "argv": _argv(proc.read(f"/proc/{pid}/cmdline") or b""),
        "state": fields[0].decode(),
        "parent": int(fields[1]),
        "started": round(booted + int(fields[19]) / _TICKS, 2),
        "uid": uid,
        "cwd": _printable(proc.link(f"/proc/{pid}/cwd")),
        "exe": _printable(proc.link(f"/proc/{pid}/exe")),
        "environment": None if environment is None else _decoded(that_matter(environment)),
        "withheld": [] if environment is None else [text_of(name) for name in withheld(environment, _own())],
        "cgroup": text_of(proc.read(f"/proc/{pid}/cgroup") or b""),
        "namespace": namespace,
        "foreign": None if namespace is None or here is None else namespace != here,
    }


@cache
def _own() -> dict[bytes, bytes]:
    """The environment that a command pasted into this terminal gets."""
    return {
        name.encode(errors="surrogateescape"): value.encode(errors="surrogateescape")
        for name, value in os.environ.items()
    }


def _argv(cmdline: bytes) -> list[str]:
    """The arguments, each ended by a NUL."""
    return [text_of(part) for part in cmdline.removesuffix(b"\0").split(b"\0")] if cmdline else []


def _decoded(pairs: dict[bytes, bytes]) -> dict[str, str]:
    return {text_of(name): text_of(value) for name, value in pairs.items()}


def _printable(path: str | None) -> str | None:
    return None if path is None else text_of(os.fsencode(path))


def _boot_time() -> float:
    for line in (proc.read("/proc/stat") or b"").splitlines():
        if line.startswith(b"btime "):
            return float(line.split()[1])
    return 0.0


def _user_name(uid: int) -> str | None:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
