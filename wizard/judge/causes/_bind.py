"""What the causes of the bind stage share: the sockets that were passed over, and the intent to bind anew."""

from __future__ import annotations

from ipaddress import ip_address

from wizard.judge import answers, vantage
from wizard.model.diagnosis import Target
from wizard.model.facts import Address, Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent, Rebind


def refused_on_port(journey: Journey) -> tuple[Listener, ...]:
    """The sockets on the port that do not take the connection; empty unless the walk stops for want of one."""
    stop = journey.stop
    if stop is None or stop.ending is not Ending.NO_LISTENER:
        return ()
    return stop.listeners


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
