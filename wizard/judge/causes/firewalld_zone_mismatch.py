"""The port is open in one of firewalld's zones, but packets from this device belong to another
zone.

A zone applies to the interfaces and the sources that are bound to it; a source binding wins over an
interface, and what is bound nowhere falls to the default zone. `firewall-cmd --add-port=...`
without `--zone` changes the default zone only.

What it looks like: `ERR_ADDRESS_UNREACHABLE` ("No route to host") at once over IPv4,
`ERR_NETWORK_ACCESS_DENIED` over IPv6, although `firewall-cmd --list-ports` shows the port.

See it by hand:
  Linux    sudo firewall-cmd --get-active-zones
           sudo firewall-cmd --get-zone-of-interface=eth0
           sudo firewall-cmd --list-all-zones | grep -B20 5000/tcp

Fix: open the port in the zone that applies, for the LAN's network only:
  sudo firewall-cmd --zone=ZONE --add-rich-rule='rule family="ipv4" source address="192.168.1.0/24"
    port port="5000" protocol="tcp" accept'
and the same with --permanent. Moving the interface to the other zone would open everything that is
open there.

Undo: the same words with --remove-rich-rule.

Often mistaken for: `firewalld-not-both`, where the zone is right and only the permanent or only the
running rules have it; `host-does-not-answer`.
"""

from __future__ import annotations

from ipaddress import ip_network

from wizard.judge.causes._firewall import allow, evidence, filtered, manager, near_misses, not_filtered
from wizard.judge.counterfactual import bare
from wizard.knowledge import service_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Address, Facts, Firewalld, FirewalldZone
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="firewalld-zone-mismatch",
    stage=Stage.FIREWALL,
    title="The port is open in another firewalld zone than the one that applies",
    outranks=("firewall-drops-port", "firewall-rejects-port", "allow-rule-comes-too-late"),
    catalogue=("E8",),
)


def check(target: Target, facts: Facts, journey: Journey, firewalld: Firewalld | None) -> Verdict:
    decision = filtered(journey)
    if decision is None or decision.by is None:
        return not_filtered(facts, journey, "firewalld does not stop it.")
    if firewalld is None or not firewalld.running or manager(facts, decision.by) != "firewalld":
        return ruled_out("It is not firewalld that stops it.", *evidence(decision.by))
    applies = zone_of(firewalld, bare(journey.packet.source), journey.packet.interface)
    port = journey.translated.port if journey.translated else target.port
    others = [each for each in firewalld.zones if each.name != applies and opens(each, port, target.proto)]
    if not others:
        return ruled_out(f"No other zone opens port {port}/{target.proto}.", firewalld.origin)
    return found(
        f"firewalld's zone {others[0].name} opens port {port}, but packets from {journey.packet.source}"
        f" on {journey.packet.interface or 'this interface'} belong to zone {applies}, which does not.",
        *evidence(decision.by),
        *(each.origin for each in others),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )


def zone_of(firewalld: Firewalld, source: Address, interface: str) -> str:
    """The zone that applies: bound to the source, else to the interface, else the default one (firewalld.zones(5))."""
    for zone in firewalld.zones:
        if any(_contains(text, source) for text in zone.sources):
            return zone.name
    bound = (zone.name for zone in firewalld.zones if interface in zone.interfaces)
    return next(bound, firewalld.default_zone)


def _contains(text: str, source: Address) -> bool:
    """Whether a zone's source is a network with the address in it; a MAC or an `ipset:` is not known to be."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return network.version == source.version and source in network


def opens(zone: FirewalldZone, port: int, proto: str) -> bool:
    """Whether the zone names the port: as a port or range, as the port's service, or in a rich rule that accepts."""
    service = service_of(port, proto)
    if service is not None and service.name.lower() in zone.services:
        return True
    if any(_covers(text, port, proto) for text in zone.ports):
        return True
    words = f'port="{port}" protocol="{proto}"'
    return any(words in rule and rule.rstrip().endswith("accept") for rule in zone.rich_rules)


def _covers(text: str, port: int, proto: str) -> bool:
    ports, _, protocol = text.partition("/")
    low, _, high = ports.partition("-")
    return protocol == proto and low.isdigit() and int(low) <= port <= int(high if high.isdigit() else low)
