"""Sources and destinations that the kernel refuses whatever the filters say: martians, and the reverse path filter.

Sources: ip_route_input_slow and fib_validate_source (net/ipv4/route.c, fib_frontend.c), ip6_rcv_core (net/ipv6/ip6_input.c).
IPv6 has no reverse path filter of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.judge.routing import LOOPBACK, UNKNOWN, Answer, Question
from wizard.judge.state import State

if TYPE_CHECKING:
    from wizard.judge.machine import Machine

_LIMITED_BROADCAST = 0xFFFFFFFF


def before_anything(s: State) -> str:
    """Why an IPv6 packet is dropped before any hook sees it; empty if it is not."""
    if s.family != 6:
        return ""
    if s.source == 1 or s.destination == 1:
        return "the loopback address does not come from outside"
    if s.source >> 120 == 0xFF:
        return "the source is a multicast address"
    if s.source >> 32 == 0xFFFF or (s.destination >> 32 == 0xFFFF and s.source >> 32 == 0xFFFF):
        return "the source is an IPv4-mapped address"
    return ""


def martian(s: State) -> str | bool | None:
    """True unless the routing code calls the packet a martian: then why; None where nobody can know."""
    if s.family != 4:
        return True
    if s.source >> 28 == 0xE or s.source == _LIMITED_BROADCAST:
        return "martian source: a multicast or broadcast address"
    if s.destination == _LIMITED_BROADCAST or (s.source == 0 and s.destination == 0):
        return True
    # Only the address 0.0.0.0 itself: the rest of 0.0.0.0/8 is ordinary since Linux 5.3 (ipv4_is_zeronet).
    if s.source == 0:
        return "martian source: 0.0.0.0"
    if s.destination == 0:
        return "martian destination: 0.0.0.0"
    if 127 not in (s.source >> 24, s.destination >> 24):
        return True
    allowed = s.machine.per_device("route_localnet", s.iif)
    if allowed is None:
        return None
    side = "destination" if s.destination >> 24 == 127 else "source"
    return True if allowed else f"martian {side}: a loopback address"


def source(machine: Machine, s: State, outgoing: str) -> str | bool | None:
    """True where the source may arrive on this interface, else why not; None where nobody can know.

    `outgoing` is where the packet would leave; empty for one that is for this machine."""
    if s.family != 4 or s.iif == LOOPBACK or not s.iif:
        return True
    if machine.fib_tables.local_type(4, s.destination) in ("multicast",) or s.destination == _LIMITED_BROADCAST:
        return True
    modes, accepting = machine.possible("rp_filter", s.iif), machine.possible("accept_local", s.iif)
    answers = [_checked(machine, s, mode, bool(accept)) for mode in modes for accept in accepting]
    passes = {answer is True for answer in answers}
    # Where a setting was not read, the answer stands only if it is the same either way.
    return answers[0] if len(passes) == 1 and None not in answers else None


def _checked(machine: Machine, s: State, mode: int, accept_local: bool) -> str | bool | None:
    if not mode:
        return _without_filter(machine, s, accept_local)
    if not machine.fib_tables.known:
        return None
    return _with_filter(machine, s, mode, accept_local)


def _without_filter(machine: Machine, s: State, accept_local: bool) -> str | bool | None:
    """Only this machine's own addresses are refused as sources."""
    if accept_local:
        return True
    if machine.fib_tables.custom_local or machine.fib_tables.custom_rules[4]:
        return _with_filter(machine, s, 0, accept_local)
    if (4, s.source) in machine.own_addresses:
        return f"martian source: {s.iif} gets a packet from this machine's own address"
    return True


def _with_filter(machine: Machine, s: State, mode: int, accept_local: bool) -> str | bool | None:
    """__fib_validate_source: the route back must exist, and with mode 1 (strict) leave by the same interface."""
    marks = {s.mark if valid else 0 for valid in machine.possible("src_valid_mark", s.iif)}
    asked = {machine.fib_tables.lookup(Question(4, s.source, s.destination, mark=mark)) for mark in marks}
    answer = asked.pop() if len(asked) == 1 else UNKNOWN
    if answer.kind == "unknown":
        return None
    said = f"rp_filter on {s.iif}"
    if answer.kind in ("none", "unreachable", "prohibit", "blackhole"):
        return _last_resort(mode, said)
    if answer.kind != "unicast" and not (answer.kind == "local" and accept_local):
        return f"martian source: a {answer.kind} address"
    if s.iif in answer.devices:
        return True
    if not _has_address(machine, s.iif):
        return _last_resort(mode, said)
    return f"{said}: the way back to the source is {_way(answer)}" if mode == 1 else True


def _last_resort(mode: int, said: str) -> str | bool:
    return f"{said}: there is no route back to the source" if mode else True


def _has_address(machine: Machine, name: str) -> bool:
    found = machine.interfaces.get(name)
    return found is not None and any(address.version == 4 for address in found.addresses)


def _way(answer: Answer) -> str:
    return answer.device or "another"
