r"""Reads ss(8): listeners (`ss -H -ltunpe`), connections (`ss -H -tnp state connected`), UNIX listeners (`ss -H -lxp`).

    tcp LISTEN 1      128          127.0.0.1:5000 0.0.0.0:* users:(("flask",pid=4242,fd=5)) uid:1000 ino:31337 sk:1 <->
    tcp LISTEN 0      5                    *:8002       *:* users:(("java",pid=77,fd=4)) ino:39266 sk:8 cgroup:/ v6only:0 <->
    tcp LISTEN 0      5                 [::]:8003    [::]:* ino:39267 sk:9 cgroup:/ v6only:1 <->
    tcp LISTEN 0      5      [fe80::7]%eth0:8008    [::]:* ino:39274 sk:7 cgroup:/ v6only:1 <->
    tcp LISTEN 0      5           0.0.0.0%lo:8004 0.0.0.0:* ino:39268 sk:5 cgroup:/ <->
    ESTAB 0      0      [::ffff:127.0.0.1]:8002  [::ffff:127.0.0.1]:59098
    u_dgr UNCONN 0      0      /run/systemd/notify 3041 * 0 users:(("systemd",pid=1,fd=17))
    u_str LISTEN 0      128    /run/a b.sock 39279 * 0 users:(("nginx",pid=9,fd=17))

`*` is an IPv6 socket that takes IPv4 too, `[::]` one that does not, `0.0.0.0` takes IPv4 only. Recv-Q of a listener are
the connections that wait for accept(), Send-Q its backlog. `%eth0` is the bound device, or the zone of a link-local
address. `uid:` is left out for root, `users:` for other people's programs unless root asks. Before iproute2 4.15 the IPv6
wildcard is `:::22`, IPv4's is `*:22`, and a user is `("sshd",1222,3)`.

A process's name stands there raw, newlines and quotes included (at most 15 bytes, cut at a closing parenthesis): records
are split where a whole line head stands, which needs 16, so no name can forge or hide a listener.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import pairwise
from typing import TypeVar

from msgspec.structs import replace

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address, Connection, Listener, Owner, Proto, UnixListener

T = TypeVar("T")
LISTENERS = "ss -H -ltunpe"
CONNECTIONS = "ss -H -tnp state connected"
UNIX = "ss -H -lxp"

_USERS = r"(?:\s+users:\((?P<users>\(.*\))\))?"
_LISTENER_HEAD = re.compile(r"^(?=(?:tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s)", re.MULTILINE)
_LISTENER = re.compile(
    r"(?P<proto>tcp|udp)\s+(?:LISTEN|UNCONN)\s+(?P<received>\d+)\s+(?P<sent>\d+)\s+"
    r"(?P<address>\S+):(?P<port>\d+)\s+\S+" + _USERS + r"(?P<details>(?:\s+\S+)*)\s*",
    re.DOTALL,
)
_CONNECTION_HEAD = re.compile(r"^(?=[A-Z][A-Z0-9-]+\s+\d+\s+\d+\s)", re.MULTILINE)
_CONNECTION = re.compile(
    r"(?P<state>[A-Z][A-Z0-9-]+)\s+\d+\s+\d+\s+"
    r"(?P<local>\S+):(?P<local_port>\d+)\s+(?P<remote>\S+):(?P<remote_port>\d+)" + _USERS + r"(?:\s+\S+)*\s*",
    re.DOTALL,
)
_UNIX_HEAD = re.compile(r"^(?=u_\w+\s+\w+\s+\d+\s+\d+\s)", re.MULTILINE)
_UNIX = re.compile(
    r"u_(?:(?P<kind>dgr)\s+UNCONN|(?:str|seq)\s+LISTEN)\s+\d+\s+\d+\s+(?P<path>.+?)\s+\d+\s+\*\s+0" + _USERS + r"\s*",
    re.DOTALL,
)
_OWNER = re.compile(r'\("(?P<name>.*?)",(?:pid=)?(?P<pid>\d+),(?:fd=)?\d+\)(?=,\("|$)', re.DOTALL)


def parse_listeners(text: str, source: str = LISTENERS) -> Parsed[tuple[Listener, ...]]:
    """Every listener in `text`; records of any other shape are returned unread."""
    old = ":::" in text
    return _each(text, source, _LISTENER_HEAD, _LISTENER, lambda match, origin: _listener(match, origin, old))


def parse_connections(text: str, source: str = CONNECTIONS) -> Parsed[tuple[Connection, ...]]:
    """Every TCP connection in `text`."""
    return _each(text, source, _CONNECTION_HEAD, _CONNECTION, _connection)


def parse_unix(text: str, source: str = UNIX) -> Parsed[tuple[UnixListener, ...]]:
    """Every listening UNIX socket (`@` starts a name of the abstract namespace); datagram sockets take no connections."""
    parsed = _each(text, source, _UNIX_HEAD, _UNIX, _unix)
    return Parsed(tuple(each for each in parsed.value if each is not None), parsed.unread)


def _unix(match: re.Match[str], origin: Origin) -> UnixListener | None:
    return None if match["kind"] == "dgr" else UnixListener(match["path"], _owners(match["users"]), origin)


def _each(
    text: str, source: str, head: re.Pattern[str], shape: re.Pattern[str], read: Callable[[re.Match[str], Origin], T]
) -> Parsed[tuple[T, ...]]:
    """Every record read. One that has no known shape may be a known line with a stray one behind it."""
    values: list[T] = []
    unread: list[Origin] = []
    for record in _records(text, head, source):
        first, _, rest = record.text.partition("\n")
        for origin in (record, replace(record, text=first.strip())):
            if match := shape.fullmatch(origin.text):
                break
        try:
            if match is None:
                raise ValueError(record.text)
            values.append(read(match, origin))
        except ValueError:
            unread.append(record)
            continue
        if origin.text != record.text:
            unread.append(Origin(source, record.line + 1, rest))
    return Parsed(tuple(values), tuple(unread))


def _records(text: str, head: re.Pattern[str], source: str) -> Iterator[Origin]:
    """One origin per record, with the line on which it begins; what stands before the first head comes line by line."""
    starts = [match.start() for match in head.finditer(text)]
    number = 1
    for line in text[: starts[0] if starts else None].splitlines():
        if line.strip() and not line.startswith(("Netid", "State")):
            yield Origin(source, number, line)
        number += 1
    for start, end in pairwise([*starts, len(text)]):
        record = text[start:end]
        yield Origin(source, number, record.strip())
        number += record.count("\n")


def _listener(match: re.Match[str], origin: Origin, old: bool) -> Listener:
    details = dict(part.partition(":")[::2] for part in match["details"].split())
    address, zone = _address(match["address"], "v6only" in details or not old)
    is_tcp = match["proto"] == "tcp"
    return Listener(
        proto=Proto(match["proto"]),
        address=address,
        port=int(match["port"]),
        owners=_owners(match["users"]),
        v6only=_v6only(address, match["address"], details.get("v6only"), old),
        device="" if address.is_link_local else zone,
        scope=zone if address.is_link_local else "",
        uid=_uid(details),
        inode=int(details["ino"]) if details.get("ino", "").isdigit() else None,
        accept_queue=int(match["received"]) if is_tcp else None,
        backlog=int(match["sent"]) if is_tcp else None,
        origin=origin,
    )


def _uid(details: dict[str, str]) -> int | None:
    """ss leaves `uid:` out for root; with no details at all (no -e) it is not known."""
    if details.get("uid", "").isdigit():
        return int(details["uid"])
    return 0 if "ino" in details else None


def _v6only(address: Address, shown: str, told: str | None, old: bool) -> bool | None:
    if address.version == 4:
        return None
    if told in ("0", "1"):
        return told == "1"
    # Without -e: `*` takes both families, and of the old ss `:::22` says nothing.
    return False if shown.startswith("*") else None if old else True


def _address(shown: str, star_is_ipv6: bool = True) -> tuple[Address, str]:
    """The address, and the device or zone behind `%`, which stands in or behind the brackets."""
    bare, _, zone = shown.replace("[", "").replace("]", "").partition("%")
    if bare == "*":
        return (IPv6Address("::") if star_is_ipv6 else IPv4Address("0.0.0.0")), zone
    address = ip_address(bare)
    # An IPv6 socket bound to ::ffff:127.0.0.1 takes IPv4 to 127.0.0.1, and nothing else.
    return getattr(address, "ipv4_mapped", None) or address, zone


def _connection(match: re.Match[str], origin: Origin) -> Connection:
    return Connection(
        state=match["state"],
        local=_address(match["local"])[0],
        local_port=int(match["local_port"]),
        remote=_address(match["remote"])[0],
        remote_port=int(match["remote_port"]),
        owners=_owners(match["users"]),
        origin=origin,
    )


def _owners(users: str | None) -> tuple[Owner, ...] | None:
    """One owner per process; a forking server repeats its pid once per descriptor."""
    if users is None:
        return None
    return tuple(dict.fromkeys(Owner(match["name"], int(match["pid"])) for match in _OWNER.finditer(users)))
