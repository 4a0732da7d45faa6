"""The connection attempt arrives, but this machine does not know the way back to the device that
sent it.

A device in another network (behind a router, a VPN, another VLAN) is answered over a route: the
default one, or one for its network. Without it, or with one that says blackhole, unreachable or
prohibit, the answer is never sent. Devices on the same LAN need no route but the LAN's own.

What it looks like: `ERR_CONNECTION_TIMED_OUT` for devices of other networks, while neighbours on
the LAN get the page.

See it by hand:
  Linux    ip route get 10.88.0.2               "Network is unreachable", or a blackhole
           ip route; ip rule
  macOS    route -n get 10.88.0.2
  Windows  Find-NetRoute -RemoteIPAddress 10.88.0.2

Fix: add the route back, over the router of this LAN:
  sudo ip route add 10.88.0.0/24 via 192.168.1.1 dev eth0
and make it permanent where the network is configured (netplan, NetworkManager, systemd-networkd).
  macOS    sudo route -n add -net 10.88.0.0/24 192.168.1.1
  Windows  route add 10.88.0.0 mask 255.255.255.0 192.168.1.1

Undo: sudo ip route del 10.88.0.0/24 via 192.168.1.1 dev eth0; sudo route -n delete -net 10.88.0.0/24;
route delete 10.88.0.0

Often mistaken for: `firewall-drops-port`: just as silent; `vpn-cuts-lan`, which is how it often
comes about; `reverse-path-filter`.
"""

from __future__ import annotations

from ipaddress import ip_network

from wizard.judge import vantage
from wizard.judge.causes._client import silent, suspicion
from wizard.judge.causes._way import not_here, stop_of, unread
from wizard.judge.client import way_out
from wizard.judge.counterfactual import bare, with_sysctls
from wizard.judge.trace import reply, trace
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Ask, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Address, Facts, Network, Route
from wizard.model.journey import Decision, Ending, Journey, Stop
from wizard.model.remedy import AddRoute, Advise, Intent

CAUSE = RootCause(
    ref="no-route-back",
    stage=Stage.ROUTE,
    title="There is no route back to the other device",
    outranks=("reverse-path-filter",),
    catalogue=("G5", "G7", "G8", "H4"),
)
RANK = 4


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.REPLY_NO_ROUTE, Ending.NO_ROUTE, Ending.SOURCE_FILTERED)
    if stop is None:
        missing = isinstance(facts.routes, Unknown) and journey.stop is None
        return (
            unread(facts.routes)
            if missing and isinstance(facts.routes, Unknown)
            else not_here(journey, "A route leads back.")
        )
    decision = stop.decision if stop.ending is not Ending.SOURCE_FILTERED else _behind_the_filter(facts, journey)
    if stop.ending is Ending.SOURCE_FILTERED and decision is None:
        return ruled_out("A route leads back to the other device.", *stop.step.evidence)
    reason = decision.reason if decision and decision.reason else stop.step.name
    if stop.ending is Ending.NO_ROUTE and journey.decision is None:
        return found(f"This machine has no route: {reason}.", *stop.step.evidence, fix=(_advice(stop),))
    blocking = _in_the_way(facts, bare(journey.packet.source))
    return found(
        f"The answer to {journey.packet.source} is not sent: {reason}.",
        *((blocking.origin,) if blocking else stop.step.evidence),
        fix=(_fix(facts, journey, blocking),),
    )


def _behind_the_filter(facts: Facts, journey: Journey) -> Decision | None:
    """The reverse path filter asks for the same route: what becomes of the answer if the filter is off."""
    name = journey.packet.interface
    free = with_sysctls(facts, {"net.ipv4.conf.all.rp_filter": "0", f"net.ipv4.conf.{name}.rp_filter": "0"})
    let_in = trace(free, journey.packet, explain=False)
    if let_in.outcome != "deliver":
        return None
    back = reply(free, journey.packet, let_in)
    return back if back.outcome in ("drop", "reject") and back.by is None else None


def _in_the_way(facts: Facts, source: Address) -> Route | None:
    """A route that says blackhole, unreachable or prohibit for this device."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    for each in routes:
        covers = each.destination.version == source.version and source in each.destination
        if covers and each.kind in ("blackhole", "unreachable", "prohibit"):
            return each
    return None


def _fix(facts: Facts, journey: Journey, blocking: Route | None) -> Intent:
    """A route to the one device, over the router that is known on the interface; it wins over a wider one that refuses."""
    source, device = bare(journey.packet.source), journey.packet.interface
    gateway = _gateway(facts, source, device)
    if exact := _leads_astray(facts, source, device):
        return Advise(f"Take the route to {exact.destination} over {exact.device} away, if nothing else needs it.")
    if blocking is None and vantage.lives_on(facts, source, device):
        return AddRoute(ip_network(str(source)), device)
    if blocking is not None and blocking.destination.prefixlen == blocking.destination.max_prefixlen:
        return Advise(f"Take the route {blocking.kind} {blocking.destination} away, if nothing else needs it.")
    if gateway is None or not device:
        return Advise(f"Add a route back to {source}, over the router that leads there.")
    network: Network = ip_network(str(source))
    return AddRoute(network, device, gateway)


def _leads_astray(facts: Facts, source: Address, device: str) -> Route | None:
    """A route to this one device over another interface: no route of ours could be more specific."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    for each in routes:
        alone = each.destination.prefixlen == each.destination.max_prefixlen and each.table == "main"
        if alone and each.kind == "unicast" and each.device != device and each.destination == ip_network(str(source)):
            return each
    return None


def _gateway(facts: Facts, source: Address, device: str) -> Address | None:
    """A router on this interface: from another route, or from the neighbours."""
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    for each in routes:
        if each.gateway is not None and each.device == device and each.gateway.version == source.version:
            return each.gateway
    heard = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    routers = [
        each for each in heard if each.device == device and each.router and each.address.version == source.version
    ]
    return routers[0].address if routers and not vantage.is_own(facts, routers[0].address) else None


def _advice(stop: Stop) -> Intent:
    return Advise(f"Connect this machine to a network that leads there ({stop.step.name}).")


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Silence from behind a router, seen from the other end: the answer may not find its way back."""
    attempt = silent(target, journey)
    way = way_out.toward(facts, attempt.address) if attempt else None
    if attempt is None or attempt.errno != "ETIMEDOUT" or way is None or way.gateway is None:
        return None
    source = attempt.source or way.source or "CLIENT"
    ask = Ask(("ip", "route", "get", str(source)), "an error, or another interface than the one toward this network")
    said = f"That machine may have no route back to {source}."
    return suspicion(said, ask, facts, target, journey)
