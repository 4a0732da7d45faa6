"""What causes share that are seen from the client's side: the attempt at which it ends, the question for the other end."""

from __future__ import annotations

from wizard.judge import heard, heard_code
from wizard.judge.client import way_out, who
from wizard.judge.heard import url_of
from wizard.model.diagnosis import Ask, Certainty, Side, Target, Verdict, found
from wizard.model.facts import Attempt, Facts
from wizard.model.journey import Ending, Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Advise
from wizard.model.wire import WireEvidence


def failed(journey: Journey, *endings: Ending) -> Attempt | None:
    """The attempt with which the client's walk ended in one of these ways."""
    stop = journey.stop
    if stop is None or stop.ending not in endings:
        return None
    return stop.detail if isinstance(stop.detail, Attempt) else None


def refused(target: Target, facts: Facts, journey: Journey) -> Attempt | None:
    """The client was refused by the address that it asked for."""
    attempt = failed(journey, Ending.REFUSED_THERE) if target.side is Side.CLIENT else None
    return attempt if attempt is not None and who.ended(facts, attempt) == who.TARGET else None


def silent(target: Target, journey: Journey) -> Attempt | None:
    """The client heard nothing at all."""
    return failed(journey, Ending.NO_ANSWER_THERE) if target.side is Side.CLIENT else None


def asked_there(facts: Facts, attempt: Attempt) -> bool:
    """Whether it was the target's own network in which nobody answered for it, rather than the router's on the way."""
    return way_out.in_one_network(facts, attempt.address) or who.ended(facts, attempt) != who.NOBODY


def listeners(target: Target, expect: str) -> Ask:
    """What listens on the port over there."""
    return Ask(("ss", "-Hltnp", f"sport = :{target.port}"), expect, root=True)


def over_there(facts: Facts, target: Target, journey: Journey) -> Advise:
    """Run the wizard at the other end, with what was seen here."""
    seen = heard.told(facts, target, journey)
    code = f" --heard {heard_code.encode(seen)}" if seen else ""
    return Advise(
        f"On the machine that serves, run `wizard check {url_of(target)}{code}`: it knows what was seen here."
    )


def suspicion(
    summary: str,
    ask: Ask,
    facts: Facts,
    target: Target,
    journey: Journey,
    certainty: Certainty = Certainty.POSSIBLE,
) -> Verdict:
    """A cause that only the other end can prove."""
    evidence = journey.stop.step.evidence if journey.stop and certainty is not Certainty.POSSIBLE else ()
    return found(summary, *evidence, fix=(over_there(facts, target, journey),), certainty=certainty, ask=ask)


def place(attempt: Attempt) -> str:
    """`192.168.1.7:5000`."""
    return f"{bracketed(attempt.address)}:{attempt.port}"


def evidence_of(facts: Facts, journey: Journey) -> WireEvidence | None:
    """What single packets to this destination showed, if they were sent."""
    wire = facts.wire
    return wire if isinstance(wire, WireEvidence) and wire.address == journey.packet.destination else None
