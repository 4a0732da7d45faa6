"""What single packets to one target tell together: who answers, where the way to its port ends, what is lost. Pure.

Each reading needs evidence on both sides of what it says; without it the answer is None or False, never a guess.
"""

from __future__ import annotations

from wizard.model.wire import Address, WireAnswer, WireEvidence, WireHop


def answered_by_a_box(wire: WireEvidence) -> WireAnswer | None:
    """The answer to a SYN that something in front of the target gave in its name: a middlebox that resets, or accepts.

    A reset or SYN-ACK that has crossed fewer routers than the target's echo reply has (both started from one of the usual
    64, 128, 255) did not come from there. A filter of the target's own is none: it answers from the same distance.
    """
    if wire.echo is None or wire.echo.distance is None or wire.echo.source != wire.address:
        return None
    for each in wire.answers:
        if each.kind in ("rst", "synack") and each.distance is not None and each.distance < wire.echo.distance:
            return each
    return None


def two_minds(wire: WireEvidence) -> bool:
    """Whether one SYN was accepted and another reset: two devices share the address, or a box interferes now and then."""
    kinds = {each.kind for each in wire.answers}
    return {"rst", "synack"} <= kinds


def duplicate(wire: WireEvidence) -> tuple[str, ...]:
    """The MACs of the devices that all claim the target's own address on this link; empty where there is one or none."""
    neighbour = wire.neighbour
    if neighbour is None or wire.gateway is not None or neighbour.address != wire.address:
        return ()
    return neighbour.macs if len(neighbour.macs) > 1 else ()


def nobody_on_the_link(wire: WireEvidence) -> bool:
    """Whether nobody says to have the address of the target, or of the router in front of it, on this link."""
    return wire.neighbour is not None and not wire.neighbour.macs


def last_before_silence(wire: WireEvidence) -> WireHop | None:
    """The last router that was heard of by SYNs to the port, where these end in silence; None where they are answered."""
    path = wire.path("tcp")
    if path is None or path.reached or any(each.kind in ("rst", "synack") for each in wire.answers):
        return None
    return path.last


def only_this_port(wire: WireEvidence) -> bool:
    """Whether the target answers pings or UDP, and SYNs to this port vanish: a filter that looks at the port."""
    others = [wire.path(proto) for proto in ("icmp", "udp")]
    alive = wire.echo is not None or any(path is not None and path.reached for path in others)
    tcp = wire.path("tcp")
    return alive and not wire.answers and tcp is not None and not tcp.reached


def stopped_after(wire: WireEvidence) -> Address | None:
    """The router behind which SYNs to the port vanish although others packets pass it; None where that is not proved.

    The device that drops is this router's own forwarding, or the target itself if it is the next one.
    """
    hop = last_before_silence(wire)
    if hop is None or hop.answer is None or not only_this_port(wire):
        return None
    return hop.answer.source


def mtu_hole(wire: WireEvidence) -> tuple[int, int] | None:
    """(largest size that passes, smallest that vanishes without a word), in bytes with the IP header; None: no hole."""
    if wire.mtu is None or not wire.mtu.black_hole:
        return None
    return wire.mtu.passed, wire.mtu.lost


def asymmetric(wire: WireEvidence) -> str:
    """The interface on which answers came in if it is not the one that packets leave by; empty otherwise."""
    return wire.reversed_device
