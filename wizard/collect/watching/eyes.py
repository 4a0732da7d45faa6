"""What this machine lets this user watch with; None where it does not."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable

from wizard.collect.watching.sniffer import Sniffer
from wizard.collect.watching.table import Table


def sniffer(ports: Iterable[int]) -> Sniffer | None:
    """Every packet: Linux, and the capability CAP_NET_RAW (root)."""
    if not hasattr(socket, "AF_PACKET"):
        return None
    try:
        return Sniffer(ports)
    except OSError:
        return None


def table(ports: Iterable[int], is_own: Callable[[bytes], bool], local: bool = False) -> Table | None:
    """The kernel's table of connections, which on Linux everybody may read."""
    return Table(ports, is_own, local) if sys.platform.startswith("linux") else None
