"""A machine on the way refuses the connection: a router, a gateway or a firewall box, in front of the
one that was asked for.

The refusal is an ICMP message, and its sender is not the address that was dialled: a router without a
way there, one whose firewall keeps two networks apart (guest and home, VLANs, office and lab), or one
that looked for the machine in its last network in vain.

What it looks like: `ERR_CONNECTION_REFUSED` or `ERR_ADDRESS_UNREACHABLE`, at once or after three
seconds; the server's own firewall log shows nothing.

See it by hand:
  Linux    sudo traceroute -T -p 5000 192.168.2.100     the last line that answers, with !X, !H or !N behind it
           ip route get 192.168.2.100
  macOS    traceroute -n 192.168.2.100
  Windows  tracert 192.168.2.100

Fix: on that router: a rule that lets this network reach the port, a route, or both. Or connect both
devices to one network.

Undo: take the rule or the route away again.

Often mistaken for: `nothing-listening`, `firewall-rejects-port`: the server never saw the packet;
`refused-by-other-machine`.
"""

from __future__ import annotations

from wizard.judge.causes._client import evidence_of, place, refused, silent, suspicion
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.client import way_out, who
from wizard.judge.wire import answered_by_a_box
from wizard.model.diagnosis import Ask, Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Attempt, Facts
from wizard.model.heard import Heard
from wizard.model.journey import Ending, Journey, Stop
from wizard.model.remedy import Advise
from wizard.model.wire import WireAnswer

CAUSE = RootCause(
    ref="router-refuses",
    stage=Stage.ROUTE,
    title="A router on the way refuses the connection",
    outranks=("refused-by-other-machine",),
    catalogue=("G1", "G5", "G23"),
)
RANK = 5
_MEANS = {
    "net-unreachable": "it knows no way to that network",
    "host-unreachable": "nobody in the last network answers for the address, or a rule says so",
    "port-unreachable": "a rule of its firewall refuses it",
    "admin-prohibited": "a rule of its firewall refuses it",
    "host-prohibited": "a rule of its firewall refuses it",
    "net-prohibited": "a rule of its firewall refuses it",
    "reject-route": "a route there refuses it",
    "policy-fail": "a rule of its firewall refuses it",
    "ttl-exceeded": "the packet went round in circles: two routers send it to each other",
}


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.REFUSED_THERE)
    if stop is None:
        return not_here(journey, "Nobody on the way refuses it.")
    if isinstance(stop.detail, Heard):
        means = _MEANS.get(stop.detail.detail, "it refuses the connection")
        advice = Advise(
            "Look at the routers and firewalls between the two networks; this machine never got the packet."
        )
        return found(f"A machine between the device and this one refuses it ({means}).", fix=(advice,))
    attempt = stop.detail if isinstance(stop.detail, Attempt) else None
    wire = evidence_of(facts, journey)
    if attempt is not None and attempt.icmp is None and wire is not None and (box_ := answered_by_a_box(wire)):
        return _in_its_name(target, attempt, box_, stop)
    if attempt is None or attempt.icmp is None or who.ended(facts, attempt) != who.ROUTER:
        return ruled_out("The answer comes from the address that was asked for.", *stop.step.evidence)
    words = who.icmp_words(attempt)
    means = _MEANS.get(words, "it refuses the connection")
    box = attempt.icmp.offender
    return found(
        f"{box}, a machine on the way to {attempt.address}, refuses the connection (ICMP {words}): {means}.",
        *stop.step.evidence,
        fix=(
            Advise(f"On {box}: let this network reach {attempt.address} port {target.port}, or give it the way there."),
        ),
    )


def _in_its_name(target: Target, attempt: Attempt, answer: WireAnswer, stop: Stop) -> Verdict:
    """A reset that has crossed fewer routers than the target's own packets: something nearer sent it."""
    hops = f"{answer.distance} router{'' if answer.distance == 1 else 's'} away"
    return found(
        f"{place(attempt)} is refused by a box on the way, in that machine's name: the reset comes from {hops}.",
        *stop.step.evidence,
        fix=(Advise(f"On the routers and firewalls in between: let this network reach port {target.port}."),),
        certainty=Certainty.LIKELY,
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """A reset from behind a router may be a box's on the way, in that machine's name; only root could tell from here."""
    late = silent(target, journey)
    if late is not None and late.icmp is not None and who.found_nobody(late) and who.ended(facts, late) == who.ROUTER:
        ask = Ask(("ip", "neigh", "show", str(late.address)), "another state than FAILED", "router")
        return suspicion(f"A rule of {late.icmp.offender} may say so.", ask, facts, target, journey)
    attempt = refused(target, facts, journey)
    way = way_out.toward(facts, attempt.address) if attempt else None
    if attempt is None or attempt.icmp is not None or way is None or way.gateway is None:
        return None
    ask = Ask(("wizard", "watch", str(target.port)), "nothing arrives while this device tries", root=True)
    said = f"A router on the way ({way.gateway} or one behind it) may refuse in the name of {attempt.address}."
    return suspicion(said, ask, facts, target, journey)
