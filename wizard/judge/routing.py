"""The routing tables and rules, asked the way the kernel asks them (fib_rules_lookup, fib_table_lookup; ip-rule(8)).

The longest prefix wins, then the smallest metric. A `throw` route sends the search on to the next rule. What the kernel
answers for nothing found, unreachable, prohibit and blackhole decides what the other side receives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from wizard.judge.state import Unsure
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Interface, Route, RoutingRule

_NAMES = {"255": "local", "254": "main", "253": "default", "0": "main"}
_PROTOCOLS = {"tcp": 6, "udp": 17}
LOOPBACK = "lo"
_MOST_ANSWERS = 65_536


class Question(Struct, frozen=True):
    """What is looked up. `incoming` is empty for this machine's own packets, `outgoing` a device that was demanded."""

    family: int
    destination: int
    source: int = 0
    incoming: str = ""
    outgoing: str = ""
    mark: Any = 0
    proto: int = 0
    sport: int = 0
    dport: int = 0


class Answer(Struct, frozen=True):
    """`kind`: a route's kind, `none` where nothing was found, or `unknown`."""

    kind: str
    device: str = ""
    route: Route | None = None
    devices: tuple[str, ...] = ()
    """All devices of a route with several next hops; `device` is the first."""

    @property
    def reaches(self) -> bool:
        """Whether a packet would be sent on, or delivered."""
        return self.kind in ("unicast", "local", "broadcast", "anycast", "multicast")


NOTHING = Answer("none")
UNKNOWN = Answer("unknown")


class _Table:
    """One table of one family: routes by prefix length, longest first."""

    def __init__(self, routes: Iterable[Route], width: int) -> None:
        self._width = width
        self._by_length: dict[int, dict[int, list[Route]]] = {}
        for route in routes:
            bucket = self._by_length.setdefault(route.destination.prefixlen, {})
            bucket.setdefault(int(route.destination.network_address), []).append(route)
        for buckets in self._by_length.values():
            for found in buckets.values():
                found.sort(key=lambda route: route.metric)
        self._lengths = sorted(self._by_length, reverse=True)

    def find(self, destination: int, outgoing: str = "") -> list[Route]:
        """The best route, as its next hops; with `outgoing`, the best that uses this device."""
        for length in self._lengths:
            shift = self._width - length
            found = [
                route
                for route in self._by_length[length].get(destination >> shift << shift, ())
                if "dead" not in route.flags and not (outgoing and route.device != outgoing and route.kind == "unicast")
            ]
            if found:
                return [route for route in found if route.metric == found[0].metric]
        return []


class Fib:
    """The tables and rules of one machine. `known` is False where the routes could not be read: then only the addresses
    of the interfaces say what is local."""

    def __init__(self, facts: Facts, interfaces: Mapping[str, Interface]) -> None:
        routes = facts.routes if not isinstance(facts.routes, Unknown) else ()
        rules = facts.routing_rules if not isinstance(facts.routing_rules, Unknown) else None
        self.known = not isinstance(facts.routes, Unknown)
        self._interfaces = interfaces
        grouped: dict[tuple[int, str], list[Route]] = {}
        for route in routes:
            grouped.setdefault((route.destination.version, _NAMES.get(route.table, route.table)), []).append(route)
        for family in (4, 6):
            local = grouped.setdefault((family, "local"), [])
            if not local:
                local.extend(_from_addresses(interfaces.values(), family))
        self._tables = {key: _Table(found, 32 if key[0] == 4 else 128) for key, found in grouped.items()}
        self._answers: dict[tuple[int, int, str], Answer] = {}
        self._rules = {family: _rules(rules, family) for family in (4, 6)}
        self.custom_rules = {family: _are_custom(self._rules[family]) for family in (4, 6)}
        self.custom_local = any(
            route.kind == "local" and not _automatic(route, interfaces) for route in grouped[(4, "local")]
        )

    def lookup(self, question: Question) -> Answer:
        """The kernel's answer. A rule that the model cannot read leaves it open, unless it makes no difference."""
        if self.custom_rules[question.family]:
            return self._from(question, 0)
        # With the kernel's own rules alone, only destination and device count.
        key = (question.family, question.destination, question.outgoing)
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
            found = self._answers[key] = self._from(question, 0)
        return found

    def local_type(self, family: int, address: int, device: str = "") -> str:
        """What the local table says of an address: local, broadcast, anycast, or unicast where it says nothing.

        With `device`, only that device's own entries count (inet_dev_addr_type, net/ipv4/fib_frontend.c)."""
        if family == 4:
            if address in (0, 0xFFFFFFFF):
                return "broadcast"
            if address >> 28 == 0xE:
                return "multicast"
        elif address >> 120 == 0xFF:
            return "multicast"
        table = self._tables.get((family, "local"))
        found = table.find(address) if table else []
        if not found or (device and found[0].device != device):
            return "unicast"
        return found[0].kind if found[0].kind in ("local", "broadcast", "anycast") else "unicast"

    def _from(self, question: Question, start: int) -> Answer:
        rules = self._rules[question.family]
        place = start
        while place < len(rules):
            rule = rules[place]
            fits = _fits(rule, question)
            if fits is None:
                return self._either_way(question, rule, place)
            if fits:
                if rule.action == "goto":
                    place = next(
                        (n for n, r in enumerate(rules) if n > place and r.priority >= (rule.goto or 0)), len(rules)
                    )
                    continue
                answer = self._act(rule, question)
                if answer is not None:
                    return answer
            place += 1
        return NOTHING

    def _either_way(self, question: Question, rule: RoutingRule, place: int) -> Answer:
        yes = self._act(rule, question) if rule.action != "goto" else UNKNOWN
        no = self._from(question, place + 1)
        return no if yes is None or yes == no else UNKNOWN

    def _act(self, rule: RoutingRule, question: Question) -> Answer | None:
        """The rule's answer, or None: the search goes on."""
        if rule.action in ("unreachable", "prohibit", "blackhole"):
            return Answer(rule.action)
        if rule.action != "lookup":
            return None
        table = self._tables.get((question.family, _NAMES.get(rule.table, rule.table)))
        hops = table.find(question.destination, question.outgoing) if table else []
        if not hops or hops[0].kind == "throw":
            return None
        found = hops[0]
        if rule.suppress_prefixlength is not None and found.destination.prefixlen <= rule.suppress_prefixlength:
            return None
        return Answer(found.kind, found.device, found, tuple(dict.fromkeys(hop.device for hop in hops)))


def _fits(rule: RoutingRule, question: Question) -> bool | None:
    """Whether the rule's selectors fit; None where the model does not know one of them, or the mark."""
    if isinstance(question.mark, Unsure) and rule.mark is not None:
        return None
    answer = _selects(rule, question)
    if rule.unread:
        return None if answer or rule.inverted else False
    return answer is not rule.inverted


def _selects(rule: RoutingRule, question: Question) -> bool:
    if rule.source is not None and not _inside(question.source, rule.source):
        return False
    if rule.destination is not None and not _inside(question.destination, rule.destination):
        return False
    if rule.incoming and rule.incoming != (question.incoming or LOOPBACK):
        return False
    if rule.outgoing and rule.outgoing != question.outgoing:
        return False
    if rule.mark is not None and (question.mark ^ rule.mark) & rule.mask:
        return False
    if rule.proto and _PROTOCOLS.get(rule.proto, rule.proto) not in (question.proto, str(question.proto)):
        return False
    if rule.source_ports and not rule.source_ports[0] <= question.sport <= rule.source_ports[1]:
        return False
    return not rule.destination_ports or rule.destination_ports[0] <= question.dport <= rule.destination_ports[1]


def _inside(address: int, network: Any) -> bool:
    shift = network.max_prefixlen - network.prefixlen
    return bool(address >> shift == int(network.network_address) >> shift)


def _rules(rules: tuple[RoutingRule, ...] | None, family: int) -> list[RoutingRule]:
    own = sorted((rule for rule in rules or () if rule.family == family), key=lambda rule: rule.priority)
    if own or (rules is not None and any(rule.family != family for rule in rules)):
        return own
    return [
        RoutingRule(0, family, "local"),
        RoutingRule(32766, family, "main"),
        *([RoutingRule(32767, family, "default")] if family == 4 else []),
    ]


def _are_custom(rules: list[RoutingRule]) -> bool:
    """Whether somebody has added a rule to the kernel's own (fib4_has_custom_rules)."""
    usual = {(0, "local"), (32766, "main"), (32767, "default")}
    return any(
        (rule.priority, _NAMES.get(rule.table, rule.table)) not in usual or rule.action != "lookup" for rule in rules
    )


def _automatic(route: Route, interfaces: Mapping[str, Interface]) -> bool:
    """Whether the kernel made this local route for an address of an interface."""
    for interface in interfaces.values():
        for address in interface.addresses:
            if address.version == 4 and address.ip == route.destination.network_address:
                return True
    return route.device == LOOPBACK and str(route.destination) == "127.0.0.0/8"


def _from_addresses(interfaces: Iterable[Interface], family: int) -> list[Route]:
    """The local table as the kernel fills it from addresses, for machines whose routes were not read."""
    found: list[Route] = []
    for interface in interfaces:
        for address in interface.addresses:
            if address.version != family:
                continue
            own = address.ip
            wide = 32 if family == 4 else 128
            network = type(address.network)(f"{own}/{wide}")
            found.append(Route(network, "local", interface.name, table="local"))
            if family == 4 and address.network.prefixlen < 31:
                last = ip_address(int(address.network.broadcast_address))
                found.append(Route(type(address.network)(f"{last}/32"), "broadcast", interface.name, table="local"))
            if interface.loopback and family == 4:
                found.append(Route(address.network, "local", interface.name, table="local"))
    return found
