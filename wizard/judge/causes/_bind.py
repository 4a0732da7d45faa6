"""What the causes of the bind stage share: the sockets that were passed over, and the intents to bind anew or to move."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from wizard.judge import answers, vantage
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.walk import UNSAFE_PORTS
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Target, Verdict, ruled_out
from wizard.model.facts import Address, Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.packet import Packet
from wizard.model.remedy import Advise, Intent, Rebind


def refused_on_port(journey: Journey) -> tuple[Listener, ...]:
    """The sockets on the port that do not take the connection; empty unless the walk stops for want of one."""
    stop = stop_of(journey, Ending.NO_LISTENER)
    return stop.listeners if stop else ()


def nobody_on_port(journey: Journey) -> bool:
    """The walk stops because no socket at all is bound to the port, on this machine itself."""
    stop = stop_of(journey, Ending.NO_LISTENER)
    return stop is not None and not stop.listeners and not forwarded(journey)


def forwarded(journey: Journey) -> bool:
    """The packet was sent on to another machine or a container."""
    return journey.decision is not None and journey.decision.outcome == "forward"


def not_refused(journey: Journey, target: Target) -> Verdict:
    """No socket was passed over: ruled out, or cannot tell."""
    if nobody_on_port(journey):
        return ruled_out(f"No socket is bound to port {target.port}, on any address.")
    return not_here(journey, f"Port {target.port} is not refused for want of a socket.")


def dialled_here(journey: Journey) -> Packet:
    """The packet as the socket lookup sees it, after any translation."""
    to = journey.translated
    return replace(journey.packet, destination=to.address, destination_port=to.port) if to else journey.packet


def rebind(facts: Facts, target: Target, journey: Journey, near: tuple[Listener, ...]) -> tuple[Intent, ...]:
    """Have the program that holds `near` listen where the packet goes."""
    destination = journey.translated.address if journey.translated else journey.packet.destination
    for listener in near:
        process = answers.owner(facts, listener)
        if process is not None:
            return (Rebind(process.pid, where_to_bind(facts, destination), listener.port),)
    return (Advise(f"Start the program that holds port {target.port} again so that it listens on {destination}."),)


def where_to_bind(facts: Facts, destination: Address) -> Address:
    """Every address of the family where this machine has one LAN only (then both here and there keep working); the
    dialled address itself where it has several, so that no other network is opened."""
    networks = {
        each.network
        for interface in vantage.interfaces(facts)
        for each in interface.addresses
        if each.version == destination.version
        and not interface.loopback
        and not each.ip.is_link_local
        and not vantage.looks_virtual(interface)
    }
    if len(networks) > 1:
        return destination
    return ip_address("0.0.0.0" if destination.version == 4 else "::")


def free_port(facts: Facts, port: int) -> int:
    """A port near `port` (at least 1024) that nobody holds and no browser refuses; for a port below 1024 one near 8000."""
    held: set[int] = set() if isinstance(facts.listeners, Unknown) else {each.port for each in facts.listeners}
    first = port + 1 if port >= 1024 else 8080 if port == 80 else 8443 if port == 443 else 8000 + port
    candidates = (each for each in range(first, first + 2000) if each <= 65535)
    return next((each for each in candidates if each not in held and each not in UNSAFE_PORTS), 8080)
