"""Reads `netstat -ano` (also without -o, and with -b's lines of programs) in any language.

      Proto  Local Address          Foreign Address        State           PID
      TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832
      TCP    [::]:3000              [::]:0                 ABHÖREN         8120
      UDP    0.0.0.0:5353           *:*                                    2345
     [svchost.exe]

A listener is a TCP row whose other end is nobody's (`0.0.0.0:0`, `[::]:0`): the state's word is translated. A socket that
takes both families has a row for each, so `[::]` alone takes IPv6 only. Process 4 is the kernel (http.sys, SMB).
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address, Connection, Listener, Owner, Proto

_ROW = re.compile(
    r"\s*(?P<proto>TCP|UDP)(?:v6)?\s+(?P<local>\S+)\s+(?P<remote>\S+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_PROGRAM = re.compile(r"\s*\[(?P<name>[^\]]+)\]\s*")
_NOBODY = ("0.0.0.0:0", "[::]:0", "*:*", "*:0")
_STATES = {
    "ESTABLISHED": "ESTAB",
    "HERGESTELLT": "ESTAB",
    "TIME_WAIT": "TIME-WAIT",
    "WARTEND": "TIME-WAIT",
    "CLOSE_WAIT": "CLOSE-WAIT",
    "FIN_WAIT_1": "FIN-WAIT-1",
    "FIN_WAIT_2": "FIN-WAIT-2",
    "SYN_SENT": "SYN-SENT",
    "SYN_RECEIVED": "SYN-RECV",
    "LAST_ACK": "LAST-ACK",
}


class _Row:
    """One socket's row: its ends, its state's word, and its process."""

    def __init__(self, match: re.Match[str], origin: Origin) -> None:
        self.proto = Proto(match["proto"].lower())
        self.local, self.port, self.scope = _end(match["local"])
        self.nobody = match["remote"] in _NOBODY
        self.remote, self.remote_port, _ = (self.local, 0, "") if self.nobody else _end(match["remote"])
        words = match["rest"].split()
        pids = [word for word in words if word.isascii() and word.isdigit()]
        self.pid = int(pids[-1]) if pids else None
        self.state = next((word for word in words if not word.isdigit()), "")
        self.origin = origin
        self.program = ""

    @property
    def listens(self) -> bool:
        """Whether its other end is nobody's."""
        return self.proto is Proto.UDP or self.nobody

    @property
    def owners(self) -> tuple[Owner, ...] | None:
        """The process, under the name that -b gave it."""
        if self.pid is None:
            return None
        name = self.program or ("System" if self.pid == 4 else "")
        return (Owner(name, self.pid),)


def parse(text: str, source: str = "netstat -ano") -> Parsed[tuple[Listener, ...]]:
    """The listening TCP and bound UDP sockets, those of both families in rows of their own."""
    rows, unread = _rows(text, source)
    return Parsed(tuple(_listener(row) for row in rows if row.listens), unread)


def parse_connections(text: str, source: str = "netstat -ano") -> Parsed[tuple[Connection, ...]]:
    """The TCP sockets with somebody at the other end."""
    rows, unread = _rows(text, source)
    return Parsed(tuple(_connection(row) for row in rows if not row.listens), unread)


def _rows(text: str, source: str) -> tuple[list[_Row], tuple[Origin, ...]]:
    rows: list[_Row] = []
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        origin = Origin(source, number, line.strip())
        if match := _ROW.fullmatch(line):
            try:
                rows.append(_Row(match, origin))
            except ValueError:
                unread.append(origin)  # names in place of numbers: netstat without -n
        elif (told := _PROGRAM.fullmatch(line)) and rows:
            rows[-1].program = told["name"]
    return rows, tuple(unread)


def _listener(row: _Row) -> Listener:
    return Listener(
        row.proto,
        row.local,
        row.port,
        row.owners,
        v6only=True if row.local.version == 6 else None,
        scope=row.scope,
        origin=row.origin,
    )


def _connection(row: _Row) -> Connection:
    state = _STATES.get(row.state.upper(), row.state)
    return Connection(state, row.local, row.port, row.remote, row.remote_port, row.owners, row.origin)


def _end(text: str) -> tuple[Address, int, str]:
    """`192.168.1.5:443`, `[fe80::1%12]:443` with its zone, `*:443`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    bare, _, scope = host.strip("[]").partition("%")
    return ip_address("0.0.0.0" if bare == "*" else bare), int(port), scope
