"""Walks one connection attempt the way the kernel does, and says where it ends.

    name and address -> arrival -> packet filters and routing (trace) -> socket lookup -> accept queue
    -> the answer's way back -> the process -> what the application says

Deciding and explaining are one pass: every step that the packet takes is recorded with its evidence, and the walk ends at
the first step that stops it. A step that nobody could look at is recorded as unknown and walked past, because a later
certain stop still is one; the journey then never counts as arriving.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from wizard.judge import answers, sees, sockets, vantage
from wizard.judge.trace import reply as trace_reply
from wizard.judge.trace import trace
from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import Side, Stage, Target
from wizard.model.facts import Address, Facts, Interface, Listener
from wizard.model.journey import Action, ClientSees, Decision, Ending, Journey, Step, Stop, Translation
from wizard.model.packet import Packet, bracketed

# Chromium's kRestrictedPorts (net/base/port_util.cc) and the Fetch standard's "bad port" list: nothing is ever sent.
UNSAFE_PORTS = frozenset({
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
    113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548,
    554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665,
    6666, 6667, 6668, 6669, 6679, 6697, 10080,
})  # fmt: skip


# Top-level domains of which browsers open every name over TLS only (Chromium's transport_security_state_static.json).
_HSTS_DOMAINS = frozenset((
    "android", "app", "bank", "boo", "channel", "chrome", "dad", "day", "dev", "esq", "foo", "gle", "google", "hangout",
    "ing", "insurance", "meme", "mov", "new", "nexus", "page", "phd", "play", "prof", "rsvp", "youtube", "zip",
))  # fmt: skip
HSTS = "hsts"


def forced_to_https(target: Target) -> bool:
    """Whether browsers change the http:// of this URL into https:// before they send anything."""
    name, dot, top = target.host.lower().rstrip(".").rpartition(".")
    return target.scheme == "http" and bool(dot and name) and top in _HSTS_DOMAINS


@dataclass
class _Way:
    """The journey while it is being walked."""

    facts: Facts
    target: Target
    packet: Packet
    steps: list[Step] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    stop: Stop | None = None
    listener: Listener | None = None
    decision: Decision | None = None
    reply: Decision | None = None
    translated: Translation | None = None

    def step(self, stage: Stage, hop: str, name: str, action: Action, by: str = "", *evidence: Origin) -> Step:
        """Record one step."""
        made = Step(hop, name, action, by, tuple(each for each in evidence if each.source), stage.value)
        self.steps.append(made)
        return made

    def end(
        self,
        ending: Ending,
        step: Step,
        *,
        reject_with: str | None = None,
        decision: Decision | None = None,
        listeners: tuple[Listener, ...] = (),
        detail: object = None,
        sees: ClientSees | None = None,
    ) -> None:
        """The walk stops here."""
        self.stop = Stop(ending, step, reject_with, decision, listeners, detail, sees)

    def miss(self, unknown: Unknown) -> None:
        """Something on the way could not be looked at."""
        if unknown not in self.unknowns:
            self.unknowns.append(unknown)

    @property
    def address(self) -> Address:
        """Where the packet goes now, after any translation."""
        return self.translated.address if self.translated else self.packet.destination

    @property
    def port(self) -> int:
        """The port it goes to now."""
        return self.translated.port if self.translated else self.packet.destination_port

    @property
    def done(self) -> bool:
        """Whether the walk has ended."""
        return self.stop is not None


def walk(facts: Facts, target: Target, packet: Packet) -> Journey:
    """The journey of `packet` on the machine of `facts`; pure, and the same for live facts and a bundle's."""
    way = _Way(facts, target, packet)
    for pace in _WINDOWS_PACES if facts.platform == "windows" else _PACES:
        if not way.done:
            pace(way)
    return Journey(
        packet,
        tuple(way.steps),
        way.stop,
        tuple(way.unknowns),
        way.listener,
        way.translated,
        _program(way),
        way.decision,
        way.reply,
    )


def _program(way: _Way) -> str:
    candidates = [way.listener, *(way.stop.listeners if way.stop else ())]
    owners = [owner for each in candidates if (owner := answers.owner(way.facts, each)) is not None]
    return answers.title(owners[0]) if owners else ""


def _name(way: _Way) -> None:
    """The name resolves, and to an address of this machine."""
    target, facts = way.target, way.facts
    resolution = facts.resolution
    if isinstance(resolution, Unknown):
        way.step(Stage.NAME, "device", f"the name {target.host} was not looked up", Action.UNKNOWN, resolution.reason)
        way.miss(resolution)
        return
    if resolution is not None and not target.addresses:
        step = way.step(
            Stage.NAME, "device", f"{target.host} does not resolve", Action.STOP, resolution.error, resolution.origin
        )
        way.end(Ending.NAME_UNRESOLVED, step)
        return
    if isinstance(facts.interfaces, Unknown):
        way.step(Stage.NAME, "device", "this machine's addresses are not known", Action.UNKNOWN)
        way.miss(replace(facts.interfaces, what="this machine's addresses"))
        return
    if not vantage.is_own(facts, way.packet.destination):
        step = way.step(
            Stage.NAME, "device", f"{way.packet.destination} is not an address of this machine", Action.STOP
        )
        sees = ClientSees("unreachable", "ERR_ADDRESS_UNREACHABLE", "EHOSTUNREACH", 7)
        way.end(Ending.WRONG_ADDRESS, step, detail="foreign", sees=sees)
        return
    if way.packet.destination.is_loopback and not vantage.is_own(facts, way.packet.source):
        step = way.step(Stage.ROUTE, "network", "this machine has no address on any network", Action.STOP)
        way.end(Ending.INTERFACE_DOWN, step, detail=_idle(facts))
        return
    holder = vantage.own_addresses(facts).get(way.packet.destination)
    where = f", on {holder.name}" if holder else ""
    origin = holder.origin if holder else Origin("")
    way.step(Stage.NAME, "device", f"{way.packet.destination} is this machine{where}", Action.PASS, "", origin)


def _idle(facts: Facts) -> Interface | None:
    """An interface toward a network that is down, on a machine that has no address there."""
    return next((each for each in vantage.interfaces(facts) if not each.loopback and not each.up), None)


def _arrive(way: _Way) -> None:
    """The interface is up and has a link."""
    name = way.packet.interface
    if not name or name == "lo":
        return
    for interface in vantage.interfaces(way.facts):
        if interface.name != name:
            continue
        if not interface.up or interface.carrier is False:
            why = "is down" if not interface.up else "has no link (no carrier)"
            step = way.step(Stage.ROUTE, name, f"{name} {why}", Action.STOP, "", interface.origin)
            way.end(Ending.INTERFACE_DOWN, step, detail=interface)
            return
        way.step(Stage.ROUTE, name, f"arrives on {name}", Action.PASS, "", interface.origin)


def _filters(way: _Way) -> None:
    """Packet filters and routing, as wizard.judge.trace decides them."""
    decision = trace(way.facts, way.packet)
    way.decision = decision
    if (decision.to.address, decision.to.port) != (way.packet.destination, way.packet.destination_port):
        way.translated = decision.to
        to = f"{bracketed(decision.to.address)}:{decision.to.port}"
        way.step(Stage.FIREWALL, "firewall", f"translated to {to}", Action.TRANSLATE, _by(decision), _rule(decision))
    if decision.outcome == "unknown":
        way.step(Stage.FIREWALL, "firewall", "could not be judged", Action.UNKNOWN, decision.reason or _by(decision))
        for each in way.facts.unreadable_rulesets or (_why_unknown(way.facts, decision),):
            way.miss(each)
    elif decision.outcome in ("drop", "reject"):
        _stopped_by_filter(way, decision)
    elif decision.outcome == "forward":
        _forwarded(way, decision)
    else:
        way.step(Stage.FIREWALL, "firewall", "lets it in", Action.PASS, _by(decision), _rule(decision))


def _why_unknown(facts: Facts, decision: Decision) -> Unknown:
    if isinstance(facts.rulesets, Unknown):
        return facts.rulesets
    why = decision.reason or "; ".join(decision.assumptions) or "a rule asks for something that a model cannot know"
    remedy = "sudo wizard check … --rehearse" if facts.platform == "linux" else ""
    if facts.platform == "windows" and not facts.privileged:
        remedy = "wizard check, as an administrator"
    return Unknown(why, remedy, "what the firewall does with this packet")


def _stopped_by_filter(way: _Way, decision: Decision) -> None:
    """Dropped or rejected: by a rule, a policy, the routing table, or the reverse path filter."""
    words = "drops it" if decision.outcome == "drop" else f"rejects it ({decision.reject_with})"
    if decision.by is not None:
        step = way.step(
            Stage.FIREWALL, "firewall", f"the firewall {words}", Action.STOP, _by(decision), _rule(decision)
        )
        ending = Ending.FILTER_DROPPED if decision.outcome == "drop" else Ending.FILTER_REJECTED
    else:
        step = way.step(Stage.ROUTE, "routing", decision.reason or words, Action.STOP)
        ending = Ending.SOURCE_FILTERED if decision.outcome == "drop" else Ending.NO_ROUTE
    seen = sees.rejection("icmp-host-unreachable") if _not_even_arp(way, decision) else None
    way.end(ending, step, reject_with=decision.reject_with, decision=decision, sees=seen)


def _not_even_arp(way: _Way, decision: Decision) -> bool:
    """Whether a device of this LAN gets no answer to its ARP request either: the kernel answers it only where the way back
    to the sender passes the reverse path filter too (arp_process, net/ipv4/arp.c). Three seconds later the device's own
    kernel says that the host is unreachable. A router has an entry of its own, and the packet is dropped in silence."""
    filtered = decision.by is None and decision.outcome == "drop" and decision.reason.startswith("rp_filter")
    return filtered and vantage.lives_on(way.facts, way.packet.source, way.packet.interface)


def _by(decision: Decision) -> str:
    """Who decided, in the front end's words where it has some, else the rule itself."""
    by = decision.by
    if by is None:
        return decision.reason
    where = f"{by.engine} {by.family} {by.table} {by.chain}"
    return by.front_end_words or f"{where}: {by.rule or by.what}"


def _rule(decision: Decision) -> Origin:
    return decision.by.origin if decision.by else Origin("")


def _forwarded(way: _Way, decision: Decision) -> None:
    """Sent on to a container or another machine: what is known of it is an attempt from here."""
    to = decision.to
    known = answers.of_connection(way.facts, to.address, to.port)
    where = f"{bracketed(to.address)}:{to.port}"
    if known is None:
        way.step(Stage.FIREWALL, "firewall", f"sends it on to {where}", Action.PASS, _by(decision), _rule(decision))
        way.miss(Unknown(f"nobody asked {where}, where the packet is sent on to", f"curl -v http://{where}/", where))
        return
    way.step(Stage.FIREWALL, "firewall", f"sends it on to {where}", Action.PASS, _by(decision), _rule(decision))
    if known.outcome == "timeout" and not _hears(way.facts, to):
        way.miss(Unknown(f"{where} did not answer this machine itself", f"curl -v http://{where}/", where))
        return
    if known.outcome == "connected":
        way.step(Stage.PROCESS, where, "something accepts there", Action.PASS, "", known.origin)
        return
    step = way.step(Stage.CONFLICT, where, f"{where} answers: {known.outcome}", Action.STOP, known.errno, known.origin)
    ending = Ending.NO_LISTENER if known.outcome == "refused" else Ending.FORWARDED_NOWHERE
    way.end(ending, step, decision=decision, detail="forwarded")


def _hears(facts: Facts, place: Translation) -> bool:
    """Whether this machine's input filters let anything in from there. They see the answer to its own attempt, never the
    one to a forwarded client, so where they may have dropped it silence proves nothing."""
    route = vantage.route_toward(facts, place.address)
    device = route.device if route else ""
    own = [
        each.ip for interface in vantage.interfaces(facts) if interface.name == device for each in interface.addresses
    ]
    same = [each for each in own if each.version == place.address.version]
    return bool(same) and trace(facts, Packet(place.address, same[0], 40000, interface=device)).outcome == "deliver"


def _socket(way: _Way) -> None:
    """The socket lookup: who takes the connection, if anybody."""
    if way.decision is not None and way.decision.outcome == "forward":
        return
    listeners = way.facts.listeners
    if isinstance(listeners, Unknown):
        way.step(Stage.BIND, "port", "the listening sockets are not known", Action.UNKNOWN, listeners.reason)
        way.miss(listeners)
        return
    found = sockets.lookup(listeners, way.packet.proto, way.address, way.port, way.packet.interface)
    near = sockets.on_port(listeners, way.packet.proto, way.port)
    if not found:
        _nobody_takes_it(way, near)
        return
    way.listener = found[0]
    if rival := answers.rival(way.facts, found, near):
        origins = [each.origin for each in near]
        step = way.step(Stage.CONFLICT, "port", rival.summary, Action.STOP, "", *origins)
        fault = answers.fault(answers.of_application(way.facts, found[0], way.address, way.port), way.target)
        way.end(Ending.ANOTHER_PROGRAM, step, listeners=near, detail=rival, sees=fault.sees if fault else rival.sees)
        return
    origins = [each.origin for each in found]
    way.step(Stage.BIND, "port", f"taken by {answers.who(way.facts, found[0])}", Action.PASS, "", *origins)


def _nobody_takes_it(way: _Way, near: tuple[Listener, ...]) -> None:
    """No socket: the kernel answers with a reset (tcp_v4_send_reset), unless the output filters swallow that too."""
    bound = ", ".join(dict.fromkeys(str(each.address) for each in near))
    said = f"only bound to {bound}" if near else "nobody listens"
    stage = Stage.BIND if near else Stage.PROCESS
    step = way.step(stage, "port", said, Action.STOP, "", *(each.origin for each in near))
    sees = None
    if way.facts.platform == "windows":
        sees = _unanswered() if _is_silent_on_windows(way) else None
    elif way.facts.platform == "macos":
        sees = _unanswered() if _is_silent_on_a_mac(way) else None
    elif not way.unknowns and _reply(way).outcome in ("drop", "reject"):
        sees = _unanswered()
    way.end(Ending.NO_LISTENER, step, listeners=near, sees=sees)


def _unanswered() -> ClientSees:
    return ClientSees("timeout", "ERR_CONNECTION_TIMED_OUT", "ETIMEDOUT", 28)


def _is_silent_on_a_mac(way: _Way) -> bool:
    """Stealth mode; where its setting is not known it is taken to be off, as it is unless somebody switched it on."""
    from wizard.judge import macos  # loaded only for facts of a Mac

    return macos.hides_closed_ports(way.facts, way.packet) is True


def _is_silent_on_windows(way: _Way) -> bool:
    """Stealth mode keeps the reset back. Where it is not known whether the firewall is on, it is taken to be, as it is
    unless somebody switched it off."""
    from wizard.judge import windows

    return windows.hides_closed_ports(way.facts, way.packet) is not False


def _queue(way: _Way) -> None:
    """The accept queue: while it is over-full, new SYNs are dropped (tcp_conn_request, net/ipv4/tcp_input.c)."""
    listener = way.listener
    if listener is None or listener.accept_queue is None or listener.backlog is None:
        return
    if listener.accept_queue > listener.backlog:
        said = f"the accept queue is full: {listener.accept_queue} wait, {listener.backlog} may"
        step = way.step(Stage.PROCESS, "port", said, Action.STOP, "", listener.origin)
        way.end(Ending.QUEUE_FULL, step, listeners=(listener,))


def _back(way: _Way) -> None:
    """The answer's way back: output filters, and a route to the client."""
    if way.decision is None or way.decision.outcome != "deliver":
        return
    decision = _reply(way)
    if decision.outcome in ("drop", "reject"):
        if decision.by is not None:
            said = "the firewall stops the answer on its way out"
            step = way.step(Stage.FIREWALL, "reply", said, Action.STOP, _by(decision), _rule(decision))
            way.end(Ending.REPLY_DROPPED, step, decision=decision)
        else:
            step = way.step(Stage.ROUTE, "reply", decision.reason or "no route back", Action.STOP)
            way.end(Ending.REPLY_NO_ROUTE, step, decision=decision)
    elif decision.outcome == "unknown":
        way.step(Stage.FIREWALL, "reply", "the answer's way out could not be judged", Action.UNKNOWN)
        way.miss(_why_unknown(way.facts, decision))
    elif isinstance(way.facts.routes, Unknown):
        way.step(Stage.ROUTE, "reply", "the routes are not known", Action.UNKNOWN, way.facts.routes.reason)
        way.miss(replace(way.facts.routes, what=way.facts.routes.what or "the routes"))
    elif vantage.answer_goes_astray(way.facts, way.packet.source, way.packet.interface, decision.out_interface):
        said = f"it leaves by {decision.out_interface}, and {way.packet.source} lives on {way.packet.interface}"
        step = way.step(Stage.ROUTE, "reply", said, Action.STOP)
        way.end(Ending.REPLY_NO_ROUTE, step, decision=replace(decision, outcome="drop", reason=said))
    else:
        way.step(Stage.ROUTE, "reply", "the answer finds its way back", Action.PASS, decision.out_interface)


def _reply(way: _Way) -> Decision:
    if way.decision is None:
        raise AssertionError("the way in is walked before the way back")
    if way.reply is None:
        way.reply = trace_reply(way.facts, way.packet, way.decision)
    return way.reply


def _process(way: _Way) -> None:
    """The process that owns the socket runs: a stopped one lets the kernel connect, and never answers."""
    process = answers.owner(way.facts, way.listener)
    if process is None:
        _unseen_process(way)
        return
    if process.state in ("T", "t"):
        said = f"{process.name} (pid {process.pid}) is stopped"
        step = way.step(Stage.PROCESS, "program", said, Action.STOP, f"state {process.state}", process.origin)
        way.end(Ending.SILENT, step, listeners=_listeners(way), detail=process)
        return
    way.step(Stage.PROCESS, "program", f"{answers.described(process)} runs", Action.PASS, "", process.origin)


def _unseen_process(way: _Way) -> None:
    """Where no process could be read, only an answer of the program shows that it runs at all."""
    processes = way.facts.processes
    answered = answers.of_application(way.facts, way.listener, way.address, way.port)
    if isinstance(processes, Unknown) and way.listener is not None and not any(each.banner for each in answered):
        way.step(Stage.PROCESS, "program", "the processes are not known", Action.UNKNOWN, processes.reason)
        way.miss(replace(processes, what=processes.what or "the processes"))


def _listeners(way: _Way) -> tuple[Listener, ...]:
    return (way.listener,) if way.listener else ()


def _application(way: _Way) -> None:
    """What the application said to a plain request from this machine."""
    made = answers.of_application(way.facts, way.listener, way.address, way.port)
    if not made:
        return
    fault = answers.fault(made, way.target)
    heard = made[0]
    if fault is None:
        said = f"answers HTTP {heard.status}" if heard.status else "answers"
        way.step(Stage.APPLICATION, "program", said, Action.PASS, "", heard.origin)
        return
    step = way.step(Stage.APPLICATION, "program", fault.summary, Action.STOP, "", heard.origin)
    way.end(fault.ending, step, listeners=_listeners(way), detail=heard, sees=fault.sees)


def _browser(way: _Way) -> None:
    """What only the other device's browser refuses: a port on its list, or an address that means itself."""
    target = way.target
    if target.port in UNSAFE_PORTS and target.scheme in ("http", "https"):
        step = way.step(Stage.NAME, "device", f"browsers refuse to open port {target.port}", Action.STOP)
        way.end(Ending.NEVER_SENT, step, sees=ClientSees("connected", "ERR_UNSAFE_PORT", None, 0))
        return
    if forced_to_https(target):
        step = way.step(Stage.NAME, "device", f"browsers open {target.host} over https only", Action.STOP)
        way.end(Ending.NEVER_SENT, step, detail=HSTS, sees=answers.NO_TLS)
        return
    kind = answers.self_address(target)
    if kind and target.side is Side.SERVER and target.vantage and not vantage.is_own(way.facts, target.vantage):
        step = way.step(Stage.NAME, "device", f"{target.host} means the device itself", Action.STOP)
        sees = ClientSees("refused", "ERR_CONNECTION_REFUSED", "ECONNREFUSED", 7)
        way.end(Ending.WRONG_ADDRESS, step, detail=kind, sees=sees)


_PACES = (_name, _arrive, _filters, _socket, _queue, _back, _process, _application, _browser)
_WINDOWS_PACES = (_name, _arrive, _socket, _filters, _queue, _back, _process, _application, _browser)
"""Windows asks its firewall when a socket accepts (FWPM_LAYER_ALE_AUTH_RECV_ACCEPT): a port without one comes first."""
