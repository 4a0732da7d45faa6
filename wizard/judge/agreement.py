"""Whether the wire and the model agree about one attempt: the model is asked with that very packet. Pure.

A disagreement means that the machine has changed since it was asked, or that something is at work which the model does not
see; the wire is right either way.
"""

from __future__ import annotations

from msgspec import Struct

from wizard.judge.walk import walk
from wizard.model.arrival import Answered, Attempted, How
from wizard.model.diagnosis import Target
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Ending, Journey
from wizard.model.packet import Packet

_SILENT_ENDINGS = (Ending.FILTER_DROPPED, Ending.SOURCE_FILTERED, Ending.REPLY_DROPPED, Ending.REPLY_NO_ROUTE)
_BEHIND_THE_DOOR = (Ending.SILENT, Ending.CLOSED, Ending.WRONG_PROTOCOL, Ending.ANOTHER_PROGRAM,
                    Ending.APPLICATION_REFUSED, Ending.NEVER_SENT)  # fmt: skip


class Case(Struct, frozen=True):
    """One attempt with everything that is known about it."""

    facts: Facts
    seen: Attempted
    target: Target
    journey: Journey

    @property
    def decision(self) -> Decision | None:
        """The filters' decision about the way in, if it is a certain one."""
        decision = self.journey.decision
        return None if decision is None or decision.outcome == "unknown" else decision


def contradicts(facts: Facts, seen: Attempted) -> bool:
    """Whether the model says otherwise than the wire, to the letter: the machine may have changed since it was asked."""
    if seen.how is not How.PACKETS:
        return False
    expected = _expected(case_of(facts, seen))
    return expected is not None and seen.answered not in expected


def case_of(facts: Facts, seen: Attempted) -> Case:
    """The attempt, walked."""
    packet = Packet(
        seen.source, seen.destination, seen.port, source_port=seen.source_port, interface=seen.interface or ""
    )
    target = Target(
        text=str(seen.port),
        port=seen.port,
        addresses=(seen.destination,),
        vantage=seen.source,
        interface=seen.interface,
    )
    return Case(facts, seen, target, walk(facts, target, packet))


def agrees(case: Case) -> bool | None:
    """Whether the model expects the answer that was seen; None where it cannot tell."""
    expected = _expected(case)
    if expected is None:
        return None
    if case.seen.answered in expected:
        return True
    # A refusal may itself be held back: by a filter on the way out, or the kernel's limit on ICMP.
    return case.seen.answered is Answered.NOTHING and bool(expected & {Answered.RST, Answered.ICMP})


def _expected(case: Case) -> frozenset[Answered] | None:
    stop, decision = case.journey.stop, case.journey.decision
    if decision is not None and decision.outcome == "unknown":
        return None
    if stop is None and decision is not None and _went_another_way(case, decision):
        return frozenset()
    if stop is None or stop.ending in _BEHIND_THE_DOOR:
        certain = case.journey.delivered_to is not None
        return frozenset({Answered.SYN_ACK}) if certain else None
    if stop.ending is Ending.QUEUE_FULL:
        # It fills and empties between two looks.
        return frozenset({Answered.NOTHING, Answered.SYN_ACK})
    if stop.ending in _SILENT_ENDINGS:
        return frozenset({Answered.NOTHING})
    if stop.ending is Ending.FILTER_REJECTED or (stop.ending is Ending.NO_ROUTE and stop.reject_with):
        return frozenset({Answered.RST if stop.reject_with == "tcp-reset" else Answered.ICMP})
    if stop.ending is Ending.NO_LISTENER:
        return frozenset({Answered.RST})
    return frozenset() if stop.ending in (Ending.INTERFACE_DOWN, Ending.WRONG_ADDRESS) else None


def _went_another_way(case: Case, decision: Decision) -> bool:
    """Sent on where the model delivers it here, or refused or lost here where the model sends it on."""
    if decision.outcome == "deliver":
        return case.seen.forwarded is not None
    return decision.outcome == "forward" and case.seen.forwarded is None and case.seen.answered is not Answered.SYN_ACK
