"""From where a machine can be dialled: itself, each network that it is attached to, and everything beyond.

A neighbour dials the address that this machine has in their common network; who is beyond dials one on the interface that
leads there. A socket bound to one address is dialled there from everywhere: Linux answers for all its addresses on every
interface (the weak host model), for who sends packets for that address this way.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from wizard.judge import vantage
from wizard.judge.alike import WIDTH
from wizard.judge.intervals import Intervals, of_network, subtract, union
from wizard.judge.machine import Machine
from wizard.judge.routing import Question
from wizard.model.exposure import From
from wizard.model.facts import Address, Facts, Interface, Network

# Who cannot be a sender beyond the local link: unspecified, loopback, multicast, broadcast, link-local, IPv4-mapped.
_NOBODY: dict[int, Intervals] = {
    4: ((0, 0), (127 << 24, (128 << 24) - 1), (0xE << 28, (0xF << 28) - 1), (0xFFFFFFFF, 0xFFFFFFFF)),
    6: ((0, 1), (0xFFFF << 32, (0x10000 << 32) - 1), (0x3FA << 118, (1 << 128) - 1)),
}


class Place(Struct, frozen=True):
    """A place, in one family: who is there, and what they dial (by the interface for who is beyond)."""

    kind: From
    family: int
    senders: Intervals = ()
    addresses: tuple[Address, ...] = ()
    network: Network | None = None
    interface: str = ""


def places(facts: Facts, family: int) -> tuple[Place, ...]:
    """Every place of a family, the nearest first."""
    networks = tuple(_networks(facts, family))
    taken = [*(span for each in networks for span in each.senders), *_own(facts, family), *_NOBODY[family]]
    taken += [of_network(each.network) for each in networks if each.network is not None]
    beyond = subtract(((0, (1 << WIDTH[family]) - 1),), union(taken))
    usable = tuple(each for each in vantage.lan_addresses(facts) if each.version == family and not each.is_link_local)
    return (Place(From.MACHINE, family), *networks, Place(From.ELSEWHERE, family, beyond, usable))


def _own(facts: Facts, family: int) -> Intervals:
    return union((int(each), int(each)) for each in vantage.own_addresses(facts) if each.version == family)


def _networks(facts: Facts, family: int) -> Iterator[Place]:
    """The networks of all interfaces that are up, with who else can be in them."""
    own = _own(facts, family)
    for interface in vantage.interfaces(facts):
        if interface.loopback or not interface.up or _is_port(facts, interface):
            continue
        for network in dict.fromkeys(each.network for each in interface.addresses if each.version == family):
            senders = subtract(_hosts(network), own)
            if senders:
                yield Place(From.NETWORK, family, senders, _dialled(interface, network), network, interface.name)


def _is_port(facts: Facts, interface: Interface) -> bool:
    """A port of a bridge or a bond: its packets arrive on the master."""
    masters = (each for each in vantage.interfaces(facts) if each.name == interface.master)
    return any(each.kind in ("bridge", "bond", "team") for each in masters)


def _dialled(interface: Interface, network: Network) -> tuple[Address, ...]:
    return tuple(each.ip for each in interface.addresses if each.network == network)


def _hosts(network: Network) -> Intervals:
    """Its addresses, without the network's own and the broadcast address where it has these."""
    low, high = of_network(network)
    return ((low + 1, high - 1),) if network.version == 4 and network.num_addresses > 2 else ((low, high),)


def way_to(machine: Machine, facts: Facts, place: Place, sender: int) -> tuple[str, tuple[Address, ...]]:
    """The interface on which somebody beyond arrives, and the addresses there; empty where no route leads back."""
    answer = machine.fib_tables.lookup(Question(place.family, sender))
    if answer.kind != "unicast" or not answer.device:
        return "", ()
    found = machine.interfaces.get(answer.device)
    there = tuple(each.ip for each in found.addresses if each.ip in place.addresses) if found else ()
    return answer.device, there or place.addresses[:1]
