"""Random ufw and firewalld commands, as people type them, for the differential tests."""

from __future__ import annotations

from random import Random

from tests.live.differential import (
    BACK_LINK,
    BACKEND4,
    PORTS,
    SECOND4,
    SERVER4,
    SERVER6,
    SERVER_LINK,
    SOURCES4,
    SOURCES6,
    Arena,
)

NETS4 = ("10.77.0.0/24", "10.77.0.0/26", "192.168.0.0/16", "172.16.9.9", "8.8.8.8")
NETS6 = ("fd77::/64", "fd77::2", "2001:db8::/32")
SERVICES = ("ssh", "http", "https", "dns")


def ufw(random: Random) -> str:
    """A shell script: `ufw --force reset`, a dozen random rules, `ufw --force enable`."""
    r = random
    lines = ["ufw --force reset >/dev/null", f"ufw default {r.choice(('deny', 'deny', 'reject', 'allow'))} incoming"]
    lines.append(f"ufw default {r.choice(('allow', 'allow', 'deny'))} outgoing")
    lines.append(f"ufw default {r.choice(('deny', 'allow', 'reject'))} routed")
    if r.random() < 0.15:
        lines.insert(0, "sed -i s/^IPV6=yes/IPV6=no/ /etc/default/ufw")
    if r.random() < 0.3:
        lines.insert(0, _ufw_before(r))
    lines += [f"printf '{_PROFILES}' > /etc/ufw/applications.d/lab"]
    lines += [f"{_ufw_rule(r)} || true" for _ in range(r.randint(2, 12))]
    lines.append(f"ufw logging {r.choice(('on', 'off', 'medium', 'high'))}")
    lines.append("ufw --force enable")
    return "\n".join(f"{line} >/dev/null" for line in lines)


_HEAD = "title=a\\ndescription=b\\n"
_PROFILES = f"[Lab Web]\\n{_HEAD}ports=80,443/tcp|5000/udp\\n[Lab Any]\\n{_HEAD}ports=8080\\n"


def _ufw_before(r: Random) -> str:
    """Lines that people add to before.rules by hand."""
    forward = f"-A PREROUTING -p tcp --dport {r.choice(PORTS)} -j DNAT --to-destination {BACKEND4}:{r.choice(PORTS)}"
    redirect = f"-A PREROUTING -p tcp --dport {r.choice(PORTS)} -j REDIRECT --to-ports {r.choice(PORTS)}"
    chosen = r.choice((forward, redirect))
    return f"printf '*nat\\n:PREROUTING ACCEPT [0:0]\\n{chosen}\\nCOMMIT\\n' >> /etc/ufw/before.rules"


def _ufw_odd_rule(r: Random) -> str:
    action, port = r.choice(("allow", "deny", "reject")), r.choice(PORTS)
    net = r.choice(NETS4)
    return r.choice(
        (
            f"ufw {action} 'Lab Web'",
            f"ufw {action} from {net} to any app 'Lab Any'",
            f"ufw {action} proto tcp from {net} port 1024:65535 to any port {port}",
            f"ufw {action} log {port}/tcp",
            f"ufw limit log-all {port}/tcp comment it\\'s",
            f"ufw {action} out to {r.choice(NETS4)}",
            f"ufw {action} out proto udp from any port {port}",
            f"ufw route {action} in on {SERVER_LINK} out on {BACK_LINK} to {BACKEND4} port {port} proto tcp",
            f"ufw route {action} proto udp from {net} to {BACKEND4} port {port}",
            f"ufw route {action} in on {SERVER_LINK} out on {BACK_LINK} from {r.choice(NETS6)}",
            f"ufw {action} in on {SERVER_LINK}",
            f"ufw {action} in on {SERVER_LINK} to any port {port} proto tcp",
            f"ufw {action} proto {r.choice(('esp', 'gre', 'udp'))} from {net}",
            f"ufw delete {action} {port}/tcp",
        )
    )


def _ufw_rule(r: Random) -> str:
    if r.random() < 0.35:
        return _ufw_odd_rule(r)
    action = r.choice(("allow", "allow", "deny", "reject", "limit"))
    place = r.choice(("", "", "", "insert 1 ", "prepend "))
    if r.random() < 0.3:
        return f"ufw {place if place != 'insert 1 ' else ''}{action} {r.choice(PORTS)}{r.choice(('/tcp', '/udp', ''))}"
    route = "route " if r.random() < 0.2 else ""
    six = r.random() < 0.25
    parts = [f"ufw {route}{place}{action}"]
    if r.random() < 0.3:
        parts.append(f"in on {r.choice((SERVER_LINK, BACK_LINK))}")
    parts.append(f"from {r.choice((*(NETS6 if six else NETS4), 'any'))}")
    own = (SERVER6, "any") if six else (SERVER4, SECOND4, BACKEND4, "any", "any")
    parts.append(f"to {r.choice(own)}")
    proto = r.choice(("tcp", "udp", ""))
    if r.random() < 0.8:
        ports = (
            str(r.choice(PORTS)) if not proto or r.random() < 0.7 else r.choice(("80,443", "400:6000", "22,80,5000"))
        )
        parts.append(f"port {ports}")
    if proto:
        parts.append(f"proto {proto}")
    return " ".join(parts)


def firewalld(random: Random) -> str:
    """A shell script: a private bus, firewalld, and random runtime commands."""
    r = random
    start = [
        "dbus-daemon --system --fork --nopidfile >/dev/null 2>&1",
        "firewalld --nofork --nopid >/dev/null 2>&1 &",
        "for i in $(seq 150); do firewall-cmd --state >/dev/null 2>&1 && break; sleep 0.1; done",
    ]
    zones = ("public", "home", "work", "drop", "block", "trusted", "dmz")
    zone, other = r.choice(zones[:5]), r.choice(zones)
    commands = [f"--permanent {each}" for each in _firewalld_permanent(r, zone, other)]
    commands += ["--reload"] if commands else []
    commands += [f"--zone={zone} --change-interface={SERVER_LINK}", f"--zone={other} --change-interface={BACK_LINK}"]
    commands += [_firewalld_command(r, (zone, zone, other, r.choice(zones))) for _ in range(r.randint(2, 9))]
    return "\n".join([*start, *(f"firewall-cmd -q {command} 2>/dev/null || true" for command in commands)])


def _firewalld_permanent(r: Random, zone: str, other: str) -> list[str]:
    """What only the permanent configuration takes: policies, targets, ipsets."""
    commands: list[str] = []
    if r.random() < 0.5:
        egress = r.choice(("HOST", "HOST", "ANY", other))
        commands += [
            "--new-policy=lab",
            f"--policy=lab --set-priority={r.choice((-100, -1, 1, 100))}",
            f"--policy=lab --add-ingress-zone={r.choice(('ANY', zone))}",
            f"--policy=lab --add-egress-zone={egress}",
            f"--policy=lab --set-target={r.choice(('CONTINUE', 'CONTINUE', 'ACCEPT', 'DROP', 'REJECT'))}",
            *(f"--policy=lab {_policy_item(r)}" for _ in range(r.randint(1, 4))),
        ]
    if r.random() < 0.4:
        commands.append(f"--zone={zone} --set-target={r.choice(('default', 'ACCEPT', 'DROP', '%%REJECT%%'))}")
    if r.random() < 0.4:
        commands += ["--new-ipset=friends --type=hash:net", f"--ipset=friends --add-entry={r.choice(NETS4)}"]
        commands.append(f"--zone={r.choice(('trusted', 'work', zone))} --add-source=ipset:friends")
    return commands


def _policy_item(r: Random) -> str:
    port = f"{r.choice(PORTS)}/{r.choice(('tcp', 'udp'))}"
    number, proto = port.split("/")
    return r.choice(
        (
            f"--add-port={port}",
            f"--add-service={r.choice(SERVICES)}",
            f"--add-forward-port=port={number}:proto={proto}:toport={r.choice(PORTS)}",
            f"--add-rich-rule='{_rich_rule(r)}'",
            f"--add-rich-rule='{_rich_rule(r)}'",
        )
    )


def _firewalld_command(r: Random, zones: tuple[str, ...]) -> str:
    zone = r.choice(zones)
    port, proto = r.choice(PORTS), r.choice(("tcp", "tcp", "udp"))
    simple = (
        f"--zone={zone} --add-port={port}/{proto}",
        f"--zone={zone} --add-port={r.choice(('400-6000', '1-1024'))}/{proto}",
        f"--zone={zone} --add-service={r.choice(SERVICES)}",
        f"--zone={zone} --add-source={r.choice((*NETS4, *NETS6))}",
        f"--zone={zone} --add-source-port=20000-40000/{proto}",
        f"--zone={zone} --add-forward-port=port={port}:proto={proto}:toport={r.choice(PORTS)}",
        f"--zone={zone} --add-forward-port=port={port}:proto={proto}:toport={r.choice(PORTS)}:toaddr={BACKEND4}",
        f"--zone={zone} --add-masquerade",
        f"--zone={zone} --add-protocol={proto}",
        f"--zone={zone} --add-forward",
        f"--zone={zone} --remove-forward",
        f"--zone={zone} --add-icmp-block-inversion",
        f"--zone={zone} --remove-service=ssh",
    )
    if r.random() < 0.55:
        return r.choice(simple)
    return f"--zone={zone} --add-rich-rule='{_rich_rule(r)}'"


def _rich_rule(r: Random) -> str:
    six = r.random() < 0.3
    parts = ["rule"]
    if r.random() < 0.4:
        parts.append(f'priority="{r.choice((-100, -1, 1, 100, 32000))}"')
    parts.append(f'family="{"ipv6" if six else "ipv4"}"')
    if r.random() < 0.7:
        pool = (*(NETS6 if six else NETS4), *(SOURCES6 if six else SOURCES4))
        parts.append(f'source {"NOT " if r.random() < 0.15 else ""}address="{r.choice(pool)}"')
    if r.random() < 0.2:
        parts.append(f'destination address="{SERVER6 if six else SERVER4}"')
    if r.random() < 0.8:
        proto = r.choice(("tcp", "udp"))
        element = r.choice(
            (
                f'port port="{r.choice(PORTS)}" protocol="{proto}"',
                f'port port="400-6000" protocol="{proto}"',
                f'service name="{r.choice(SERVICES)}"',
                f'source-port port="20000-40000" protocol="{proto}"',
                f'protocol value="{proto}"',
            )
        )
        parts.append(element)
    if r.random() < 0.25:
        parts.append(r.choice(('log prefix="a: "', 'log level="info" limit value="1/m"', "audit")))
    parts.append(
        r.choice(("accept", "accept", "drop", "reject", 'reject type="icmp-host-prohibited"' if not six else "reject"))
    )
    return " ".join(parts)


def load_ufw(arena: Arena, random: Random) -> None:
    """Runs the ufw script on the server."""
    arena.in_private(ufw(random), "/etc/ufw", "/etc/default")


def load_firewalld(arena: Arena, random: Random, backend: str = "nftables") -> None:
    """Runs the firewalld script on the server; its rules stay when it is gone. `backend`: nftables or iptables."""
    choose = f"sed -i 's/^FirewallBackend=.*/FirewallBackend={backend}/' /etc/firewalld/firewalld.conf\n"
    arena.in_private(choose + firewalld(random), "/etc/firewalld")
