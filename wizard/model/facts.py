"""Everything known about one machine at one moment, typed. Each field is the fact, or `Unknown` with why and how to learn it.

An empty tuple means "we looked, there is none".  On a platform without such a notion the value is an `Unknown` that
says so; a field is never missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

from msgspec import Struct, field

from wizard.model.capture import Origin, Unknown
from wizard.model.macos import MacFacts
from wizard.model.ruleset import Ruleset
from wizard.model.windows import WindowsFacts
from wizard.model.wire import WireEvidence

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
InterfaceAddress = IPv4Interface | IPv6Interface


class Proto(StrEnum):
    """A transport protocol that has ports."""

    TCP = "tcp"
    UDP = "udp"


class Owner(Struct, frozen=True):
    """A process that holds a socket; `start_time` (seconds since the epoch) tells it from a later one of the same pid."""

    name: str
    pid: int


class Listener(Struct, frozen=True):
    """One listening socket (TCP LISTEN, or a bound UDP socket).

    `address` is `::` for an IPv6 wildcard; `v6only` then says whether IPv4 is left out (None: not known, psutil cannot
    tell). `owners` is None where the system did not say (another user's socket, without root), which is not "free".
    `accept_queue` are connections that wait for accept(), `backlog` how many may (both None if not known): the kernel
    drops new SYNs while accept_queue > backlog (inet_csk_reqsk_queue / sk_acceptq_is_full in include/net/sock.h).
    `namespace` is the network namespace's inode, None for the one that was asked.
    """

    proto: Proto
    address: Address
    port: int
    owners: tuple[Owner, ...] | None = None
    v6only: bool | None = None
    device: str = ""
    """The interface named with SO_BINDTODEVICE, or empty."""
    scope: str = ""
    """The zone of a link-local address (`fe80::1%eth0`), or empty."""
    uid: int | None = None
    inode: int | None = None
    accept_queue: int | None = None
    backlog: int | None = None
    namespace: int | None = None
    namespace_addresses: tuple[Address, ...] = ()
    """The addresses of that other namespace, loopback left out."""
    origin: Origin = Origin("")


class Connection(Struct, frozen=True):
    """A TCP socket that is not listening; `state` in ss's words (`ESTAB`, `TIME-WAIT`, ...)."""

    state: str
    local: Address
    local_port: int
    remote: Address
    remote_port: int
    owners: tuple[Owner, ...] | None = None
    origin: Origin = Origin("")


class UnixListener(Struct, frozen=True):
    """A listening UNIX stream socket, by its path."""

    path: str
    owners: tuple[Owner, ...] | None = None
    origin: Origin = Origin("")


class Process(Struct, frozen=True):
    """A process as it runs: enough to recognise the program and to start it again the same way.

    `state` is the letter of proc(5) (`R`, `S`, `D`, `T` stopped, `t` traced, `Z`). `environment` holds only the names
    that matter (see collect.environment); None where it may not be read. `namespace` is its network namespace's inode,
    None if it is the one that was asked, or unknown.
    """

    pid: int
    name: str
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    exe: str | None = None
    parent: int | None = None
    user: str | None = None
    started: float | None = None
    state: str = ""
    environment: Mapping[str, str] | None = None
    withheld: tuple[str, ...] = ()
    """The names of further variables that it was started with and a new start would lack; their values are not read."""
    unit: str = ""
    """The systemd unit, from its control group, or empty."""
    container: str = ""
    """The container id (Docker, podman, containerd), from its control group, or empty."""
    namespace: int | None = None
    origin: Origin = Origin("")


class Interface(Struct, frozen=True):
    """A network interface. `up` is the administrative flag, `carrier` whether the link works (None: not told).

    `kind` is the driver's kind as `ip -d link` names it (`veth`, `bridge`, `tun`, `wireguard`, `vlan`), empty for hardware.
    """

    name: str
    index: int = 0
    addresses: tuple[InterfaceAddress, ...] = ()
    up: bool = True
    carrier: bool | None = True
    loopback: bool = False
    mac: str = ""
    mtu: int = 1500
    kind: str = ""
    master: str = ""
    point_to_point: bool = False
    origin: Origin = Origin("")


class Route(Struct, frozen=True):
    """A route. `kind`: unicast, local, broadcast, multicast, unreachable, prohibit, blackhole, throw (ip-route(8))."""

    destination: Network
    kind: str = "unicast"
    device: str = ""
    gateway: Address | None = None
    source: Address | None = None
    metric: int = 0
    table: str = "main"
    """The table's name or number as text; `local`, `main` and `default` by name."""
    scope: str = ""
    flags: tuple[str, ...] = ()
    origin: Origin = Origin("")


class RoutingRule(Struct, frozen=True):
    """A rule of the routing policy database (ip-rule(8)), by priority; `action` is `lookup`, `unreachable`, `prohibit`,
    `blackhole`, `goto` or `nop`; `unread` names selectors that the model does not know."""

    priority: int
    family: int
    """4 or 6."""
    table: str = ""
    action: str = "lookup"
    source: Network | None = None
    destination: Network | None = None
    incoming: str = ""
    outgoing: str = ""
    mark: int | None = None
    mask: int = 0xFFFFFFFF
    proto: str = ""
    source_ports: tuple[int, int] | None = None
    destination_ports: tuple[int, int] | None = None
    inverted: bool = False
    goto: int | None = None
    suppress_prefixlength: int | None = None
    unread: tuple[str, ...] = ()
    origin: Origin = Origin("")


class Neighbour(Struct, frozen=True):
    """An entry of the neighbour (ARP, NDP) table; `state` as ip-neighbour(8) says: REACHABLE, STALE, FAILED, ..."""

    address: Address
    device: str
    mac: str = ""
    state: str = ""
    router: bool = False
    origin: Origin = Origin("")


class WayOut(Struct, frozen=True):
    """The kernel's own answer to `ip route get DESTINATION`: how a packet from here would leave.

    `kind` is the route's (`unicast`, `local`, `prohibit`, ...), `none` where the kernel refuses; `error` is then what it
    said (`Network is unreachable`)."""

    destination: Address
    kind: str = "unicast"
    device: str = ""
    gateway: Address | None = None
    source: Address | None = None
    table: str = ""
    error: str = ""
    origin: Origin = Origin("")


class HostsEntry(Struct, frozen=True):
    """A line of the hosts file."""

    address: Address
    names: tuple[str, ...]
    origin: Origin = Origin("")


class Resolution(Struct, frozen=True):
    """What this machine's own resolver made of the target's name: addresses in its order, or the error's words."""

    name: str
    addresses: tuple[Address, ...] = ()
    error: str = ""
    origin: Origin = Origin("")


class Ufw(Struct, frozen=True):
    """ufw as it describes itself. `rules` are its own lines (`ufw status numbered`'s or `ufw show added`'s), in order."""

    enabled: bool
    default_incoming: str = ""
    """`deny`, `reject` or `allow`; empty if it was not told."""
    ipv6: bool = True
    rules: tuple[str, ...] = ()
    origin: Origin = Origin("")


class FirewalldZone(Struct, frozen=True):
    """One zone at run time (`permanent` holds the ports etc. of the permanent configuration, None if not told)."""

    name: str
    target: str = "default"
    interfaces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    rich_rules: tuple[str, ...] = ()
    origin: Origin = Origin("")


class Firewalld(Struct, frozen=True):
    """firewalld as it describes itself."""

    running: bool
    default_zone: str = ""
    zones: tuple[FirewalldZone, ...] = ()
    panic: bool = False
    zone_files: tuple[str, ...] | None = None
    """The names in /etc/firewalld/zones: zones that somebody changed permanently. None: not told."""
    origin: Origin = Origin("")


class Fail2banJail(Struct, frozen=True):
    """A jail and the addresses that it bans at the moment."""

    name: str
    banned: tuple[Address, ...] = ()
    origin: Origin = Origin("")


class PublishedPort(Struct, frozen=True):
    """A container's published port: `host_address`:`host_port` here leads to `container_port` inside."""

    host_address: Address
    host_port: int
    container_port: int
    proto: Proto = Proto.TCP


class Container(Struct, frozen=True):
    """A running container, as `docker inspect` or podman describes it."""

    identifier: str
    name: str
    image: str = ""
    pid: int = 0
    addresses: tuple[Address, ...] = ()
    published: tuple[PublishedPort, ...] = ()
    origin: Origin = Origin("")


class AttemptOutcome(StrEnum):
    """How one real connection attempt from this machine ended."""

    CONNECTED = "connected"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    PROHIBITED = "prohibited"
    RESET = "reset"
    ERROR = "error"


class IcmpReport(Struct, frozen=True):
    """What the socket's error queue said (ip(7) IP_RECVERR): who sent which ICMP. `local` means this kernel made it."""

    offender: Address | None
    type: int
    code: int
    local: bool = False


class Attempt(Struct, frozen=True):
    """One TCP connection attempt and, where it connected, what the application did with a plain request.

    `banner` are the first bytes received (at most 64 KiB); `ended` says how reading ended: `open` (nothing for the time
    limit), `closed`, `reset`, or `answered`. `tls` is the handshake's outcome: empty (not tried), `ok`, or the error.
    """

    address: Address
    port: int
    outcome: AttemptOutcome
    errno: str = ""
    seconds: float = 0.0
    icmp: IcmpReport | None = None
    sent: str = ""
    """`http` or `tls`: what was sent once connected; empty when nothing was."""
    host_header: str = ""
    banner: bytes = b""
    ended: str = ""
    tls: str = ""
    certificate: str = ""
    """Why the certificate is not believed: `authority`, `name`, `date`, `not-yet`, `other`; empty where it is, or none."""
    certificate_says: str = ""
    """... in the TLS library's own words."""
    source: Address | None = None
    """The own address that it came from, where the kernel said so."""
    through_proxy: bool = False
    """`address` and `port` are a proxy's, which was asked for the target."""
    small_segments: bool = False
    """The other side was asked to send small packets only (TCP_MAXSEG, tcp(7))."""
    origin: Origin = Origin("")

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer, or None if the first bytes are not an HTTP response."""
        line = self.banner.split(b"\r\n", 1)[0].split()
        if len(line) >= 2 and line[0].startswith(b"HTTP/") and line[1].isdigit():
            return int(line[1])
        return None


class ProxySettings(Struct, frozen=True):
    """Proxy settings that a browser or curl on this machine would take: scheme -> proxy URL, and the names left out."""

    proxies: Mapping[str, str] = field(default_factory=dict)
    bypass: tuple[str, ...] = ()
    origin: Origin = Origin("")
    pac: str = ""
    """The address of a script that decides (proxy auto-config), `wpad` where it is found by itself; or empty."""


class Facts(Struct, frozen=True):
    """All of it. `rulesets` has one entry per engine that was read; an engine that could not be read is an `Unknown` in
    `unreadable_rulesets` (so "no firewall" and "could not look" stay apart)."""

    platform: str
    taken_at: float
    privileged: bool = False
    listeners: tuple[Listener, ...] | Unknown = Unknown("not collected")
    foreign_listeners: tuple[Listener, ...] | Unknown = Unknown("not collected")
    """Listeners in other network namespaces of the same machine (containers, `ip netns`)."""
    connections: tuple[Connection, ...] | Unknown = Unknown("not collected")
    unix_listeners: tuple[UnixListener, ...] | Unknown = Unknown("not collected")
    processes: Mapping[int, Process] | Unknown = Unknown("not collected")
    interfaces: tuple[Interface, ...] | Unknown = Unknown("not collected")
    routes: tuple[Route, ...] | Unknown = Unknown("not collected")
    routing_rules: tuple[RoutingRule, ...] | Unknown = Unknown("not collected")
    neighbours: tuple[Neighbour, ...] | Unknown = Unknown("not collected")
    sysctls: Mapping[str, str] | Unknown = Unknown("not collected")
    """Dotted names as sysctl(8) writes them: `net.ipv4.conf.eth0.rp_filter`."""
    rulesets: tuple[Ruleset, ...] | Unknown = Unknown("not collected")
    unreadable_rulesets: tuple[Unknown, ...] = ()
    ufw: Ufw | Unknown | None = Unknown("not collected")
    """None: looked, and ufw is not installed."""
    firewalld: Firewalld | Unknown | None = Unknown("not collected")
    fail2ban: tuple[Fail2banJail, ...] | Unknown = Unknown("not collected")
    containers: tuple[Container, ...] | Unknown = Unknown("not collected")
    hosts: tuple[HostsEntry, ...] | Unknown = Unknown("not collected")
    resolution: Resolution | Unknown | None = None
    """None: the target is an address or a port, so no name was asked for."""
    ways_out: tuple[WayOut, ...] | Unknown = ()
    """How packets to the target's addresses leave; empty where nobody asked (this machine is the server)."""
    proxy: ProxySettings | Unknown = Unknown("not collected")
    attempts: tuple[Attempt, ...] | Unknown = Unknown("not collected")
    wire: WireEvidence | Unknown | None = None
    """What single packets to the target showed (client side). None: not asked, since the attempts told enough."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Source files that remedies may edit, by absolute path, as they were when looked at."""
    windows: WindowsFacts | Unknown | None = None
    """What only Windows has: its firewall's rules, profiles, reserved ports (wizard.model.windows). None elsewhere."""
    macos: MacFacts | Unknown | None = None
    """What only macOS has: its application firewall, pf, signatures (wizard.model.macos). None elsewhere."""
    notes: tuple[Unknown, ...] = ()
    """Everything that was asked and not answered, for the report's `unread`."""
