"""What the kernel tells everybody: its table of connections.

sl  local_address rem_address   st tx_queue rx_queue ...            (/proc/net/tcp, proc(5))
 1: 0100A8C0:1388 1700A8C0:C350 01 00000000:00000000 ...

A connection that is over between two looks is missed, and a refused one is never in it: this is what can be seen without
root, not all there is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from wizard.collect import proc
from wizard.model.arrival import Answered, Attempted, How
from wizard.model.facts import Address

OFTENEST, SELDOMEST = 0.02, 0.25
"""Seconds between two looks: a look costs a twentieth of the time, however long the table is."""
_SYN_RECEIVED, _LISTEN = "03", "0A"
_MOST = 1024

_Key = tuple[str, str]


class Table:
    """Looks for connections of other devices to `ports`; those that stand already are not news."""

    def __init__(self, ports: Iterable[int], is_own: Callable[[bytes], bool], local: bool = False) -> None:
        self._ports = set(ports)
        self._is_own = is_own
        self._local = local
        self._numbers: dict[_Key, int] = {}
        self._known: dict[_Key, str] = dict(self._connections())
        self.pause = OFTENEST

    def look(self) -> list[Attempted]:
        """The connections that are new, or have got further, since the last look."""
        started = time.monotonic()
        now = dict(self._connections())
        self.pause = min(SELDOMEST, max(OFTENEST, 20 * (time.monotonic() - started)))
        found: list[Attempted] = []
        for key, state in now.items():
            before = self._known.get(key)
            if before is None or (before == _SYN_RECEIVED and state != _SYN_RECEIVED):
                found.append(self._attempted(key, state, revises=before is not None and key in self._numbers))
        self._known = now
        return found

    def _attempted(self, key: _Key, state: str, revises: bool) -> Attempted:
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        destination, port = _endpoint(key[0])
        source, source_port = _endpoint(key[1])
        return Attempted(
            number,
            time.time(),
            source,
            source_port,
            destination,
            port,
            "",
            how=How.TABLE,
            answered=Answered.SYN_ACK,
            established=state != _SYN_RECEIVED,
            own=self._is_own(source.packed),
            revises=revises,
        )

    def _connections(self) -> Iterable[tuple[_Key, str]]:
        for path in ("/proc/net/tcp", "/proc/net/tcp6"):
            text = (proc.read(path) or b"").decode("ascii", "replace")
            for line in text.splitlines()[1:]:
                words = line.split()
                if len(words) > 3 and words[3] != _LISTEN and self._wanted(words[1], words[2]):
                    yield (words[1], words[2]), words[3]

    def _wanted(self, local: str, remote: str) -> bool:
        if int(local.rpartition(":")[2], 16) not in self._ports or len(self._numbers) >= _MOST:
            return False
        return self._local or not self._is_own(_endpoint(remote)[0].packed)


def _endpoint(text: str) -> tuple[Address, int]:
    """`0100A8C0:1388`: words of 32 bits in this machine's byte order, then the port."""
    digits, _, port = text.partition(":")
    words = (int(digits[at : at + 8], 16) for at in range(0, len(digits), 8))
    address = ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address, int(port, 16)
