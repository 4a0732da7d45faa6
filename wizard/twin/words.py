"""What the two sides of the copy say to each other: JSON, a line each way."""

from __future__ import annotations

from msgspec import Struct


class Link(Struct, frozen=True):
    """A look-alike interface: one end of a veth pair, named like the real one. `addresses` are `10.0.0.1/24`."""

    name: str
    mac: str
    mtu: int
    addresses: tuple[str, ...]
    up: bool = True


class Load(Struct, frozen=True):
    """A part of the ruleset as the tool `argv` takes it on its standard input."""

    argv: tuple[str, ...]
    text: str
    what: str


class Blueprint(Struct, frozen=True):
    """Everything to build, in order: settings first, links, routes and rules (`ip -batch` lines), rulesets.

    `gateways` are `(interface, address)` pairs that must be found without asking, so that answers leave. `left_out` says
    what could not be copied.
    """

    links: tuple[Link, ...]
    settings: tuple[tuple[str, str], ...]
    routes: tuple[str, ...]
    loads: tuple[Load, ...]
    gateways: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()


class Question(Struct, frozen=True):
    """One first packet, put on the wire of `interface`."""

    interface: str
    source: str
    source_mac: str
    destination: str
    proto: str
    source_port: int
    destination_port: int
    seconds: float = 0.25


class Answer(Struct, frozen=True):
    """What the kernel did: `outcome` as in a Decision, `reject_with` what came back; `trouble`: why it could not be asked.

    `answered`: the packet was delivered, and what the kernel says where nobody listens (a reset, or ICMP for UDP) found
    its way back, as a program's answer would.
    """

    outcome: str = "unknown"
    reject_with: str | None = None
    answered: bool = False
    trouble: str = ""


class Command(Struct, frozen=True):
    """One command to run in the copy (a step of a plan); `text` is its standard input."""

    argv: tuple[str, ...]
    text: str = ""


class Order(Struct, frozen=True):
    """What the worker is told: one of the three."""

    build: Blueprint | None = None
    ask: Question | None = None
    run: Command | None = None


class Reply(Struct, frozen=True):
    """What it answers: `trouble` is empty where all went well; `notes` are parts that could not be copied."""

    answer: Answer | None = None
    trouble: str = ""
    notes: tuple[str, ...] = ()
