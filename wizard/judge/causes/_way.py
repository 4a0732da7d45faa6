"""What causes share about the way: where the walk ends, what to say where it ends elsewhere, and the URL to open instead."""

from __future__ import annotations

from wizard.judge import answers, vantage
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Target, Verdict, cannot_tell, ruled_out
from wizard.model.facts import Address, Attempt, Facts
from wizard.model.journey import Ending, Journey, Stop
from wizard.model.packet import bracketed
from wizard.model.remedy import OpenInstead

_DEFAULT_PORTS = {"http": 80, "https": 443}


def stop_of(journey: Journey, *endings: Ending) -> Stop | None:
    """Where the walk stops, if it ends in one of these ways."""
    stop = journey.stop
    return stop if stop is not None and stop.ending in endings else None


def not_here(journey: Journey, otherwise: str) -> Verdict:
    """The walk does not end in the way of a cause: it stops elsewhere, nobody could look, or `otherwise` holds."""
    if journey.stop is not None:
        return ruled_out(f"The connection ends elsewhere: {journey.stop.step.name}.", *journey.stop.step.evidence)
    if journey.unknowns:
        return unread(journey.unknowns[0])
    return ruled_out(otherwise)


def unread(missing: Unknown) -> Verdict:
    """Cannot tell, in the words of what is missing."""
    return cannot_tell(f"{missing.what}: {missing.reason}" if missing.what else missing.reason, missing.remedy)


def asked(facts: Facts, stop: Stop, sent: str) -> Attempt | None:
    """The attempt that sent this (`http`, `tls`) to the program at which the walk stops."""
    first = stop.detail if isinstance(stop.detail, Attempt) else None
    made = [each for each in answers.attempts(facts) if first is None or each.port == first.port]
    return next((each for each in made if each.sent == sent), None)


def instead(
    target: Target, *, address: Address | None = None, port: int | None = None, scheme: str = ""
) -> OpenInstead:
    """Open the target's URL with another address, port or scheme."""
    host = bracketed(address) if address is not None else target.host
    return OpenInstead(url(target, host, port or target.port, scheme or target.scheme), url(target, target.host))


def url(target: Target, host: str, port: int | None = None, scheme: str = "") -> str:
    """A URL for the target's page; an empty host (only a port was asked for) gives an empty text."""
    if not host:
        return ""
    scheme, port = scheme or target.scheme, port or target.port
    shown = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
    place = "" if _DEFAULT_PORTS.get(scheme) == port else f":{port}"
    return f"{scheme}://{shown}{place}{target.path}"


def dialled(facts: Facts, journey: Journey) -> Address | None:
    """The address of this machine that other devices can dial: the packet's own if it is one, else the likeliest."""
    destination = journey.packet.destination
    others = vantage.lan_addresses(facts)
    if destination in others:
        return destination
    same = (each for each in others if each.version == destination.version)
    return next(same, others[0] if others else None)
