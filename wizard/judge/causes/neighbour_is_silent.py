"""The other device counts as a neighbour of this machine, and nobody on this LAN answers for its
address.

A device that just tried to connect from this LAN is known here: its own ARP request has told its
hardware address. Where the neighbour table says FAILED instead, the device is off, or its packets do
not come from this LAN at all: it sits behind a router, and this machine's network mask is so wide
(/8, /16) that it looks for the device next door. Its answers are then never sent.

What it looks like: `ERR_CONNECTION_TIMED_OUT` for that device; the page for devices that really are
on this LAN.

See it by hand:
  Linux    ip neigh show 192.168.7.20                FAILED or INCOMPLETE
           ip -br addr                               the mask: should it be /24?
  macOS    arp -n 192.168.7.20
  Windows  Get-NetNeighbor -IPAddress 192.168.7.20

Fix: look at the device's own address and mask; both machines of one LAN have the same mask. Correct
the mask where this machine's network is configured (DHCP on the router, netplan, NetworkManager).

Undo: the old mask.

Often mistaken for: `firewall-drops-port` (then the device is known here: REACHABLE or STALE), and
`no-route-back` (then no route names its network at all).
"""

from __future__ import annotations

from wizard.judge import vantage
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Neighbour
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="neighbour-is-silent",
    stage=Stage.ROUTE,
    title="The device counts as a neighbour, and nobody here answers for it",
    severity=Severity.WARNING,
    catalogue=("G5", "G3"),
)


def check(target: Target, facts: Facts, neighbours: tuple[Neighbour, ...], journey: Journey) -> Verdict:
    source, device = journey.packet.source, journey.packet.interface
    if journey.stop is not None:
        return not_here(journey, "")
    if target.vantage is None:
        return ruled_out("No device was named.")
    entry = next((each for each in neighbours if (each.address, each.device) == (source, device)), None)
    if entry is None or entry.state not in ("FAILED", "INCOMPLETE") or not vantage.lives_on(facts, source, device):
        return ruled_out(f"Nothing says that {source} is silent.", *((entry.origin,) if entry else ()))
    own = vantage.network_of(facts, journey.packet.destination)
    return found(
        f"{source} is in {own}, this machine's own network on {device}, and nobody there answers for it: it is off, or it is "
        "behind a router and the mask is too wide.",
        entry.origin,
        certainty=Certainty.POSSIBLE,
    )
