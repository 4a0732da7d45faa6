"""Firewall fixes, word for word against real firewalls: closed before, open after, closed for others, and undone exactly.

Each case breaks one thing in a lab. The facts are read the way `wizard check` reads them, the packet's way is judged, the fix
written, its facts judged again (what `proved` rests on), and then its very lines are run.
"""

from __future__ import annotations

import base64
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.live.lab import CLIENT, CLIENT6, PROJECT, SECOND_CLIENT, SERVER, SERVER6, SERVER_LINK, Lab
from wizard.fixes import firewall
from wizard.fixes.written import Written
from wizard.judge import trace
from wizard.model.facts import Facts, Proto
from wizard.model.journey import Decision
from wizard.model.packet import Packet
from wizard.model.remedy import AllowInbound, AllowReply, Instruction, Run, Unban
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
    return lab.connect(server, port, source=client, timeout=0.7).result != "connected"


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
    return trace.reply(facts, Packet(ip_address(client), ip_address(server), port, interface=SERVER_LINK))


def write(facts: Facts, client: str = CLIENT, *, ban: bool = False) -> Fix:
    """What the planner does: walk, fix what stops the packet, walk again."""
    fix = Fix()
    for _ in range(6):
        decision = way_in(facts, client)
        if decision.outcome == "deliver":
            return fix
        assert decision.outcome in ("drop", "reject"), decision
        if ban:
            made = firewall.unban(Unban(ip_address(client)), facts, decision)
        else:
            intent = AllowInbound(PORT, Proto.TCP, ip_network(client), SERVER_LINK, ip_address(SERVER6 if ":" in client else SERVER))
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
    assert way_in(facts_of(lab), client).outcome == "deliver"
    fix.undo(lab)
    assert lab.snapshot() == before
    assert closed(lab, PORT, client)


@dataclass(frozen=True)
class Case:
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
_NFT = """nft -f - <<'END'
{}
END"""

CASES = [
    Case("ufw-default-deny", _UFW, "ufw prepend", ("ufw",)),
    Case("ufw-default-reject", f"ufw default reject >/dev/null; {_UFW}", "ufw prepend", ("ufw",)),
    Case("ufw-deny-first", f"ufw deny 5000 >/dev/null; ufw allow 22/tcp >/dev/null; {_UFW}", "ufw prepend", ("ufw",)),
    Case("ufw-ipv6", f"ufw deny 5000/tcp >/dev/null; {_UFW}", "ufw prepend", ("ufw",), CLIENT6),
    Case("ufw-deny-of-the-same-words", f"ufw deny proto tcp from {CLIENT} to any port 5000 >/dev/null; {_UFW}",
         f"ufw prepend allow in on {SERVER_LINK}", ("ufw",)),
    Case("ufw-same-allow-too-late", f"ufw deny 5000 >/dev/null; ufw allow proto tcp from {CLIENT} to any port 5000 >/dev/null; {_UFW}",
         f"ufw prepend allow in on {SERVER_LINK}", ("ufw",)),
    Case("ufw-reject-of-the-same-words-on-the-interface",
         f"ufw reject proto tcp from {CLIENT} to any port 5000 >/dev/null; "
         f"ufw deny in on {SERVER_LINK} proto tcp from {CLIENT} to any port 5000 >/dev/null; {_UFW}",
         f"ufw prepend allow proto tcp from {CLIENT} to {SERVER}", ("ufw",)),
    Case("reject-before-ufw", f"{_UFW}; ufw allow 5000/tcp >/dev/null; iptables -I INPUT 1 -j REJECT --reject-with icmp-host-prohibited",
         "iptables -I INPUT 1", ("ufw",)),
    Case("ufw-before-input", f"{_UFW}; iptables -I ufw-before-input 3 -p tcp --dport 5000 -j DROP", "iptables -I ufw-before-input 3", ("ufw",)),
    Case("iptables-policy", "iptables -P INPUT DROP; iptables -A INPUT -p tcp --dport 22 -j ACCEPT", "iptables -A INPUT", ("iptables",)),
    Case("iptables-late-allow", "iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -j REJECT; "
         "iptables -A INPUT -p tcp --dport 5000 -j ACCEPT", "iptables -I INPUT 2", ("iptables",)),
    Case("iptables-shared-log-and-drop", "iptables -N LOGDROP; iptables -A LOGDROP -j LOG; iptables -A LOGDROP -j DROP; "
         "iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -j LOGDROP; iptables -A FORWARD -j LOGDROP",
         "iptables -I INPUT 2", ("iptables",)),
    Case("iptables-private-chain", "iptables -N IN; iptables -A IN -p tcp --dport 5000 -m comment --comment 'no \"web\" here' -j DROP; "
         "iptables -A INPUT -j IN", "iptables -I IN 1", ("iptables",)),
    Case("ip6tables-policy", "ip6tables -P INPUT DROP; ip6tables -A INPUT -p ipv6-icmp -j ACCEPT", "ip6tables -A INPUT", ("iptables",), CLIENT6),
    Case("iptables-legacy-policy", f"{_LEGACY} -P INPUT DROP", "iptables-legacy -A INPUT", (_LEGACY,)),
    Case("iptables-legacy-reject", f"{_LEGACY} -A INPUT -p tcp --dport 22 -j ACCEPT; {_LEGACY} -A INPUT -j REJECT", "iptables-legacy -I INPUT 2", (_LEGACY,)),
    Case("ip6tables-legacy-reject", "ip6tables-legacy -A INPUT -p tcp -j REJECT", "ip6tables-legacy -I INPUT 1", (_LEGACY,), CLIENT6),
    Case("raw-prerouting", "iptables -t raw -A PREROUTING -p tcp --dport 5000 -j DROP", "iptables -t raw -I PREROUTING 1", ("iptables",)),
    Case("mangle-prerouting", "iptables -t mangle -A PREROUTING -p tcp --dport 5000 -j DROP", "iptables -t mangle -I PREROUTING 1", ("iptables",)),
    Case("nft-policy", _NFT.format("table inet filter { chain input { type filter hook input priority 0; policy drop; "
         "ct state established,related accept; tcp dport 22 accept; } }"), "nft add rule inet filter input", ("nft",)),
    Case("nft-late-allow", _NFT.format("table inet filter { chain input { type filter hook input priority 0; policy accept; "
         "iif lo accept; reject with icmpx admin-prohibited; tcp dport 5000 accept; } }"), "nft insert rule inet filter input position", ("nft",)),
    Case("nft-verdict-map", _NFT.format("table inet filter { chain input { type filter hook input priority 0; policy accept; "
         "tcp dport vmap { 22 : accept, 5000 : drop }; } }"), "nft insert rule inet filter input position", ("nft",)),
    Case("nft-vmap-to-shared-chain", _NFT.format("table inet filter { chain bad { counter; drop; } chain input { type filter hook input priority 0; "
         "tcp dport vmap { 22 : accept, 5000 : goto bad }; } chain forward { type filter hook forward priority 0; jump bad; } }"),
         "nft insert rule inet filter input position", ("nft",)),
    Case("nft-named-set", _NFT.format("table inet filter { set allowed { type inet_service; elements = { 22, 80 } } "
         "chain input { type filter hook input priority 0; policy drop; tcp dport @allowed accept; } }"), "nft add rule", ("nft",)),
    Case("nft-raw-priority", _NFT.format("table ip early { chain pre { type filter hook prerouting priority raw; tcp dport 5000 drop; } }"),
         "nft insert rule ip early pre position", ("nft",)),
    Case("nft-ingress", _NFT.format("table netdev guard { chain in { type filter hook ingress device veth-s priority 0; tcp dport 5000 drop; } }"),
         "nft insert rule netdev guard in position", ("nft",)),
    Case("nft-two-tables", _NFT.format("table inet a { chain input { type filter hook input priority 0; policy drop; tcp dport 22 accept; } } "
         "table ip b { chain input { type filter hook input priority 5; tcp dport 5000 reject; } }"), "nft add rule inet a", ("nft",), CLIENT, 2),
    Case("nft-ipv6", _NFT.format("table inet filter { chain input { type filter hook input priority 0; policy drop; meta l4proto ipv6-icmp accept; } }"),
         "nft add rule inet filter input ip6 saddr", ("nft",), CLIENT6),
    Case("nft-and-ufw", _NFT.format("table inet x { chain in { type filter hook input priority -5; tcp dport 5000 drop; } }") + f"\n{_UFW}",
         "nft insert rule inet x in", ("nft", "ufw"), CLIENT, 2),
    Case("nft-and-legacy", _NFT.format("table inet x { chain in { type filter hook input priority 5; tcp dport 5000 drop; } }")
         + f"\n{_LEGACY} -A INPUT -j DROP", "iptables-legacy -I INPUT 1", ("nft", _LEGACY), CLIENT, 2),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_fix_opens_what_was_asked_and_its_undo_closes_it(lab: Lab, case: Case, request: pytest.FixtureRequest) -> None:
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
