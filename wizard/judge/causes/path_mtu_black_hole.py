"""Small answers get through and big ones are lost: a link on the way carries smaller packets than both
ends believe, and the message that would say so does not arrive.

PPPoE, VPN tunnels and jumbo frames make such links; a firewall that drops every ICMP message hides
them. The connection is made, the request arrives, and the page hangs.

What it looks like: the page loads for ever, then `ERR_CONNECTION_TIMED_OUT` or
`ERR_CONNECTION_RESET`; short pages and `ping` work.

See it by hand:
  Linux    ping -M do -s 1472 192.168.1.100     silence, while -s 1200 is answered
           sudo tracepath -n 192.168.1.100
  macOS    ping -D -s 1472 192.168.1.100
  Windows  ping -f -l 1472 192.168.1.100

Fix: ask for smaller packets on the way there, on the device that connects:
  sudo ip route add 192.168.1.100/32 dev eth0 mtu 1280
or for everybody, on the router: let ICMP "fragmentation needed" (type 3 code 4) and ICMPv6 "packet
too big" (type 2) through, or clamp the segment size of TCP to the path.

Undo: sudo ip route del 192.168.1.100/32 dev eth0 mtu 1280

Often mistaken for: `process-hung`: there not even a short page comes; `answer-cut-short`.
"""

from __future__ import annotations

from ipaddress import ip_network

from wizard.judge.causes._client import evidence_of, failed, place
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.client import way_out
from wizard.judge.wire import mtu_hole
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Address, Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import AddRoute, Advise, Intent

CAUSE = RootCause(
    ref="path-mtu-black-hole",
    stage=Stage.ROUTE,
    title="Big packets are lost on the way",
    outranks=("process-hung",),
    catalogue=("G18",),
)
_SAFE = {4: 576, 6: 1280}
"""What is tried where no size was measured: what was asked for when the answer came; IPv6's least (RFC 8200)."""


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.ANSWER_LOST)
    if stop is None:
        return not_here(journey, "The whole answer comes through.")
    attempt = failed(journey, Ending.ANSWER_LOST)
    address = attempt.address if attempt else journey.packet.destination
    where = place(attempt) if attempt else target.host
    wire = evidence_of(facts, journey)
    hole = mtu_hole(wire) if wire else None
    size = f" ({hole[0]} bytes pass, {hole[1]} do not)" if hole else ""
    return found(
        f"{where} answers in small packets and not in big ones{size}: a link on the way carries less, and nobody says so.",
        *stop.step.evidence,
        fix=(_fix(facts, address, hole[0] if hole else _SAFE[address.version]),),
        certainty=Certainty.LIKELY,
    )


def _fix(facts: Facts, address: Address, mtu: int) -> Intent:
    way = way_out.toward(facts, address)
    if way is None or not way.device:
        return Advise(f"Ask for smaller packets on the way to {address}: a route of its own with `mtu {mtu}`.")
    return AddRoute(ip_network(address), way.device, way.gateway, mtu)
