"""Two machines on one network have the same address, and now the one, now the other answers.

An address set by hand inside the range that the router gives out, a cloned VM, a device that kept its
address after the router forgot it. Which of the two gets a packet is decided by whose ARP answer came
last.

What it looks like: it works and fails by turns; `ERR_CONNECTION_REFUSED` though the program listens, or
a stranger's page.

See it by hand:
  Linux    sudo arping -D -I eth0 192.168.1.100     an answer, though it is one's own address
           ip neigh show 192.168.1.100              on another device, again and again: two hardware addresses
  macOS    arp -n 192.168.1.100
  Windows  arp -a                                   and event 4199 in the system log

Fix: give one of the two another address: a reservation on the router, or DHCP in place of the address
set by hand.

Undo: the old address.

Often mistaken for: `two-listeners-share-port`, which comes and goes on the machine itself too.
"""

from __future__ import annotations

from wizard.judge.causes._client import evidence_of, refused, suspicion
from wizard.judge.causes._way import not_here
from wizard.judge.client import way_out
from wizard.judge.wire import duplicate
from wizard.model.diagnosis import Ask, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="duplicate-address",
    stage=Stage.ROUTE,
    title="Two machines have the same address",
    outranks=("host-does-not-answer", "refused-by-other-machine"),
    catalogue=("G4",),
)
RANK = 9


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    macs = _macs(facts, journey)
    if len(macs) < 2:
        return (
            not_here(journey, "One machine answers for the address.")
            if not macs
            else ruled_out(f"Only {macs[0]} answers for the address.")
        )
    address = journey.packet.destination
    advice = (
        f"Find the two ({' and '.join(macs)}; the first half names the maker) and give one of them another address."
    )
    return found(
        f"Two machines answer for {address}: {' and '.join(macs)}.",
        fix=(Advise(advice),),
        severity=Severity.BLOCKING if journey.stop is not None else Severity.WARNING,
    )


def _macs(facts: Facts, journey: Journey) -> tuple[str, ...]:
    """Who answered when it was asked who has the address."""
    wire = evidence_of(facts, journey)
    if wire is None or wire.neighbour is None:
        return ()
    return duplicate(wire) or wire.neighbour.macs[:1]


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """A reset in the own network may be a stranger's, who has the same address."""
    attempt = refused(target, facts, journey)
    if attempt is None or attempt.icmp is not None or not way_out.in_one_network(facts, attempt.address):
        return None
    way = way_out.toward(facts, attempt.address)
    run = ("arping", "-c", "3", *(("-I", way.device) if way and way.device else ()), str(attempt.address))
    ask = Ask(run, "answers from two hardware addresses", "here", root=True)
    return suspicion(f"Another machine may have the address {attempt.address} too.", ask, facts, target, journey)
