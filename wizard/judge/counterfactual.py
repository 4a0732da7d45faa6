"""What if: the same facts without a rule or a table, the same packet from another device; the trace says what changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address, ip_network

from msgspec.structs import replace

from wizard.firewalls.place import position_of, ruleset_of
from wizard.judge import vantage
from wizard.model.capture import Unknown
from wizard.model.facts import Address, Facts, Network
from wizard.model.journey import RuleReference
from wizard.model.packet import Packet
from wizard.model.ruleset import Chain, Rule, Ruleset, Table

TableTest = Callable[[Ruleset, Table], bool]


def without_rule(facts: Facts, by: RuleReference) -> Facts:
    """The facts as they would be without this rule; a chain's policy becomes accept. Unchanged where it is not found."""
    held = _holding(facts, by)
    chain = held.chain(by.family, by.table, by.chain) if held else None
    if held is None or chain is None:
        return facts
    if by.what == "policy":
        if chain.base is None:
            return facts
        return _with(
            facts, held, held.with_chain(by.family, by.table, replace(chain, base=replace(chain.base, policy="accept")))
        )
    position = position_of(chain, by)
    if position is None:
        return facts
    return _with(facts, held, held.without_rule(by.family, by.table, by.chain, position))


def rule_of(facts: Facts, by: RuleReference) -> tuple[Chain, Rule] | None:
    """The chain and the rule that a reference names; None for a policy, or where it is not found."""
    held = _holding(facts, by)
    chain = held.chain(by.family, by.table, by.chain) if held else None
    position = position_of(chain, by) if chain else None
    return (chain, chain.rules[position - 1]) if chain and position and position <= len(chain.rules) else None


def without_table(facts: Facts, by: RuleReference) -> Facts:
    """The facts as they would be without the table that holds this rule."""
    return without_tables(
        facts, lambda held, table: (held.engine, table.family, table.name) == (by.engine, by.family, by.table)
    )


def without_tables(facts: Facts, wanted: TableTest) -> Facts:
    """The facts without every table of which `wanted(ruleset, table)` holds."""
    if isinstance(facts.rulesets, Unknown):
        return facts
    kept = tuple(
        replace(held, tables=tuple(table for table in held.tables if not wanted(held, table)))
        for held in facts.rulesets
    )
    return replace(facts, rulesets=kept)


def without_translation(facts: Facts) -> Facts:
    """The facts as they would be if nothing rewrote a destination before routing: no base chain of type nat there."""
    return without_tables(
        facts, lambda _, table: any(each.base and each.base.type == "nat" for each in table.chains.values())
    )


def from_elsewhere(facts: Facts, packet: Packet, count: int = 6) -> tuple[Packet, ...]:
    """The same packet from `count` other devices of the sender's network: beside it, and all over it. Fewer where the
    network is small."""
    network = network_around(facts, packet.source)
    taken = {bare(each) for each in vantage.own_addresses(facts)} | {bare(packet.source), bare(packet.destination)}
    routes = () if isinstance(facts.routes, Unknown) else facts.routes
    taken |= {each.gateway for each in routes if each.gateway is not None}
    sources = []
    for candidate in _spread(network, bare(packet.source)):
        if candidate not in taken and candidate not in sources:
            sources.append(candidate)
        if len(sources) == count:
            break
    return tuple(replace(packet, source=source) for source in sources)


def network_around(facts: Facts, source: Address) -> Network:
    """The attached network that `source` is in; for a device far away a /24 (/64) around it."""
    plain = bare(source)
    for interface in vantage.interfaces(facts):
        for each in interface.addresses:
            if each.version == plain.version and plain in each.network and each.network.num_addresses > 2:
                return each.network
    return ip_network(f"{plain}/{24 if plain.version == 4 else 64}", strict=False)


def bare(address: Address) -> Address:
    """Without the zone of a link-local address."""
    return ip_address(str(address).partition("%")[0])


def _spread(network: Network, own: Address) -> Iterator[Address]:
    """Addresses of the network's hosts: two beside `own`, then halves, quarters, eighths, ... of the network."""
    size, base = network.num_addresses, int(network.network_address)
    offsets = [int(own) - base + 1, int(own) - base - 1]
    offsets += [size * part // 2**level for level in range(1, 6) for part in range(1, 2**level, 2)]
    edges = (0, size - 1) if size > 2 else ()
    for offset in offsets:
        if 0 <= offset < size and offset not in edges:
            yield type(own)(base + offset)


def _holding(facts: Facts, by: RuleReference) -> Ruleset | None:
    return None if isinstance(facts.rulesets, Unknown) else ruleset_of(facts.rulesets, by)


def _with(facts: Facts, old: Ruleset, new: Ruleset) -> Facts:
    if isinstance(facts.rulesets, Unknown):
        return facts
    return replace(facts, rulesets=tuple(new if each is old else each for each in facts.rulesets))


def with_sysctls(facts: Facts, values: Mapping[str, str]) -> Facts:
    """The facts with these kernel settings; unchanged where the settings were not read."""
    if isinstance(facts.sysctls, Unknown):
        return facts
    return replace(facts, sysctls={**facts.sysctls, **values})
