"""Reads two listings of `ps -axww`, which meet at the pid; numbers come first, text that may hold anything comes last.

    ps -axww -o pid=,ppid=,stat=,etime=,user=,comm=      4242   900 S+      01:02:03 alex /opt/homebrew/bin/python3.12
    ps -axww -o pid=,args=                               4242 /opt/homebrew/bin/python3.12 -m flask run

and, for the folders, `lsof -nP -a -d cwd -F pn`: a line `p4242`, a line `fcwd`, a line `n/Users/alex/shop`.

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


def parse(text: str, source: str, arguments: str, folders: str, taken_at: float) -> Parsed[Mapping[int, Process]]:
    """The processes by pid; `arguments` is the second listing, `folders` lsof's."""
    places = _folders(folders)
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
            cwd=places.get(pid),
            exe=match["comm"] if match["comm"].startswith("/") else None,
            parent=int(match["ppid"]),
            user=match["user"],
            started=taken_at - _seconds(match["etime"]),
            state=match["stat"][:1],
            origin=Origin(source, number, line.strip()),
        )
    return Parsed(found, tuple(unread))


def _folders(text: str) -> dict[int, str]:
    """The folder of each process that lsof tells of."""
    found: dict[int, str] = {}
    pid = 0
    for line in text.splitlines():
        if line.startswith("p") and line[1:].isdigit():
            pid = int(line[1:])
        elif line.startswith("n/"):
            found.setdefault(pid, line[1:])
    return found


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
