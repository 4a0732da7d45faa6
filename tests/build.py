"""Benign facts: a healthy small server, of which a test changes one thing.

    facts(listeners=(listener(address="127.0.0.1"),))

The server is 192.168.1.100/24 on eth0 (fd00:1::100/64 too), its router 192.168.1.1; no firewall; a Flask app, started by
an ordinary user with `flask run --host 0.0.0.0`, listens on 0.0.0.0:5000. Strings stand for addresses wherever possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from wizard.model.capture import Origin
from wizard.model.facts import (
    Address,
    Attempt,
    AttemptOutcome,
    Connection,
    Facts,
    HostsEntry,
    Interface,
    Listener,
    Neighbour,
    Owner,
    Process,
    Proto,
    ProxySettings,
    Route,
    RoutingRule,
)
from wizard.model.packet import Packet

TAKEN_AT = 1_760_000_000.0
FLASK_PID = 4242
SERVER = "192.168.1.100"
CLIENT = "192.168.1.20"

SYSCTLS = {
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "2",
    "net.ipv4.conf.eth0.rp_filter": "2",
    "net.ipv4.conf.lo.rp_filter": "0",
    "net.ipv4.conf.all.accept_local": "0",
    "net.ipv4.conf.all.forwarding": "0",
    "net.ipv4.conf.all.log_martians": "0",
    "net.ipv4.conf.all.route_localnet": "0",
    "net.ipv4.conf.all.src_valid_mark": "0",
    "net.ipv4.conf.eth0.route_localnet": "0",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_unprivileged_port_start": "1024",
    "net.ipv4.tcp_abort_on_overflow": "0",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv6.bindv6only": "0",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.all.forwarding": "0",
    "net.ipv6.conf.eth0.disable_ipv6": "0",
    "net.core.somaxconn": "4096",
}


def listener(address: str = "0.0.0.0", port: int = 5000, **changes: Any) -> Listener:
    """A TCP socket that listens, owned by the flask process unless told otherwise; `fe80::1%eth0` sets the scope."""
    bare, _, scope = address.partition("%")
    values: dict[str, Any] = {
        "proto": Proto.TCP,
        "address": ip_address(bare),
        "port": port,
        "owners": (Owner("flask", FLASK_PID),),
        "v6only": False if ip_address(bare).version == 6 else None,
        "scope": scope,
        "uid": 1000,
        "inode": 31337,
        "accept_queue": 0,
        "backlog": 128,
        "origin": Origin("ss -H -O -ltunpe", 1, f"tcp LISTEN 0 128 {address}:{port} 0.0.0.0:*"),
    }
    return Listener(**values | changes)


def process(pid: int = FLASK_PID, argv: Iterable[str] | None = None, **changes: Any) -> Process:
    """A process of the user alex, by default `python3 flask --app app run --host 0.0.0.0` in /home/alex/site."""
    line = tuple(
        argv
        if argv is not None
        else (
            "/home/alex/site/venv/bin/python3",
            "/home/alex/site/venv/bin/flask",
            "--app",
            "app",
            "run",
            "--host",
            "0.0.0.0",
        )
    )
    values: dict[str, Any] = {
        "pid": pid,
        "name": "flask",
        "argv": line,
        "cwd": "/home/alex/site",
        "exe": "/usr/bin/python3.11",
        "parent": 900,
        "user": "alex",
        "started": TAKEN_AT - 3600,
        "state": "S",
        "environment": {},
        "origin": Origin("processes", 1, " ".join(line)),
    }
    return Process(**values | changes)


def interface(name: str = "eth0", *addresses: str, **changes: Any) -> Interface:
    """An Ethernet interface that is up; without addresses it has the server's."""
    texts = addresses or (f"{SERVER}/24", "fd00:1::100/64", "fe80::5054:ff:fe12:3456/64")
    values: dict[str, Any] = {
        "name": name,
        "index": 2,
        "addresses": tuple(ip_interface(text) for text in texts),
        "mac": "52:54:00:12:34:56",
        "origin": Origin("ip -j -d addr", 1, f"{name} {' '.join(texts)}"),
    }
    return Interface(**values | changes)


def loopback() -> Interface:
    """The interface lo."""
    return interface("lo", "127.0.0.1/8", "::1/128", index=1, loopback=True, mac="00:00:00:00:00:00", mtu=65536)


def route(destination: str = "0.0.0.0/0", **changes: Any) -> Route:
    """A route of the table main; the default one goes through the router on eth0."""
    values: dict[str, Any] = {"destination": ip_network(destination), "device": "eth0"}
    if destination == "0.0.0.0/0":
        values["gateway"] = ip_address("192.168.1.1")
    for name in ("gateway", "source"):
        if isinstance(changes.get(name), str):
            changes[name] = ip_address(changes[name])
    values["origin"] = Origin("ip -j route", 1, f"{destination} dev {changes.get('device', 'eth0')}")
    return Route(**values | changes)


def local_route(address: str, device: str = "eth0") -> Route:
    """The local route that makes an address this machine's own."""
    source = ip_network(address).network_address
    return route(address, kind="local", table="local", scope="host", device=device, source=source)


def routes() -> tuple[Route, ...]:
    """What `ip route show table all` has on the server, IPv4 and IPv6, without multicast."""
    return (
        route(),
        route("192.168.1.0/24", source=SERVER, scope="link"),
        local_route("127.0.0.0/8", "lo"),
        local_route("127.0.0.1/32", "lo"),
        local_route("192.168.1.100/32"),
        route("192.168.1.255/32", kind="broadcast", table="local", scope="link", source=SERVER),
        route("fd00:1::/64", metric=256),
        route("fe80::/64", metric=256),
        local_route("::1/128", "lo"),
        local_route("fd00:1::100/128"),
        local_route("fe80::5054:ff:fe12:3456/128"),
    )


def routing_rules() -> tuple[RoutingRule, ...]:
    """The rules that every Linux has."""
    return (
        RoutingRule(0, 4, "local"),
        RoutingRule(32766, 4, "main"),
        RoutingRule(32767, 4, "default"),
        RoutingRule(0, 6, "local"),
        RoutingRule(32766, 6, "main"),
    )


def neighbour(address: str = CLIENT, **changes: Any) -> Neighbour:
    """A device on the LAN that answered a moment ago."""
    values: dict[str, Any] = {"device": "eth0", "mac": "02:00:00:aa:bb:cc", "state": "REACHABLE"}
    return Neighbour(ip_address(address), **values | changes)


def connection(remote: str = CLIENT, local_port: int = 5000, **changes: Any) -> Connection:
    """An established connection to the flask app."""
    values: dict[str, Any] = {
        "state": "ESTAB",
        "local": ip_address(SERVER),
        "local_port": local_port,
        "remote": ip_address(remote),
        "remote_port": 51000,
    }
    return Connection(**values | changes)


def attempt(address: str = SERVER, port: int = 5000, **changes: Any) -> Attempt:
    """A connection attempt that connected and had its plain request answered with 200."""
    values: dict[str, Any] = {
        "outcome": AttemptOutcome.CONNECTED,
        "seconds": 0.001,
        "sent": "http",
        "host_header": f"{address}:{port}",
        "banner": b"HTTP/1.1 200 OK\r\nServer: Werkzeug/3.0.1 Python/3.11.2\r\n\r\nhello",
        "ended": "answered",
        "origin": Origin("attempts", 1, f"{address} {port} connected"),
    }
    return Attempt(ip_address(address), port, **values | changes)


def packet(source: str = CLIENT, destination: str = SERVER, port: int = 5000, **changes: Any) -> Packet:
    """The neighbour's SYN to the flask app."""
    values: dict[str, Any] = {"interface": "eth0"}
    return Packet(ip_address(source), ip_address(destination), port, **values | changes)


def address(text: str) -> Address:
    """The address, typed."""
    return ip_address(text)


def facts(**changes: Any) -> Facts:
    """The healthy server; each keyword replaces one field. `processes` may be given as an iterable of processes."""
    values: dict[str, Any] = {
        "platform": "linux",
        "taken_at": TAKEN_AT,
        "privileged": True,
        "listeners": (listener(),),
        "foreign_listeners": (),
        "connections": (),
        "unix_listeners": (),
        "processes": {FLASK_PID: process()},
        "interfaces": (loopback(), interface()),
        "routes": routes(),
        "routing_rules": routing_rules(),
        "neighbours": (neighbour(), neighbour("192.168.1.1", router=True)),
        "sysctls": SYSCTLS,
        "rulesets": (),
        "unreadable_rulesets": (),
        "ufw": None,
        "firewalld": None,
        "fail2ban": (),
        "containers": (),
        "hosts": (HostsEntry(ip_address("127.0.0.1"), ("localhost",)),),
        "resolution": None,
        "ways_out": (),
        "proxy": ProxySettings(),
        "attempts": (),
        "wire": None,
        "sources": {},
        "windows": None,
        "macos": None,
        "notes": (),
    }
    assert values.keys() == set(Facts.__struct_fields__), "a field of Facts has no benign value here"
    values |= changes
    if not isinstance(values["processes"], Mapping) and isinstance(values["processes"], Iterable):
        values["processes"] = {each.pid: each for each in values["processes"]}
    return Facts(**values)
