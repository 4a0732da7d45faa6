"""Which capture of a Windows machine feeds which fact; the first source that answered wins.

psutil's readers answer on a live machine, PowerShell's cmdlets in a bundle of collect.ps1, plain commands where PowerShell is
forbidden: wizard.collect.probes_windows names them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import TypeVar

from msgspec.structs import replace

from wizard.firewalls.windows import profiles
from wizard.model.capture import Capture, Origin, Unknown
from wizard.model.facts import Address, Connection, Facts, Interface, Listener, Neighbour, Owner, Process, Proto, Route
from wizard.model.windows import HttpSys, Network, PortRange, WindowsFacts, Wsl
from wizard.parse import hosts, psutil_interfaces, psutil_listeners
from wizard.parse import processes as psutil_processes
from wizard.parse.desk import Captures, Desk
from wizard.parse.windows import (
    arp,
    cmdlets,
    firewall,
    http_sys,
    ipconfig,
    netstat,
    ports,
    processes,
    proxy,
    route_print,
    wsl,
)

_ANYWHERE, _LOOPBACK = ip_address("0.0.0.0"), ip_address("127.0.0.1")
S = TypeVar("S", Listener, Connection)


def facts(desk: Desk, taken_at: float, privileged: bool) -> Facts:
    """Everything but what is asked for one target only (attempts, a name); `wizard.parse.assemble` adds those."""
    running = _processes(desk)
    interfaces = _interfaces(desk)
    routes = _routes(desk, interfaces)
    windows = _windows(desk, routes)
    return Facts(
        platform="windows",
        taken_at=taken_at,
        privileged=privileged,
        listeners=_with_wsl(_listeners(desk, running), windows),
        foreign_listeners=(),
        connections=_named(desk.read("netstat", netstat.parse_connections), running),
        unix_listeners=(),
        processes=running,
        interfaces=interfaces,
        routes=routes,
        routing_rules=(),
        neighbours=_neighbours(desk, interfaces),
        sysctls={},
        rulesets=(),
        ufw=None,
        firewalld=None,
        fail2ban=(),
        containers=(),
        hosts=desk.read("hosts", hosts.parse),
        proxy=desk.read("reg-internet-settings", proxy.parse),
        windows=windows,
    )


_ALTERNATIVES = (
    ("psutil-listeners", "netstat", "get-nettcpconnection"),
    ("processes", "win32-process", "tasklist"),
    ("sc-queryex", "win32-service", "tasklist"),
    ("psutil-interfaces", "get-netipaddress", "ipconfig"),
    ("get-netroute", "route-print"),
    ("get-netneighbor", "arp"),
    ("reg-firewall", "get-netfirewallrule", "netsh-rules"),
    ("reg-firewall", "get-netfirewallprofile", "netsh-profiles"),
    ("get-netconnectionprofile", "netsh-currentprofile"),
)
"""Probes of which one answer is enough: the others' silence is no news."""
_ONLY_CALLED = ("reg-firewall-policy", "wsl-addresses", "wsl-listeners", "hyperv-firewall", "hyperv-rules")
"""Probes that are asked only where another one's answer calls for them."""


def without_answered(captures: Captures) -> dict[str, Capture | Unknown]:
    """The captures without the silence of those whose question another one has answered, or that were not called for."""
    answered = {name for name, each in captures.items() if isinstance(each, Capture)}
    needless = {name for group in _ALTERNATIVES if answered & set(group) for name in group}
    lacking = {name: each for name, each in captures.items() if isinstance(each, Unknown)}
    uncalled = {
        name
        for name in _ONLY_CALLED
        if name in lacking
        and "does not have it" in lacking[name].reason
        and not (name == "reg-firewall-policy" and _speaks(captures))
    }
    gone = (needless | uncalled) & lacking.keys()
    return {name: each for name, each in captures.items() if name not in gone}


def _speaks(captures: Captures) -> bool:
    """Whether the key above says that Group Policy speaks of the firewall, or was not read."""
    above = captures.get("reg-policies")
    return not isinstance(above, Capture) or "\\windowsfirewall" in above.text.casefold()


def _listeners(desk: Desk, running: Mapping[int, Process] | Unknown) -> tuple[Listener, ...] | Unknown:
    from_psutil = desk.read("psutil-listeners", psutil_listeners.parse)
    if not isinstance(from_psutil, Unknown):
        # Windows lists a socket for both families twice, so the row of IPv6 is for IPv6 alone.
        alone = (replace(each, v6only=True) if each.address.version == 6 else each for each in from_psutil)
        return _named(tuple(alone), running)
    found = desk.read("netstat", netstat.parse)
    if isinstance(found, Unknown):
        found = desk.read("get-nettcpconnection", cmdlets.listeners)
    return _named(found if not isinstance(found, Unknown) else _reason(desk, "netstat"), running)


def _with_wsl(listeners: tuple[Listener, ...] | Unknown, windows: WindowsFacts) -> tuple[Listener, ...] | Unknown:
    """In mirrored mode Linux has this machine's own addresses, and Windows lists none of its sockets."""
    wsl = windows.wsl
    if isinstance(listeners, Unknown) or not isinstance(wsl, Wsl) or wsl.mode != "mirrored":
        return listeners
    held = {each.port for each in listeners}
    inside = (
        Listener(
            Proto.TCP, address, port, (Owner("WSL", 0),), origin=Origin("/proc/net/tcp", 0, f"{address}:{port} in WSL")
        )
        for address, ports in ((_ANYWHERE, wsl.ports), (_LOOPBACK, wsl.loopback_ports))
        for port in ports
        if port not in held
    )
    return (*listeners, *inside)


def _reason(desk: Desk, name: str) -> Unknown:
    """Why a capture is not there."""
    answer = desk.answer(name)
    return answer if isinstance(answer, Unknown) else Unknown("not understood", what=name)


def _named(sockets: tuple[S, ...] | Unknown, running: Mapping[int, Process] | Unknown) -> tuple[S, ...] | Unknown:
    """The owners under the names that their processes have: netstat gives numbers only."""
    if isinstance(sockets, Unknown) or isinstance(running, Unknown):
        return sockets
    return tuple(replace(each, owners=_owners(each.owners, running)) for each in sockets)


def _owners(owners: tuple[Owner, ...] | None, running: Mapping[int, Process]) -> tuple[Owner, ...] | None:
    if owners is None:
        return None
    return tuple(Owner(running[each.pid].name, each.pid) if each.pid in running else each for each in owners)


def _processes(desk: Desk) -> Mapping[int, Process] | Unknown:
    found = desk.read("processes", psutil_processes.parse)
    if isinstance(found, Unknown):
        found = desk.read("win32-process", processes.parse)
    if isinstance(found, Unknown):
        listed = desk.read("tasklist", processes.parse_tasklist)
        return _reason(desk, "processes") if isinstance(listed, Unknown) else listed
    return found


def _interfaces(desk: Desk) -> tuple[Interface, ...] | Unknown:
    adapters = desk.text("get-netadapter")
    told = desk.read("psutil-interfaces", psutil_interfaces.parse)
    if not isinstance(told, Unknown):
        kinds = {each.name: each for each in cmdlets.interfaces("", adapters).value}
        return tuple(
            replace(each, kind=kinds[each.name].kind, index=each.index or kinds[each.name].index)
            if each.name in kinds
            else each
            for each in told
        )
    answer = desk.answer("get-netipaddress")
    if isinstance(answer, Capture):
        return desk.take("get-netipaddress", cmdlets.interfaces(answer.text, adapters, answer.source or answer.probe))
    return desk.read("ipconfig", ipconfig.parse)


def _routes(desk: Desk, interfaces: tuple[Interface, ...] | Unknown) -> tuple[Route, ...] | Unknown:
    found = desk.read("get-netroute", cmdlets.routes)
    if not isinstance(found, Unknown):
        return found
    answer = desk.answer("route-print")
    if isinstance(answer, Unknown):
        return answer
    known = () if isinstance(interfaces, Unknown) else interfaces
    return desk.take("route-print", route_print.parse(answer.text, known, answer.source or answer.probe))


def _neighbours(desk: Desk, interfaces: tuple[Interface, ...] | Unknown) -> tuple[Neighbour, ...] | Unknown:
    found = desk.read("get-netneighbor", cmdlets.neighbours)
    if not isinstance(found, Unknown):
        return found
    answer = desk.answer("arp")
    if isinstance(answer, Unknown):
        return answer
    known = () if isinstance(interfaces, Unknown) else interfaces
    return desk.take("arp", arp.parse(answer.text, known, answer.source or answer.probe))


def _windows(desk: Desk, routes: tuple[Route, ...] | Unknown) -> WindowsFacts:
    wall = firewall.read(desk)
    listed = _services(desk)
    hosting: dict[int, tuple[str, ...]] = {}
    for name, pid, _ in () if isinstance(listed, Unknown) else listed:
        if pid:
            hosting[pid] = (*hosting.get(pid, ()), name)
    version = dict(line.partition("=")[::2] for line in desk.text("windows-version").splitlines())
    return WindowsFacts(
        rules=wall.rules,
        unread_stores=wall.unread_stores,
        profiles=wall.profiles,
        networks=_networks(desk, routes),
        excluded_ports=_ranges(desk, "excluded-ports"),
        dynamic_ports=_ranges(desk, "dynamic-ports"),
        port_proxies=desk.read("netsh-portproxy", ports.proxies),
        http=_http(desk),
        services=_hosted(desk) if isinstance(listed, Unknown) else hosting,
        service_states=listed if isinstance(listed, Unknown) else {name.lower(): state for name, _, state in listed},
        security_products=desk.read("security-products", cmdlets.security_products),
        wsl=_wsl(desk),
        servers=_servers(desk, routes),
        variables=_variables(desk),
        build=version.get("version", ""),
        language=version.get("language", ""),
        interface_ids=cmdlets.interface_ids(desk.text("get-netadapter")),
        ipsec_rules=wall.ipsec_rules,
    )


def _networks(desk: Desk, routes: tuple[Route, ...] | Unknown) -> tuple[Network, ...] | Unknown:
    """Each network's category; without PowerShell the one profile that netsh calls current, for where the default route
    leads."""
    told = desk.read("get-netconnectionprofile", cmdlets.networks)
    if not isinstance(told, Unknown):
        return told
    answer = desk.answer("netsh-currentprofile")
    name = profiles.current(desk.text("netsh-currentprofile"), desk.text("netsh-profiles"))
    if name is None or isinstance(routes, Unknown) or isinstance(answer, Unknown):
        return told
    devices = dict.fromkeys(each.device for each in routes if each.destination.prefixlen == 0 and each.device)
    origin = Origin(answer.source or answer.probe, 1, answer.text.strip().splitlines()[0])
    return tuple(Network("", device, name, origin=origin) for device in devices) or told


def _services(desk: Desk) -> tuple[tuple[str, int, str], ...] | Unknown:
    found = desk.read("win32-service", processes.services)
    return desk.read("sc-queryex", processes.services) if isinstance(found, Unknown) else found


def _hosted(desk: Desk) -> Mapping[int, tuple[str, ...]] | Unknown:
    return desk.read("tasklist", processes.tasklist_services)


def _ranges(desk: Desk, name: str) -> tuple[PortRange, ...] | Unknown:
    """Both families; the one of IPv6 may be missing."""
    parse = ports.excluded if name == "excluded-ports" else ports.dynamic
    four = desk.read(f"{name}-4", lambda text, source: parse(text, 4, source))
    six = desk.read(f"{name}-6", lambda text, source: parse(text, 6, source))
    if isinstance(four, Unknown):
        return four
    return four if isinstance(six, Unknown) else (*four, *six)


def _http(desk: Desk) -> HttpSys | Unknown:
    answer = desk.answer("http-servicestate")
    if isinstance(answer, Unknown):
        return answer
    parsed = http_sys.parse(answer.text, desk.text("http-urlacl"), desk.text("http-iplisten"), answer.source)
    return desk.take("http-servicestate", parsed)


def _wsl(desk: Desk) -> Wsl | Unknown | None:
    answer = desk.answer("wsl-running")
    if isinstance(answer, Unknown) and "not installed" in answer.reason:
        return None
    if isinstance(answer, Unknown) and answer.reason == "not collected":
        return answer
    names = {
        "running": "wsl-running",
        "addresses": "wsl-addresses",
        "listeners": "wsl-listeners",
        "config": "wslconfig",
        "setting": "hyperv-firewall",
        "rules": "hyperv-rules",
    }
    return wsl.parse({part: desk.text(name) for part, name in names.items()})


def _servers(desk: Desk, routes: tuple[Route, ...] | Unknown) -> Mapping[str, tuple[Address, ...]]:
    """The addresses behind `DefaultGateway` and `DNS`, as far as they were told."""
    found: dict[str, tuple[Address, ...]] = {}
    if not isinstance(routes, Unknown):
        ways = (each.gateway for each in routes if each.destination.prefixlen == 0 and each.gateway is not None)
        found["defaultgateway"] = tuple(dict.fromkeys(ways))
    elif desk.text("ipconfig"):
        found["defaultgateway"] = ipconfig.gateways(desk.text("ipconfig"))
    asked = cmdlets.server_addresses(desk.text("get-dnsclientserveraddress"))
    if asked is not None:
        found["dns"] = asked
    return found


def _variables(desk: Desk) -> Mapping[str, str]:
    """`SystemRoot=C:\\Windows`, a line each, by names in lower case."""
    lines = (line.partition("=") for line in desk.text("variables").splitlines())
    return {name.strip().lower(): value.strip() for name, equals, value in lines if equals}
