"""Benign facts of a Windows machine, of which a test changes one thing.

192.168.1.100/24 on "Ethernet", a private network; the firewall on in all profiles, with one rule that lets the LAN reach
port 5000; python.exe listens on 0.0.0.0:5000.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from tests.build import CLIENT, SERVER, TAKEN_AT
from wizard.firewalls.windows import rule_string
from wizard.model.capture import Origin
from wizard.model.facts import (
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
)
from wizard.model.packet import Packet
from wizard.model.windows import (
    FirewallProfile,
    HttpSys,
    Network,
    ProfileName,
    Store,
    WindowsFacts,
    WindowsRule,
)

PID = 4242
PYTHON = r"C:\Python311\python.exe"
ALLOW = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5000|Name=site|"


def rule(text: str = ALLOW, identifier: str = "site", store: Store = Store.LOCAL) -> WindowsRule:
    """A rule from the registry's string."""
    return rule_string.parse(identifier, text, store, Origin("reg query", 1, text))


def listener(address: str = "0.0.0.0", port: int = 5000, **changes: Any) -> Listener:
    """A TCP socket of python.exe."""
    values: dict[str, Any] = {
        "proto": Proto.TCP,
        "address": ip_address(address),
        "port": port,
        "owners": (Owner("python.exe", PID),),
        "v6only": True if ip_address(address).version == 6 else None,
        "origin": Origin("netstat -ano", 1, f"TCP {address}:{port} 0.0.0.0:0 LISTENING {PID}"),
    }
    return Listener(**values | changes)


def process(pid: int = PID, exe: str | None = PYTHON, **changes: Any) -> Process:
    """`python.exe app.py`, by default."""
    name = (exe or "python.exe").rpartition("\\")[2]
    values: dict[str, Any] = {
        "pid": pid,
        "name": name,
        "argv": (exe or name, "-m", "flask", "--app", "app", "run", "--host", "0.0.0.0"),
        "cwd": r"C:\site",
        "exe": exe,
        "parent": 900,
        "user": "alex",
        "started": TAKEN_AT - 3600,
        "environment": {},
        "origin": Origin("processes", 1, name),
    }
    return Process(**values | changes)


def interface(name: str = "Ethernet", *addresses: str, **changes: Any) -> Interface:
    """An Ethernet interface that is up."""
    texts = addresses or (f"{SERVER}/24", "fd00:1::100/64", "fe80::5054:ff:fe12:3456/64")
    values: dict[str, Any] = {
        "name": name,
        "index": 12,
        "addresses": tuple(ip_interface(text) for text in texts),
        "mac": "52:54:00:12:34:56",
        "kind": "lan",
        "origin": Origin("ipconfig /all", 1, f"{name} {' '.join(texts)}"),
    }
    return Interface(**values | changes)


def loopback() -> Interface:
    """The loopback interface as Windows names it."""
    return interface("Loopback Pseudo-Interface 1", "127.0.0.1/8", "::1/128", index=1, loopback=True, mac="", kind="")


def routes() -> tuple[Route, ...]:
    """The default route and the LAN's."""
    return (
        Route(ip_network("0.0.0.0/0"), device="Ethernet", gateway=ip_address("192.168.1.1")),
        Route(ip_network("192.168.1.0/24"), device="Ethernet"),
        Route(ip_network("fd00:1::/64"), device="Ethernet"),
        Route(ip_network("fe80::/64"), device="Ethernet"),
    )


def profiles(**changes: Any) -> dict[ProfileName, FirewallProfile]:
    """All three on and blocking what no rule allows; the changes are the private one's."""
    found = {name: FirewallProfile(name) for name in ProfileName}
    found[ProfileName.PRIVATE] = FirewallProfile(ProfileName.PRIVATE, **changes)
    return found


def windows(*rules: WindowsRule | str, **changes: Any) -> WindowsFacts:
    """The firewall with these rules (the registry's strings, or rules)."""
    made = [rule(each, f"rule-{at}") if isinstance(each, str) else each for at, each in enumerate(rules)]
    values: dict[str, Any] = {
        "rules": tuple(made),
        "profiles": profiles(),
        "networks": (Network("home", "Ethernet", ProfileName.PRIVATE, 12),),
        "excluded_ports": (),
        "dynamic_ports": (),
        "port_proxies": (),
        "http": HttpSys(),
        "services": {},
        "service_states": {"mpssvc": "running", "bfe": "running", "iphlpsvc": "running"},
        "security_products": (),
        "wsl": None,
        "servers": {"dns": (ip_address("192.168.1.1"),), "defaultgateway": (ip_address("192.168.1.1"),)},
        "build": "10.0.26100",
        "ipsec_rules": False,
    }
    return WindowsFacts(**values | changes)


def facts(*rules: WindowsRule | str, **changes: Any) -> Facts:
    """The healthy machine with these firewall rules; each keyword replaces one field."""
    values: dict[str, Any] = {
        "platform": "windows",
        "taken_at": TAKEN_AT,
        "privileged": False,
        "listeners": (listener(),),
        "foreign_listeners": (),
        "connections": (),
        "unix_listeners": (),
        "processes": {PID: process()},
        "interfaces": (loopback(), interface()),
        "routes": routes(),
        "routing_rules": (),
        "neighbours": (Neighbour(ip_address(CLIENT), "Ethernet", "02:00:00:aa:bb:cc", "REACHABLE"),),
        "sysctls": {},
        "rulesets": (),
        "ufw": None,
        "firewalld": None,
        "fail2ban": (),
        "containers": (),
        "hosts": (HostsEntry(ip_address("127.0.0.1"), ("localhost",)),),
        "proxy": ProxySettings(),
        "attempts": (),
        "windows": windows(*(rules or (ALLOW,))),
    }
    values |= changes
    if not isinstance(values["processes"], dict) and isinstance(values["processes"], Iterable):
        values["processes"] = {each.pid: each for each in values["processes"]}
    return Facts(**values)


def packet(source: str = CLIENT, destination: str = SERVER, port: int = 5000, **changes: Any) -> Packet:
    """The neighbour's SYN."""
    values: dict[str, Any] = {"interface": "Ethernet"}
    return Packet(ip_address(source), ip_address(destination), port, **values | changes)
