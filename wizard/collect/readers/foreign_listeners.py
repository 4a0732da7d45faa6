"""Who listens in other network namespaces (containers, `ip netns`), one JSON object per namespace a line.

    {"namespace": 4026532441, "pid": 812, "tables": {"tcp": ["   0: 0100007F:1F40 00000000:0000 0A ..."]},
     "owners": {"31337": [[812, "python3"]]}, "addresses": ["172.17.0.2"]}

The kernel shows each namespace's sockets in /proc/PID/net of any process in it: nothing is entered, nothing started.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict

from wizard.collect import proc
from wizard.collect.files import text_of
from wizard.collect.readers import CannotLook

_LISTENING = {"tcp": b"0A", "tcp6": b"0A", "udp": b"07", "udp6": b"07"}
"""The state of a listening socket in column 4 (include/net/tcp_states.h); an unconnected UDP socket is `CLOSE`."""
_REMEDY = "sudo wizard check"


def read() -> str:
    """One line per foreign namespace that has a listener. Raises CannotLook where namespaces may not be compared."""
    here = proc.network_namespace("self")
    members: dict[int, list[int]] = defaultdict(list)
    hidden = 0
    for pid in proc.pids():
        namespace = proc.network_namespace(pid)
        if namespace is None:
            hidden += proc.user(pid) is not None
        elif namespace != here:
            members[namespace].append(pid)
    if hidden and os.geteuid() != 0:
        raise CannotLook("the kernel shows the network namespace of other users' processes to root only", _REMEDY)
    return "".join(_line(namespace, pids) for namespace, pids in sorted(members.items()))


def _line(namespace: int, pids: list[int]) -> str:
    used = _in_use(pids[0])
    tables = {name: _listening(pids[0], name, state) for name, state in _LISTENING.items() if used.get(name, True)}
    inodes = {line.split()[9] for lines in tables.values() for line in lines}
    if not inodes:
        return ""
    told = {
        "namespace": namespace,
        "pid": pids[0],
        "tables": {name: [text_of(line) for line in lines] for name, lines in tables.items() if lines},
        "owners": _owners(pids, inodes),
        "addresses": [*_addresses_4(pids[0]), *_addresses_6(pids[0])],
    }
    return json.dumps(told) + "\n"


def _addresses_4(pid: int) -> list[str]:
    """The namespace's own IPv4 addresses: the leaves of its local table (`|-- 172.17.0.2`, `/32 host LOCAL`)."""
    found: dict[str, None] = {}
    leaf = ""
    for line in (proc.read(f"/proc/{pid}/net/fib_trie") or b"").decode("ascii", "replace").splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            leaf = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"] and not leaf.startswith("127."):
            found[leaf] = None
    return list(found)


def _addresses_6(pid: int) -> list[str]:
    """Its IPv6 addresses (`fd0000...0001 02 40 00 80 eth0`), without loopback and link-local ones."""
    lines = (proc.read(f"/proc/{pid}/net/if_inet6") or b"").decode("ascii", "replace").splitlines()
    raw = [line.split()[0] for line in lines if line.split()[3:4] == ["00"]]
    return [":".join(each[at : at + 4] for at in range(0, 32, 4)) for each in raw if len(each) == 32]


def _in_use(pid: int) -> dict[str, bool]:
    """Whether the namespace has a socket of each kind (`TCP: inuse 1 ...` of sockstat, `TCP6: inuse 0` of sockstat6).

    For /proc/PID/net/tcp the kernel walks through the sockets of the whole machine, milliseconds each; this is a counter.
    """
    counters = (proc.read(f"/proc/{pid}/net/sockstat") or b"") + (proc.read(f"/proc/{pid}/net/sockstat6") or b"")
    lines = (line.split() for line in counters.decode("ascii", "replace").splitlines())
    return {words[0].rstrip(":").lower(): words[2] != "0" for words in lines if len(words) > 2 and words[1] == "inuse"}


def _listening(pid: int, table: str, state: bytes) -> list[bytes]:
    lines = (proc.read(f"/proc/{pid}/net/{table}") or b"").splitlines()[1:]
    return [line for line in lines if len(fields := line.split()) > 9 and fields[3] == state]


def _owners(pids: list[int], inodes: set[bytes]) -> dict[str, list[tuple[int, str]]]:
    wanted = {f"socket:[{inode.decode()}]": inode.decode() for inode in inodes}
    owners: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for pid in pids:
        stat = proc.read(f"/proc/{pid}/stat")
        if not stat:
            continue
        for target in _open_files(pid) & wanted.keys():
            owners[wanted[target]].append((pid, text_of(proc.name_of(stat))))
    return owners


def _open_files(pid: int) -> set[str]:
    names = proc.names(f"/proc/{pid}/fd") or ()
    return {target for name in names if (target := proc.link(f"/proc/{pid}/fd/{name}"))}
