"""Who listens, as psutil tells it on any platform, one JSON object a line. It cannot tell whether `::` takes IPv4 too.

    {"proto": "tcp", "address": "127.0.0.1", "port": 5000, "pid": 4242, "name": "flask"}

`pid` is null where the system did not say whose socket it is.
"""

from __future__ import annotations

import json
import socket

import psutil

from wizard.collect.readers import CannotLook


def read() -> str:
    """The listening TCP and bound UDP sockets. Raises CannotLook where the system refuses the list."""
    try:
        connections = psutil.net_connections("inet")
    except psutil.AccessDenied as error:
        raise CannotLook("the system lists sockets to administrators only", "sudo wizard check") from error
    names: dict[int, str | None] = {}
    lines = []
    for each in connections:
        proto = "tcp" if each.type == socket.SOCK_STREAM else "udp"
        if each.status != (psutil.CONN_LISTEN if proto == "tcp" else psutil.CONN_NONE) or not each.laddr or each.raddr:
            continue
        if each.pid is not None and each.pid not in names:
            names[each.pid] = _name(each.pid)
        name = None if each.pid is None else names[each.pid]
        told = {"proto": proto, "address": each.laddr.ip, "port": each.laddr.port, "pid": each.pid, "name": name}
        lines.append(json.dumps(told))
    return "".join(line + "\n" for line in lines)


def _name(pid: int) -> str | None:
    try:
        return str(psutil.Process(pid).name()).encode("utf-8", "backslashreplace").decode()
    except psutil.Error:
        return None
