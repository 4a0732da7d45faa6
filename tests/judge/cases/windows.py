"""Windows: its firewall by rule, profile and program; ports that it keeps; its relays; WSL."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from tests.build import attempt, facts
from tests.build_windows import ALLOW, PYTHON, listener, process, profiles, rule, windows
from tests.build_windows import facts as windows_facts
from tests.judge.cases.case import MISSING, found, near_miss, unsure
from wizard.model.facts import Facts, Owner
from wizard.model.windows import (
    Direction,
    HttpRegistration,
    HttpSys,
    HyperVRule,
    Network,
    PortProxy,
    PortRange,
    Ports,
    ProfileName,
    RuleAction,
    SecurityProduct,
    Store,
    Wsl,
)

IN = "v2.30|Action={}|Active=TRUE|Dir=In|Protocol=6|{}Name={}|"
PUBLIC = (Network("cafe", "Ethernet", ProfileName.PUBLIC, 12),)
PRIVATE_RULE = IN.format("Allow", "Profile=Private|LPort=5000|", "site")
PROMPT = (
    r"v2.10|Action=Block|Active=TRUE|Dir=In|Protocol={}|Profile=Private|App=c:\python311\python.exe|Name=python.exe|"
    "Defer=User|"
)
SYSTEM = (Owner("System", 4),)
WSL = Wsl("nat", ("Ubuntu",), (ip_address("172.20.1.5"),), (5000,))
MIRRORED = Wsl("mirrored", ("Ubuntu",), (), (5000,), hyperv_inbound_allowed=False)
RELAY = PortProxy("v4tov4", None, 5000, "172.20.9.9", 5000)
SVCHOST = (Owner("svchost.exe", 1200),)
RESET = {"banner": b"", "ended": "reset"}


def prompt(*more: str) -> Facts:
    """What the question leaves behind that somebody cancelled."""
    pair = [
        rule(PROMPT.format(number), f"{name} Query User{{0}}{PYTHON}") for name, number in (("TCP", 6), ("UDP", 17))
    ]
    return windows_facts(*more, *pair)


def unlisted(**changes: Any) -> Facts:
    """Nobody listens on port 5000."""
    return windows_facts(listeners=(), processes={}, windows=windows(ALLOW, **changes))


def http_sys(**changes: Any) -> Facts:
    """The kernel's web server holds the port."""
    values: dict[str, Any] = {
        "listeners": (listener(owners=SYSTEM),),
        "processes": (process(4, None, name="System", argv=()),),
    }
    return windows_facts(**values | changes)


def relayed(**changes: Any) -> Facts:
    """iphlpsvc takes port 5000."""
    values: dict[str, Any] = {
        "listeners": (listener(owners=SVCHOST),),
        "processes": (process(1200, r"C:\Windows\System32\svchost.exe", argv=()),),
        "attempts": (attempt(**RESET),),
        "windows": windows(ALLOW, port_proxies=(RELAY,), wsl=WSL, services={1200: ("iphlpsvc",)}),
    }
    return windows_facts(**values | changes)


def localhost_only(wsl: Wsl | None = WSL) -> Facts:
    """wslrelay listens on 127.0.0.1."""
    return windows_facts(
        listeners=(listener("127.0.0.1", owners=(Owner("wslrelay.exe", 77),)),),
        processes=(process(77, r"C:\Program Files\WSL\wslrelay.exe", argv=()),),
        windows=windows(wsl=wsl),
    )


def in_wsl(wsl: Wsl = MIRRORED) -> Facts:
    """A socket of WSL in mirrored mode."""
    return windows_facts(
        listeners=(listener(owners=(Owner("WSL", 0),)),), processes={}, windows=windows(ALLOW, wsl=wsl)
    )


UNKNOWN = windows_facts(windows=MISSING)
ALLOWED = windows_facts()
DEFAULT = windows_facts(IN.format("Allow", "LPort=22|", "ssh"))

CASES = (
    found("windows-block-rule-wins", "prompt", prompt(ALLOW), says="left by the question"),
    found("windows-block-rule-wins", "by-hand", windows_facts(ALLOW, IN.format("Block", "LPort=5000|", "shut"))),
    found(
        "windows-block-rule-wins",
        "policy",
        windows_facts(rule(), rule(IN.format("Block", "", "all"), store=Store.POLICY)),
        says="It comes from group policy",
    ),
    near_miss("windows-block-rule-wins", "default", DEFAULT, says="is no block rule"),
    near_miss("windows-block-rule-wins", "linux", facts()),
    unsure("windows-block-rule-wins", "unread", UNKNOWN),
    found(
        "windows-profile-mismatch",
        "private-rule-in-a-cafe",
        windows_facts(windows=windows(PRIVATE_RULE, networks=PUBLIC)),
        says="the network “cafe” is Public",
    ),
    near_miss("windows-profile-mismatch", "no-rule", DEFAULT),
    unsure("windows-profile-mismatch", "unread", UNKNOWN),
    found("windows-shields-up", "private", windows_facts(windows=windows(ALLOW, profiles=profiles(shields_up=True)))),
    near_miss("windows-shields-up", "default", DEFAULT),
    unsure("windows-shields-up", "unread", UNKNOWN),
    found(
        "windows-local-rules-ignored",
        "a-rule-is-there",
        windows_facts(windows=windows(ALLOW, profiles=profiles(local_rules=False, by_policy=("local_rules",)))),
        says="would let port 5000 in, but Group Policy",
    ),
    near_miss("windows-local-rules-ignored", "default", DEFAULT),
    unsure("windows-local-rules-ignored", "unread", UNKNOWN),
    found(
        "windows-rule-for-another-program",
        "older-python",
        windows_facts(IN.format("Allow", r"App=C:\Python310\python.exe|", "Python")),
        says=r"yours runs from C:\Python311\python.exe",
    ),
    near_miss("windows-rule-for-another-program", "default", DEFAULT),
    unsure("windows-rule-for-another-program", "unread", UNKNOWN),
    found(
        "windows-rule-leaves-client-out",
        "vpn",
        windows_facts(IN.format("Allow", "LPort=5000|RA4=LocalSubnet|", "site")),
        vantage="10.8.0.7",
        says="this comes from 10.8.0.7",
    ),
    near_miss("windows-rule-leaves-client-out", "default", DEFAULT),
    unsure("windows-rule-leaves-client-out", "unread", UNKNOWN),
    found("windows-excluded-port-range", "winnat", unlisted(excluded_ports=(PortRange(4950, 5049),))),
    found(
        "windows-excluded-port-range",
        "dynamic-range-moved",
        unlisted(excluded_ports=(PortRange(4950, 5049),), dynamic_ports=(PortRange(1024, 15023),)),
        says="dynamic ports begin at 1024",
    ),
    near_miss("windows-excluded-port-range", "administered", unlisted(excluded_ports=(PortRange(5000, 5000, True),))),
    near_miss("windows-excluded-port-range", "another", unlisted(excluded_ports=(PortRange(50000, 50059),))),
    unsure("windows-excluded-port-range", "unread", unlisted(excluded_ports=MISSING)),
    found(
        "windows-http-sys-holds-port",
        "answers-503",
        http_sys(
            attempts=(attempt(banner=b"HTTP/1.1 503 Service Unavailable\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n"),)
        ),
        first=False,
        says="answers for nobody",
    ),
    near_miss("windows-http-sys-holds-port", "serves", http_sys()),
    near_miss("windows-http-sys-holds-port", "python", ALLOWED),
    unsure("windows-http-sys-holds-port", "unread", windows_facts(listeners=MISSING)),
    found(
        "windows-url-for-other-hosts",
        "localhost",
        http_sys(
            attempts=(
                attempt(
                    banner=b"HTTP/1.1 400 Bad Request\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n"
                    b"<h2>Bad Request - Invalid Hostname</h2>"
                ),
            ),
            windows=windows(ALLOW, http=HttpSys((HttpRegistration("HTTP://LOCALHOST:5000/", (6140,)),))),
        ),
        says="HTTP://LOCALHOST:5000/ only",
    ),
    near_miss("windows-url-for-other-hosts", "python", ALLOWED),
    unsure("windows-url-for-other-hosts", "unread", UNKNOWN),
    found("windows-portproxy-leads-nowhere", "stale", relayed(), says="WSL has another address now"),
    found(
        "windows-portproxy-leads-nowhere",
        "service-stopped",
        unlisted(port_proxies=(RELAY,), service_states={"iphlpsvc": "stopped"}),
        says="does not run",
    ),
    near_miss("windows-portproxy-leads-nowhere", "answers", relayed(attempts=(attempt(),))),
    near_miss("windows-portproxy-leads-nowhere", "none", ALLOWED),
    unsure("windows-portproxy-leads-nowhere", "unread", relayed(windows=windows(ALLOW, port_proxies=MISSING))),
    found("wsl-forwards-localhost-only", "relay", localhost_only(), says="served in WSL"),
    found("wsl-forwards-localhost-only", "address-not-known", localhost_only(None)),
    near_miss("wsl-forwards-localhost-only", "python", windows_facts(listeners=(listener("127.0.0.1"),))),
    unsure("wsl-forwards-localhost-only", "unread", windows_facts(listeners=MISSING)),
    found("wsl-hyper-v-firewall-blocks", "default", in_wsl(), says="Hyper-V firewall stops it"),
    near_miss(
        "wsl-hyper-v-firewall-blocks",
        "allowed",
        in_wsl(
            Wsl(
                "mirrored",
                ports=(5000,),
                hyperv_inbound_allowed=False,
                hyperv_rules=(HyperVRule("a", "a", RuleAction.ALLOW, Direction.IN, True, 6, Ports(((5000, 5000),))),),
            )
        ),
    ),
    near_miss("wsl-hyper-v-firewall-blocks", "windows", DEFAULT),
    unsure("wsl-hyper-v-firewall-blocks", "setting-not-told", in_wsl(Wsl("mirrored", ports=(5000,)))),
    found(
        "windows-another-firewall",
        "norton",
        windows_facts(windows=windows(ALLOW, security_products=(SecurityProduct("Norton 360", True),))),
        first=False,
        says="Norton 360",
    ),
    near_miss("windows-another-firewall", "none", ALLOWED),
    unsure("windows-another-firewall", "unread", windows_facts(windows=windows(ALLOW, security_products=MISSING))),
    found(
        "windows-firewall-service-stopped",
        "stopped",
        windows_facts(windows=windows(ALLOW, service_states={"mpssvc": "stopped"})),
        first=False,
    ),
    near_miss("windows-firewall-service-stopped", "runs", ALLOWED),
    unsure("windows-firewall-service-stopped", "unread", windows_facts(windows=windows(ALLOW, service_states=MISSING))),
    found("windows-ipsec-rules", "domain", windows_facts(windows=windows(ALLOW, ipsec_rules=True)), first=False),
    near_miss("windows-ipsec-rules", "none", ALLOWED),
    unsure("windows-ipsec-rules", "not-told", windows_facts(windows=windows(ALLOW, ipsec_rules=None))),
    found("firewall-drops-port", "windows-default", DEFAULT, says="block what no rule allows"),
    found("nothing-listening", "windows", unlisted()),
    found("loopback-only-bind", "windows", windows_facts(listeners=(listener("127.0.0.1"),))),
)
