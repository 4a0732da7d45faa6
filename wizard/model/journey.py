"""The packet's way from the other device to the program, and where it ends."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Address, Listener
from wizard.model.packet import Packet


class Action(StrEnum):
    """What a step does with the packet. `UNKNOWN`: something there could not be read or modelled."""

    PASS = "pass"
    TRANSLATE = "translate"
    STOP = "stop"
    UNKNOWN = "unknown"


class Ending(StrEnum):
    """How a walk ends: one word per thing the kernel, or the program, can do with a connection attempt."""

    ARRIVED = "arrived"
    NAME_UNRESOLVED = "name-unresolved"
    WRONG_ADDRESS = "wrong-address"
    NEVER_SENT = "never-sent"
    """The client's own browser or kernel sends nothing: a blocked port, a wildcard address, no route there."""
    INTERFACE_DOWN = "interface-down"
    FILTER_DROPPED = "filter-dropped"
    FILTER_REJECTED = "filter-rejected"
    SOURCE_FILTERED = "source-filtered"
    """rp_filter or a martian check dropped it."""
    NO_ROUTE = "no-route"
    NO_LISTENER = "no-listener"
    QUEUE_FULL = "queue-full"
    REPLY_DROPPED = "reply-dropped"
    REPLY_NO_ROUTE = "reply-no-route"
    FORWARDED_NOWHERE = "forwarded-nowhere"
    """Translated toward another machine or container that does not answer."""
    NO_ANSWER_THERE = "no-answer-there"
    """The other host (client side) did not answer at all."""
    REFUSED_THERE = "refused-there"
    """The other host, or something in front of it, refused (client side)."""
    OWN_RULES = "own-rules"
    """This machine's own packet filter stops what a program here sends (client side)."""
    NO_PORT_LEFT = "no-port-left"
    """This machine has no free port to send from (client side)."""
    PROXY_REFUSED = "proxy-refused"
    """The proxy that programs here ask cannot be reached, or does not lead there (client side)."""
    SAW_OTHERWISE = "saw-otherwise"
    """The other device saw another end than this machine gives it (its code, or its words)."""
    SILENT = "silent"
    """Connected, and then nothing."""
    CLOSED = "closed"
    """Connected, then closed or reset without an answer."""
    ANSWER_LOST = "answer-lost"
    """Connected, and a small answer comes while a big one is lost on the way."""
    NOT_BELIEVED = "not-believed"
    """It speaks TLS, with a certificate that a browser does not believe."""
    REDIRECTED_AWAY = "redirected-away"
    """It answers with a redirect to an address that means the client itself."""
    WRONG_PROTOCOL = "wrong-protocol"
    ANOTHER_PROGRAM = "another-program"
    """It connects, but to another program than the one that is meant."""
    APPLICATION_REFUSED = "application-refused"
    UNKNOWN = "unknown"


class Translation(Struct, frozen=True):
    """A destination rewritten on the way: by DNAT, REDIRECT, or a proxy process."""

    address: Address
    port: int


class RuleReference(Struct, frozen=True):
    """The rule, or chain policy, that decided. `front_end` says it in the words of ufw, firewalld, Docker, ... if it is
    one of theirs; `what` is `rule` or `policy`."""

    engine: str
    family: str
    table: str
    chain: str
    what: str = "rule"
    rule: str = ""
    handle: int | None = None
    index: int | None = None
    hook: str = ""
    front_end: str = ""
    front_end_words: str = ""
    origin: Origin = Origin("")


class NearMiss(Struct, frozen=True):
    """A rule that would have decided otherwise but for one condition: `differs` is that condition in words."""

    rule: RuleReference
    verdict: str
    differs: str
    condition: str = ""
    """Which kind of condition differed: `source`, `interface`, `port`, `protocol`, `state`, `family`, `order`, ..."""


class Decision(Struct, frozen=True):
    """What the packet filters and the routing of one machine do with one packet (wizard.judge.trace).

    `outcome`: deliver, drop, reject, forward, unknown. `to` is where it ends after any translation. `stage` says where on
    the way: `prerouting`, `routing`, `input`, `forward`, `postrouting`, `output`. `reply` tells whether it is the answer
    on its way back that was stopped. `assumptions` are what the answer rests on (`rate limit not exceeded`).
    """

    outcome: str
    to: Translation
    reject_with: str | None = None
    by: RuleReference | None = None
    stage: str = ""
    reason: str = ""
    """In words where no rule decided: `rp_filter on eth0`, `no route to 10.0.0.9`."""
    path: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    assumptions: tuple[str, ...] = ()
    out_interface: str = ""
    visited: tuple[RuleReference, ...] = ()
    """Every rule and policy that let the packet pass a base chain, in order."""


class ClientSees(Struct, frozen=True):
    """What the client gets where the walk ends. `browser` is Chrome's code or None; `errno` its name or None; `curl` the
    exit code curl gives (0: it got an answer). `certain` is False while something on the way is unknown."""

    transport: str
    browser: str | None = None
    errno: str | None = None
    curl: int | None = None
    certain: bool = True


class Step(Struct, frozen=True):
    """One thing that happens on the way. `hop` is the place: device, network, the interface's name, firewall, port,
    program."""

    hop: str
    name: str
    action: Action
    by: str = ""
    evidence: tuple[Origin, ...] = ()
    stage: str = ""
    """The stage it belongs to, by its name (wizard.model.diagnosis.Stage)."""


class Stop(Struct, frozen=True):
    """Where the walk ends before its goal, with what a cause needs to explain it.

    `decision` is the packet filter's (or the reply's) decision where one stopped it; `listeners` the sockets considered.
    """

    ending: Ending
    step: Step
    reject_with: str | None = None
    decision: Decision | None = None
    listeners: tuple[Listener, ...] = ()
    detail: Any = None
    sees: ClientSees | None = None
    """What the client gets, where it does not follow from the ending alone."""


class Journey(Struct, frozen=True):
    """The walk of one packet: its steps in order, where it stops (None: it arrives), and what stayed unknown on the way.

    `delivered_to` is the socket that takes the connection, or would; `translated` the destination after NAT.
    """

    packet: Packet
    steps: tuple[Step, ...] = ()
    stop: Stop | None = None
    unknowns: tuple[Unknown, ...] = ()
    delivered_to: Listener | None = None
    translated: Translation | None = None
    program: str = ""
    """What a person would call the program that takes the connection, or misses it: `flask run`."""
    decision: Decision | None = None
    """The packet filters' decision about the way in."""
    reply: Decision | None = None
    """... and about the answer's way back."""

    @property
    def arrives(self) -> bool:
        """Every step is known and none stops it."""
        return self.stop is None and not self.unknowns
