"""An attempt of another device as this machine's own wire saw it, and what that proves.

`Attempted` is what was seen (wizard.collect.watching), `Arrival` what it means with the model of this machine beside it
(wizard.judge.arrival). Addresses are the device's and ours as the packets have them, before any translation.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from wizard.model.capture import Unknown
from wizard.model.facts import Address
from wizard.model.journey import RuleReference, Translation


class Answered(StrEnum):
    """What left this machine in answer to the SYN."""

    SYN_ACK = "synack"
    RST = "rst"
    ICMP = "icmp"
    NOTHING = "nothing"


class How(StrEnum):
    """How a watch sees: every packet (root), connections to a page of its own, or the kernel's table of connections."""

    PACKETS = "packets"
    LISTENER = "listener"
    TABLE = "table"


class Attempted(Struct, frozen=True):
    """One attempt: its first SYN and everything that followed so far. Times are in seconds since the epoch.

    `retransmitted` counts further copies of the SYN. `answer_source` is who sent the reset or ICMP error if it came from
    behind this machine (a container), else None. `forwarded` is where the SYN was sent on to after translation.
    `established`: the device confirmed our SYN-ACK (None: not told, or too early). `request` and `response` are the first
    bytes of each direction. `ended`: `closed` or `reset` by this side after the connection stood, else empty.
    """

    number: int
    at: float
    source: Address
    source_port: int
    destination: Address
    port: int
    interface: str
    mac: str = ""
    how: How = How.PACKETS
    retransmitted: int = 0
    answered: Answered = Answered.NOTHING
    answered_on: str = ""
    answer_source: Address | None = None
    icmp: tuple[int, int] | None = None
    forwarded: Translation | None = None
    forwarded_on: str = ""
    established: bool | None = None
    request: bytes = b""
    response: bytes = b""
    ended: str = ""
    left: bool = False
    """The device closed the connection before anything was answered."""
    own: bool = False
    """The attempt came from this machine itself."""
    ours: bool = False
    """The wizard's own page answered, not the program that is looked for."""
    lost: tuple[str, ...] = ()
    """Unanswered: what the kernel counted meanwhile, on all ports together, that explains lost packets."""
    revises: bool = False
    """An earlier word on this attempt stands corrected: it was answered later."""


class Arrival(Struct, frozen=True):
    """One attempt, judged. `good`: the application answered; False: something stood in the way; None: not known (yet).

    `by` says in words who decided (`ufw rule 1: ...`, `the kernel: nothing listens on 5000`, `flask run (pid 4242)`), `rule`
    is the rule behind it if one decided. `passed` are the rules that let the packet in. `reply` is what the application
    said in a few words (`HTTP 200`, `TLS handshake`), `status` its HTTP status. `ref` names the root cause that explains it
    (`wizard explain REF`), `doubt` where model and wire do not agree, or what could not be read. `more` are the lines
    under the first one, ready to show, not yet made harmless.
    """

    attempt: Attempted
    by: str
    conclusion: str
    good: bool | None = None
    rule: RuleReference | None = None
    passed: tuple[str, ...] = ()
    program: str = ""
    reply: str = ""
    status: int | None = None
    ref: str = ""
    doubt: str = ""
    reached: bool = False
    """The packet reached a socket that took it."""
    more: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """An address of this machine that another device can open, on which interface; `url` is what to open."""

    address: Address
    interface: str
    url: str


class Opened(Struct, frozen=True):
    """How a watch looks, told once it does. `places` are what to open on the other device, likeliest first.

    `port` is the one that is asked about, `page_port` that of the wizard's own page (None: it opened nothing) on
    `page_addresses`, and `page_url` what opens it where that is not `places`' own. `limits` are what this way of looking
    cannot prove, in sentences.
    """

    how: tuple[How, ...]
    port: int
    places: tuple[Place, ...] = ()
    page_port: int | None = None
    page_addresses: tuple[str, ...] = ()
    page_url: str = ""
    limits: tuple[str, ...] = ()
    unread: tuple[Unknown, ...] = ()


class Closed(Struct, frozen=True):
    """The end of a watch: why (`success`, `time`, `stopped`, `count`), how long it was, and what came of it.

    `attempts` of other devices were seen, `answered` of these by an application; `unshown` were too many to follow.
    `elsewhere` are other devices' SYNs to other ports of this machine: (source, port, how many). `conclusion` says what it
    proves if nothing came.
    """

    why: str
    seconds: float
    attempts: int = 0
    answered: int = 0
    unshown: int = 0
    elsewhere: tuple[tuple[Address, int, int], ...] = ()
    conclusion: str = ""
    more: tuple[str, ...] = ()
