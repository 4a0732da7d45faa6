"""What is to be let through, and what a firewall module makes of it: commands there and back, and the rules afterwards."""

from __future__ import annotations

from msgspec import Struct

from wizard.model.facts import Address, Network, Proto
from wizard.model.remedy import Instruction, Risk
from wizard.model.ruleset import Ruleset


class Opening(Struct, frozen=True):
    """One direction of one service: new connections to `port` from `peers`, or (`reply`) the answers from `port` to them.

    `port` is the port as the deciding rule sees it, so behind a redirect the redirected one. `here` narrows it to one of
    this side's addresses (a container's), `interface` to the one that it comes in or goes out by. There is no condition
    on the connection's state for the way in: what follows the first packet has to pass the same rule.
    """

    proto: Proto
    port: int
    peers: Network
    here: Address | None = None
    interface: str = ""
    reply: bool = False

    @property
    def anyone(self) -> bool:
        """Every address of the family: no condition on it is needed."""
        return self.peers.prefixlen == 0

    @property
    def interface_needed(self) -> bool:
        """Link-local addresses mean another neighbour on each interface (RFC 4007)."""
        return self.peers.is_link_local


class Change(Struct, frozen=True):
    """Commands there and back, and `rulesets` as they are afterwards: all that were given, this one changed."""

    steps: tuple[Instruction, ...]
    undo: tuple[Instruction, ...]
    rulesets: tuple[Ruleset, ...]
    persists: str = "yes"
    warnings: tuple[str, ...] = ()
    verify: tuple[Instruction, ...] = ()
    risk: Risk = Risk.LOW
    through: str = ""
    """Which firewall is spoken to: `ufw`, `firewalld`, `nftables`, `iptables`, ..."""


def replaced(rulesets: tuple[Ruleset, ...], old: Ruleset, new: Ruleset) -> tuple[Ruleset, ...]:
    """The rulesets with `new` in place of `old`."""
    return tuple(new if ruleset is old else ruleset for ruleset in rulesets)
