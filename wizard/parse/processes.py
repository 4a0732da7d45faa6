"""Reads the processes, one JSON object a line, as collect's reader writes them from /proc.

    {"pid": 4242, "name": "flask", "argv": ["/usr/bin/python3", "/usr/bin/flask", "run"], "state": "S", "parent": 900,
     "started": 1760000000.0, "uid": 1000, "user": "alex", "cwd": "/home/alex/site", "exe": "/usr/bin/python3.11",
     "environment": {"FLASK_DEBUG": "1"}, "cgroup": "0::/system.slice/site.service", "namespace": 4026531840,
     "foreign": false}

A control group's path names the systemd unit and the container (systemd.resource-control(5), and the runtimes' own habits):

    0::/system.slice/site.service                                     unit site.service
    0::/system.slice/docker-0123456789ab...ef.scope                   container 0123456789ab...ef
    12:pids:/docker/0123456789ab...ef                                 container, cgroup v1
    0::/user.slice/user-1000.slice/user@1000.service/app.slice/dev.service     unit dev.service of the user's manager
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Process
from wizard.parse.json_lines import objects

_CONTAINER = re.compile(r"(?:^|[/:-])(?P<identifier>[0-9a-f]{64})(?:\.scope)?(?=/|$)", re.MULTILINE)
_UNIT = re.compile(r"/(?P<unit>[^/\n]+\.(?:service|socket))(?=/|$)", re.MULTILINE)


def parse(text: str, source: str = "processes") -> Parsed[Mapping[int, Process]]:
    """The processes by pid."""
    processes: dict[int, Process] = {}
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            process = _process(told or {}, source, origin.line)
        except (AttributeError, KeyError, TypeError, ValueError):
            unread.append(origin)
            continue
        processes[process.pid] = process
    return Parsed(processes, tuple(unread))


def _process(told: dict[str, Any], source: str, line: int) -> Process:
    argv = _argv(told["argv"])
    cgroup = str(told.get("cgroup") or "")
    environment = told.get("environment")
    return Process(
        pid=int(told["pid"]),
        name=str(told["name"]),
        argv=argv,
        cwd=told.get("cwd"),
        exe=told.get("exe"),
        parent=told.get("parent"),
        user=told.get("user") or (None if told.get("uid") is None else str(told["uid"])),
        started=told.get("started"),
        state=str(told.get("state") or ""),
        environment=None if environment is None else {str(name): str(value) for name, value in environment.items()},
        withheld=tuple(str(name) for name in told.get("withheld", ())),
        unit=unit_of(cgroup),
        container=container_of(cgroup),
        namespace=told.get("namespace") if told.get("foreign") else None,
        origin=Origin(source, line, f"{told['pid']} {' '.join(argv) or told['name']}"),
    )


def _argv(told: list[str]) -> tuple[str, ...]:
    """The arguments. A program that rewrote its title (`nginx: master process`) leaves one, padded with NULs or blanks."""
    argv = tuple(str(part) for part in told)
    is_title = bool(argv) and " " in argv[0].strip() and not any(argv[1:])
    return (argv[0].rstrip(),) if is_title else argv


def unit_of(cgroup: str) -> str:
    """The innermost systemd unit that the control group's path names, or empty."""
    units = [match["unit"] for match in _UNIT.finditer(cgroup)]
    # Every process of a desktop session is below user@1000.service; that says nothing about how it was started.
    return next((unit for unit in reversed(units) if not unit.startswith("user@")), "")


def container_of(cgroup: str) -> str:
    """The container's id, 64 hexadecimal digits, or empty."""
    match = _CONTAINER.search(cgroup)
    return match["identifier"] if match else ""
