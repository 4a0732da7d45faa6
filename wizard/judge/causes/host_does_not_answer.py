"""The other machine does not answer at all: nobody there, asleep, another address, or something on
the way that keeps silent.

After about three seconds "No route to host" means that nobody on this network answered ARP (or
neighbour discovery) for the address. A plain timeout means that the packets went out and nothing
came back: a firewall that drops, a router without a way, a Windows machine (which is silent where
nothing listens).

What it looks like: `ERR_ADDRESS_UNREACHABLE` (no ARP answer), `ERR_CONNECTION_TIMED_OUT` (silence).

See it by hand:
  Linux    ip neigh show 192.168.1.100          FAILED or INCOMPLETE: nobody has this address
           ip route get 192.168.1.100           which interface it leaves by
  macOS    arp -n 192.168.1.100
  Windows  arp -a 192.168.1.100

Fix: see that the other machine is on, awake, in the same network, and has this address; then run
the wizard on it. A guest Wi-Fi, or a router's client isolation, keeps devices of one network apart.

Undo: nothing was changed.

Often mistaken for: `firewall-drops-port` on the other machine; `client-isolation`, where it is
awake and may not be reached; `macos-local-network-privacy`, where only this app finds nobody.
"""

from __future__ import annotations

from wizard.judge import vantage
from wizard.judge.causes._client import over_there
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.client import way_out, who
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Address, Attempt, Facts, Neighbour
from wizard.model.journey import Ending, Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="host-does-not-answer",
    stage=Stage.ROUTE,
    title="The other machine does not answer",
    catalogue=("G3", "B14", "G9", "G10"),
)
_NOBODY = ("FAILED", "INCOMPLETE")


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NO_ANSWER_THERE)
    if stop is None:
        return not_here(journey, "The other machine answers.")
    attempt = stop.detail if isinstance(stop.detail, Attempt) else None
    address = attempt.address if attempt else journey.packet.destination
    silent = _neighbour(facts, address)
    nobody = silent is not None or (attempt is not None and attempt.errno == "EHOSTUNREACH")
    said = "nobody on this network answers for it" if nobody else "no answer comes back"
    if attempt is not None and attempt.icmp is not None and who.found_nobody(attempt) and not _own(facts, attempt):
        said = f"{attempt.icmp.offender}, which leads there, found nobody with that address in its network"
    advice = Advise(f"See that {address} is on, awake, and has this address.")
    if nobody and (router := _dead_router(facts, address)):
        said = f"the router {router}, over which the way there leads, does not answer"
        advice = Advise(f"See that the router {router} is on, and that it is this network's: `ip route` says so here.")
    return found(
        f"{bracketed(address)}:{target.port} does not answer: {said}.",
        *((silent.origin,) if silent else ()),
        *stop.step.evidence,
        fix=(advice, over_there(facts, target, journey)),
        certainty=Certainty.PROVED if nobody else Certainty.LIKELY,
    )


def _neighbour(facts: Facts, address: object) -> Neighbour | None:
    """The neighbour table's entry that says that nobody has the address."""
    heard = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    return next((each for each in heard if each.address == address and each.state in _NOBODY), None)


def _own(facts: Facts, attempt: Attempt) -> bool:
    return attempt.icmp is None or attempt.icmp.offender is None or vantage.is_own(facts, attempt.icmp.offender)


def _dead_router(facts: Facts, address: Address) -> Address | None:
    """The router on the way, where it is the one that nobody answers for."""
    way = way_out.toward(facts, address)
    gateway = way.gateway if way else None
    return gateway if gateway is not None and who.neighbour_is_silent(facts, gateway) else None
