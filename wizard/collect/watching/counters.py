"""What the kernel counts, for everybody to read: how often it accepted, refused and dropped, on all ports together.

Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens ... OutRsts InCsumErrors   (/proc/net/snmp, proc(5))
Tcp: 1 200 120000 -1 24 12 ... 3 0
TcpExt: SyncookiesSent ... ListenOverflows ListenDrops ...                                  (/proc/net/netstat)
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from wizard.collect import proc

ANSWERED = {
    "PassiveOpens": "connections accepted",
    "OutRsts": "resets sent",
    "OutDestUnreachs": "ICMP refusals sent",
}
LOST = {
    "ListenOverflows": "connections dropped because a program does not accept them fast enough",
    "TCPReqQFullDrop": "SYNs dropped because too many wait",
    "IPReversePathFilter": "packets dropped by the reverse path filter",
    "InCsumErrors": "packets with a wrong checksum",
    "InAddrErrors": "packets for an address that is not this machine's",
}
"""Why the kernel gave no answer, where no filter had a part in it."""
_EVERY = 0.25
_KEPT = 40


def read() -> dict[str, int]:
    """The counters of both files by their names there; those of the same name in several groups together."""
    found: dict[str, int] = {}
    for path in ("/proc/net/snmp", "/proc/net/netstat"):
        lines = (proc.read(path) or b"").decode("ascii", "replace").splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            for name, value in zip(names.split()[1:], values.split()[1:], strict=False):
                if name in ANSWERED or name in LOST:
                    found[name] = found.get(name, 0) + (int(value) if value.isdigit() else 0)
    return found


def since(before: Mapping[str, int], wanted: Mapping[str, str]) -> tuple[str, ...]:
    """What rose since then, in words: `resets sent: 3`."""
    now = read()
    return tuple(
        f"{words}: {now[name] - before.get(name, 0)}"
        for name, words in wanted.items()
        if now.get(name, 0) > before.get(name, 0)
    )


class History:
    """The counters as they were during the last ten seconds."""

    def __init__(self) -> None:
        self.first = read()
        self._kept: deque[tuple[float, dict[str, int]]] = deque([(time.time(), self.first)], _KEPT)

    def look(self) -> None:
        """Keep what they are now, if the last look is old enough."""
        now = time.time()
        if now - self._kept[-1][0] >= _EVERY:
            self._kept.append((now, read()))

    def lost_since(self, at: float) -> tuple[str, ...]:
        """Why packets were lost since shortly before then (seconds since the epoch), as far as the kernel counts it."""
        earlier = [counted for when, counted in self._kept if when <= at]
        return since(earlier[-1] if earlier else self.first, LOST)
