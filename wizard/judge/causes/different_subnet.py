"""The two devices are in different networks, and what lies between them does not let one reach the other.

A phone on the guest Wi-Fi or on mobile data, a laptop in another VLAN, a second router in a row: each
side reaches the internet, and packets to the other one's private address go to a router that drops
them or sends them nowhere.

What it looks like: `ERR_CONNECTION_TIMED_OUT`; the server never sees the packet. The addresses differ
in more than the last number (192.168.1.x and 192.168.178.x).

See it by hand:
  Linux    ip -br addr; ip route get 192.168.1.100         "via" a router: not the same network
           sudo wizard watch 5000                          on the server: nothing arrives
  macOS    ipconfig getifaddr en0; route -n get 192.168.1.100
  Windows  ipconfig

Fix: put both devices into the same network (the same Wi-Fi name, no guest network, mobile data off).
Where the networks are apart on purpose: a rule on the router between them that lets this port through.

Undo: connect to the network as before.

Often mistaken for: `client-isolation`, where both are in one network; `firewall-drops-port`:
nothing arrives at the server here.
"""

from __future__ import annotations

from wizard.judge.causes._client import evidence_of, place, silent
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.client import way_out
from wizard.judge.wire import only_this_port
from wizard.model.diagnosis import Ask, Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.heard import Heard
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="different-subnet",
    stage=Stage.ROUTE,
    title="The two devices are in different networks",
    outranks=("client-saw-otherwise",),
    catalogue=("G1", "G10", "G13", "G14", "G20"),
)
RANK = 1
_ADVICE = "Connect both devices to one network, or let the router between the two networks pass this port."


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.SAW_OTHERWISE)
    if stop is None:
        return not_here(journey, "The two ends do not tell of networks that are apart.")
    heard = stop.detail
    if not isinstance(heard, Heard) or heard.same_network is not False or heard.transport != "timeout":
        return ruled_out("The device does not say that it is in another network.", *stop.step.evidence)
    who = str(heard.client) if heard.client else "the device"
    return found(
        f"Nothing on this machine stops it; {who} is in another network, and a router between drops its packets.",
        fix=(Advise(_ADVICE),),
        certainty=Certainty.LIKELY,
        ask=Ask(("wizard", "watch", str(target.port)), "nothing arrives while the device tries", "here", root=True),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Silence from an address behind a router."""
    attempt = silent(target, journey)
    if attempt is None or attempt.errno == "EHOSTUNREACH":
        return None
    way = way_out.toward(facts, attempt.address)
    if way is None or way.gateway is None or not attempt.address.is_private:
        return None
    wire = evidence_of(facts, journey)
    if wire is not None and only_this_port(wire):
        return None
    source = f" ({way.source})" if way.source else ""
    return found(
        f"{place(attempt)} is not in this machine's own network{source}, and over the router {way.gateway} no answer comes.",
        way.origin,
        *(journey.stop.step.evidence if journey.stop else ()),
        fix=(Advise(_ADVICE),),
        certainty=Certainty.LIKELY,
        ask=Ask(("wizard", "watch", str(target.port)), "nothing arrives while this device tries", root=True),
    )
