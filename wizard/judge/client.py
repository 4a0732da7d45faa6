"""The same journey from the other end: this machine is the one that cannot get through.

What can be known here is the name, the way out, and how each real attempt ended; who answered is in the socket's error
queue (ip(7) IP_RECVERR): an ICMP message names its sender, a reset leaves the queue empty.
"""

from __future__ import annotations

from ipaddress import ip_address

from wizard.judge import answers, sees
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Stage, Target
from wizard.model.facts import Address, Attempt, AttemptOutcome, Facts
from wizard.model.journey import Action, ClientSees, Ending, Journey, Step, Stop
from wizard.model.packet import Packet, bracketed

_OUTCOMES = {
    AttemptOutcome.REFUSED: (Ending.REFUSED_THERE, sees.rejection("tcp-reset")),
    AttemptOutcome.TIMEOUT: (
        Ending.NO_ANSWER_THERE,
        ClientSees("timeout", "ERR_CONNECTION_TIMED_OUT", "ETIMEDOUT", 28),
    ),
    AttemptOutcome.UNREACHABLE: (Ending.NO_ANSWER_THERE, sees.rejection("icmp-host-unreachable")),
    AttemptOutcome.PROHIBITED: (Ending.REFUSED_THERE, sees.rejection("icmpv6-admin-prohibited")),
}


def walk(facts: Facts, target: Target) -> Journey:
    """The journey from this machine to the target, as far as it can be seen from here."""
    packet = Packet(ip_address("0.0.0.0"), _destination(target), target.port, target.proto)
    if isinstance(facts.resolution, Unknown):
        return Journey(packet, unknowns=(facts.resolution,))
    if facts.resolution is not None and not target.addresses:
        step = _step(Stage.NAME, "device", f"{target.host} does not resolve: {facts.resolution.error}", Action.STOP)
        return Journey(packet, (step,), Stop(Ending.NAME_UNRESOLVED, step))
    named = _step(Stage.NAME, "device", f"the target is {', '.join(map(str, target.addresses))}", Action.PASS)
    made = [each for each in answers.attempts(facts) if each.port == target.port and each.address in target.addresses]
    if not made:
        return Journey(packet, (named,), unknowns=(_not_tried(facts, target),))
    connected = next((each for each in made if each.outcome is AttemptOutcome.CONNECTED), None)
    if connected is None:
        return _refused(packet, named, made[0])
    return _connected(packet, named, tuple(each for each in made if each.address == connected.address), target)


def _destination(target: Target) -> Address:
    return target.addresses[0] if target.addresses else ip_address("0.0.0.0")


def _step(stage: Stage, hop: str, name: str, action: Action, attempt: Attempt | None = None) -> Step:
    return Step(hop, name, action, evidence=(attempt.origin,) if attempt else (), stage=stage.value)


def _not_tried(facts: Facts, target: Target) -> Unknown:
    if isinstance(facts.attempts, Unknown):
        return facts.attempts
    url = f"{target.scheme}://{bracketed(_destination(target))}:{target.port}/"
    return Unknown("nothing was sent", f"curl -v {url}", "whether the target answers")


def _refused(packet: Packet, named: Step, attempt: Attempt) -> Journey:
    said = (
        f"{bracketed(attempt.address)}:{attempt.port}: {attempt.errno or attempt.outcome} after {attempt.seconds:.2f} s"
    )
    step = _step(Stage.REACHABILITY, "network", said, Action.STOP, attempt)
    ending, seen = _OUTCOMES.get(
        attempt.outcome, (Ending.NO_ANSWER_THERE, ClientSees("timeout", None, attempt.errno, 7))
    )
    if attempt.errno == "ENETUNREACH":
        ending, seen = Ending.NO_ROUTE, sees.rejection("icmp-net-unreachable")
    return Journey(packet, (named, step), Stop(ending, step, detail=attempt, sees=seen))


def _connected(packet: Packet, named: Step, made: tuple[Attempt, ...], target: Target) -> Journey:
    heard = made[0]
    accepts = f"{bracketed(heard.address)}:{heard.port} accepts"
    opened = _step(Stage.REACHABILITY, "network", accepts, Action.PASS, heard)
    fault = answers.fault(made, target)
    if fault is None:
        said = f"answers HTTP {heard.status}" if heard.status else "answers"
        return Journey(packet, (named, opened, _step(Stage.APPLICATION, "program", said, Action.PASS, heard)))
    step = _step(Stage.APPLICATION, "program", fault.summary, Action.STOP, heard)
    return Journey(packet, (named, opened, step), Stop(fault.ending, step, detail=heard, sees=fault.sees))
