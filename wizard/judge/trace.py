"""What this machine does with the first packet of a connection, and with its answer: the kernel's own way, hook by hook.

    ingress -> prerouting -> routing (source checks, local or forward) -> input | forward -> postrouting

Sources: net/ipv4/ip_input.c, ip_forward.c, route.c, fib_frontend.c; net/ipv6/ip6_input.c, route.c; net/netfilter/core.c.
`unknown` is answered only where rules ask for something that nobody can know and the ways differ.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from wizard.firewalls import frontends, values
from wizard.judge import nearness, source_check
from wizard.judge.filters import CONNTRACK_PRIORITY, NAT_PRIORITY, Ended, Groups, TooManyWays, pass_hook, priority_of
from wizard.judge.machine import Machine
from wizard.judge.routing import LOOPBACK, Answer, Question
from wizard.judge.state import (
    ESTABLISHED,
    INVALID,
    NEW,
    NO_CT,
    RELATED,
    RST_ACK,
    SYN_ACK,
    TCP,
    TRACKED,
    UDP,
    State,
)
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Facts, Proto
from wizard.model.journey import Decision, NearMiss, RuleReference, Translation
from wizard.model.packet import Packet
from wizard.model.ruleset import Engine

# What the other side receives where the routing table refuses (ip_error, ip6_pkt_discard, ip6_pkt_prohibit).
_REFUSAL_4 = {
    "none": "icmp-net-unreachable",
    "unreachable": "icmp-host-unreachable",
    "prohibit": "icmp-admin-prohibited",
}
_REFUSAL_6 = {
    "none": "icmpv6-no-route",
    "unreachable": "icmpv6-no-route",
    "throw": "icmpv6-no-route",
    "prohibit": "icmpv6-admin-prohibited",
}
_ICMPX = {
    4: {
        "no-route": "icmp-net-unreachable",
        "port-unreachable": "icmp-port-unreachable",
        "host-unreachable": "icmp-host-unreachable",
        "admin-prohibited": "icmp-admin-prohibited",
    },
    6: {
        "no-route": "icmpv6-no-route",
        "port-unreachable": "icmpv6-port-unreachable",
        "host-unreachable": "icmpv6-addr-unreachable",
        "admin-prohibited": "icmpv6-admin-prohibited",
    },
}


# IPS_SRC_NAT_DONE and IPS_DST_NAT_DONE: the connection has met the nat hooks, whether they changed it or not.
SOURCE_DONE, DESTINATION_DONE = 128, 256
SOURCE_CHANGED, DESTINATION_CHANGED = 16, 32


class _Final(Struct, frozen=True):
    """How one way ends."""

    outcome: str
    state: State
    stage: str
    reject_with: str | None = None
    end: Ended | None = None
    reason: str = ""
    assumed: str = ""
    """The limit on the rejection's own way that is taken as not exceeded."""

    def verdict(self) -> tuple[Any, ...]:
        """What two ways must share to be the same answer."""
        where = (self.state.destination, self.state.dport, self.state.oif, self.state.proxied)
        return (self.outcome, self.reject_with, where if self.outcome in ("deliver", "forward") else ())


_machines: dict[int, tuple[Facts, Machine]] = {}
_MOST_MACHINES = 8


def machine_of(facts: Facts) -> Machine:
    """The machine of these facts, built once."""
    found = _machines.get(id(facts))
    if found is not None and found[0] is facts:
        return found[1]
    if len(_machines) >= _MOST_MACHINES:
        _machines.clear()
    made = Machine(facts)
    _machines[id(facts)] = (facts, made)
    return made


def trace(facts: Facts, packet: Packet, explain: bool = True) -> Decision:
    """The whole way of the first packet. `explain=False` leaves out near misses (a batch asks for many)."""
    if facts.platform == "windows":
        from wizard.judge import windows  # loaded only for facts of Windows

        return windows.trace(facts, packet, explain)
    if facts.platform == "macos":
        from wizard.judge import macos  # loaded only for facts of a Mac

        return macos.trace(facts, packet, explain)
    machine = machine_of(facts)
    state = _arriving(machine, packet)
    finals: list[_Final] = []
    try:
        _walk_in(machine, state, finals)
    except TooManyWays:
        state.doubt("more possibilities than can be followed")
        finals.append(_Final("unknown", state, "prerouting", reason="more possibilities than can be followed"))
    decision = _decide(facts, packet, state, finals)
    if explain and decision.outcome != "unknown":
        return replace(decision, near_misses=_near_misses(facts, machine, _main(finals)))
    return decision


def _near_misses(facts: Facts, machine: Machine, final: _Final) -> tuple[NearMiss, ...]:
    found = (
        nearness.blocked(machine.hooks, final.end) if final.end else nearness.passed(machine.hooks, final.state.passed)
    )
    base = final.end.hooked if final.end else None
    misses = []
    for near in found:
        hooked = base or next(end.hooked for end in final.state.passed)
        shown = _reference(facts, Ended(final.state, near.verdict, hooked, near.walked, near.rule))
        misses.append(nearness.as_near_miss(shown, near, final.state))
    return tuple(misses)


def reply(facts: Facts, packet: Packet, decision: Decision) -> Decision:
    """The answer's way back after `trace` said deliver or forward. `deliver` means that it leaves toward the client."""
    if facts.platform == "windows":
        from wizard.judge import windows

        return windows.reply(facts, packet, decision)
    if facts.platform == "macos":
        from wizard.judge import macos

        return macos.reply(facts, packet, decision)
    machine = machine_of(facts)
    first = _arriving(machine, packet)
    finals: list[_Final] = []
    try:
        ways: list[_Final] = []
        _walk_in(machine, first, ways)
        passed = [final for final in ways if final.outcome in ("deliver", "forward")]
        # What answers is the connection within its limits; one beyond them may have been let in by another rule.
        for final in (_main(passed),) if passed else ():
            back = _answer(final.state, forwarded=final.outcome == "forward")
            _way_back(final)(machine, back, packet, finals)
    except TooManyWays:
        finals.append(_Final("unknown", first, "output", reason="more possibilities than can be followed"))
    if not finals:
        finals.append(_Final("unknown", first, "output", reason="the way in is not known"))
    return _decide(facts, packet, finals[0].state, finals)


def arrival(facts: Facts, packet: Packet) -> str:
    """The interface that the packet comes in by: its own, or the one by which an answer would leave."""
    return packet.interface or _likely_interface(machine_of(facts), packet)


def _arriving(machine: Machine, packet: Packet) -> State:
    proto = TCP if packet.proto is Proto.TCP else UDP
    interface = packet.interface or _likely_interface(machine, packet)
    return State(
        machine,
        packet.family,
        proto,
        int(packet.source),
        packet.source_port,
        int(packet.destination),
        packet.destination_port,
        interface,
    )


def _likely_interface(machine: Machine, packet: Packet) -> str:
    """Where a packet from there would come in: loopback from an own address, else the way back to its source."""
    if (packet.family, int(packet.source)) in machine.own_addresses:
        return LOOPBACK
    answer = machine.fib_tables.lookup(Question(packet.family, int(packet.source)))
    if answer.reaches and answer.device:
        return answer.device
    owners = [i.name for i in machine.interfaces.values() if any(packet.destination == a.ip for a in i.addresses)]
    return owners[0] if owners else ""


# The way in


def _walk_in(machine: Machine, state: State, finals: list[_Final]) -> None:
    states = [state]
    if state.iif == LOOPBACK:
        states = _send(machine, state, finals)
    elif reason := source_check.before_anything(state):
        finals.append(_Final("drop", state, "routing", reason=reason))
        return
    else:
        states = _devices(machine, states, "ingress", finals)
    states = _hook(machine, states, "prerouting", finals)
    for each in states:
        _route_in(machine, each, finals)


def _send(machine: Machine, state: State, finals: list[_Final]) -> list[State]:
    """This machine's own packet: those that stay here come back in, the others leave."""
    state.iif, state.oif = "", _way_out(machine, state)
    back: list[State] = []
    for each in _hook(machine, [state], "output", finals):
        if each.status & DESTINATION_CHANGED or each.mark:
            each.oif = _way_out(machine, each)
        if not each.oif:
            finals.append(_stuck(machine, each))
            continue
        for left in _hook(machine, [each], "postrouting", finals):
            if left.oif == LOOPBACK:
                left.iif, left.oif = LOOPBACK, ""
                left.nat_destination = True
                back.append(left)
            else:
                finals.extend(
                    _Final("forward", way, "postrouting") for way in _devices(machine, [left], "egress", finals)
                )
    return back


def _way_out(machine: Machine, state: State) -> str:
    """The interface by which an own packet leaves; empty where no route is known."""
    here = (state.family, state.destination) in machine.own_addresses
    if here or machine.fib_tables.local_type(state.family, state.destination) != "unicast":
        return LOOPBACK
    answer = machine.fib_tables.lookup(replace(machine.question(state), incoming=""))
    return answer.device if answer.reaches and len(answer.devices) < 2 else ""


def _stuck(machine: Machine, state: State) -> _Final:
    answer = machine.fib_tables.lookup(replace(machine.question(state), incoming=""))
    if answer.kind == "unknown" or answer.reaches or not machine.fib_tables.known:
        state.doubt("where the packet is routed")
        return _Final("unknown", state, "routing", reason="which way it leaves nobody can know")
    return _refused(state, answer)


def _route_in(machine: Machine, state: State, finals: list[_Final]) -> None:
    """Local or forward, and whether the source may come this way."""
    if machine.fib_tables.local_type(state.family, state.destination) == "multicast":
        _to_many(machine, state, finals)
        return
    if state.iif != LOOPBACK and (refused := source_check.martian(state)) is not True:
        finals.append(_source_final(state, refused))
        return
    answer = machine.fib_tables.lookup(machine.question(state)) if state.iif != LOOPBACK else Answer("local", LOOPBACK)
    if state.family == 6 and _foreign_link_local(machine, state, answer):
        answer = Answer("none")
    if answer.kind == "unknown" or (answer.kind == "none" and not machine.fib_tables.known):
        state.doubt("where the packet is routed")
        finals.append(_Final("unknown", state, "routing", reason="the routing tables could not be read in full"))
        return
    limited = state.family == 4 and state.destination in (0, 0xFFFFFFFF)
    if limited or answer.kind in ("local", "anycast", "broadcast"):
        checked = source_check.source(machine, state, "")
        if checked is not True:
            finals.append(_source_final(state, checked))
            return
        if limited or answer.kind == "broadcast":
            _to_many(machine, state, finals)
        else:
            _deliver(machine, state, finals)
        return
    _forward(machine, state, answer, finals)


def _source_final(state: State, checked: str | bool | None) -> _Final:
    if checked is None:
        state.doubt("the kernel's checks of the source: their settings or the routes")
        return _Final(
            "unknown", state, "routing", reason="the settings for the kernel's source checks could not be read"
        )
    return _Final("drop", state, "routing", reason=str(checked))


def _foreign_link_local(machine: Machine, state: State, answer: Answer) -> bool:
    """A link-local address is this machine's only on its own link."""
    local = state.destination >> 118 == 0x3FA
    return local and answer.kind == "local" and answer.device not in (state.iif, LOOPBACK, "")


def _deliver(machine: Machine, state: State, finals: list[_Final]) -> None:
    for each in _hook(machine, [state], "input", finals):
        finals.append(_Final("deliver", each, "input"))


_ALL_NODES = (0xE0000001, 0xFF02 << 112 | 1)


def _to_many(machine: Machine, state: State, finals: list[_Final]) -> None:
    """Broadcast and multicast: never TCP's (tcp_v4_rcv), and a multicast group's only where somebody joined it."""
    for each in _hook(machine, [state], "input", finals):
        if each.proto == TCP:
            finals.append(_Final("drop", each, "routing", reason="TCP does not answer broadcast or multicast"))
        elif (
            each.destination in _ALL_NODES
            or machine.fib_tables.local_type(each.family, each.destination) != "multicast"
        ):
            finals.append(_Final("deliver", each, "input"))
        else:
            each.doubt("whether this machine has joined the multicast group")
            finals.append(_Final("unknown", each, "routing", reason="nobody knows who joined the multicast group"))


def _forward(machine: Machine, state: State, answer: Answer, finals: list[_Final]) -> None:
    forwards = machine.forwards(state.family, state.iif)
    if state.family == 4 and forwards is False:
        finals.append(
            _Final("drop", state, "routing", reason=f"it is for another machine, and {state.iif} does not forward")
        )
        return
    if answer.kind != "unicast":
        finals.append(_refused(state, answer))
        return
    if forwards is False:
        finals.append(_Final("drop", state, "routing", reason="it is for another machine, and forwarding is off"))
        return
    if forwards is None:
        state.doubt("whether this machine forwards")
        finals.append(_Final("unknown", state, "routing", reason="the forwarding settings could not be read"))
        return
    if len(answer.devices) > 1:
        state.doubt("which of several next hops is taken")
        finals.append(_Final("unknown", state, "routing", reason="the route has several next hops"))
        return
    checked = source_check.source(machine, state, answer.device)
    if checked is not True:
        finals.append(_source_final(state, checked))
        return
    state.oif = answer.device
    states = _hook(machine, [state], "forward", finals)
    for each in _hook(machine, states, "postrouting", finals):
        finals.append(_Final("forward", each, "postrouting"))


def _refused(state: State, answer: Answer) -> _Final:
    """The routing table says no: an ICMP error, or silence for a blackhole."""
    words = _REFUSAL_4 if state.family == 4 else _REFUSAL_6
    reason = f"no route to {_address(state.family, state.destination)}"
    if answer.kind != "none":
        reason = f"the route to {_address(state.family, state.destination)} is {answer.kind}"
    with_ = words.get(answer.kind)
    return _Final("reject" if with_ else "drop", state, "routing", with_, reason=reason)


# The way back


def _answer(arrived: State, forwarded: bool) -> State:
    """The SYN-ACK (or the first datagram back) as the socket sends it."""
    back = arrived.fork()
    back.source, back.destination = arrived.destination, arrived.source
    back.sport, back.dport = arrived.dport, arrived.sport
    back.flags = SYN_ACK
    back.ct = _tracked_back(arrived)
    if back.ct == NEW:
        # An untracked question makes the answer the first that conntrack sees.
        back.original = (back.source, back.destination, back.sport, back.dport)
        back.reply_tuple = (back.destination, back.source, back.dport, back.sport)
        back.status, back.ct_mark = 0, 0
        back.nat_destination = back.nat_source = False
    else:
        back.status |= 2 | 8
    back.mark = 0
    back.iif, back.oif = (arrived.oif, "") if forwarded else ("", "")
    back.after_ct = False
    back.hook = ""
    back.passed = ()
    return back


def _tracked_back(arrived: State) -> str:
    """What conntrack makes of the answer: a SYN-ACK without its SYN is invalid, a datagram is as good as a first one."""
    if arrived.ct == NEW:
        return ESTABLISHED
    return INVALID if arrived.proto == TCP else NEW


def _walk_out(machine: Machine, back: State, packet: Packet, finals: list[_Final]) -> None:
    """From the local socket: a route, then output and postrouting, where the translated source is put back."""
    tracked = back.ct
    if packet.interface == LOOPBACK or (back.family, back.destination) in machine.own_addresses:
        back.oif = LOOPBACK
    elif not _route_out(machine, back, packet, finals):
        return
    back.ct = NO_CT
    states = _hook(machine, [back], "output", finals, tracked)
    for each in states:
        moved = each.mark or each.destination != int(packet.source)
        if moved and each.oif != LOOPBACK and not _route_out(machine, each, packet, finals):
            return
    states = _hook(machine, states, "postrouting", finals, tracked)
    for each in states:
        left = _devices(machine, [each], "egress", finals) if each.oif != LOOPBACK else [each]
        finals.extend(_answered(way, packet) for way in left)


def _answered(way: State, packet: Packet) -> _Final:
    """The answer leaves; the client takes it only from where it asked."""
    asked = (int(packet.destination), packet.destination_port, int(packet.source), packet.source_port)
    if (way.source, way.sport, way.destination, way.dport) != asked and way.proxied is None:
        return _Final(
            "drop", way, "postrouting", reason="the answer is not translated back: it comes from another address"
        )
    return _Final("deliver", way, "postrouting")


def _route_out(machine: Machine, back: State, packet: Packet, finals: list[_Final]) -> bool:
    """Finds the way to the client; False (with the final) where there is none."""
    device = packet.interface if back.family == 6 and back.destination >> 118 == 0x3FA else ""
    answer = machine.fib_tables.lookup(replace(machine.question(back, device), incoming=""))
    if not machine.fib_tables.known:
        back.doubt("the routes back to the client")
        back.oif = packet.interface
        return True
    if answer.kind == "unknown":
        back.doubt("the routes back to the client")
        finals.append(_Final("unknown", back, "routing", reason="the routing tables could not be read in full"))
        return False
    if not answer.reaches:
        said = "no route back to" if answer.kind == "none" else f"{answer.kind} route back to"
        finals.append(_Final("drop", back, "routing", reason=f"{said} {_address(back.family, back.destination)}"))
        return False
    back.oif = answer.device
    return True


def _way_back(final: _Final) -> Callable[[Machine, State, Packet, list[_Final]], None]:
    if final.outcome == "deliver":
        return _walk_out
    return _walk_back_through if final.state.iif else _walk_back_in


def _walk_back_in(machine: Machine, back: State, packet: Packet, finals: list[_Final]) -> None:
    """From another machine to this one, which had asked: prerouting and input with the connection established."""
    tracked = back.ct
    back.ct = NO_CT
    for each in _hook(machine, [back], "prerouting", finals, tracked):
        checked = source_check.source(machine, each, "")
        if checked is not True:
            finals.append(_source_final(each, checked))
            continue
        finals.extend(_answered(way, packet) for way in _hook(machine, [each], "input", finals, tracked))


def _walk_back_through(machine: Machine, back: State, packet: Packet, finals: list[_Final]) -> None:
    """From behind this machine: prerouting, forward and postrouting with the connection established."""
    tracked = back.ct
    back.ct = NO_CT
    for each in _hook(machine, [back], "prerouting", finals, tracked):
        checked = source_check.source(machine, each, packet.interface)
        if checked is not True:
            finals.append(_source_final(each, checked))
            continue
        answer = machine.fib_tables.lookup(machine.question(each))
        if answer.kind != "unicast":
            said = f"no route back to {_address(each.family, each.destination)}"
            finals.append(_Final("drop", each, "routing", reason=said))
            continue
        each.oif = answer.device
        states = _hook(machine, [each], "forward", finals, tracked)
        finals.extend(_answered(way, packet) for way in _hook(machine, states, "postrouting", finals, tracked))


# Hooks


def _hook(machine: Machine, states: list[State], hook: str, finals: list[_Final], tracked: str = NEW) -> list[State]:
    """One hook of all engines; conntrack looks at the packet between the chains in front of -200 and those behind."""
    if not states:
        return []
    groups = machine.hooks.at(states[0].family, hook)
    ended: list[Ended] = []
    for state in states:
        state.hook = hook
    if hook in ("prerouting", "output"):
        early, groups = _up_to(groups, CONNTRACK_PRIORITY)
        states = pass_hook(machine.hooks, early, states, ended)
        for state in states:
            _track(state, tracked)
    if states and hook in NAT_PRIORITY and machine.hooks.has_nat(states[0].family):
        early, groups = _up_to(groups, NAT_PRIORITY[hook])
        states = pass_hook(machine.hooks, early, states, ended)
        for state in states:
            _translate_back(state)
            if state.ct == NEW:
                state.status |= DESTINATION_DONE if hook in ("prerouting", "output") else SOURCE_DONE
    states = pass_hook(machine.hooks, groups, states, ended)
    finals.extend(_ended_final(machine, end, hook) for end in ended)
    return states


def _translate_back(state: State) -> None:
    """An answer meets the translation of its connection the other way round (nf_nat_packet)."""
    if state.ct not in (ESTABLISHED, RELATED):
        return
    source, destination, sport, dport = state.original
    if state.hook in ("prerouting", "output") and state.status & SOURCE_CHANGED:
        state.destination, state.dport = source, sport
    elif state.hook in ("input", "postrouting") and state.status & DESTINATION_CHANGED:
        state.source, state.sport = destination, dport


def _up_to(groups: Groups, priority: int) -> tuple[Groups, Groups]:
    """The groups up to a priority, and those behind it."""
    count = sum(1 for each in groups if priority_of(each[0][0].base) <= priority)
    return groups[:count], groups[count:]


def _track(state: State, tracked: str) -> None:
    """nf_conntrack_in: an untracked packet stays so, any other has a connection from here on."""
    state.after_ct = True
    if state.ct == NO_CT:
        state.ct = tracked
        if tracked == NEW:
            state.original = (state.source, state.destination, state.sport, state.dport)
            state.reply_tuple = (state.destination, state.source, state.dport, state.sport)


def _devices(machine: Machine, states: list[State], hook: str, finals: list[_Final]) -> list[State]:
    """The chains of netdev tables on the packet's device, in front of everything or behind it."""
    device = states[0].iif if hook == "ingress" else states[0].oif
    chains = machine.hooks.on_device(hook, device)
    if not chains:
        return states
    ended: list[Ended] = []
    for state in states:
        state.hook = hook
    left = pass_hook(machine.hooks, chains, states, ended)
    finals.extend(_ended_final(machine, end, hook) for end in ended)
    return left


def _ended_final(machine: Machine, end: Ended, hook: str) -> _Final:
    kind = end.verdict.kind
    if kind == "reject" and hook in ("output", "postrouting"):
        return _Final(
            "drop", end.state, hook, None, end, "it is rejected on its way out, which only this machine notices"
        )
    if kind == "reject":
        outcome, reason, assumed = _rejection_leaves(machine, end)
        with_ = _reject_with(end) if outcome == "reject" else None
        return _Final(outcome, end.state, hook, with_, end, reason, assumed)
    if kind == "queue":
        return _Final("drop", end.state, hook, None, end, "it is queued to a program")
    if kind == "synproxy" and end.state.family == 6 and end.hooked.table.engine is Engine.NFTABLES:
        # nft_synproxy_eval_v6 asks for IPv4's checksum, so it answers only where the network card vouches for it.
        end.state.doubt(f"whether nft's {end.verdict.text or kind} answers over IPv6")
        return _Final("unknown", end.state, hook, None, end)
    if kind == "synproxy":
        return _Final("deliver", end.state, hook, None, end)
    if kind == "stolen":
        return _Final("drop", end.state, hook, None, end, "it is sent out of another interface")
    if kind == "unknown":
        return _Final("unknown", end.state, hook, None, end)
    return _Final("drop", end.state, hook, None, end)


def _rejection_leaves(machine: Machine, end: Ended) -> tuple[str, str, str]:
    """What becomes of the reset or ICMP error on its own way out: the outcome, why, and the limit taken as not exceeded."""
    if machine.fib_tables.known and not machine.fib_tables.lookup(_question_back(end.state)).reaches:
        return "drop", "it is rejected, but the rejection has no route back", ""
    if not machine.hooks.at(end.state.family, "output") and not machine.hooks.at(end.state.family, "postrouting"):
        return "reject", "", ""
    refusal = _refusal(machine, end)
    finals: list[_Final] = []
    tracked = refusal.ct if refusal.ct != NO_CT else INVALID
    states = _hook(machine, [refusal], "output", finals, tracked)
    states = _hook(machine, states, "postrouting", finals, tracked)
    ways = [(final.state, final.outcome == "unknown") for final in finals] + [(state, None) for state in states]
    outcomes = {stopped for state, stopped in ways if not state.exceeded}
    assumed = next((s.exceeded for s, stopped in ways if s.exceeded and stopped not in outcomes), "")
    if outcomes == {None}:
        return "reject", "", assumed
    if None in outcomes or True in outcomes:
        return "unknown", "it is rejected, but whether the rejection gets out nobody can know", ""
    return "drop", "it is rejected, but the rejection is stopped on its way out", assumed


def _question_back(state: State) -> Question:
    return Question(state.family, state.source, state.destination)


def _refusal(machine: Machine, end: Ended) -> State:
    """The reset or ICMP error as it leaves: it belongs to the packet's own connection (nf_ct_attach)."""
    state = end.state
    back = state.fork()
    back.source, back.destination = state.destination, state.source
    back.sport, back.dport = state.dport, state.sport
    back.iif, back.oif = "", machine.fib_tables.lookup(_question_back(state)).device or state.iif
    back.mark, back.passed, back.after_ct = 0, (), False
    back.ct = RELATED if state.ct in TRACKED else NO_CT
    words = _reject_with(end)
    if words == "tcp-reset":
        back.flags = RST_ACK
        return back
    back.proto = 1 if state.family == 4 else 58
    back.icmp = _icmp_of(state.family, words)
    # icmp_send takes the packet's own destination only where it has been routed here; icmp6_send asks the address itself.
    local = machine.fib_tables.local_type(state.family, state.destination) == "local"
    if not local or (state.family == 4 and state.hook != "input"):
        back.source = _preferred_source(machine, state, back.oif)
    return back


def _preferred_source(machine: Machine, state: State, device: str) -> int:
    route = machine.fib_tables.lookup(_question_back(state)).route
    if route is not None and route.source is not None:
        return int(route.source)
    return machine.first_address(state.family, device) or state.destination


def _icmp_of(family: int, words: str) -> tuple[int, int]:
    """Type and code of the error."""
    kind, codes = (3, values.REJECT_CODES_4) if family == 4 else (1, values.REJECT_CODES_6)
    name = words.partition("-")[2].replace("proto-", "prot-")
    return kind, next((code for code, word in codes.items() if word == name), 0)


def _reject_with(end: Ended) -> str:
    words = end.verdict.reject_with
    if words.startswith("icmpx-"):
        return _ICMPX[end.state.family].get(words[6:], words)
    return words


# The answer


def _main(finals: list[_Final]) -> _Final:
    """The final that stands for the answer: one that assumes no limit exceeded."""
    return next((final for final in finals if not final.state.exceeded), finals[0])


def _decide(facts: Facts, packet: Packet, state: State, finals: list[_Final]) -> Decision:
    """One decision from all ways: the same end for all, or unknown."""
    assumed = [final for final in finals if not final.state.exceeded] or finals
    main = assumed[0]
    verdicts = {final.verdict() for final in assumed}
    differing = [final for final in finals if final.state.exceeded and final.verdict() != main.verdict()]
    limits = (*(final.state.exceeded for final in differing), *(final.assumed for final in assumed if final.assumed))
    assumptions = tuple(dict.fromkeys(f"{limit} not exceeded" for limit in limits))
    if len(verdicts) > 1 or main.outcome == "unknown":
        return _unknown(facts, packet, main, state, assumed)
    missing = _unreadable(facts)
    if missing and main.outcome in ("deliver", "forward"):
        return _unknown(facts, packet, main, state, assumed, missing)
    if missing and main.end is None and main.outcome != "drop" and main.stage != "routing":
        return _unknown(facts, packet, main, state, assumed, missing)
    return Decision(
        main.outcome,
        _to(main),
        main.reject_with,
        _by(facts, main),
        main.stage,
        main.reason,
        _path(facts, main),
        (),
        assumptions,
        main.state.oif,
        tuple(_reference(facts, end) for end in main.state.passed),
    )


def _unreadable(facts: Facts) -> str:
    """Why not all packet filters are known; empty where they are."""
    if isinstance(facts.rulesets, Unknown):
        return f"the packet filters could not be read: {facts.rulesets.reason}"
    if facts.unreadable_rulesets:
        each = facts.unreadable_rulesets[0]
        return f"{each.what or 'a packet filter'} could not be read: {each.reason}"
    for ruleset in facts.rulesets:
        if ruleset.unread:
            return f"a line of {ruleset.source or ruleset.engine} could not be read: {ruleset.unread[0].text[:120]}"
    return ""


def _unknown(
    facts: Facts, packet: Packet, main: _Final, state: State, finals: list[_Final], reason: str = ""
) -> Decision:
    notes = tuple(dict.fromkeys([*([reason] if reason else []), *state.notes]))
    said = reason or main.reason or (f"nobody can know: {state.notes[0]}" if state.notes else "the ways differ")
    to = Translation(packet.destination, packet.destination_port)
    return Decision("unknown", to, None, None, main.stage, said, _path(facts, main), (), notes)


def _to(final: _Final) -> Translation:
    state = final.state
    if state.proxied is not None and final.outcome == "deliver":
        return Translation(_address(state.family, state.proxied[0]), state.proxied[1])
    return Translation(_address(state.family, state.destination), state.dport)


def _address(family: int, value: int) -> IPv4Address | IPv6Address:
    return IPv4Address(value) if family == 4 else IPv6Address(value)


def _by(facts: Facts, final: _Final) -> RuleReference | None:
    """What decided: the rule or policy that ended the way, or for a packet that passes, the last that let it."""
    if final.end is not None:
        return _reference(facts, final.end)
    if final.outcome not in ("deliver", "forward"):
        return None
    filters = [end for end in final.state.passed if end.hooked.base.type != "nat"]
    there = [end for end in filters if end.hooked.base.hook in ("input", "forward")] or filters
    rules = [end for end in there if end.rule is not None]
    chosen = rules[-1] if rules else there[-1] if there else None
    return _reference(facts, chosen) if chosen is not None else None


def _reference(facts: Facts, end: Ended) -> RuleReference:
    """The rule or policy in a form that can be shown, with the front end's own words."""
    return _shown(facts, end)[0]


def _shown(facts: Facts, end: Ended) -> tuple[RuleReference, str]:
    """The reference, and the step of the path; both are put into words once for each rule."""
    shown = end.state.machine.shown
    key = (id(end.hooked), id(end.rule), end.verdict.kind)
    found = shown.get(key)
    if found is None:
        named = frontends.named(_plain_reference(end), facts.ufw, facts.firewalld)
        found = shown[key] = (named, _step(end))
    return found


def _plain_reference(end: Ended) -> RuleReference:
    table, chain, rule = end.hooked.table, end.walked.chain, end.rule
    base = end.hooked.base
    engine, family, hook = str(table.engine), str(table.family), str(base.hook)
    if rule is None:
        said = f"policy {base.policy}"
        origin = Origin(end.hooked.ruleset.source, 0, said)
        return RuleReference(
            engine, family, table.name, end.hooked.chain.name, "policy", said, hook=hook, origin=origin
        )
    where = (engine, family, table.name, chain.name)
    return RuleReference(*where, "rule", rule.text, rule.handle, rule.index, hook, origin=rule.origin)


def _path(facts: Facts, final: _Final) -> tuple[str, ...]:
    ends = (*final.state.passed, *((final.end,) if final.end is not None else ()))
    return tuple(_shown(facts, end)[1] for end in ends)


def _step(end: Ended) -> str:
    table, base = end.hooked.table, end.hooked.base
    rule = f"{end.walked.chain.name} rule {end.rule.index}" if end.rule is not None else "policy"
    return (
        f"{base.hook} {table.engine} {table.family} {table.name} {end.hooked.chain.name}: {end.verdict.kind} ({rule})"
    )
