"""The packet while it is on its way: what rules can ask of it, and what they have changed.

A value nobody can know is `UNSURE`; one of which some bits are known is a `Partial`, one with known bounds a `Between`.
A field that the packet does not have
(a TCP port of a UDP datagram) is None, and a rule that asks for it ends there, as the kernel's NFT_BREAK does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from wizard.judge.machine import Machine

TCP, UDP = 6, 17
SYN, SYN_ACK, RST_ACK = 0x02, 0x12, 0x14


class Unsure:
    """A value that cannot be known."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSURE"


class Partial(Struct, Unsure, frozen=True):
    """A number of which only the bits outside `unknown` are certain."""

    value: int
    unknown: int


class Between(Struct, Unsure, frozen=True):
    """A number that is not known, but for its bounds (both included)."""

    low: int
    high: int


UNSURE = Unsure()

# Connection tracking as the packet sees it.
NO_CT, UNTRACKED, NEW, ESTABLISHED, RELATED, INVALID = "", "untracked", "new", "established", "related", "invalid"
TRACKED = frozenset((NEW, ESTABLISHED, RELATED))
Tuple4 = tuple[int, int, int, int]


class State:
    """One possible packet at one point of its way. `fork` copies it where a rule may or may not match."""

    __slots__ = (
        "added",
        "after_ct",
        "ct",
        "ct_mark",
        "destination",
        "dport",
        "exceeded",
        "family",
        "flags",
        "hook",
        "icmp",
        "iif",
        "machine",
        "mark",
        "nat_destination",
        "nat_source",
        "notes",
        "notrack",
        "oif",
        "original",
        "passed",
        "proto",
        "proxied",
        "recent",
        "reply_tuple",
        "source",
        "sport",
        "status",
    )

    def __init__(
        self, machine: Machine, family: int, proto: int, source: int, sport: int, destination: int, dport: int, iif: str
    ) -> None:
        self.machine = machine
        self.family = family
        self.proto = proto
        self.source = source
        self.sport = sport
        self.destination = destination
        self.dport = dport
        self.iif = iif
        self.oif = ""
        self.hook = ""
        self.mark: Any = 0
        self.ct = NO_CT
        self.ct_mark: Any = 0
        self.status = 0
        self.flags = SYN
        self.icmp: tuple[int, int] = (-1, -1)
        """Type and code, where the packet is an ICMP error of this machine."""
        self.notrack = False
        self.after_ct = False
        self.original: Tuple4 = (source, destination, sport, dport)
        self.reply_tuple: Tuple4 = (destination, source, dport, sport)
        self.nat_destination = False
        self.nat_source = False
        self.proxied: tuple[int, int] | None = None
        self.added: tuple[Any, ...] = ()
        self.recent: tuple[str, ...] = ()
        self.exceeded = ""
        """The limit that this state takes as exceeded: the way that is not assumed."""
        self.notes: list[str] = []
        """What could not be known on the way, shared by all that come from one packet."""
        self.passed: tuple[Any, ...] = ()

    def fork(self) -> State:
        """A copy that can go another way."""
        other = State.__new__(State)
        for name in State.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def key(self) -> tuple[Any, ...]:
        """What later rules can tell two states apart by."""
        return (
            self.mark,
            self.ct,
            self.ct_mark,
            self.status,
            self.source,
            self.sport,
            self.destination,
            self.dport,
            self.reply_tuple,
            self.nat_destination,
            self.nat_source,
            self.notrack,
            self.proxied,
            self.added,
            self.recent,
            self.oif,
            self.exceeded,
        )

    def doubt(self, what: str) -> None:
        """Something that nobody can know decided, or may have."""
        if what not in self.notes:
            self.notes.append(what)


def merge(states: list[State]) -> list[State]:
    """States that no later rule can tell apart become one, so that the cost stays linear."""
    if len(states) < 2:
        return states
    kept: dict[Any, State] = {}
    for state in states:
        kept.setdefault(state.key(), state)
    return list(kept.values())
