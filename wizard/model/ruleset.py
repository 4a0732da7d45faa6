"""One shape for every packet filter: tables, chains, rules, and what a rule does, each with its origin.

A rule is a sequence of statements taken in order, as nft has it: a `Condition` that fails ends the rule; an effect
(`SetMark`, ...) changes the packet; a verdict ends the rule. iptables' rules are conditions and then one target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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


@dataclass(frozen=True, slots=True)
class BaseChain:
    """What makes a chain a base chain: `type` is filter, nat or route; `policy` is accept or drop."""

    hook: Hook
    priority: int
    type: str = "filter"
    policy: str = "accept"
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `text` is the rule as its tool prints it; `handle` is nft's, `index` counts from 1 within the chain."""

    statements: tuple[Any, ...]
    text: str
    index: int
    handle: int | None = None
    comment: str = ""
    origin: Origin = Origin("")


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain and its rules; `base` is None for one that is only jumped to."""

    name: str
    rules: tuple[Rule, ...] = ()
    base: BaseChain | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: chains by name, named sets and maps by name."""

    engine: Engine
    family: Family
    name: str
    chains: Mapping[str, Chain]
    sets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All tables that one engine holds, with the lines that could not be read (each makes a verdict there unsure)."""

    engine: Engine
    tables: tuple[Table, ...] = ()
    unread: tuple[Origin, ...] = ()
    source: str = ""
