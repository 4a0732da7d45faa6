"""Reads the processes, and the services that they host.

    [{"ProcessId": 4242, "ParentProcessId": 900, "Name": "python.exe", "ExecutablePath": "C:\\\\py\\\\python.exe",
      "CommandLine": "python app.py", "CreationDate": "/Date(1760000000000)/"}]                  Get-CimInstance Win32_Process
    [{"ProcessId": 832, "Name": "RpcSs", "State": "Running", "StartMode": "Auto"}]               Get-CimInstance Win32_Service
    "svchost.exe","832","RpcEptMapper,RpcSs"                                                     tasklist /svc /fo csv /nh

    SERVICE_NAME: mpssvc                                                                         sc queryex
    DISPLAY_NAME: Windows Defender Firewall
            TYPE               : 30  WIN32
            STATE              : 4  RUNNING
            ...
            PID                : 2044

The path and the command line of another user's process are empty for whoever is no administrator. The columns of tasklist
and the numbers of sc are the same in every language.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Any

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Process
from wizard.parse.windows import cmdlets, commandline
from wizard.parse.windows.cmdlets import text as told_text

Services = Mapping[int, tuple[str, ...]]
_STATES = {1: "stopped", 2: "starting", 3: "stopping", 4: "running", 5: "continuing", 6: "pausing", 7: "paused"}
_DATE = re.compile(r"/Date\((-?\d+)\)/")
_FIELD = re.compile(r"\s+(?P<label>[^:]+?)\s*:\s*(?P<number>\d+)\b.*")
_NAME = re.compile(r"(?P<label>\S[^:]*):\s*(?P<name>.+?)\s*")


def parse(found: str, source: str = "Win32_Process") -> Parsed[Mapping[int, Process]]:
    """The processes by pid, from Win32_Process."""

    def read(told: Mapping[str, Any], origin: Origin) -> Process:
        name = told_text(told, "Name")
        pid = int(told_text(told, "ProcessId"))
        parent = told_text(told, "ParentProcessId")
        line = told_text(told, "CommandLine")
        return Process(
            pid=pid,
            name=name,
            argv=commandline.split(line),
            exe=told_text(told, "ExecutablePath") or None,
            parent=int(parent) if parent else None,
            started=_started(told_text(told, "CreationDate")),
            environment=None,
            origin=Origin(source, origin.line, f"{pid} {line or name}"),
        )

    parsed = cmdlets.each(found, source, read)
    return Parsed({each.pid: each for each in parsed.value}, parsed.unread)


def _started(told: str) -> float | None:
    """Seconds since the epoch: Windows PowerShell writes `/Date(...)/`, PowerShell 7 `2026-11-21T14:00:00.12+01:00`."""
    if match := _DATE.fullmatch(told):
        return int(match[1]) / 1000
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def parse_tasklist(found: str, source: str = "tasklist /svc /fo csv /nh") -> Parsed[Mapping[int, Process]]:
    """The processes by pid: their names, no more."""
    rows, unread = _tasks(found, source)
    processes = {pid: Process(pid, name, origin=origin) for name, pid, _, origin in rows}
    return Parsed(processes, unread)


def tasklist_services(found: str, source: str = "tasklist /svc /fo csv /nh") -> Parsed[Services]:
    """The services by pid. `N/A`, in whatever language, has a slash or a space, which no service's name has."""
    rows, unread = _tasks(found, source)
    hosted = {
        pid: tuple(each for each in services.split(",") if re.fullmatch(r"[\w.$@+-]+", each))
        for _, pid, services, _ in rows
    }
    return Parsed(hosted, unread)


def _tasks(found: str, source: str) -> tuple[list[tuple[str, int, str, Origin]], tuple[Origin, ...]]:
    rows: list[tuple[str, int, str, Origin]] = []
    unread: list[Origin] = []
    for number, line in enumerate(found.splitlines(), start=1):
        if not line.strip():
            continue
        origin = Origin(source, number, line.strip())
        fields = next(csv.reader([line]), [])
        if len(fields) >= 3 and fields[1].isascii() and fields[1].isdigit():
            rows.append((fields[0], int(fields[1]), fields[2], origin))
        else:
            unread.append(origin)
    return rows, tuple(unread)


def services(found: str, source: str = "Win32_Service") -> Parsed[tuple[tuple[str, int, str], ...]]:
    """Each service: its short name, its process (0: none) and its state in lower case; from Win32_Service or sc."""
    if not found.lstrip("\ufeff \r\n").startswith(("[", "{", '"')):
        return _from_sc(found, source)

    def read(told: Mapping[str, Any], _: Origin) -> tuple[str, int, str]:
        return told_text(told, "Name"), int(told_text(told, "ProcessId") or 0), told_text(told, "State").lower()

    return cmdlets.each(found, source, read)


def _from_sc(found: str, source: str) -> Parsed[tuple[tuple[str, int, str], ...]]:
    """Records begin with an unindented line; of the numbers below it the second is the state, and the last the flags
    behind the process."""
    records: list[tuple[str, list[tuple[str, int]]]] = []
    fresh = True
    for line in found.splitlines():
        if match := _FIELD.fullmatch(line):
            if records:
                records[-1][1].append((match["label"].strip(), int(match["number"])))
            fresh = True
        elif fresh and not line[:1].isspace() and (heading := _NAME.fullmatch(line)):
            records.append((heading["name"], []))
            fresh = False
    rows = []
    for name, numbers in records:
        state = _STATES.get(numbers[1][1], "") if len(numbers) > 1 else ""
        pid = next((number for label, number in numbers if label == "PID"), 0)
        rows.append((name, pid, state))
    return Parsed(tuple(rows))
