"""What is known of Windows alone: its firewall's rules and profiles, who may have which port, and who stands in between.

A rule's condition that is empty holds for everything. What a reader could not understand stands in `unsure`: such a rule
never matches for certain, neither as an allow rule nor as a block rule.

Sources: [MS-FASP] 2.2.37 (FW_RULE), [MS-GPFAS] 2.2.2.19 (the rule grammar of the registry).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct, field

from wizard.model.capture import Origin, Unknown

Address = IPv4Address | IPv6Address


class ProfileName(StrEnum):
    """The three network profiles. The registry calls the private one `StandardProfile`."""

    DOMAIN = "Domain"
    PRIVATE = "Private"
    PUBLIC = "Public"


class RuleAction(StrEnum):
    """What a rule does. `BYPASS` lets authenticated (IPsec) computers in whatever block rules say."""

    ALLOW = "allow"
    BLOCK = "block"
    BYPASS = "bypass"
    UNKNOWN = "unknown"


class Direction(StrEnum):
    """Which way a rule looks."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


class Store(StrEnum):
    """Where a rule is kept. Only rules of `LOCAL` can be changed on the machine; policy may have them ignored.

    `HARDENING` holds the rules that bind Windows' own services; they bind the service that they name and nobody else.
    """

    LOCAL = "local"
    POLICY = "group policy"
    MDM = "mdm"
    APP = "app container"
    HARDENING = "service hardening"


class Ports(Struct, frozen=True):
    """Ranges of ports, and the words that stand for some (`RPC`, `RPC-EPMap`, `IPHTTPSIn`, `Teredo`, `mDNS`)."""

    spans: tuple[tuple[int, int], ...] = ()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.spans or self.words)


class AddressSpan(Struct, frozen=True):
    """The addresses of one family from `low` to `high`, as numbers."""

    family: int
    low: int
    high: int


class Addresses(Struct, frozen=True):
    """Ranges of addresses, and words that stand for some: (family 4, 6, or 0 for both; `LocalSubnet`, `DNS`, ...).

    A condition that names addresses of one family only holds for nothing of the other.
    """

    spans: tuple[AddressSpan, ...] = ()
    words: tuple[tuple[int, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.spans or self.words)


class WindowsRule(Struct, frozen=True):
    """One rule. `identifier` is what `-Name` takes (the registry value's name); netsh does not show it.

    `name` is the display name, `enabled` None where the word for it was not understood, `profiles` empty for all of them,
    `protocol` a number or None for any, `program` as it was written (`%SystemRoot%\\system32\\svchost.exe`, `System`),
    `authenticated` what IPsec it asks for, `users` the security descriptors that it is limited by.
    """

    identifier: str
    name: str
    action: RuleAction
    direction: Direction
    enabled: bool | None = True
    profiles: tuple[ProfileName, ...] = ()
    protocol: int | None = None
    local_ports: Ports = Ports()
    remote_ports: Ports = Ports()
    icmp: tuple[str, ...] = ()
    local_addresses: Addresses = Addresses()
    remote_addresses: Addresses = Addresses()
    interfaces: tuple[str, ...] = ()
    interface_types: tuple[str, ...] = ()
    program: str = ""
    service: str = ""
    package: str = ""
    users: tuple[str, ...] = ()
    authenticated: str = ""
    edge: str = ""
    group: str = ""
    store: Store = Store.LOCAL
    unsure: tuple[str, ...] = ()
    origin: Origin = Origin("")


class FirewallProfile(Struct, frozen=True):
    """One profile as it is in force. None: not told, or not understood.

    `inbound_allowed` is the default action, `shields_up` means that no rule lets anything in, `local_rules` whether the
    machine's own rules count beside those of Group Policy, `stealth` whether closed ports stay silent.
    """

    name: ProfileName
    enabled: bool | None = True
    inbound_allowed: bool | None = False
    shields_up: bool | None = False
    local_rules: bool | None = True
    notifies: bool | None = None
    stealth: bool | None = True
    by_policy: tuple[str, ...] = ()
    """Which of these Group Policy set: they cannot be changed on the machine."""
    origin: Origin = Origin("")


class Network(Struct, frozen=True):
    """A connected network as Windows names it, with its category; `interface` is the interface's alias."""

    name: str
    interface: str
    category: ProfileName | None
    index: int = 0
    origin: Origin = Origin("")


class PortRange(Struct, frozen=True):
    """Ports that nobody may bind without asking. `administered`: reserved by hand, so that programs that ask may."""

    first: int
    last: int
    administered: bool = False
    family: int = 4
    origin: Origin = Origin("")

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last


class PortProxy(Struct, frozen=True):
    """A relay of iphlpsvc (`netsh interface portproxy`): what is accepted at one place is carried to the other.

    `listen_address` is None for every address; `connect_address` a literal or a name.
    """

    kind: str
    """`v4tov4`, `v4tov6`, `v6tov4` or `v6tov6`."""
    listen_address: Address | None
    listen_port: int
    connect_address: str
    connect_port: int
    origin: Origin = Origin("")


class HttpRegistration(Struct, frozen=True):
    """A URL that a process has registered with http.sys, the web server in the kernel: `HTTP://+:80/APP/`."""

    url: str
    pids: tuple[int, ...] = ()
    queue: str = ""
    origin: Origin = Origin("")


class UrlReservation(Struct, frozen=True):
    """Who may register a URL without being an administrator (`netsh http show urlacl`)."""

    url: str
    users: tuple[str, ...] = ()
    origin: Origin = Origin("")


class HttpSys(Struct, frozen=True):
    """http.sys: what is registered and reserved, and (not empty) the only addresses that it listens on."""

    registrations: tuple[HttpRegistration, ...] = ()
    reservations: tuple[UrlReservation, ...] = ()
    listens_on: tuple[Address, ...] = ()


class SecurityProduct(Struct, frozen=True):
    """A firewall of another maker that has registered with Windows' security centre; `active` None: its code is new."""

    name: str
    active: bool | None
    origin: Origin = Origin("")


class Wsl(Struct, frozen=True):
    """The Windows Subsystem for Linux. `mode` is `nat`, `mirrored`, `virtioproxy`, `none`, or empty if it was not told.

    `addresses` are the Linux side's own, `ports` the TCP ports on which something listens there (with `loopback_ports`:
    on its loopback only). `hyperv_inbound_allowed` is the Hyper-V firewall's default for WSL, None if not told.
    """

    mode: str = ""
    running: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    ports: tuple[int, ...] = ()
    loopback_ports: tuple[int, ...] = ()
    hyperv_inbound_allowed: bool | None = None
    hyperv_rules: tuple[HyperVRule, ...] = ()
    localhost_forwarding: bool | None = None
    origin: Origin = Origin("")


class HyperVRule(Struct, frozen=True):
    """A rule of the Hyper-V firewall, which guards virtual machines and WSL in mirrored mode."""

    identifier: str
    name: str
    action: RuleAction
    direction: Direction
    enabled: bool | None = True
    protocol: int | None = None
    local_ports: Ports = Ports()
    origin: Origin = Origin("")


class WindowsFacts(Struct, frozen=True):
    """Everything that only a Windows machine tells. `rules` are those of all stores that could be read, in their order;
    `unread_stores` says which could not, and then nothing that depends on them is certain."""

    rules: tuple[WindowsRule, ...] | Unknown = Unknown("not collected")
    unread_stores: tuple[Unknown, ...] = ()
    profiles: Mapping[ProfileName, FirewallProfile] | Unknown = Unknown("not collected")
    networks: tuple[Network, ...] | Unknown = Unknown("not collected")
    excluded_ports: tuple[PortRange, ...] | Unknown = Unknown("not collected")
    dynamic_ports: tuple[PortRange, ...] | Unknown = Unknown("not collected")
    port_proxies: tuple[PortProxy, ...] | Unknown = Unknown("not collected")
    http: HttpSys | Unknown = Unknown("not collected")
    services: Mapping[int, tuple[str, ...]] | Unknown = Unknown("not collected")
    """The services that a process hosts, by pid."""
    service_states: Mapping[str, str] | Unknown = Unknown("not collected")
    """`running`, `stopped`, ... by the service's short name in lower case."""
    security_products: tuple[SecurityProduct, ...] | Unknown = Unknown("not collected")
    wsl: Wsl | Unknown | None = Unknown("not collected")
    """None: looked, and it is not installed."""
    servers: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """The addresses behind a rule's words `DNS`, `DHCP`, `WINS`, `DefaultGateway`, by the word in lower case."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that paths are written with (`systemroot`), by their names in lower case."""
    build: str = ""
    """The version in Windows' own words: `10.0.26100`."""
    language: str = ""
    interface_ids: Mapping[str, str] = field(default_factory=dict)
    """An interface's GUID in lower case, to its alias."""
    ipsec_rules: bool | None = None
    """Whether there are connection security rules, so that a connection may be authenticated. None: not looked at."""
