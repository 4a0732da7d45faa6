"""Which addresses are this machine's own, asked again when a new one turns up (a lease was renewed, an interface came up)."""

from __future__ import annotations

import socket
import time

_AGAIN_AFTER = 1.0


class OwnAddresses:
    """Callable: is this packed address ours? 127.0.0.0/8 and ::1 always are."""

    def __init__(self) -> None:
        self._own = _addresses()
        self._asked = time.monotonic()

    def __call__(self, packed: bytes) -> bool:
        if packed[:12] == b"\0" * 10 + b"\xff\xff":
            packed = packed[12:]
        if packed in self._own or (len(packed) == 4 and packed[0] == 127):
            return True
        if time.monotonic() - self._asked > _AGAIN_AFTER:
            self._own, self._asked = _addresses(), time.monotonic()
        return packed in self._own


def _addresses() -> frozenset[bytes]:
    import psutil

    found = set()
    for each in (entry for entries in psutil.net_if_addrs().values() for entry in entries):
        if each.family in (socket.AF_INET, socket.AF_INET6):
            found.add(socket.inet_pton(each.family, each.address.partition("%")[0]))
    return frozenset(found)
