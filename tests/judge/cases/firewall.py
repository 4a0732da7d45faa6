"""The packet filters stand in the way."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from msgspec.structs import replace

from tests.build import CLIENT, SYSCTLS, attempt, facts, interface, listener, loopback, process, route, routes
from tests.judge.cases.case import MISSING, found, iptables, near_miss, nft, unsure, without
from wizard.model.capture import Origin
from wizard.model.facts import (
    AttemptOutcome,
    Container,
    Facts,
    Fail2banJail,
    Firewalld,
    FirewalldZone,
    Owner,
    PublishedPort,
    Ufw,
)
from wizard.model.ruleset import Engine

UFW = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -j ufw-user-input
COMMIT
"""
UFW_ON = Ufw(True, "deny", origin=Origin("ufw status verbose"))


def ufw(*rules: str, **more: Any) -> Facts:
    lines = "".join(f"-A ufw-user-input {rule}\n" for rule in rules)
    return facts(
        rulesets=(iptables(UFW.replace("COMMIT", lines + "COMMIT")), *more.pop("beside", ())), ufw=UFW_ON, **more
    )


def wall(*rules: str, policy: str = "accept", hook: str = "input", priority: str = "filter", **more: Any) -> Facts:
    return facts(rulesets=(wall_rules(*rules, policy=policy, hook=hook, priority=priority),), **more)


def wall_rules(*rules: str, policy: str = "accept", hook: str = "input", priority: str = "filter") -> Any:
    lines = "\n".join(f"    {rule}" for rule in rules)
    head = f"type filter hook {hook} priority {priority}; policy {policy};"
    return nft(f"table inet wall {{\n  chain door {{\n    {head}\n{lines}\n  }}\n}}")


ALLOW = "-p tcp -m tcp --dport 5000 -j ACCEPT"
DENY = "-p tcp -m tcp --dport 5000 -j DROP"
ONE = f"-s {CLIENT}/32 -j REJECT --reject-with icmp-port-unreachable"
BANNED = facts(
    rulesets=(
        iptables(f"*filter\n:INPUT ACCEPT [0:0]\n:f2b-web - [0:0]\n-A INPUT -j f2b-web\n-A f2b-web {ONE}\nCOMMIT\n"),
    ),
    fail2ban=(Fail2banJail("web", (ip_address(CLIENT),)),),
)


# Docker and what stands behind it


def docker_nat(port: int, to: str = "172.17.0.2:80") -> str:
    return (
        "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
        f"-A DOCKER ! -i docker0 -p tcp -m tcp --dport {port} -j DNAT --to-destination {to}\nCOMMIT\n"
    )


BRIDGE: dict[str, Any] = {
    "interfaces": (loopback(), interface(), interface("docker0", "172.17.0.1/16", kind="bridge")),
    "routes": (
        *routes(),
        route("172.17.0.0/16", device="docker0", source="172.17.0.1"),
        route("172.17.0.1/32", kind="local", table="local", device="docker0"),
    ),
    "sysctls": SYSCTLS
    | {"net.ipv4.ip_forward": "1", "net.ipv4.conf.all.forwarding": "1", "net.ipv4.conf.eth0.forwarding": "1"},
}
WEB = Container(
    "0123456789abcdef", "web", addresses=(ip_address("172.17.0.2"),),
    published=(PublishedPort(ip_address("0.0.0.0"), 8081, 80),),
)  # fmt: skip
ON_LOOPBACK = replace(WEB, addresses=(), published=(PublishedPort(ip_address("127.0.0.1"), 5000, 80),))
DROPS_FORWARD = iptables(docker_nat(8081) + "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n")
LETS_FORWARD = iptables(docker_nat(8081) + "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n")
REFUSED_INSIDE = attempt("172.17.0.2", 80, outcome=AttemptOutcome.REFUSED, errno="ECONNREFUSED", banner=b"", sent="")
PROXY = (Owner("docker-proxy", 90),)
PROXIED = process(90, ("/usr/bin/docker-proxy", "-host-port", "5000", "-container-port", "80"), name="docker-proxy")


# firewalld

FIREWALLD = """table inet firewalld {
  chain filter_INPUT { type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    jump filter_IN_public
    reject with icmpx admin-prohibited
  }
  chain filter_IN_public {
    tcp dport 22 accept
  }
}
"""
PUBLIC = FirewalldZone("public", interfaces=("eth0",), services=("ssh",))
HOME = FirewalldZone("home", ports=("5000/tcp",), origin=Origin("firewall-cmd --list-all-zones", 9, "ports: 5000/tcp"))


def firewalld(*zones: FirewalldZone, **more: Any) -> Facts:
    return facts(rulesets=(nft(FIREWALLD),), firewalld=Firewalld(True, "public", zones), **more)


REDIRECT = (
    "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 5000 -j REDIRECT --to-ports {}\nCOMMIT\n"
)
EARLY = {"hook": "prerouting", "priority": "raw"}

CASES = (
    found("firewall-drops-port", "ufw-default", ufw("-p tcp -m tcp --dport 22 -j ACCEPT"), says="drops tcp port 5000"),
    found("firewall-drops-port", "nft-policy", wall("tcp dport 22 accept", policy="drop")),
    found("firewall-drops-port", "nft-rule", wall("tcp dport 5000 drop")),
    near_miss("firewall-drops-port", "ufw-allows", ufw(ALLOW)),
    near_miss("firewall-drops-port", "rejects", wall("tcp dport 5000 reject")),
    near_miss("firewall-drops-port", "another-port", wall("tcp dport 5001 drop")),
    unsure("firewall-drops-port", "no-root", without("rulesets")),
    unsure("firewall-drops-port", "one-engine-unread", facts(unreadable_rulesets=(MISSING,))),
    found("firewall-rejects-port", "nft", wall("tcp dport 5000 reject"), says="rejects tcp port 5000"),
    found("firewall-rejects-port", "firewalld", firewalld(PUBLIC), says="admin-prohibited"),
    near_miss("firewall-rejects-port", "drops", wall("tcp dport 5000 drop")),
    unsure("firewall-rejects-port", "no-root", without("rulesets")),
    found("client-address-banned", "fail2ban", BANNED, says="jail web bans 192.168.1.20"),
    found("client-address-banned", "by-hand", ufw(f"-s {CLIENT}/32 -j DROP", ALLOW)),
    found("client-address-banned", "others-meet-the-policy", ufw(f"-s {CLIENT}/32 -j DROP")),
    near_miss("client-address-banned", "the-whole-network", ufw("-s 192.168.1.0/24 -j DROP", ALLOW),
        says="other devices"),
    near_miss("client-address-banned", "half-of-it", wall("ip saddr 192.168.1.0/25 drop")),
    near_miss("client-address-banned", "the-upper-half", wall("ip saddr 192.168.1.128/25 drop"), vantage="192.168.1.200"),
    near_miss("client-address-banned", "a-few-around-it", wall("ip saddr 192.168.1.16/28 drop")),
    near_miss("client-address-banned", "all-but-one", wall("ip saddr != 192.168.1.77 drop")),
    near_miss("client-address-banned", "another-address", wall("ip saddr 192.168.1.77 drop")),
    near_miss("client-address-banned", "policy", wall(policy="drop")),
    unsure("client-address-banned", "no-root", without("rulesets")),
    found("allow-rule-comes-too-late", "ufw", ufw(DENY, ALLOW), says="comes first"),
    found("allow-rule-comes-too-late", "network-denied", ufw("-s 192.168.1.0/24 -j DROP", ALLOW)),
    found("allow-rule-comes-too-late", "two-in-front", wall("tcp dport 5000 drop", "tcp dport 5000 reject",
        "tcp dport 5000 accept")),
    near_miss("allow-rule-comes-too-late", "no-allow", ufw(DENY)),
    near_miss("allow-rule-comes-too-late", "policy-lets-in", wall("tcp dport 5000 drop")),
    near_miss("allow-rule-comes-too-late", "allow-for-another-port", ufw(DENY, "-p tcp -m tcp --dport 5001 -j ACCEPT")),
    unsure("allow-rule-comes-too-late", "no-root", without("rulesets")),
    found("two-firewalls-disagree", "ufw-and-nft", ufw(ALLOW, beside=(wall_rules("tcp dport 5000 drop", priority="10"),)),
          says="ufw allows"),
    found("two-firewalls-disagree", "nft-first", ufw(ALLOW, beside=(wall_rules("tcp dport 5000 drop", priority="-10"),))),
    found("two-firewalls-disagree", "legacy", facts(rulesets=(
        iptables(f"*filter\n:INPUT DROP [0:0]\n-A INPUT {ALLOW}\nCOMMIT\n"),
        iptables(f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {DENY}\nCOMMIT\n", Engine.IPTABLES_LEGACY)))),
    near_miss("two-firewalls-disagree", "only-a-policy-beside", ufw(
        ALLOW, beside=(wall_rules(policy="accept"), iptables(f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {DENY}\nCOMMIT\n",
                                                             Engine.IPTABLES_LEGACY))[:1])),
    near_miss("two-firewalls-disagree", "one-firewall", ufw(DENY, ALLOW)),
    near_miss("two-firewalls-disagree", "both-silent", ufw(beside=(wall_rules("tcp dport 5000 drop"),))),
    unsure("two-firewalls-disagree", "no-root", without("rulesets")),
    found("dropped-before-input", "raw", wall("tcp dport 5000 drop", **EARLY), says="prerouting"),
    found("dropped-before-input", "while-ufw-allows", ufw(ALLOW, beside=(wall_rules("tcp dport 5000 drop", **EARLY),))),
    near_miss("dropped-before-input", "in-input", wall("tcp dport 5000 drop"), says="input"),
    unsure("dropped-before-input", "no-root", without("rulesets")),
    found("firewalld-zone-mismatch", "home", firewalld(PUBLIC, HOME), says="zone home opens"),
    found("firewalld-zone-mismatch", "by-service", firewalld(PUBLIC, FirewalldZone("work", services=("http",))), port=80,
          says="zone work"),
    near_miss("firewalld-zone-mismatch", "no-zone", firewalld(PUBLIC, FirewalldZone("home", ports=("5001/tcp",
        "5000/udp")))),
    near_miss("firewalld-zone-mismatch", "another-firewall", wall("tcp dport 5000 drop", firewalld=Firewalld(True,
        "home", (HOME,)))),
    unsure("firewalld-zone-mismatch", "not-asked", without("firewalld", rulesets=(nft(FIREWALLD),))),
    found("reply-blocked", "output-policy", wall("tcp dport 443 accept", policy="drop", hook="output"),
        says="on its way out"),
    near_miss("reply-blocked", "established", wall("ct state established accept", policy="drop", hook="output")),
    unsure("reply-blocked", "no-root", without("rulesets")),
    found("redirected-to-dead-port", "redirect", facts(rulesets=(iptables(REDIRECT.format(5999)),)),
        says="where nobody answers"),
    found("redirected-to-dead-port", "to-a-silent-place", facts(
        rulesets=(LETS_FORWARD,), attempts=(attempt("172.17.0.2", 80, outcome=AttemptOutcome.TIMEOUT, banner=b"",
            sent=""),),
        **BRIDGE), port=8081),
    found("redirected-to-dead-port", "to-loopback", facts(rulesets=(iptables(
        REDIRECT.replace("REDIRECT --to-ports {}", "DNAT --to-destination 127.0.0.1:5000")),))),
    near_miss("redirected-to-dead-port", "somebody-there", facts(
        rulesets=(iptables(REDIRECT.format(8000)),), listeners=(listener(port=8000),))),
    near_miss("redirected-to-dead-port", "somebody-there-on-loopback", facts(
        rulesets=(iptables(REDIRECT.format(8000)),), listeners=(listener("127.0.0.1", 8000),)),
            says="not on that address"),
    near_miss("redirected-to-dead-port", "no-redirect", facts(listeners=())),
    unsure("redirected-to-dead-port", "no-listeners-known", without("listeners")),
    found("forward-chain-drops-container", "policy", facts(rulesets=(DROPS_FORWARD,), containers=(WEB,), **BRIDGE),
        port=8081,
          says="container web"),
    found("forward-chain-drops-container", "forwarding-off", facts(
        rulesets=(LETS_FORWARD,), containers=(WEB,), **BRIDGE | {"sysctls": SYSCTLS}), port=8081, says="ip_forward is 0"),
    near_miss("forward-chain-drops-container", "input", wall("tcp dport 5000 drop")),
    near_miss("forward-chain-drops-container", "let-through", facts(
        rulesets=(LETS_FORWARD,), containers=(WEB,), attempts=(attempt("172.17.0.2", 80),), **BRIDGE), port=8081),
    unsure("forward-chain-drops-container", "no-root", without("rulesets")),
    found("docker-published-on-loopback", "compose", facts(listeners=(listener("127.0.0.1", owners=PROXY),),
        containers=(ON_LOOPBACK,),
          processes=(PROXIED,)), says="container web"),
    found("docker-published-on-loopback", "docker-not-asked", without(
        "containers", listeners=(listener("127.0.0.1", owners=PROXY),), processes=(PROXIED,))),
    near_miss("docker-published-on-loopback", "flask", facts(listeners=(listener("127.0.0.1"),))),
    near_miss("docker-published-on-loopback", "everywhere", facts(listeners=(listener(owners=PROXY),), processes=(
        PROXIED,))),
    unsure("docker-published-on-loopback", "no-listeners-known", without("listeners")),
    found("container-app-on-loopback", "dnat", facts(
        rulesets=(LETS_FORWARD,), containers=(WEB,), attempts=(REFUSED_INSIDE,),
        foreign_listeners=(listener("127.0.0.1", 80, namespace=4026532000),), **BRIDGE), port=8081, says="127.0.0.1:80"),
    found("container-app-on-loopback", "docker-proxy", facts(
        listeners=(listener(owners=PROXY),), processes=(PROXIED,), attempts=(attempt(banner=b"", ended="reset"),),
        foreign_listeners=(listener("127.0.0.1", 80, namespace=4026532000),))),
    near_miss("container-app-on-loopback", "listens-inside", facts(
        listeners=(listener(owners=PROXY),), processes=(PROXIED,), attempts=(attempt(banner=b"", ended="reset"),),
        foreign_listeners=(listener("0.0.0.0", 80, namespace=4026532000),)), says="0.0.0.0"),
    near_miss("container-app-on-loopback", "no-container", facts(attempts=(attempt(banner=b"", ended="closed"),))),
    unsure("container-app-on-loopback", "no-root", without("foreign_listeners")),
)  # fmt: skip
