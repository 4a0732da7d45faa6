"""The same journey from the other end: this machine is the one that cannot get through.

    name -> proxy -> route and source address -> own packet filters -> each address, tried -> what the program says

What can be known here is the name, the way out, and how each real attempt ended; who answered is in the socket's error
queue (ip(7) IP_RECVERR): an ICMP message names its sender, a reset leaves the queue empty. What the kernel did with a real
attempt outranks what the model says of this machine's own rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from msgspec.structs import replace

from wizard.judge import answers, proxies, sees, vantage
from wizard.judge.client import way_out, who
from wizard.judge.walk import HSTS, UNSAFE_PORTS, forced_to_https
from wizard.judge.wire import mtu_hole
from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import Stage, Target
from wizard.model.facts import Address, Attempt, AttemptOutcome, Facts, Interface, WayOut
from wizard.model.journey import Action, ClientSees, Decision, Ending, Journey, Step, Stop
from wizard.model.packet import Packet, bracketed
from wizard.model.wire import WireEvidence


@dataclass
class _Way:
    """The journey while it is being walked."""

    facts: Facts
    target: Target
    packet: Packet
    steps: list[Step] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    stop: Stop | None = None
    decision: Decision | None = None

    def step(self, stage: Stage, hop: str, name: str, action: Action, by: str = "", *evidence: Origin) -> Step:
        """Record one step."""
        made = Step(hop, name, action, by, tuple(each for each in evidence if each.source), stage.value)
        self.steps.append(made)
        return made

    def end(self, ending: Ending, step: Step, detail: object, seen: ClientSees, reject_with: str | None = None) -> None:
        """The walk stops here."""
        self.stop = Stop(ending, step, reject_with, self.decision, detail=detail, sees=seen)


def walk(facts: Facts, target: Target) -> Journey:
    """The journey from this machine to the target, as far as it can be seen from here."""
    direct, proxied = made(facts, target)
    chosen = _chosen(direct)
    way = _Way(facts, target, _packet(facts, target, chosen))
    _name(way)
    if way.stop is None and not way.unknowns:
        if not target.addresses:
            _network(way, (), proxied, None)
            return Journey(way.packet, tuple(way.steps), way.stop, tuple(way.unknowns))
        reached = chosen is not None and chosen.outcome is AttemptOutcome.CONNECTED
        _leave(way, chosen, reached)
        if way.stop is None:
            _network(way, direct, proxied, chosen)
    return Journey(way.packet, tuple(way.steps), way.stop, tuple(way.unknowns), decision=way.decision)


def made(facts: Facts, target: Target) -> tuple[tuple[Attempt, ...], tuple[Attempt, ...]]:
    """The attempts toward the target itself, in the order in which a browser would make them, and those through a proxy."""
    every = answers.attempts(facts)
    direct = tuple(
        each
        for each in every
        if not each.through_proxy and each.port == target.port and each.address in target.addresses
    )
    return direct, tuple(each for each in every if each.through_proxy)


def _chosen(direct: tuple[Attempt, ...]) -> Attempt | None:
    """The attempt that counts: one that connected, since a browser ends up there (RFC 8305), else the one that failed
    last, whose error a browser shows."""
    connected = [each for each in direct if each.outcome is AttemptOutcome.CONNECTED]
    if connected:
        return connected[0]
    return max(direct, key=lambda each: each.seconds) if direct else None


def _packet(facts: Facts, target: Target, chosen: Attempt | None) -> Packet:
    unspecified = ip_address("0.0.0.0")
    destination = chosen.address if chosen else target.addresses[0] if target.addresses else unspecified
    known = way_out.toward(facts, destination)
    source = (chosen.source if chosen else None) or (known.source if known else None)
    if source is None:
        source = ip_address("::" if destination.version == 6 else "0.0.0.0")
    return Packet(source, destination, target.port, target.proto, interface=known.device if known else "")


def _name(way: _Way) -> None:
    facts, target = way.facts, way.target
    resolution = facts.resolution
    through_proxy = any(each.through_proxy for each in answers.attempts(facts))
    if through_proxy and not target.addresses and proxies.asked_for(target, facts):
        way.step(Stage.NAME, "device", f"{target.host} is looked up by the proxy, not here", Action.PASS)
        return
    if isinstance(resolution, Unknown):
        way.step(Stage.NAME, "device", f"the name {target.host} was not looked up", Action.UNKNOWN, resolution.reason)
        way.unknowns.append(resolution)
        return
    if resolution is not None and not target.addresses:
        said = f"{target.host} does not resolve: {resolution.error}"
        step = way.step(Stage.NAME, "device", said, Action.STOP, "", resolution.origin)
        way.stop = Stop(Ending.NAME_UNRESOLVED, step)
        return
    addresses = ", then ".join(map(str, happy_eyeballs(target.addresses)))
    origin = resolution.origin if resolution is not None else Origin("")
    said = f"{target.host} is {addresses}" if resolution is not None else f"the target is {addresses}"
    way.step(Stage.NAME, "device", said, Action.PASS, "", origin)


def happy_eyeballs(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    """The order in which a browser tries them: the resolver's, the two families by turns (RFC 8305 section 4)."""
    if not addresses:
        return ()
    first = [each for each in addresses if each.version == addresses[0].version]
    other = [each for each in addresses if each.version != addresses[0].version]
    turns = list(zip(first, other, strict=False))
    rest = first[len(turns) :] or other[len(turns) :]
    return (*(each for pair in turns for each in pair), *rest)


def _leave(way: _Way, chosen: Attempt | None, reached: bool) -> None:
    """The way out of this machine; where a connection was made, its routes and rules let it out, whatever they look like."""
    known = way_out.toward(way.facts, way.packet.destination)
    refusing = known is not None and known.kind not in ("unicast", "local", "none")
    if not reached and not refusing and (down := way_out.down(way.facts, way.packet.destination)):
        _no_link(way, down, chosen)
        return
    if known is not None and known.kind not in ("unicast", "local") and not reached:
        _no_way(way, known, chosen)
        return
    if known is not None:
        said = way_out.words(way.facts, known)
        way.step(Stage.ROUTE, known.device or "network", said, Action.PASS, "", known.origin)
    _own_rules(way, chosen, reached)


def _no_link(way: _Way, interface: Interface, chosen: Attempt | None) -> None:
    why = "is down" if not interface.up else "has no link (no carrier)"
    step = way.step(Stage.ROUTE, interface.name, f"{interface.name} {why}", Action.STOP, "", interface.origin)
    way.end(Ending.INTERFACE_DOWN, step, interface, _unreachable(way.facts, chosen.errno if chosen else "ENETUNREACH"))


def _no_way(way: _Way, known: WayOut, chosen: Attempt | None) -> None:
    where = way.packet.destination
    said = f"no route to {where}" if known.kind == "none" else f"the route to {where} is {known.kind}"
    step = way.step(Stage.ROUTE, "routing", said, Action.STOP, known.error, known.origin)
    errno = chosen.errno if chosen and chosen.errno else way_out.errno_of(known)
    way.end(Ending.NO_ROUTE, step, known, _unreachable(way.facts, errno))


def _unreachable(facts: Facts, errno: str) -> ClientSees:
    """Chrome says more where no interface but loopback works (NetworkChangeNotifier::IsOffline)."""
    seen = sees.of_errno(errno)
    offline = seen.browser == "ERR_ADDRESS_UNREACHABLE" and way_out.is_offline(facts)
    return replace(seen, browser="ERR_INTERNET_DISCONNECTED") if offline else seen


def _own_rules(way: _Way, chosen: Attempt | None, reached: bool) -> None:
    """This machine's own packet filters. A rule that answers the program itself is seen in the error queue too."""
    decision = way_out.decision(way.facts, way.packet)
    told_off = chosen is not None and who.ended(way.facts, chosen) == who.SELF and chosen.icmp is not None
    if decision is not None and decision.outcome == "deliver" and not reached and _silent(chosen):
        back = way_out.answer(way.facts, way.packet)
        decision = back if back is not None and back.outcome in ("drop", "reject") else decision
    if reached:
        way.step(Stage.FIREWALL, "firewall", "this machine's own rules let it out", Action.PASS)
    if reached or decision is None:
        if told_off and chosen is not None:
            _own_rejection(way, chosen, None)
        return
    failed_so = chosen is None or _fits(way.facts, decision, chosen)
    if decision.outcome in ("drop", "reject") and decision.by is not None and failed_so:
        way.decision = decision
        _own_rejection(way, chosen, decision)
    elif told_off and chosen is not None:
        _own_rejection(way, chosen, None)
    elif decision.outcome == "deliver":
        by = decision.by.front_end_words or decision.by.rule if decision.by else ""
        way.step(Stage.FIREWALL, "firewall", "this machine's own rules let it out", Action.PASS, by)


def _silent(chosen: Attempt | None) -> bool:
    return chosen is not None and chosen.outcome is AttemptOutcome.TIMEOUT


def _fits(facts: Facts, decision: Decision, attempt: Attempt) -> bool:
    """Whether the attempt ended as it must, were it this rule that ended it."""
    if decision.outcome == "drop" or decision.stage in ("input", "prerouting"):
        return attempt.outcome is AttemptOutcome.TIMEOUT or attempt.errno == "EPERM"
    if decision.reject_with == "tcp-reset":
        return attempt.outcome is AttemptOutcome.REFUSED and attempt.icmp is None
    return who.ended(facts, attempt) == who.SELF


def _own_rejection(way: _Way, chosen: Attempt | None, decision: Decision | None) -> None:
    by, origins = "", [chosen.origin] if chosen else []
    verb = "stop it on its way out"
    if decision is not None and decision.by is not None:
        by = decision.by.front_end_words or decision.by.rule or decision.by.what
        origins.insert(0, decision.by.origin)
        verb = "drop it on its way out" if decision.outcome == "drop" else "reject it on its way out"
        if decision.stage in ("input", "prerouting", "ingress"):
            verb = "do not let the answer in"
    step = way.step(Stage.FIREWALL, "firewall", f"this machine's own rules {verb}", Action.STOP, by, *origins)
    rejected = (decision.reject_with if decision else None) or (who.reject_with(chosen) if chosen else None)
    seen = sees.of_errno(chosen.errno) if chosen and chosen.errno else sees.of_errno("ETIMEDOUT")
    if chosen is None and rejected:
        seen = sees.rejection(rejected)
    way.end(Ending.OWN_RULES, step, chosen, seen, rejected or None)


def _network(way: _Way, direct: tuple[Attempt, ...], proxied: tuple[Attempt, ...], chosen: Attempt | None) -> None:
    """What the attempts met: the proxy that a browser asks, or the target itself."""
    asked = proxies.asked_for(way.target, way.facts)
    if asked is not None and proxied and (fault := _proxy_fault(way, asked, proxied)):
        step, seen = fault
        way.end(Ending.PROXY_REFUSED, step, proxied[0], seen)
        return
    if chosen is None:
        if not proxied:
            way.unknowns.append(_not_tried(way))
    elif chosen.outcome is AttemptOutcome.CONNECTED:
        _connected(way, direct, chosen)
    else:
        _failed(way, direct, chosen)


def _proxy_fault(way: _Way, asked: proxies.ProxyServer, proxied: tuple[Attempt, ...]) -> tuple[Step, ClientSees] | None:
    """How the proxy fails the browser; None (and a step that passes) where it leads to the target."""
    attempt = proxied[0]
    where = f"the proxy {asked.text}"
    if attempt.outcome is not AttemptOutcome.CONNECTED:
        said = f"{where} cannot be reached: {attempt.errno or attempt.outcome}"
        step = way.step(Stage.NAME, "proxy", said, Action.STOP, "", attempt.origin)
        return step, ClientSees("proxy-error", "ERR_PROXY_CONNECTION_FAILED", attempt.errno or None, 7)
    if attempt.sent == "tls" and attempt.tls != "ok" and attempt.banner:
        said = f"{where} opens no way to the target (HTTP {attempt.status})"
        step = way.step(Stage.NAME, "proxy", said, Action.STOP, "", attempt.origin)
        return step, ClientSees("proxy-error", "ERR_TUNNEL_CONNECTION_FAILED", None, 56)
    if attempt.sent == "http" and attempt.status in (403, 407, 502, 503, 504):
        said = f"{where} answers HTTP {attempt.status} in the target's place"
        step = way.step(Stage.NAME, "proxy", said, Action.STOP, "", attempt.origin)
        return step, ClientSees("http-error", None, None, 0)
    way.step(Stage.NAME, "proxy", f"{where} is asked, and leads there", Action.PASS, "", attempt.origin)
    return None


def _not_tried(way: _Way) -> Unknown:
    if isinstance(way.facts.attempts, Unknown):
        return way.facts.attempts
    target = way.target
    url = f"{target.scheme}://{bracketed(way.packet.destination)}:{target.port}/"
    return Unknown("nothing was sent", f"curl -v {url}", "whether the target answers")


def _failed(way: _Way, direct: tuple[Attempt, ...], chosen: Attempt) -> None:
    step = way.step(
        Stage.REACHABILITY,
        "network",
        _said(way.facts, chosen),
        Action.STOP,
        _others(way, direct, chosen),
        chosen.origin,
    )
    seen = sees.of_errno(chosen.errno)
    if chosen.errno == "EADDRNOTAVAIL":
        way.end(Ending.NO_PORT_LEFT, step, chosen, seen)
        return
    by = who.ended(way.facts, chosen)
    if by in (who.TARGET, who.ROUTER) and not who.found_nobody(chosen):
        way.end(Ending.REFUSED_THERE, step, chosen, seen, who.reject_with(chosen) or None)
    elif by == who.SELF and not who.found_nobody(chosen):
        way.end(Ending.NO_ROUTE, step, way_out.refusal(way.facts, chosen), seen)
    else:
        way.end(Ending.NO_ANSWER_THERE, step, chosen, seen)


def _others(way: _Way, direct: tuple[Attempt, ...], chosen: Attempt) -> str:
    """What became of the attempts beside the one that counts."""
    failed = [
        each for each in direct if each.address != chosen.address and each.outcome is not AttemptOutcome.CONNECTED
    ]
    return "; ".join(_said(way.facts, each) for each in failed)


_BY = {
    who.TARGET: "by that machine itself",
    who.SELF: "by this machine itself",
    who.NOBODY: "",
}


def _said(facts: Facts, attempt: Attempt) -> str:
    """`192.168.1.7:5000: ECONNREFUSED after 0.00 s, by a reset of that machine`."""
    by = who.ended(facts, attempt)
    if by == who.TARGET and attempt.outcome is AttemptOutcome.REFUSED:
        answer = "a reset" if attempt.icmp is None else f"ICMP {who.icmp_words(attempt)}"
        said = f", by {answer} from that address"
    elif by == who.ROUTER and attempt.icmp is not None:
        said = f", by ICMP {who.icmp_words(attempt)} from {attempt.icmp.offender}, a machine on the way"
    elif by == who.NOBODY and attempt.errno == "EHOSTUNREACH":
        said = ": nobody on this network answers for the address"
    else:
        said = f", {_BY[by]}" if _BY.get(by) else ""
    where = f"{bracketed(attempt.address)}:{attempt.port}"
    return f"{where}: {attempt.errno or attempt.outcome} after {attempt.seconds:.2f} s{said}"


def _connected(way: _Way, direct: tuple[Attempt, ...], heard: Attempt) -> None:
    accepts = f"{bracketed(heard.address)}:{heard.port} accepts"
    way.step(Stage.REACHABILITY, "network", accepts, Action.PASS, _others(way, direct, heard), heard.origin)
    same = tuple(each for each in direct if each.address == heard.address)
    if lost := answer_lost(same):
        said = "the answer to a plain request does not come through; asked for small packets, it does"
        step = way.step(Stage.REACHABILITY, "network", said, Action.STOP, "", heard.origin, lost.origin)
        way.stop = Stop(Ending.ANSWER_LOST, step, detail=lost)
        return
    normal = tuple(each for each in same if not each.small_segments)
    fault = answers.fault(normal, way.target)
    if fault is None:
        said = f"answers HTTP {heard.status}" if heard.status else "answers"
        way.step(Stage.APPLICATION, "program", said, Action.PASS, answers.header(heard, "Server"), heard.origin)
        _browser(way)
        return
    if fault.ending is Ending.SILENT and _hole(way.facts, heard):
        said = "the answer does not come, and big packets are lost on the way"
        way.stop = Stop(
            Ending.ANSWER_LOST,
            way.step(Stage.REACHABILITY, "network", said, Action.STOP, "", heard.origin),
            detail=heard,
        )
        return
    step = way.step(Stage.APPLICATION, "program", fault.summary, Action.STOP, "", heard.origin)
    way.end(fault.ending, step, heard, fault.sees)


def _hole(facts: Facts, attempt: Attempt) -> bool:
    wire = facts.wire
    return isinstance(wire, WireEvidence) and wire.address == attempt.address and mtu_hole(wire) is not None


def answer_lost(made_there: tuple[Attempt, ...]) -> Attempt | None:
    """The attempt with small packets that got a whole answer where the usual one did not."""
    small = next((each for each in made_there if each.small_segments), None)
    usual = next((each for each in made_there if not each.small_segments), None)
    if small is None or usual is None or not answers.is_whole(small) or answers.is_whole(usual):
        return None
    return small


def _browser(way: _Way) -> None:
    """What only a browser refuses: a port on its list."""
    target = way.target
    if target.port in UNSAFE_PORTS and target.scheme in ("http", "https"):
        step = way.step(Stage.NAME, "device", f"browsers refuse to open port {target.port}", Action.STOP)
        way.end(Ending.NEVER_SENT, step, None, ClientSees("connected", "ERR_UNSAFE_PORT", None, 0))
    elif forced_to_https(target):
        step = way.step(Stage.NAME, "device", f"browsers open {target.host} over https only", Action.STOP)
        way.end(Ending.NEVER_SENT, step, HSTS, answers.NO_TLS)


def own_address(facts: Facts, target: Target) -> Address | None:
    """The address of this machine that the target sees, as far as is known here."""
    direct, _ = made(facts, target)
    chosen = _chosen(direct)
    source = _packet(facts, target, chosen).source
    return None if source.is_unspecified or not vantage.is_own(facts, source) else source
