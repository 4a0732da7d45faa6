"""Reads `netstat -anvW -p tcp` and `-p udp` of macOS. Three generations of columns behind the state:

    Proto Recv-Q Send-Q  Local Address   Foreign Address  (state)      rhiwat  shiwat    pid   epid state  options
    tcp4       0      0  *.2222          *.*              LISTEN       131072  131072  43379      0 00100 00000006 ...
    Proto Recv-Q Send-Q  Local Address   Foreign Address  (state)  rxbytes txbytes rhiwat shiwat    pid   epid state ...
    tcp46      0      0  *.18970         *.*              LISTEN         0       0 1048576 1048576  777    888 00000 ...
    Proto Recv-Q Send-Q  Local Address   Foreign Address  (state)  rxbytes txbytes rhiwat shiwat    process:pid    state ...
    tcp4     131      0  127.0.0.1.64809 *.*              LISTEN         0       0 51316 14698 Brave Browser He:7187 00102 ...

The port stands behind the last dot. `tcp46` is one socket for both families. Of a listener, Recv-Q is no queue that could be
compared with a backlog. The program's name is cut to 16 characters, and may hold spaces.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Connection, Listener, Owner, Proto

_FRONT = re.compile(
    r"(?P<proto>tcp|udp)(?P<family>46|4|6)\s+\d+\s+\d+\s+(?P<local>\S+)\s+(?P<remote>\S+)\s*(?P<rest>.*)"
)
_NAMED = re.compile(r"\s(?P<name>\S.*?):(?P<pid>\d+)\s+[0-9a-f]{5}\b")
_STATE = re.compile(r"(?P<state>[A-Z][A-Z_0-9]+)\s")
_STATES = {"ESTABLISHED": "ESTAB"}


def parse_listeners(text: str, source: str = "netstat -anvW -p tcp") -> Parsed[tuple[Listener, ...]]:
    """The listening TCP sockets, and the bound UDP ones."""
    found: list[Listener] = []
    unread: list[Origin] = []
    header = ""
    for number, line in enumerate(text.splitlines(), start=1):
        origin = Origin(source, number, line.strip())
        if line.startswith("Proto"):
            header = line
        elif match := _FRONT.match(line):
            if match["remote"] != "*.*" or (match["proto"] == "tcp" and not match["rest"].startswith("LISTEN")):
                continue
            try:
                found.append(_listener(match, header, origin))
            except ValueError:
                unread.append(origin)
        elif line.strip() and not line.startswith("Active"):
            unread.append(origin)
    return Parsed(_together(found), tuple(unread))


def parse_connections(text: str, source: str = "netstat -anvW -p tcp") -> Parsed[tuple[Connection, ...]]:
    """The TCP sockets that are not listening."""
    found = []
    unread: list[Origin] = []
    header = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("Proto"):
            header = line
        match = _FRONT.match(line)
        state = _STATE.match(match["rest"] + " ") if match and match["proto"] == "tcp" else None
        if match is None or state is None or state["state"] == "LISTEN":
            continue
        origin = Origin(source, number, line.strip())
        try:
            local, remote = _endpoint(match["local"], match["family"]), _endpoint(match["remote"], match["family"])
        except ValueError:
            unread.append(origin)
            continue
        owner = _owner(match["rest"], header)
        name = _STATES.get(state["state"], state["state"].replace("_", "-"))
        found.append(Connection(name, local[0], local[1], remote[0], remote[1], owner, origin))
    return Parsed(tuple(found), tuple(unread))


def _listener(match: re.Match[str], header: str, origin: Origin) -> Listener:
    address, port, scope = _endpoint(match["local"], match["family"])
    return Listener(
        Proto(match["proto"]),
        address,
        port,
        _owner(match["rest"], header),
        v6only=None if address.version == 4 else match["family"] != "46",
        scope=scope,
        origin=origin,
    )


def _endpoint(text: str, family: str) -> tuple[IPv4Address | IPv6Address, int, str]:
    """`*.5000`, `127.0.0.1.5000`, `fe80::1%en0.5000`: address, port (0 for `*`), zone."""
    host, _, port = text.rpartition(".")
    bare, _, scope = host.partition("%")
    if bare == "*":
        bare = "0.0.0.0" if family == "4" else "::"
    return ip_address(bare), 0 if port == "*" else int(port), scope


def _owner(rest: str, header: str) -> tuple[Owner, ...] | None:
    """The process: by the `pid` column's place among numbers, or from `name:pid`. None: not told."""
    if "process:pid" in header:
        match = _NAMED.search(" " + _behind_numbers(rest))
        return (Owner(match["name"].strip(), int(match["pid"])),) if match and int(match["pid"]) else None
    columns = header.partition("(state)")[2].split()
    if "pid" not in columns:
        return None
    numbers = _STATE.sub("", rest, count=1).split()
    place = columns.index("pid")
    if place >= len(numbers) or not numbers[place].isdigit() or not int(numbers[place]):
        return None
    return (Owner("", int(numbers[place])),)


def _behind_numbers(rest: str) -> str:
    """What stands behind the state and the byte counts: the name may begin with a digit, so four numbers at most go."""
    return re.sub(r"^(?:[A-Z_0-9]+\s+)?(?:\d+\s+){4}", "", rest, count=1)


def _together(found: list[Listener]) -> tuple[Listener, ...]:
    """The same socket in several rows (one per process that shares it) is one listener with several owners."""
    merged: dict[tuple[object, ...], Listener] = {}
    for each in found:
        key = (each.proto, each.address, each.port, each.scope, each.v6only)
        earlier = merged.get(key)
        if earlier is not None and earlier.owners and each.owners:
            owners = tuple(dict.fromkeys((*earlier.owners, *each.owners)))
            merged[key] = Listener(
                each.proto, each.address, each.port, owners, each.v6only, scope=each.scope, origin=earlier.origin
            )
        else:
            merged.setdefault(key, each)
    return tuple(merged.values())
