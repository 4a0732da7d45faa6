"""What is known of macOS alone: its application firewall, the packet filter pf, and how programs are signed.

Sources: socketfilterfw(8) as it really prints, pf.conf(5), pfctl(8).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from msgspec import Struct, field

from wizard.model.capture import Origin, Unknown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class AppRule(Struct, frozen=True):
    """An entry of the application firewall: a program or a bundle, and whether it may be reached."""

    path: str
    allows: bool
    origin: Origin = Origin("")


class ApplicationFirewall(Struct, frozen=True):
    """The application firewall: it decides by program, for what comes in, and never on loopback.

    What was not told is None. `complete` is False where the tool counts more programs than were read.
    """

    enabled: bool
    block_all: bool | None = None
    stealth: bool | None = None
    signed_allowed: bool | None = None
    """Programs signed by Apple are let in without an entry."""
    downloaded_allowed: bool | None = None
    """So are programs signed with a Developer ID."""
    apps: tuple[AppRule, ...] = ()
    complete: bool = True
    origin: Origin = Origin("")


class Signature(StrEnum):
    """How a program is signed, as codesign(1) shows it."""

    APPLE = "apple"
    DEVELOPER = "developer"
    AD_HOC = "ad hoc"
    NONE = "none"


class PfPorts(Struct, frozen=True):
    """A port condition of pf: `low` to `high`, or (`negated`) any other."""

    low: int
    high: int
    negated: bool = False


class PfPeer(Struct, frozen=True):
    """`from` or `to`: networks (empty: any), `negated`, and ports. `unsure`: a table or a name that was not read."""

    networks: tuple[Network, ...] = ()
    negated: bool = False
    interface: str = ""
    """`(en0)`: the addresses of that interface; `self`: every address of this machine."""
    ports: PfPorts | None = None
    unsure: str = ""


class PfRule(Struct, frozen=True):
    """A filter rule as `pfctl -sr` prints it, or an `anchor` line (`anchor` names it then).

    `action` is pass, block or anchor. `answers`: drop, rst, icmp (a block that returns sends a reset for TCP). `unsure` are
    conditions outside the model: such a rule may match or not.
    """

    action: str
    text: str
    direction: str = ""
    quick: bool = False
    interface: str = ""
    interface_negated: bool = False
    family: int = 0
    protocol: str = ""
    source: PfPeer = PfPeer()
    destination: PfPeer = PfPeer()
    answers: str = "drop"
    anchor: str = ""
    label: str = ""
    unsure: tuple[str, ...] = ()
    origin: Origin = Origin("")


class PfRedirect(Struct, frozen=True):
    """An `rdr` rule: what comes in for `destination` goes to `address`:`port` (port None: unchanged)."""

    rule: PfRule
    address: Address | None
    port: int | None


class Pf(Struct, frozen=True):
    """The packet filter. `anchors` holds the rules of each anchor that was read, by its whole name; `skipped` are interfaces
    that it leaves alone."""

    enabled: bool
    rules: tuple[PfRule, ...] | Unknown = ()
    redirects: tuple[PfRedirect, ...] = ()
    anchors: Mapping[str, tuple[PfRule, ...]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    origin: Origin = Origin("")


class MacFacts(Struct, frozen=True):
    """All of it; `signatures` by a program's path."""

    application_firewall: ApplicationFirewall | Unknown = Unknown("not collected")
    pf: Pf | Unknown = Unknown("not collected")
    signatures: Mapping[str, Signature] | Unknown = Unknown("not collected")
    version: str = ""
    managed: bool = False
    """The firewall's settings are an administrator's (a configuration profile)."""
