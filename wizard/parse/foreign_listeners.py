"""Reads the listeners of other network namespaces, one JSON object per namespace a line.

    {"namespace": 4026532441, "pid": 812, "tables": {"tcp": ["   0: 0100007F:1F40 00000000:0000 0A ..."]},
     "owners": {"31337": [[812, "python3"]]}, "addresses": ["172.17.0.2"]}

`tables` has lines of /proc/PID/net/tcp, tcp6, udp, udp6 (wizard.parse.proc_net); `owners` the processes by inode.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from msgspec.structs import replace

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Listener, Owner, Proto
from wizard.parse import proc_net
from wizard.parse.json_lines import objects


def parse(text: str, source: str = "foreign-listeners") -> Parsed[tuple[Listener, ...]]:
    """Every listener outside the namespace that was asked, with its namespace's inode."""
    listeners: list[Listener] = []
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            parsed = _namespace(told or {}, source)
        except (AttributeError, KeyError, TypeError, ValueError):
            unread.append(origin)
            continue
        listeners += parsed.value
        unread += parsed.unread
    return Parsed(tuple(listeners), tuple(unread))


def _namespace(told: dict[str, Any], source: str) -> Parsed[tuple[Listener, ...]]:
    owners = {
        int(inode): tuple(Owner(str(name), int(pid)) for pid, name in held) for inode, held in told["owners"].items()
    }
    own = tuple(ip_address(str(each)) for each in told.get("addresses", ()))
    listeners: list[Listener] = []
    unread: list[Origin] = []
    for table, lines in told["tables"].items():
        where = f"/proc/{int(told['pid'])}/net/{table}"
        parsed = proc_net.parse("\n".join(lines), Proto(table[:3]), where, owners)
        namespace = int(told["namespace"])
        listeners += (replace(each, namespace=namespace, namespace_addresses=own) for each in parsed.value)
        unread += parsed.unread
    return Parsed(tuple(listeners), tuple(unread))
