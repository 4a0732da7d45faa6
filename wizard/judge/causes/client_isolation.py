"""The access point or switch keeps its devices apart: each reaches the internet, none reaches another.

"Client isolation", "AP isolation", "guest network", hotel and campus Wi-Fi, phone hotspots, some mesh
systems and powerline adapters. Both devices have addresses of one network, and each sees only the
router; even the question who has an address (ARP) does not get through.

What it looks like: `ERR_ADDRESS_UNREACHABLE` after three seconds on Linux, `ERR_CONNECTION_TIMED_OUT`
on others; the server is up and its neighbours on the cable reach it.

See it by hand:
  Linux    ip neigh show 192.168.1.100          FAILED, while the router's entry is REACHABLE
           sudo wizard watch 5000               on the server: nothing arrives
  Windows  arp -a

Fix: switch the isolation off on the access point ("AP isolation", "client isolation", "wireless
isolation"; for a guest network "allow access to the intranet"), or connect one of the two by cable or
to the main network.

Undo: switch it on again.

Often mistaken for: `firewall-drops-port`, `machine-asleep`: a device on a cable gets through, or
the server sees nothing arrive.
"""

from __future__ import annotations

from wizard.judge.causes._client import silent
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.client import way_out, who
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Ask, Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Neighbour
from wizard.model.heard import Heard
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="client-isolation",
    stage=Stage.ROUTE,
    title="The access point keeps its devices apart",
    outranks=("client-saw-otherwise",),
    catalogue=("G2", "G20", "G21"),
)
RANK = 2
_ADVICE = "Switch client isolation off on the access point, or connect one of the two devices by cable."
_ALIVE = ("REACHABLE", "STALE", "DELAY", "PROBE")


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.SAW_OTHERWISE)
    if stop is None:
        return not_here(journey, "The two ends do not tell of an access point that keeps them apart.")
    heard = stop.detail
    if not isinstance(heard, Heard) or not heard.same_network or heard.transport != "unreachable":
        return ruled_out("The device does not say that nobody answered in its own network.", *stop.step.evidence)
    who_ = str(heard.client) if heard.client else "the device"
    return found(
        f"{who_} is in this machine's network and asked for it there, and nobody answered: something keeps them apart.",
        fix=(Advise(_ADVICE),),
        certainty=Certainty.LIKELY,
        ask=Ask(("wizard", "watch", str(target.port)), "nothing arrives while the device tries", "here", root=True),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Nobody answers for the address in this network, while others there do."""
    attempt = silent(target, journey)
    if attempt is None or not way_out.in_one_network(facts, attempt.address):
        return None
    if attempt.errno != "EHOSTUNREACH" and not who.neighbour_is_silent(facts, attempt.address):
        return None
    other = _another(facts, attempt.address)
    seen = f", while {other.address} in the same network does" if other else ""
    ask = Ask(("wizard", "watch", str(target.port)), "nothing arrives while this device tries, and it is up", root=True)
    said = (
        f"If {attempt.address} is up and has this address, something keeps the two apart: nobody answers for it{seen}."
    )
    return found(
        said, *((other.origin,) if other else ()), fix=(Advise(_ADVICE),), certainty=Certainty.POSSIBLE, ask=ask
    )


def _another(facts: Facts, address: object) -> Neighbour | None:
    """Another neighbour that did answer: the link works."""
    heard = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    return next((each for each in heard if each.state in _ALIVE and each.mac and each.address != address), None)
