"""Reads two listings of `ps -axww`, which meet at the pid: numbers first, the text that may hold anything last.

    ps -axww -o pid=,ppid=,stat=,etime=,user=,comm=      4242   900 S+      01:02:03 alex /opt/homebrew/bin/python3.12
    ps -axww -o pid=,args=                               4242 /opt/homebrew/bin/python3.12 -m flask run

`etime` is [[days-]hours:]minutes:seconds (ps(1)); the arguments come without their quoting, so a word that held a
space is several.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import basename

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Process

_ROW = re.compile(
    r"\s*(?P<pid>\d+)\s+(?P<ppid>\d+)\s+(?P<stat>\S+)\s+(?P<etime>[\d:-]+)\s+(?P<user>\S+)\s+(?P<comm>.*\S)"
)
_ARGUMENTS = re.compile(r"\s*(?P<pid>\d+)\s+(?P<args>.*\S)")


def parse(text: str, source: str, arguments: str, taken_at: float) -> Parsed[Mapping[int, Process]]:
    """The processes by pid; `arguments` is the second listing."""
    words = {int(each["pid"]): each["args"] for each in map(_ARGUMENTS.match, arguments.splitlines()) if each}
    found: dict[int, Process] = {}
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = _ROW.match(line)
        if match is None:
            unread += [Origin(source, number, line.strip())] if line.strip() else []
            continue
        pid = int(match["pid"])
        found[pid] = Process(
            pid=pid,
            name=basename(match["comm"]),
            argv=_argv(words.get(pid, ""), match["comm"]),
            exe=match["comm"] if match["comm"].startswith("/") else None,
            parent=int(match["ppid"]),
            user=match["user"],
            started=taken_at - _seconds(match["etime"]),
            state=match["stat"][:1],
            origin=Origin(source, number, line.strip()),
        )
    return Parsed(found, tuple(unread))


def _argv(arguments: str, program: str) -> tuple[str, ...]:
    """The words; the program's own path may hold spaces, and is known."""
    if program and arguments.startswith(program + " "):
        return (program, *arguments[len(program) :].split())
    return tuple(arguments.split())


def _seconds(text: str) -> float:
    days, _, clock = text.rpartition("-")
    seconds = 0
    for part in clock.split(":"):
        seconds = seconds * 60 + int(part or 0)
    return float(seconds + int(days or 0) * 86400)
