"""Firewall fixes, word for word against real firewalls: closed before, open after, closed for others, and undone exactly.

Each case breaks one thing in a lab. The facts are read the way `wizard check` reads them, the packet's way is judged, the fix
written, its facts judged again (what `proved` rests on), and then its very lines are run.
"""

from __future__ import annotations

import base64
import pickle
import re
import sys
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import pytest
from msgspec import Struct

from tests.live.lab import CLIENT, CLIENT6, PROJECT, SECOND_CLIENT, SERVER, SERVER6, SERVER_LINK, Lab
from wizard.fixes import firewall
from wizard.fixes.written import Written
from wizard.judge import trace
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Proto
from wizard.model.journey import Decision
from wizard.model.packet import Packet
from wizard.model.remedy import AllowInbound, AllowReply, Instruction, RemoveRedirect, Run, Unban
from wizard.parse import assemble
from wizard.present import quoting

PORT, OTHER_PORT = 5000, 5001
_SERVE = "import http.server, sys; http.server.ThreadingHTTPServer.address_family = __import__('socket').AF_INET6; \
http.server.ThreadingHTTPServer(('::', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()"
_GATHER = """
import base64, pickle, sys
from wizard.collect.live import LiveSource
from wizard.collect.probes_linux import PROBES
sys.stdout.write(base64.b64encode(pickle.dumps(LiveSource().gather(PROBES))).decode())
"""


def facts_of(lab: Lab) -> Facts:
    """What the wizard would know on the server machine."""
    done = lab.run([sys.executable, "-c", _GATHER], env={"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"})
    return assemble.facts(pickle.loads(base64.b64decode(done.stdout)), "linux", 1.0, True)


def serve(lab: Lab, *ports: int) -> None:
    for port in ports:
        process = lab.spawn([sys.executable, "-c", _SERVE, str(port)])
        lab.wait_for_port(port, process=process)


def run(lab: Lab, instructions: tuple[Instruction, ...]) -> None:
    for each in instructions:
        assert isinstance(each, Run), each
        lab.run(quoting.command(each))


def closed(lab: Lab, port: int, client: str = CLIENT) -> bool:
    server = SERVER6 if ":" in client else SERVER
    return lab.connect(server, port, source=client, timeout=0.4).result != "connected"


@dataclass
class Fix:
    """Everything that has to be written, one after the other, until the model says that the packet gets through."""

    written: list[Written] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [quoting.command(s) for w in self.written for s in w.steps if isinstance(s, Run)]

    def apply(self, lab: Lab) -> None:
        for each in self.written:
            run(lab, each.steps)

    def undo(self, lab: Lab) -> None:
        for each in reversed(self.written):
            run(lab, each.undo)


def way_in(facts: Facts, client: str = CLIENT, port: int = PORT) -> Decision:
    server = SERVER6 if ":" in client else SERVER
    return trace.trace(facts, Packet(ip_address(client), ip_address(server), port, interface=SERVER_LINK))


def way_out(facts: Facts, client: str = CLIENT, port: int = PORT) -> Decision:
    server = SERVER6 if ":" in client else SERVER
    packet = Packet(ip_address(client), ip_address(server), port, interface=SERVER_LINK)
    return trace.reply(facts, packet, trace.trace(facts, packet))


def write(facts: Facts, client: str = CLIENT, *, ban: bool = False) -> Fix:
    """What the planner does: walk, fix what stops the packet, walk again."""
    fix = Fix()
    for _ in range(6):
        decision = way_in(facts, client)
        if decision.outcome in ("deliver", "forward"):
            return fix
        assert decision.outcome in ("drop", "reject"), decision
        if ban:
            made = firewall.unban(Unban(ip_address(client)), facts, decision)
        else:
            intent = AllowInbound(
                PORT, Proto.TCP, ip_network(client), SERVER_LINK, ip_address(SERVER6 if ":" in client else SERVER)
            )
            made = firewall.allow_inbound(intent, facts, decision)
        assert made is not None, decision
        fix.written.append(made)
        facts = made.facts
    raise AssertionError(f"still stopped after six fixes: {decision}, {fix.lines}")


def proved_by_the_kernel(lab: Lab, fix: Fix, client: str = CLIENT, other: str = SECOND_CLIENT) -> None:
    """Closed, then open for this client and port alone, then all as before."""
    before = lab.snapshot()
    assert closed(lab, PORT, client)
    others = (closed(lab, PORT, other), closed(lab, OTHER_PORT, client))
    fix.apply(lab)
    assert not closed(lab, PORT, client), fix.lines
    assert (closed(lab, PORT, other), closed(lab, OTHER_PORT, client)) == others
    now = facts_of(lab)
    assert way_in(now, client).outcome in ("deliver", "forward")
    assert rules(now) == rules(fix.written[-1].facts), "the model has the rules where the commands put them"
    fix.undo(lab)
    assert lab.snapshot() == before
    assert closed(lab, PORT, client)


def rules(facts: Facts) -> dict[str, list[str]]:
    """Every rule's text by its chain, without counters. (What ufw fills in at its first reload is left out.)"""
    assert not isinstance(facts.rulesets, Unknown)
    return {
        f"{ruleset.engine} {table.family} {table.name} {name}": [
            re.sub(r"counter packets \d+ bytes \d+", "counter", rule.text) for rule in chain.rules
        ]
        for ruleset in facts.rulesets
        for table in ruleset.tables
        for name, chain in table.chains.items()
        if "-user-limit" not in name
    }


class Case(Struct, frozen=True):
    name: str
    setup: str
    through: str
    """A word that the first line to paste begins with."""
    needs: tuple[str, ...]
    client: str = CLIENT
    steps: int = 1

    def __str__(self) -> str:
        return self.name


_UFW = "ufw --force enable >/dev/null"
_LEGACY = "iptables-legacy"
_MINE = f"proto tcp from {CLIENT} to any port 5000"
_IN = "type filter hook input priority 0;"


def nft(*tables: str) -> str:
    """A shell line that loads these tables; `inet a: chain x { ... }` is one table."""
    lines = "\n".join("table {} {{\n{}\n}}".format(*table.split(": ", 1)) for table in tables)
    return f"nft -f - <<'END'\n{lines}\nEND\n"


def input_chain(rules: str, policy: str = "accept") -> str:
    """An inet table with one input chain."""
    return f"inet filter: chain input {{ {_IN} policy {policy}; {rules} }}"


CASES = [
    Case("ufw-default-deny", _UFW, "ufw prepend", ("ufw",)),
    Case("ufw-default-reject", f"ufw default reject >/dev/null; {_UFW}", "ufw prepend", ("ufw",)),
    Case("ufw-deny-first", f"ufw deny 5000 >/dev/null; ufw allow 22/tcp >/dev/null; {_UFW}", "ufw prepend", ("ufw",)),
    Case("ufw-ipv6", f"ufw deny 5000/tcp >/dev/null; {_UFW}", "ufw prepend", ("ufw",), CLIENT6),
    Case(
        "ufw-deny-of-the-same-words",
        f"ufw deny {_MINE} >/dev/null; {_UFW}",
        f"ufw prepend allow in on {SERVER_LINK}",
        ("ufw",),
    ),
    Case(
        "ufw-same-allow-too-late",
        f"ufw deny 5000 >/dev/null; ufw allow {_MINE} >/dev/null; {_UFW}",
        f"ufw prepend allow in on {SERVER_LINK}",
        ("ufw",),
    ),
    Case(
        "ufw-same-words-on-the-interface-too",
        f"ufw reject {_MINE} >/dev/null; ufw deny in on {SERVER_LINK} {_MINE} >/dev/null; {_UFW}",
        f"ufw prepend allow proto tcp from {CLIENT} to {SERVER}",
        ("ufw",),
    ),
    Case(
        "reject-before-ufw",
        f"{_UFW}; ufw allow 5000/tcp >/dev/null; iptables -I INPUT 1 -j REJECT --reject-with icmp-host-prohibited",
        "iptables -I INPUT 1",
        ("ufw",),
    ),
    Case(
        "drop-in-ufw-before-input",
        f"{_UFW}; iptables -I ufw-before-input 3 -p tcp --dport 5000 -j DROP",
        "iptables -I ufw-before-input 3",
        ("ufw",),
    ),
    Case(
        "iptables-policy",
        "iptables -P INPUT DROP; iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
        "iptables -A INPUT",
        ("iptables",),
    ),
    Case(
        "iptables-late-allow",
        "iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -j REJECT; iptables -A INPUT -p tcp --dport 5000 -j ACCEPT",
        "iptables -I INPUT 2",
        ("iptables",),
    ),
    Case(
        "iptables-shared-log-and-drop",
        "iptables -N LOGDROP; iptables -A LOGDROP -j LOG; iptables -A LOGDROP -j DROP; iptables -A FORWARD -j LOGDROP; "
        "iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -j LOGDROP",
        "iptables -I INPUT 2",
        ("iptables",),
    ),
    Case(
        "iptables-private-chain",
        "iptables -N IN; iptables -A IN -p tcp --dport 5000 -m comment --comment 'no \"web\" here' -j DROP; "
        "iptables -A INPUT -j IN",
        "iptables -I IN 1",
        ("iptables",),
    ),
    Case(
        "ip6tables-policy",
        "ip6tables -P INPUT DROP; ip6tables -A INPUT -p ipv6-icmp -j ACCEPT",
        "ip6tables -A INPUT",
        ("iptables",),
        CLIENT6,
    ),
    Case("legacy-policy", f"{_LEGACY} -P INPUT DROP", "iptables-legacy -A INPUT", (_LEGACY,)),
    Case(
        "legacy-reject",
        f"{_LEGACY} -A INPUT -p tcp --dport 22 -j ACCEPT; {_LEGACY} -A INPUT -j REJECT",
        "iptables-legacy -I INPUT 2",
        (_LEGACY,),
    ),
    Case(
        "ip6-legacy", "ip6tables-legacy -A INPUT -p tcp -j REJECT", "ip6tables-legacy -I INPUT 1", (_LEGACY,), CLIENT6
    ),
    Case(
        "raw-prerouting",
        "iptables -t raw -A PREROUTING -p tcp --dport 5000 -j DROP",
        "iptables -t raw -I PREROUTING 1",
        ("iptables",),
    ),
    Case(
        "mangle-prerouting",
        "iptables -t mangle -A PREROUTING -p tcp --dport 5000 -j DROP",
        "iptables -t mangle -I PREROUTING 1",
        ("iptables",),
    ),
    Case(
        "nft-policy",
        nft(input_chain("ct state established,related accept; tcp dport 22 accept;", "drop")),
        "nft add rule inet filter input",
        ("nft",),
    ),
    Case(
        "nft-late-allow",
        nft(input_chain("iif lo accept; reject with icmpx admin-prohibited; tcp dport 5000 accept;")),
        "nft insert rule inet filter input position",
        ("nft",),
    ),
    Case(
        "nft-verdict-map",
        nft(input_chain("tcp dport vmap { 22 : accept, 5000 : drop };")),
        "nft insert rule inet filter input position",
        ("nft",),
    ),
    Case(
        "nft-map-to-a-shared-chain",
        nft(
            "inet filter: chain bad { counter; drop; }\n"
            f"chain input {{ {_IN} tcp dport vmap {{ 22 : accept, 5000 : goto bad }}; }}\n"
            "chain forward { type filter hook forward priority 0; jump bad; }"
        ),
        "nft insert rule inet filter input position",
        ("nft",),
    ),
    Case(
        "nft-named-set",
        nft(
            "inet filter: set allowed { type inet_service; elements = { 22, 80 } }\n"
            f"chain input {{ {_IN} policy drop; tcp dport @allowed accept; }}"
        ),
        "nft add rule inet filter input",
        ("nft",),
    ),
    Case(
        "nft-raw-priority",
        nft("ip early: chain pre { type filter hook prerouting priority raw; tcp dport 5000 drop; }"),
        "nft insert rule ip early pre position",
        ("nft",),
    ),
    Case(
        "nft-two-tables",
        nft(
            f"inet a: chain input {{ {_IN} policy drop; tcp dport 22 accept; }}",
            "ip b: chain input { type filter hook input priority 5; tcp dport 5000 reject; }",
        ),
        "nft add rule inet a",
        ("nft",),
        steps=2,
    ),
    Case(
        "nft-ipv6",
        nft(input_chain("meta l4proto ipv6-icmp accept;", "drop")),
        "nft add rule inet filter input ip6 saddr",
        ("nft",),
        CLIENT6,
    ),
    Case(
        "nft-and-ufw",
        nft("inet x: chain in { type filter hook input priority -5; tcp dport 5000 drop; }") + _UFW,
        "nft insert rule inet x in",
        ("nft", "ufw"),
        steps=2,
    ),
    Case(
        "nft-and-legacy",
        nft("inet x: chain in { type filter hook input priority 5; tcp dport 5000 drop; }")
        + f"{_LEGACY} -A INPUT -j DROP",
        "iptables-legacy -I INPUT 1",
        ("nft", _LEGACY),
        steps=2,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_fix_opens_what_was_asked_and_its_undo_closes_it(
    lab: Lab, case: Case, request: pytest.FixtureRequest
) -> None:
    _need(*case.needs)
    serve(lab, PORT, OTHER_PORT)
    lab.run("set -e\n" + case.setup)
    fix = write(facts_of(lab), case.client)
    assert fix.lines[0].startswith(case.through), fix.lines
    assert len(fix.written) == case.steps, fix.lines
    other = "fd77::3" if ":" in case.client else SECOND_CLIENT
    if ":" in case.client:
        lab.run("ip -n client addr add fd77::3/64 dev veth-c nodad")
    proved_by_the_kernel(lab, fix, case.client, other)


def _need(*programs: str) -> None:
    from tests.live.conftest import skip_without

    skip_without(*programs)


FIREWALLD = {
    "zone": ("public", ()),
    "drop-zone": ("drop", ()),
    "block-zone": ("block", ()),
    "rich-deny": ("public", (f"--add-rich-rule=rule family=ipv4 source address={CLIENT} drop",)),
    "rich-deny-with-priority": ("public", (f"--add-rich-rule=rule priority=-20 family=ipv4 source address={CLIENT} reject",
                                           "--add-rich-rule=rule priority=-30 family=ipv4 source address=10.9.9.9 drop")),
    "source-zone": ("public", (f"--zone=internal --add-source={CLIENT}",)),
}  # fmt: skip


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon", "nft")
@pytest.mark.parametrize("name", FIREWALLD)
def test_firewalld_opens_the_zone_that_decides(lab: Lab, name: str) -> None:
    zone, options = FIREWALLD[name]
    serve(lab, PORT, OTHER_PORT)
    lab.start_firewalld(zone)
    for option in options:
        lab.run(["firewall-cmd", *(option.split(" ", 1) if option.startswith("--zone") else [option])])
    lab.run(["firewall-cmd", "--runtime-to-permanent"])
    fix = write(facts_of(lab))
    assert all(line.startswith("firewall-cmd ") for line in fix.lines)
    assert len(fix.written) == 1 and fix.written[0].persists == "yes"
    proved_by_the_kernel(lab, fix)
    fix.apply(lab)
    lab.run(["firewall-cmd", "--reload"])
    assert not closed(lab, PORT)


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon", "nft")
def test_firewalld_ipv6(lab: Lab) -> None:
    serve(lab, PORT, OTHER_PORT)
    lab.start_firewalld()
    lab.run("ip -n client addr add fd77::3/64 dev veth-c nodad")
    proved_by_the_kernel(lab, write(facts_of(lab), CLIENT6), CLIENT6, "fd77::3")


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon", "nft")
def test_firewalld_policy_in_front_of_the_zones(lab: Lab) -> None:
    serve(lab, PORT, OTHER_PORT)
    lab.start_firewalld("trusted")
    for words in ("--new-policy=wall", "--policy=wall --add-ingress-zone=ANY", "--policy=wall --add-egress-zone=HOST",
                  "--policy=wall --set-target=DROP", "--policy=wall --set-priority=-10"):  # fmt: skip
        lab.run(["firewall-cmd", "--permanent", *words.split()])
    lab.run(["firewall-cmd", "--reload"])
    fix = write(facts_of(lab))
    assert "--policy=wall" in fix.lines[0]
    proved_by_the_kernel(lab, fix)


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon", "nft")
def test_firewalld_panic_is_ended_only_with_a_warning(lab: Lab) -> None:
    serve(lab, PORT, OTHER_PORT)
    lab.start_firewalld()
    lab.run(["firewall-cmd", "--panic-on"])
    fix = write(facts_of(lab))
    assert fix.lines[0] == "firewall-cmd --panic-off"
    assert fix.written[0].risk == "high" and fix.written[0].warnings
    proved_by_the_kernel(lab, fix)


@pytest.mark.needs("fail2ban-server", "fail2ban-client", "iptables", "nft", "ipset")
@pytest.mark.parametrize(
    "action", ["iptables-multiport", "iptables-allports", "nftables-multiport", "iptables-ipset-proto6"]
)
def test_fail2ban_is_asked_to_lift_its_ban(lab: Lab, action: str) -> None:
    serve(lab, PORT, OTHER_PORT)
    lab.start_fail2ban("web", action=action)
    for address in ("10.77.0.9", CLIENT, SECOND_CLIENT, CLIENT6):
        lab.run(["fail2ban-client", "set", "web", "banip", address])
    before = lab.snapshot()
    assert closed(lab, PORT)
    fix = write(facts_of(lab), ban=True)
    assert fix.lines == [f"fail2ban-client set web unbanip {CLIENT}"]
    fix.apply(lab)
    assert not closed(lab, PORT) and closed(lab, PORT, SECOND_CLIENT)
    assert way_in(facts_of(lab)).outcome == "deliver"
    fix.undo(lab)
    assert lab.snapshot() == before and closed(lab, PORT)


_F2B = "type filter hook input priority -1;"
BANS = {
    "left by fail2ban": (
        "iptables -N f2b-web; iptables -A f2b-web -s 10.77.0.9 -j REJECT; iptables -A f2b-web -s 10.77.0.2 -j REJECT; "
        "iptables -A f2b-web -j RETURN; iptables -A INPUT -p tcp -j f2b-web",
        f"iptables -D f2b-web -s {CLIENT}/32",
    ),
    "left by fail2ban in nft": (
        nft(
            f"inet f2b-table: chain f2b-chain {{ {_F2B} tcp dport 5000 ip saddr {CLIENT} reject with icmp port-unreachable; "
            "tcp dport 1 drop; }"
        ),
        "nft delete rule inet f2b-table f2b-chain handle",
    ),
    "by hand": (f"iptables -A INPUT -s {CLIENT} -j DROP", f"iptables -I INPUT 1 -s {CLIENT}/32 -p tcp"),
    "by hand, a set": (
        nft(
            f"inet filter: set banned {{ type ipv4_addr; flags timeout; elements = {{ {CLIENT} timeout 1h }} }}\n"
            f"chain input {{ {_IN} ip saddr @banned drop; }}"
        ),
        "nft insert rule inet filter input position",
    ),
    "by hand, an ipset": (
        f"ipset create bad hash:net; ipset add bad 10.77.0.0/31; ipset add bad {CLIENT}; "
        "iptables -A INPUT -m set --match-set bad src -j DROP",
        f"iptables -I INPUT 1 -s {CLIENT}/32",
    ),
}


@pytest.mark.needs("iptables", "nft", "ipset")
@pytest.mark.parametrize("name", BANS)
def test_a_ban_of_another_hand_is_excepted_or_put_back_where_it_was(lab: Lab, name: str) -> None:
    setup, first = BANS[name]
    serve(lab, PORT)
    lab.run("set -e\n" + setup)
    before = lab.snapshot()
    assert closed(lab, PORT)
    fix = write(facts_of(lab), ban=True)
    assert fix.lines[0].startswith(first), fix.lines
    fix.apply(lab)
    assert not closed(lab, PORT)
    fix.undo(lab)
    assert lab.snapshot() == before and closed(lab, PORT)


_OUT = "type filter hook output priority 0;"
REPLIES = {
    "iptables": "iptables -P OUTPUT DROP; iptables -A OUTPUT -o lo -j ACCEPT",
    "nft": nft(f"inet filter: chain out {{ {_OUT} policy drop; oif lo accept; }}"),
    "nft rule": nft(f"inet filter: chain out {{ {_OUT} tcp sport 5000 drop; }}"),
    "raw": "iptables -t raw -A OUTPUT -p tcp --sport 5000 -j DROP",
}


@pytest.mark.needs("iptables", "nft")
@pytest.mark.parametrize("name", REPLIES)
def test_answers_get_out_again(lab: Lab, name: str) -> None:
    serve(lab, PORT, OTHER_PORT)
    lab.run("set -e\n" + REPLIES[name])
    before = lab.snapshot()
    facts = facts_of(lab)
    decision = way_out(facts)
    assert decision.outcome == "drop" and closed(lab, PORT)
    made = firewall.allow_reply(AllowReply(PORT, Proto.TCP, ip_network(CLIENT)), facts, decision)
    assert made is not None and way_out(made.facts).outcome == "deliver"
    others = (closed(lab, PORT, SECOND_CLIENT), closed(lab, OTHER_PORT))
    run(lab, made.steps)
    assert not closed(lab, PORT)
    assert (closed(lab, PORT, SECOND_CLIENT), closed(lab, OTHER_PORT)) == others
    run(lab, made.undo)
    assert lab.snapshot() == before and closed(lab, PORT)


_NAT = "type nat hook prerouting priority dstnat;"
_REDIRECT = "iptables -t nat -A PREROUTING -p tcp --dport"
REDIRECTS = {
    "iptables": (
        f"{_REDIRECT} 80 -j REDIRECT --to-ports 81; {_REDIRECT} 5000 -j REDIRECT --to-ports 5999; "
        f"{_REDIRECT} 82 -j REDIRECT --to-ports 83",
        "iptables -t nat -D PREROUTING",
    ),
    "iptables range": (f"{_REDIRECT} 4000:6000 -j REDIRECT --to-ports 5999", "iptables -t nat -I PREROUTING 1"),
    "nft": (
        nft(
            f"ip nat: chain pre {{ {_NAT} tcp dport 80 redirect to :81; "
            "tcp dport 5000 counter redirect to :5999; tcp dport 82 counter; }"
        ),
        "nft delete rule ip nat pre handle",
    ),
    "nft dnat": (
        nft(f"ip nat: chain pre {{ {_NAT} tcp dport 5000 dnat to {SERVER}:5999; }}"),
        "nft delete rule ip nat pre handle",
    ),
}


@pytest.mark.needs("iptables", "nft")
@pytest.mark.parametrize("name", REDIRECTS)
def test_a_redirect_to_a_dead_port_goes_and_comes_back(lab: Lab, name: str) -> None:
    setup, first = REDIRECTS[name]
    serve(lab, PORT)
    lab.run("set -e\n" + setup)
    before = lab.snapshot()
    facts = facts_of(lab)
    decision = way_in(facts)
    assert decision.to.port == 5999 and closed(lab, PORT)
    made = firewall.remove_redirect(RemoveRedirect(PORT, Proto.TCP), facts, decision)
    assert made is not None and way_in(made.facts).to.port == PORT
    assert isinstance(made.steps[0], Run) and quoting.command(made.steps[0]).startswith(first)
    run(lab, made.steps)
    assert not closed(lab, PORT)
    run(lab, made.undo)
    assert lab.snapshot() == before and closed(lab, PORT)


_BOX = """ip netns add box; ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
ip link add vb type veth peer name eth0 netns box; ip link set vb master docker0; ip link set vb up
ip -n box addr add 172.17.0.2/16 dev eth0; ip -n box link set eth0 up; ip -n box route add default via 172.17.0.1
sysctl -qw net.ipv4.ip_forward=1
iptables -t nat -N DOCKER; iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80
iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 5001 -j DNAT --to-destination 172.17.0.2:81
"""
_BACK = "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; "
_DOCKER = (
    "iptables -N DOCKER-USER; iptables -N DOCKER; iptables -A FORWARD -j DOCKER-USER; "
    + _BACK
    + "iptables -A FORWARD -o docker0 -j DOCKER; iptables -P FORWARD DROP; "
)
_TO_BOX = "-d 172.17.0.2/32 -p tcp -m tcp --dport 80"
CONTAINERS = {
    "user chain": (
        f"{_DOCKER} iptables -A DOCKER-USER -i {SERVER_LINK} -j DROP; iptables -A DOCKER {_TO_BOX} -j ACCEPT; "
        "iptables -A DOCKER -d 172.17.0.2/32 -p tcp -m tcp --dport 81 -j ACCEPT",
        f"iptables -I DOCKER-USER 1 -s {CLIENT}/32 {_TO_BOX} -m comment --comment wizard -j RETURN",
    ),
    "docker's own drop": (
        f"{_DOCKER} iptables -A DOCKER-USER -i tun9 -j DROP; iptables -A DOCKER ! -i docker0 -o docker0 -j DROP",
        f"iptables -I DOCKER-USER 1 -s {CLIENT}/32 {_TO_BOX} -m comment --comment wizard -j ACCEPT",
    ),
    "forward policy": (f"{_BACK} iptables -P FORWARD DROP", f"iptables -A FORWARD -s {CLIENT}/32 {_TO_BOX}"),
    "ufw": (_UFW, f"ufw route prepend allow proto tcp from {CLIENT} to 172.17.0.2 port 80"),
}


@pytest.mark.needs("iptables", "ufw")
@pytest.mark.parametrize("name", CONTAINERS)
def test_a_published_port_is_let_through_to_its_container_alone(lab: Lab, name: str) -> None:
    setup, first = CONTAINERS[name]
    lab.run(_BOX)
    for port in ("80", "81"):
        lab.spawn(["nsenter", "--net=/run/netns/box", sys.executable, "-c", _SERVE, port])
    lab.wait_until(lambda: lab.listening(80, "box") and lab.listening(81, "box"), "no server in the box")
    assert not closed(lab, PORT)
    lab.run("set -e\n" + setup)
    fix = write(facts_of(lab))
    assert len(fix.lines) == 1 and fix.lines[0].startswith(first), fix.lines
    proved_by_the_kernel(lab, fix)


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon", "nft")
def test_firewalld_forgets_a_forwarded_port_and_learns_it_again(lab: Lab) -> None:
    serve(lab, PORT)
    lab.start_firewalld()
    lab.run("firewall-cmd --add-port=5000/tcp; firewall-cmd --add-forward-port=port=5000:proto=tcp:toport=5999")
    before = lab.snapshot()
    facts = facts_of(lab)
    assert closed(lab, PORT)
    made = firewall.remove_redirect(RemoveRedirect(PORT, Proto.TCP), facts, way_in(facts))
    assert made is not None and way_in(made.facts).outcome == "deliver"
    run(lab, made.steps)
    assert not closed(lab, PORT) and rules(facts_of(lab)) == rules(made.facts)
    run(lab, made.undo)
    assert lab.snapshot() == before and closed(lab, PORT)
