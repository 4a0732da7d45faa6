"""From where each listening port can be reached, and why: what `wizard exposure` answers."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from wizard.model.capture import Unknown
from wizard.model.facts import Address, Network, Proto
from wizard.model.journey import RuleReference, Translation


class From(StrEnum):
    """Whose eyes: this machine itself, a network that it is attached to, or anything beyond."""

    MACHINE = "this-machine"
    NETWORK = "network"
    ELSEWHERE = "elsewhere"


class Reached(StrEnum):
    """How many of the senders there get through. `SOME` also where for others nobody can know."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNKNOWN = "unknown"


class Treatment(Struct, frozen=True):
    """What happens to a part of the senders: `open`, `closed` or `unknown`.

    `sources` are their addresses as prefixes, `left_out` how many further intervals there are. `by` is the deciding rule or
    policy where one decided, `reason` says the rest in words. `sees` is what the client gets (`connected`, `timeout`,
    `refused`, ...), `to` where the connection ends after translation, `dialled` the address that was asked for.
    """

    verdict: str
    sources: tuple[Network, ...]
    dialled: Address
    left_out: int = 0
    by: RuleReference | None = None
    reason: str = ""
    sees: str = ""
    to: Translation | None = None
    assumptions: tuple[str, ...] = ()


class Reach(Struct, frozen=True):
    """One listener from one place, in one address family: the verdict, who gets through, and every treatment met there.

    `network` and `interface` are set for an attached network; `sources` are those that get through."""

    place: From
    family: int
    verdict: Reached
    network: Network | None = None
    interface: str = ""
    sources: tuple[Network, ...] = ()
    left_out: int = 0
    treatments: tuple[Treatment, ...] = ()


class Exposed(Struct, frozen=True):
    """One port that can be dialled. `kind`: `socket` (a listener), `published` (a container's port), or `redirect` (a
    translation rule leads elsewhere). `address` is what it is bound to, None for a rule's port. `owner` is the program, or
    where the translation leads, in words. `warnings` are what a person should know."""

    kind: str
    proto: Proto
    address: Address | None
    port: int
    last_port: int
    owner: str
    reach: tuple[Reach, ...] = ()
    warnings: tuple[str, ...] = ()


class Exposure(Struct, frozen=True):
    """All of it, most exposed first; `unread` is what could not be looked at, with the command that would."""

    listeners: tuple[Exposed, ...]
    unread: tuple[Unknown, ...] = ()
    platform: str = ""
    taken_at: float = 0.0
