"""The device that connects knows no way to the address: no route leads there, so nothing is ever sent.

A machine without a default route, one whose cable or Wi-Fi is off, an IPv6 address where only IPv4 is
spoken, an address of a network (a container's, a VPN's) that this device is not in.

What it looks like: at once `ERR_ADDRESS_UNREACHABLE` (or `ERR_INTERNET_DISCONNECTED`), "Network is
unreachable", errno 101.

See it by hand:
  Linux    ip route get 192.168.1.100           "Network is unreachable"
           ip route; ip -br addr
  macOS    route -n get 192.168.1.100; netstat -rn
  Windows  route print; ipconfig

Fix: connect the device to a network that leads there, or give it a route:
  sudo ip route add 192.168.1.0/24 via 10.0.0.1 dev eth0

Undo: sudo ip route del 192.168.1.0/24 via 10.0.0.1 dev eth0

Often mistaken for: `host-does-not-answer`: there packets leave, and nobody answers within seconds; here
the error comes at once, from this very machine.
"""

from __future__ import annotations

from wizard.judge import vantage
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import RootCause, Side, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Address, Facts, WayOut
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="no-route-there",
    stage=Stage.ROUTE,
    title="The device that connects has no route to the address",
    outranks=("no-route-back",),
    catalogue=("G5", "G22", "A12"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NO_ROUTE)
    if stop is None:
        return not_here(journey, "A route leads there.")
    way = stop.detail
    if target.side is not Side.CLIENT or not isinstance(way, WayOut) or way.kind != "none":
        return ruled_out("It is not for want of a route from the device that connects.", *stop.step.evidence)
    said = _networks(facts, way.destination)
    return found(
        f"This machine has no route to {way.destination}: {way.error or 'Network is unreachable'}. {said}",
        *(each for each in (way.origin,) if each.source),
        fix=(
            Advise(f"Connect this machine to a network that leads to {way.destination}, or add a route over a router."),
        ),
    )


def _networks(facts: Facts, destination: Address) -> str:
    """The networks that this machine is in."""
    known = [
        str(each.network)
        for interface in vantage.interfaces(facts)
        if interface.up and not interface.loopback
        for each in interface.addresses
        if each.version == destination.version and not each.ip.is_link_local
    ]
    if not known:
        return f"It has no IPv{destination.version} address but its own loopback one."
    return f"It is in {', '.join(known[:4])}, and no default route leads on."
