"""One shape for every packet filter: tables, chains, rules, and what a rule does, each with its origin.

A rule is a sequence of statements taken in order, as nft has it: a condition that fails ends the rule; an effect
(`SetField`, ...) changes the packet; a verdict ends the chain. iptables' rules are conditions and then one target.

Values are what the kernel compares: an address, a port, a mark, a protocol are integers; an interface is its name, or a
`Wildcard`; a concatenation is a tuple. `Span` is a closed interval. Rulesets are values: `with_rule` and its siblings give
a new one, so that a fix can be tried on a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from wizard.model.capture import Origin


class Engine(StrEnum):
    """What the packet meets. Front ends (ufw, firewalld, Docker) write rules for one of these."""

    NFTABLES = "nftables"
    IPTABLES_NFT = "iptables-nft"
    IPTABLES_LEGACY = "iptables-legacy"


class Family(StrEnum):
    """A table's family, in nft's words."""

    IP = "ip"
    IP6 = "ip6"
    INET = "inet"
    NETDEV = "netdev"
    BRIDGE = "bridge"
    ARP = "arp"


class Hook(StrEnum):
    """Where in the packet's way a base chain is called (nft(8))."""

    INGRESS = "ingress"
    PREROUTING = "prerouting"
    INPUT = "input"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"
    EGRESS = "egress"


# Values


class Span(Struct, frozen=True):
    """A closed interval of integers: a prefix, a range of ports or addresses."""

    low: int
    high: int


class Wildcard(Struct, frozen=True):
    """Interface names that begin so: nft's `eth*`, iptables' `eth+`."""

    prefix: str


# Expressions: what is looked at


class Field(Struct, frozen=True):
    """A property of packet or connection by nft's own name: `ip saddr`, `tcp dport`, `meta iifname`, `ct state`."""

    name: str


class Fib(Struct, frozen=True):
    """What the routing tables say of an address (nft `fib saddr . iif oif`): `result` is type, oif or oifname."""

    flags: tuple[str, ...]
    result: str


class SocketKey(Struct, frozen=True):
    """A property of the socket that would take the packet (nft `socket transparent`): transparent, mark or wildcard."""

    key: str


class RawPayload(Struct, frozen=True):
    """Bits at a place of a header (nft `@th,16,16`): base is ll, nh or th; offset and length count bits."""

    base: str
    offset: int
    length: int


class Bits(Struct, frozen=True):
    """Bit arithmetic: `operator` is one of & | ^ << >>."""

    operator: str
    left: Any
    right: Any


class Concat(Struct, frozen=True):
    """Several expressions side by side (nft `ip saddr . tcp dport`)."""

    parts: tuple[Any, ...]


class SetReference(Struct, frozen=True):
    """A named set, map or ipset of the table."""

    name: str


class Elements(Struct, frozen=True):
    """The content of a set, or of a map when `values` is as long as `keys`."""

    keys: tuple[Any, ...]
    values: tuple[Any, ...] = ()
    has_default: bool = False
    default: Any = None
    """The catch-all element (`*`) and, for a map, its value."""


class Lookup(Struct, frozen=True):
    """The value that a map holds for a key (nft `tcp dport map { 80 : 8080 }`)."""

    key: Any
    content: Elements | SetReference


class Unknowable(Struct, frozen=True):
    """An expression whose value nobody can foresee (numgen, a hash), or that is outside the model."""

    text: str


# Statements: conditions


class Condition(Struct, frozen=True):
    """`left operator right`. `operator` is == != < > <= >=, `in` (nft's implicit match: any of the flags, or in the set),
    or `!in`. `right` is a value, `Elements`, a `SetReference` or an expression. `text` is the condition as printed."""

    left: Any
    operator: str
    right: Any
    text: str = ""


class AnyOf(Struct, frozen=True):
    """At least one of several conditions holds (multiport's `--ports`); `negated`: none does."""

    conditions: tuple[Any, ...]
    negated: bool = False
    text: str = ""


class AllOf(Struct, frozen=True):
    """All conditions hold; `negated`: not all of them."""

    conditions: tuple[Any, ...]
    negated: bool = False
    text: str = ""


class Constant(Struct, frozen=True):
    """A condition that always, or never, holds for the packets of this model."""

    holds: bool
    text: str = ""


class SetMatch(Struct, frozen=True):
    """iptables' `-m set --match-set NAME src,dst`: the packet's `sides` are in the ipset."""

    name: str
    sides: tuple[str, ...]
    negated: bool = False
    text: str = ""


class Limit(Struct, frozen=True):
    """A rate or count limit, taken as not exceeded: the one assumption. `over` matches beyond the limit only.
    `what` is `rate limit` or `connection limit`."""

    over: bool
    text: str = ""
    what: str = "rate limit"


class Recent(Struct, frozen=True):
    """iptables' recent match: `mode` is set, rcheck, update or remove."""

    mode: str
    name: str
    side: str = "src"
    hits: int = 1
    negated: bool = False
    text: str = ""


class ReversePath(Struct, frozen=True):
    """iptables' rpfilter: would the answer leave by the interface that the packet came in on?"""

    loose: bool = False
    valid_mark: bool = False
    accept_local: bool = False
    inverted: bool = False
    text: str = ""


class SocketMatch(Struct, frozen=True):
    """iptables' socket match: some socket would take the packet (`no_wildcard`: also one bound to any address)."""

    transparent: bool = False
    no_wildcard: bool = False
    restore_mark: bool = False
    text: str = ""


class BytesProgram(Struct, frozen=True):
    """A program over the packet's bytes: iptables' u32 or bpf (`kind`). `code`: for u32 its tests, each a location
    `(("", position), (operator, number), ...)` and ranges; for bpf instructions `(code, jt, jf, k)`."""

    kind: str
    code: tuple[Any, ...]
    negated: bool = False
    text: str = ""


class Opaque(Struct, frozen=True):
    """A condition or statement outside the model: it may hold or not."""

    text: str


# Statements: effects


class SetField(Struct, frozen=True):
    """Change a field: `meta mark`, `ct mark`, `ip daddr`, `tcp dport`. `value` is a value or an expression."""

    name: str
    value: Any
    text: str = ""


class ChangeSet(Struct, frozen=True):
    """Add to, update in or delete from a set, from within the packet's path. `limits` are the element's own statements."""

    operation: str
    name: str
    key: Any
    limits: tuple[Any, ...] = ()
    text: str = ""


class ChangeIpset(Struct, frozen=True):
    """iptables' SET target: add or delete the packet's sides."""

    operation: str
    name: str
    sides: tuple[str, ...]
    text: str = ""


class NoTrack(Struct, frozen=True):
    """Leave the packet out of connection tracking."""

    text: str = "notrack"


class Nothing(Struct, frozen=True):
    """A statement without influence on the verdict: counter, log, comment."""

    text: str = ""


class Nat(Struct, frozen=True):
    """Address translation; `kind` is dnat, snat, redirect, masquerade or netmap. `address` and `port` are a `Span`, an
    expression, or None where they stay. Ends the chain."""

    kind: str
    address: Any = None
    port: Any = None
    flags: tuple[str, ...] = ()
    text: str = ""
    family: str = ""


class TransparentProxy(Struct, frozen=True):
    """tproxy: hand the packet to a local socket on another address or port, without changing it. `ends` as iptables does."""

    address: int | None = None
    port: int | None = None
    mark: int = 0
    mark_mask: int = 0
    ends: bool = False
    text: str = ""
    family: str = ""


# Statements: verdicts


class Verdict(Struct, frozen=True):
    """`kind`: accept, drop, reject, return, continue, jump, goto, queue, synproxy or stolen (taken out of the path).

    `chain` is the target of jump and goto. `reject_with` is the answer in nft's and iptables' words, with the prefix
    `icmp-`, `icmpv6-` or `icmpx-`, or `tcp-reset`. `bypass`: a queue without a listener lets the packet pass.
    """

    kind: str
    chain: str = ""
    reject_with: str = ""
    bypass: bool = False
    text: str = ""


class VerdictMap(Struct, frozen=True):
    """The verdict that a map holds for a key; no element: the rule goes on."""

    key: Any
    content: Elements | SetReference
    text: str = ""


# Rules, chains, sets, tables


class BaseChain(Struct, frozen=True):
    """What makes a chain a base chain: `type` is filter, nat or route; `policy` is accept or drop.

    `called`: for IP family 4 and 6 its place among those of its priority, in the two ways that `nft list hooks` may be
    read. `late`: it may have been made after tables that are newer than its own.
    """

    hook: Hook
    priority: int
    type: str = "filter"
    policy: str = "accept"
    devices: tuple[str, ...] = ()
    called: tuple[tuple[int, int, int], ...] = ()
    late: bool = False


class Rule(Struct, frozen=True):
    """One rule. `text` is the rule as its tool prints it; `handle` is nft's, `index` counts from 1 within the chain."""

    statements: tuple[Any, ...]
    text: str
    index: int
    handle: int | None = None
    comment: str = ""
    origin: Origin = Origin("")


class Chain(Struct, frozen=True):
    """A chain and its rules; `base` is None for one that is only jumped to."""

    name: str
    rules: tuple[Rule, ...] = ()
    base: BaseChain | None = None
    handle: int | None = None

    def with_rule(self, position: int | None, rule: Rule) -> Chain:
        """The chain with `rule` at `position` (from 1, as `iptables -I` counts; None or past the end: appended)."""
        place = len(self.rules) if position is None else max(0, min(position - 1, len(self.rules)))
        return self._renumbered((*self.rules[:place], rule, *self.rules[place:]))

    def without_rule(self, position: int) -> Chain:
        """The chain without the rule at `position` (from 1); raises IndexError where there is none."""
        if not 1 <= position <= len(self.rules):
            raise IndexError(f"chain {self.name} has no rule {position}")
        return self._renumbered((*self.rules[: position - 1], *self.rules[position:]))

    def _renumbered(self, rules: tuple[Rule, ...]) -> Chain:
        numbered = (r if r.index == n else replace(r, index=n) for n, r in enumerate(rules, start=1))
        return replace(self, rules=tuple(numbered))


class NamedSet(Struct, frozen=True):
    """A named set or map of nft, or an ipset (`kind` is then `hash:net`, `list:set`, ...).

    `types` are the parts of a key (`ipv4_addr`, `inet_service`). For an ipset, keys are tuples of parts, `exceptions` its
    `nomatch` entries, and `family` 4 or 6 (0: neither). `known` is False where the content could not be read.
    `limited`: `within` or `over` where each element carries a rate limit.
    """

    name: str
    types: tuple[str, ...] = ()
    elements: Elements = Elements(())
    flags: tuple[str, ...] = ()
    is_map: bool = False
    kind: str = ""
    family: int = 0
    exceptions: tuple[Any, ...] = ()
    known: bool = True
    limited: str = ""
    origin: Origin = Origin("")


class Table(Struct, frozen=True):
    """A table: chains by name, named sets and maps by name. `order` is the kernel's counter at its making (nft's handle)."""

    engine: Engine
    family: Family
    name: str
    chains: Mapping[str, Chain]
    sets: Mapping[str, NamedSet] = field(default_factory=dict)
    order: int = 0
    dormant: bool | None = False
    """A dormant table's base chains are not called; None: not told."""

    def with_chain(self, chain: Chain) -> Table:
        """The table with this chain in place of the one of its name, or added."""
        return replace(self, chains={**self.chains, chain.name: chain})

    def with_set(self, content: NamedSet) -> Table:
        """The table with this set in place of the one of its name, or added."""
        return replace(self, sets={**self.sets, content.name: content})


class Ruleset(Struct, frozen=True):
    """All tables that one engine holds, with the lines that could not be read (each makes a verdict there unsure)."""

    engine: Engine
    tables: tuple[Table, ...] = ()
    unread: tuple[Origin, ...] = ()
    source: str = ""

    def table(self, family: str, name: str) -> Table | None:
        """The table of this family and name, or None."""
        return next((t for t in self.tables if t.family == family and t.name == name), None)

    def chain(self, family: str, table: str, name: str) -> Chain | None:
        """The chain of this name, or None."""
        found = self.table(family, table)
        return found.chains.get(name) if found else None

    def with_table(self, table: Table) -> Ruleset:
        """The ruleset with this table in place of the one of its family and name, or added."""
        if self.table(table.family, table.name) is None:
            return replace(self, tables=(*self.tables, table))
        same = (table.family, table.name)
        return replace(self, tables=tuple(table if (t.family, t.name) == same else t for t in self.tables))

    def with_chain(self, family: str, table: str, chain: Chain) -> Ruleset:
        """The ruleset with this chain in that table; raises KeyError where the table is missing."""
        found = self.table(family, table)
        if found is None:
            raise KeyError(f"no table {family} {table}")
        return self.with_table(found.with_chain(chain))

    def with_rule(self, family: str, table: str, chain: str, position: int | None, rule: Rule) -> Ruleset:
        """The ruleset with `rule` in that chain at `position` (from 1; None: appended); KeyError where it is missing."""
        found = self.chain(family, table, chain)
        if found is None:
            raise KeyError(f"no chain {family} {table} {chain}")
        return self.with_chain(family, table, found.with_rule(position, rule))

    def without_rule(self, family: str, table: str, chain: str, position: int) -> Ruleset:
        """The ruleset without that rule (from 1); KeyError or IndexError where it is missing."""
        found = self.chain(family, table, chain)
        if found is None:
            raise KeyError(f"no chain {family} {table} {chain}")
        return self.with_chain(family, table, found.without_rule(position))

    def with_set(self, family: str, table: str, content: NamedSet) -> Ruleset:
        """The ruleset with this set in that table; raises KeyError where the table is missing."""
        found = self.table(family, table)
        if found is None:
            raise KeyError(f"no table {family} {table}")
        return self.with_table(found.with_set(content))
