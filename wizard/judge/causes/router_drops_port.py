"""A router on the way drops what goes to this port, and lets other packets pass.

A rule between two networks of a house or a company (guest and home, VLANs, a firewall box in front of
a server), a provider that blocks 25, 80 or 445. The server answers a ping and never sees the
connection; nothing that is changed on it helps.

What it looks like: `ERR_CONNECTION_TIMED_OUT` for this port, while ping, or another port, works.

See it by hand:
  Linux    sudo traceroute -T -p 5000 192.168.2.100     ends at a router
           traceroute -I 192.168.2.100                  goes on to the machine
  macOS    traceroute -n 192.168.2.100
  Windows  tracert 192.168.2.100; Test-NetConnection 192.168.2.100 -Port 5000

Fix: on that router: let this network reach the port. Or connect both devices to one network, or use a
port that passes.

Undo: take the rule away again.

Often mistaken for: `firewall-drops-port` on the server: `wizard watch 5000` there sees nothing
arrive; `provider-blocks-port`.
"""

from __future__ import annotations

from wizard.judge.causes._client import evidence_of, place, silent, suspicion
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.wire import stopped_after
from wizard.model.diagnosis import Ask, Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Address, Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise
from wizard.model.wire import WireEvidence

CAUSE = RootCause(
    ref="router-drops-port",
    stage=Stage.ROUTE,
    title="A router on the way drops what goes to this port",
    outranks=("host-does-not-answer",),
    catalogue=("G1", "G10", "G15"),
)
RANK = 4


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NO_ANSWER_THERE)
    if stop is None:
        return not_here(journey, "Packets to this port are answered.")
    wire = evidence_of(facts, journey)
    router = stopped_after(wire) if wire else None
    if wire is None or router is None or not _before_the_last(wire):
        return ruled_out("No single router is known behind which packets to this port vanish.", *stop.step.evidence)
    return found(
        f"Packets to port {target.port} get as far as {router} and no farther, while others reach {wire.address}.",
        wire.origin,
        *stop.step.evidence,
        fix=(Advise(f"On {router}, or the box behind it: let this network reach {wire.address} port {target.port}."),),
        certainty=Certainty.LIKELY,
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """The last router in front of the target drops in the same place as the target itself."""
    attempt = silent(target, journey)
    wire = evidence_of(facts, journey)
    router: Address | None = stopped_after(wire) if wire else None
    if attempt is None or wire is None or router is None or _before_the_last(wire):
        return None
    ask = Ask(("wizard", "watch", str(target.port)), "nothing arrives while this device tries", root=True)
    said = f"The router {router} may drop what goes to {place(attempt)}; other packets pass it."
    return suspicion(said, ask, facts, target, journey)


def _before_the_last(wire: WireEvidence) -> bool:
    """Another router stands between the last that was heard of and the target, as packets of other protocols show."""
    path = wire.path("tcp")
    last = path.last if path else None
    reached = [len(other.hops) for proto in ("icmp", "udp") if (other := wire.path(proto)) and other.reached]
    return last is not None and bool(reached) and last.number < min(reached) - 1
