"""Near misses: rules that would have decided otherwise but for one condition, nearest first."""

from __future__ import annotations

from typing import Any

from wizard.judge.machine import Machine
from wizard.model.journey import Decision, NearMiss
from wizard.model.packet import Packet


def near_misses(machine: Machine, packet: Packet, final: Any, decision: Decision) -> tuple[NearMiss, ...]:
    """For a blocked packet, accepts that differ in one condition; for one that passes, the first that would have stopped
    another source."""
    return ()
