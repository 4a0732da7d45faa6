"""The question comes in by one interface, and the answer leaves by another.

A machine with two ways out (a cable and a Wi-Fi, a VPN beside the LAN) answers a device of another
network over the route that its table names, whichever way the question came. That may work. It does
not where something on the second way keeps track of connections (a router, a firewall, a VPN's far
end): it never saw the question, and drops the answer.

What it looks like: `ERR_CONNECTION_TIMED_OUT` for devices of other networks, while neighbours get
the page; tcpdump sees the answer leave by the other interface.

See it by hand:
  Linux    ip route get 10.88.0.2                    the interface of the answer
           tcpdump -ni any 'tcp port 5000'           In by one interface, Out by the other
  macOS    route -n get 10.88.0.2
  Windows  Find-NetRoute -RemoteIPAddress 10.88.0.2

Fix: give the device's network a route over the interface that its packets come in by:
  sudo ip route add 10.88.0.0/24 via 192.168.1.1 dev eth0

Undo: sudo ip route del 10.88.0.0/24 via 192.168.1.1 dev eth0

Often mistaken for: `reverse-path-filter` (there this machine drops the question itself), and
`no-route-back` (there the answer never leaves).
"""

from __future__ import annotations

from wizard.judge import vantage
from wizard.judge.causes._way import not_here, unread
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="answer-takes-another-way",
    stage=Stage.ROUTE,
    title="The answer leaves by another interface than the question came in by",
    severity=Severity.WARNING,
    catalogue=("G6", "G7"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    if isinstance(facts.routes, Unknown):
        return unread(facts.routes)
    if journey.stop is not None:
        return not_here(journey, "")
    arrival, source = journey.packet.interface, journey.packet.source
    departure = journey.reply.out_interface if journey.reply is not None else ""
    masters = {each.name: each.master for each in vantage.interfaces(facts)}
    if departure in ("", "lo", arrival, masters.get(arrival)) or vantage.lives_on(facts, source, departure):
        return ruled_out("The answer leaves by the interface that the question comes in by.")
    route = vantage.route_toward(facts, source)
    return found(
        f"{source} comes in by {arrival}, and its answer leaves by {departure}: whoever keeps track of connections on that "
        "way may drop it.",
        *((route.origin,) if route else ()),
        certainty=Certainty.POSSIBLE,
    )
