"""What this machine's own packet filters and routes do with a packet that a program here sends to another machine.

    socket -> routing -> output -> routing again (a mark, a new destination) -> postrouting -> egress

Sources: net/ipv4/ip_output.c, net/netfilter/nft_chain_route.c, nft_reject; the hooks and their order are the trace's.
"""

from __future__ import annotations

from msgspec.structs import replace

from wizard.judge import trace as tracing
from wizard.judge.filters import TooManyWays
from wizard.judge.machine import Machine
from wizard.judge.routing import LOOPBACK
from wizard.judge.state import ESTABLISHED, SYN_ACK, TCP, UDP, State
from wizard.judge.trace import machine_of
from wizard.model.facts import Facts, Proto
from wizard.model.journey import Decision
from wizard.model.packet import Packet


def leave(facts: Facts, packet: Packet) -> Decision:
    """The way of the first packet out of this machine. `deliver` means that it leaves; `reject` that this machine's own
    rules tell the program no, and `reject_with` how. `packet.interface` is the device it leaves by, where that is known."""
    machine = machine_of(facts)
    state = _sent(machine, packet)
    finals: list[tracing._Final] = []
    try:
        if packet.interface or tracing._route_out(machine, state, packet, finals):
            _through_filters(machine, state, packet, finals)
    except TooManyWays:
        finals.append(tracing._Final("unknown", state, "output", reason="more possibilities than can be followed"))
    return tracing._decide(facts, packet, state, finals)


def answered(facts: Facts, packet: Packet) -> Decision:
    """What becomes of the SYN-ACK that comes back for `packet` (which leaves by `packet.interface`)."""
    machine = machine_of(facts)
    out = _sent(machine, packet)
    state = State(machine, out.family, out.proto, out.destination, out.dport, out.source, out.sport, packet.interface)
    state.flags, state.ct = SYN_ACK, ESTABLISHED
    state.original, state.reply_tuple = out.original, out.reply_tuple
    state.status |= _SEEN_REPLY
    finals: list[tracing._Final] = []
    try:
        tracing._walk_in(machine, state, finals)
    except TooManyWays:
        finals.append(tracing._Final("unknown", state, "input", reason="more possibilities than can be followed"))
    return tracing._decide(facts, packet, state, finals)


_SEEN_REPLY = 2 | 8
"""IPS_SEEN_REPLY and IPS_CONFIRMED (nf_conntrack_common.h)."""


def _sent(machine: Machine, packet: Packet) -> State:
    proto = TCP if packet.proto is Proto.TCP else UDP
    state = State(
        machine,
        packet.family,
        proto,
        int(packet.source),
        packet.source_port,
        int(packet.destination),
        packet.destination_port,
        "",
    )
    state.oif = packet.interface
    return state


def _through_filters(machine: Machine, state: State, packet: Packet, finals: list[tracing._Final]) -> None:
    ended: list[tracing._Final] = []
    states = tracing._hook(machine, [state], "output", ended)
    for each in states:
        moved = each.mark or each.destination != int(packet.destination)
        if moved and each.oif != LOOPBACK and not tracing._route_out(machine, each, packet, finals):
            return
    states = tracing._hook(machine, states, "postrouting", ended)
    for each in states:
        left = tracing._devices(machine, [each], "egress", ended) if each.oif != LOOPBACK else [each]
        finals.extend(tracing._Final("deliver", way, "postrouting") for way in left)
    finals.extend(_told(each) for each in ended)


def _told(final: tracing._Final) -> tracing._Final:
    """A rejection on the way out is one that the sending program hears of."""
    if final.end is None or final.end.verdict.kind != "reject":
        return final
    return replace(final, outcome="reject", reject_with=tracing._reject_with(final.end), reason="")
