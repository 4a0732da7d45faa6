"""What changed about addresses, names, routes, neighbours, containers, settings, and what this machine's own tries got."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from wizard.casebook.compare.sides import sides
from wizard.model.capture import Unknown
from wizard.model.change import Area, Change, Kind
from wizard.model.diagnosis import Target
from wizard.model.facts import Address, Attempt, Container, Facts, HostsEntry, Interface, Neighbour, Route, RoutingRule

_SETTINGS = (
    *(".ip_forward", ".forwarding", ".rp_filter", ".bindv6only", ".ip_unprivileged_port_start", ".disable_ipv6"),
    ".accept_local",
)


def concerned(target: Target, facts: Facts) -> set[Address | None]:
    """The addresses that the case is about: the device's, the target's, the gateways'."""
    gateways = () if isinstance(facts.routes, Unknown) else (each.gateway for each in facts.routes if each.gateway)
    return {target.vantage, *target.addresses, *gateways} - {None}


def interfaces(one: tuple[Interface, ...], two: tuple[Interface, ...], target: Target) -> Iterator[Change]:
    before, now = ({each.name: each for each in side} for side in (one, two))
    own = set(target.addresses)

    def telling(name: str) -> bool:
        sides = (side[name] for side in (before, now) if name in side)
        return any(each.ip in own for side in sides for each in side.addresses)

    yield from sides(Area.ADDRESS, before, now, lambda name: f"interface {name}", _interface, telling)


def _interface(interface: Interface) -> str:
    """Up or not, its addresses (those that only its own link can see left out), its card."""
    addresses = [str(each) for each in interface.addresses if not each.is_link_local]
    state = (
        "" if interface.up and interface.carrier is not False else " down" if not interface.up else " without a link"
    )
    card = f", card {interface.mac}" if interface.mac and not interface.loopback else ""
    return (", ".join(addresses) or "no address") + state + card


def resolution(one: Facts, two: Facts) -> Iterator[Change]:
    before, after = one.resolution, two.resolution
    if before is None or after is None or isinstance(before, Unknown) or isinstance(after, Unknown):
        return
    old, new = (", ".join(map(str, each.addresses)) or each.error or "no address" for each in (before, after))
    if before.name == after.name and old != new:
        yield Change(Area.NAME, Kind.CHANGED, f"the name {after.name}", old, new, True)


def hosts(one: tuple[HostsEntry, ...], two: tuple[HostsEntry, ...]) -> Iterator[Change]:
    """What the hosts file says of each name."""
    yield from sides(
        Area.NAME, _by_names(one), _by_names(two), lambda names: f"hosts file: {' '.join(names)}", ", ".join
    )


def _by_names(entries: tuple[HostsEntry, ...]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for each in entries:
        found.setdefault(each.names, []).append(str(each.address))
    return found


def routes(one: tuple[Route, ...], two: tuple[Route, ...]) -> Iterator[Change]:
    yield from sides(Area.ROUTE, _by_destination(one), _by_destination(two), _route_name, _ways)


def _by_destination(routes: tuple[Route, ...]) -> dict[Hashable, list[Route]]:
    """What the kernel adds by itself for each address is told with the addresses."""
    found: dict[Hashable, list[Route]] = {}
    for each in routes:
        by_itself = each.table == "local" or each.kind in ("local", "broadcast", "multicast", "anycast")
        if not by_itself and not each.destination.is_link_local and not each.destination.is_multicast:
            found.setdefault((each.table, each.destination), []).append(each)
    return found


def _route_name(key: tuple[str, Any]) -> str:
    where = (
        "default route" + (" (IPv6)" if key[1].version == 6 else "") if not key[1].prefixlen else f"route to {key[1]}"
    )
    return where if key[0] == "main" else f"{where} in table {key[0]}"


def _ways(routes: list[Route]) -> str:
    return "; ".join(sorted(map(_way, routes)))


def _way(route: Route) -> str:
    kind = "" if route.kind == "unicast" else f"{route.kind} "
    via = f"via {route.gateway} " if route.gateway else ""
    metric = f" metric {route.metric}" if route.metric else ""
    return f"{kind}{via}{f'on {route.device}' if route.device else ''}{metric}".strip() or "set"


def routing_rules(one: tuple[RoutingRule, ...], two: tuple[RoutingRule, ...]) -> Iterator[Change]:
    before, after = ({(each.family, each.priority, each.origin.text): each for each in side} for side in (one, two))
    yield from sides(
        Area.ROUTE, before, after, lambda key: f"routing rule {key[1]}", lambda each: each.origin.text or each.table
    )


def neighbours(
    one: tuple[Neighbour, ...], two: tuple[Neighbour, ...], concerned: set[Address | None]
) -> Iterator[Change]:
    """Another card behind the same address, always; whether they answer, of those that the case is about."""
    before, now = ({each.address: each for each in side} for side in (one, two))
    for address in before.keys() & now.keys():
        old, new = before[address], now[address]
        what = f"neighbour {address}"
        if old.mac and new.mac and old.mac != new.mac:
            yield Change(Area.NEIGHBOUR, Kind.CHANGED, what, f"card {old.mac}", f"card {new.mac}", address in concerned)
        elif address in concerned and (old.state == "FAILED") != (new.state == "FAILED"):
            yield Change(Area.NEIGHBOUR, Kind.CHANGED, what, old.state, new.state, True)


def containers(one: tuple[Container, ...], two: tuple[Container, ...], port: int) -> Iterator[Change]:
    before, now = ({each.name or each.identifier[:12]: each for each in side} for side in (one, two))

    def telling(name: str) -> bool:
        sides = (side[name] for side in (before, now) if name in side)
        return any(each.host_port == port for side in sides for each in side.published)

    yield from sides(Area.CONTAINER, before, now, lambda name: f"container {name}", _container, telling)


def _container(container: Container) -> str:
    ports = [f"{each.host_address}:{each.host_port}→{each.container_port}/{each.proto}" for each in container.published]
    where = ", ".join(map(str, container.addresses))
    published = f"published {', '.join(ports)}" if ports else "nothing published"
    return f"{container.image}, {published}, at {where or 'no address'}"


def settings(one: Mapping[str, str], two: Mapping[str, str]) -> Iterator[Change]:
    shared = [name for name in one if name in two and name.endswith(_SETTINGS)]
    before, after = ({name: side[name] for name in shared} for side in (one, two))
    yield from sides(Area.SETTING, before, after, str, str)


def answers(one: tuple[Attempt, ...], two: tuple[Attempt, ...]) -> Iterator[Change]:
    before, after = ({(each.address, each.port, each.sent): each for each in side} for side in (one, two))
    for key in before.keys() & after.keys():
        if (old := _answer(before[key])) != (new := _answer(after[key])):
            yield Change(Area.ANSWER, Kind.CHANGED, f"this machine's own try at {key[0]} port {key[1]}", old, new, True)


def _answer(attempt: Attempt) -> str:
    status = f", HTTP {attempt.status}" if attempt.status else f", {attempt.ended}" if attempt.ended else ""
    return f"{attempt.outcome}{status}"
