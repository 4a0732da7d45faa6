"""What the exposure warnings share: the sockets that other devices can reach, now or once the plan is carried out."""

from __future__ import annotations

from wizard.judge.causes._way import stop_of
from wizard.model.facts import Listener
from wizard.model.journey import Ending, Journey


def in_question(journey: Journey) -> tuple[Listener, ...]:
    """The socket that takes the connection, or those that the plan would have listen where other devices reach them."""
    if journey.delivered_to is not None:
        return (journey.delivered_to,)
    stop = stop_of(journey, Ending.NO_LISTENER)
    return stop.listeners if stop else ()


def reachable_now(journey: Journey) -> bool:
    """Whether this packet gets to the socket as things are."""
    return journey.delivered_to is not None
