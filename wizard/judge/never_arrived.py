"""What it proves that nothing came: nothing of the other device's attempt reached this machine's network card."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.model.arrival import How, Opened
from wizard.model.facts import Address

_MOST = 5
PACKETS = (
    "No attempt of another device reached this machine: no firewall and no program here had a say. Either nobody tried, or"
    " it was stopped before: another address or port was opened, the device is on another network (guest Wi-Fi, mobile data,"
    " a VPN), the router or access point keeps its devices apart, or the device's own firewall or proxy."
)
LISTENER = (
    "Nobody reached the wizard's own page. Without root it cannot be told whether packets came and this machine's firewall"
    " dropped them, or nothing came at all: `sudo wizard watch` sees the packets themselves."
)
TABLE = (
    "No connection of another device was seen. Without root it cannot be told whether packets came and were dropped or"
    " refused here, or nothing came at all: `sudo wizard watch` sees the packets themselves."
)


def conclusion(opened: Opened, elsewhere: Sequence[tuple[Address, int, int]] = ()) -> str:
    """What is proved, as far as this way of looking can tell."""
    if How.PACKETS not in opened.how:
        return LISTENER if How.LISTENER in opened.how else TABLE
    if elsewhere:
        return (
            f"No attempt reached port {opened.port}, but {seen_elsewhere(elsewhere)}: the device opened another port."
        )
    return PACKETS


def seen_elsewhere(elsewhere: Sequence[tuple[Address, int, int]]) -> str:
    """`192.168.1.23 tried port 8000 (3 times)`."""
    parts = [f"{source} tried port {port}{_times(count)}" for source, port, count in elsewhere[:_MOST]]
    more = [f"and {len(elsewhere) - _MOST} more"] if len(elsewhere) > _MOST else []
    return ", ".join([*parts, *more])


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
