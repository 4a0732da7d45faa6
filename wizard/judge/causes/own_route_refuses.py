"""A route of the device that connects says no: prohibit, unreachable or blackhole; nothing is ever sent.

VPN programs with a kill switch put such routes there, and some leave them behind when they end. The
error comes at once, without a packet on the wire.

What it looks like: at once `ERR_NETWORK_ACCESS_DENIED` (prohibit: Permission denied),
`ERR_ADDRESS_UNREACHABLE` (unreachable: No route to host), `ERR_INVALID_ARGUMENT` (blackhole).

See it by hand:
  Linux    ip route get 192.168.1.100           "RTNETLINK answers: Permission denied", "Invalid argument"
           ip route show table all | grep -E 'prohibit|unreachable|blackhole'
  macOS    netstat -rn | grep -E ' [A-Z]*[RB][A-Z]* '      R: reject, B: blackhole
  Windows  route print

Fix: end the program that made the route (a VPN), or take the route away:
  sudo ip route del prohibit 192.168.1.0/24

Undo: sudo ip route add prohibit 192.168.1.0/24

Often mistaken for: `interface-down`, `host-does-not-answer`: the refusal comes at once, from this
very machine.
"""

from __future__ import annotations

from wizard.judge.causes._way import not_here, stop_of
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Route, WayOut
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, DropRoute, Intent

CAUSE = RootCause(
    ref="own-route-refuses",
    stage=Stage.ROUTE,
    title="A route of the device that connects refuses the address",
    outranks=("no-route-back",),
    catalogue=("H4", "G8"),
)
_REFUSING = ("prohibit", "unreachable", "blackhole", "throw")
_SAYS = {
    "prohibit": "Permission denied",
    "unreachable": "No route to host",
    "blackhole": "Invalid argument",
}


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NO_ROUTE)
    if stop is None:
        return not_here(journey, "No route of this machine refuses the address.")
    way = stop.detail
    if not isinstance(way, WayOut) or way.kind not in _REFUSING:
        return ruled_out("No route says prohibit, unreachable or blackhole.", *stop.step.evidence)
    route = _route(facts, way)
    which = f"the route {way.kind} {route.destination}" if route else f"a route of the kind {way.kind}"
    said = _SAYS.get(way.kind, "an error")
    return found(
        f"This machine sends nothing to {way.destination}: {which} refuses it at once ({said}).",
        *((route.origin,) if route else (way.origin,)),
        fix=(_fix(route),),
    )


def _route(facts: Facts, way: WayOut) -> Route | None:
    if isinstance(facts.routes, Unknown):
        return None
    fitting = [
        each
        for each in facts.routes
        if each.kind == way.kind
        and each.destination.version == way.destination.version
        and way.destination in each.destination
    ]
    return max(fitting, key=lambda each: each.destination.prefixlen, default=None)


def _fix(route: Route | None) -> Intent:
    if route is None:
        return Advise(
            "End the VPN or the program that made this route; `ip rule` and `ip route show table all` show it."
        )
    return DropRoute(route)
