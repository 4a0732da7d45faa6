"""Rules of iptables stand in the way: the nft variant, the legacy variant, and two firewalls that disagree."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import PAGE6, Fault, Plan
from tests.live.faults.firewalld import both, firewalld
from tests.live.faults.nft import input_rules
from tests.live.faults.ufw import ufw
from tests.live.lab import CLIENT6

NEEDS = ("iptables-nft", "iptables-legacy")
DROPPED = (28, "timeout")
REFUSED = (7, "ECONNREFUSED")
HOST = (7, "EHOSTUNREACH")

ORACLE = """
{iptables} -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
{iptables} -A INPUT -p icmp -j ACCEPT
{iptables} -A INPUT -i lo -j ACCEPT
{iptables} -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
{iptables} -A INPUT -j REJECT --reject-with icmp-host-prohibited
"""
"""What images of a well-known cloud come with."""


def _fault(
    name: str, ref: str | tuple[str, ...], seen: tuple[int, str], rules: str,
    server: servers.Server = servers.EVERYWHERE, plan: Plan = Plan.RUNS, needs: tuple[str, ...] = NEEDS, **more: object,
) -> Fault:  # fmt: skip
    refs = (ref,) if isinstance(ref, str) else ref
    return Fault(name, refs, *seen, serve=(server,), before=f"set -e\n{rules}", needs=needs, plan=plan, **more)  # type: ignore[arg-type]  # fmt: skip


DROPS, REJECTS, LATE = "firewall-drops-port", "firewall-rejects-port", "allow-rule-comes-too-late"
EARLY, BANNED, DISAGREE = "dropped-before-input", "client-address-banned", "two-firewalls-disagree"


def _variants(program: str) -> tuple[Fault, ...]:
    """The same entries for `iptables-nft` and `iptables-legacy`."""
    six = program.replace("ip", "ip6", 1)
    policy = f"{program} -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n{program} -P INPUT DROP"
    return (
        _fault(f"{program}--policy-drop", DROPS, DROPPED, policy),
        _fault(f"{program}--drop-rule", DROPS, DROPPED, f"{program} -A INPUT -p tcp --dport 5000 -j DROP"),
        _fault(f"{program}--multiport", DROPS, DROPPED,
               f"{program} -A INPUT -p tcp -m multiport --dports 3000,5000:5010 -j DROP"),
        _fault(f"{program}--reject", REJECTS, REFUSED, f"{program} -A INPUT -p tcp --dport 5000 -j REJECT"),
        _fault(f"{program}--reject-reset", REJECTS, REFUSED,
               f"{program} -A INPUT -p tcp --dport 5000 -j REJECT --reject-with tcp-reset"),
        _fault(f"{program}--host-prohibited", REJECTS, HOST, ORACLE.format(iptables=program)),
        _fault(
            f"{program}--host-prohibited-late-accept", LATE, HOST,
            ORACLE.format(iptables=program) + f"{program} -A INPUT -p tcp --dport 5000 -j ACCEPT",
        ),
        _fault(f"{program}--late-accept", LATE, DROPPED,
               f"{program} -A INPUT -p tcp --dport 5000 -j DROP\n{program} -I INPUT 2 -p tcp --dport 5000 -j ACCEPT"),
        _fault(f"{program}--other-source", DROPS, DROPPED,
               f"{program} -A INPUT ! -s 192.168.0.0/16 -p tcp --dport 5000 -j DROP"),
        _fault(f"{program}--own-chain", DROPS, DROPPED,
               f"{program} -N web\n{program} -A INPUT -p tcp -j web\n{program} -A web -p tcp --dport 80 -j RETURN\n"
               f"{program} -A web -m comment --comment 'nothing else; \"really\"' -j DROP"),
        _fault(f"{program}--address-range", DROPS, DROPPED,
               f"{program} -A INPUT -m iprange --src-range 10.77.0.1-10.77.0.99 -p tcp --dport 5000 -j DROP"),
        _fault(f"{program}--not-loopback", REJECTS, REFUSED, f"{program} -A INPUT ! -i lo -p tcp --syn -j REJECT"),
        _fault(f"{program}--goto", DROPS, DROPPED,
               f"{program} -N rest\n{program} -A rest -j DROP\n{program} -A INPUT -p tcp --dport 22 -j ACCEPT\n"
               f"{program} -A INPUT -i veth-s -g rest"),
        _fault(f"{program}--reply", "reply-blocked", DROPPED, f"{program} -A OUTPUT -p tcp --sport 5000 -j DROP"),
        _fault(f"{program}--mangle", EARLY, DROPPED, f"{program} -t mangle -A PREROUTING -p tcp --dport 5000 -j DROP"),
        _fault(f"{program}--raw", EARLY, DROPPED, f"{program} -t raw -A PREROUTING -p tcp --dport 5000 -j DROP"),
        _fault(f"{program}--redirect", "redirected-to-dead-port", REFUSED,
               f"{program} -t nat -A PREROUTING -p tcp --dport 5000 -j REDIRECT --to-ports 5999"),
        _fault(f"{program}--one-client", BANNED, DROPPED, f"{program} -I INPUT -s 10.77.0.2 -j DROP"),
        _fault(f"{program}--ipv6", DROPS, DROPPED, f"{six} -A INPUT -p tcp --dport 5000 -j DROP",
               server=servers.http_server("::"), target=PAGE6, url=PAGE6, options=("--from", CLIENT6)),
    )  # fmt: skip


FAULTS = (
    *_variants("iptables-nft"),
    *_variants("iptables-legacy"),
    _fault("ipset--ban", BANNED, DROPPED,
           "ipset create banned hash:ip\nipset add banned 10.77.0.2\nipset add banned 192.0.2.9\n"
           "iptables-nft -I INPUT -m set --match-set banned src -j DROP", needs=(*NEEDS, "ipset")),
    _fault("ipset--ban-legacy", BANNED, REFUSED,
           "ipset create banned hash:ip timeout 3600\nipset add banned 10.77.0.2\n"
           "iptables-legacy -I INPUT -m set --match-set banned src -j REJECT", needs=(*NEEDS, "ipset")),
    _fault("ipset--network-list", DROPS, DROPPED,
           "ipset create lans hash:net\nipset add lans 10.77.0.0/16\n"
           "iptables-nft -A INPUT -m set --match-set lans src -p tcp --dport 5000 -j DROP", needs=(*NEEDS, "ipset")),
    _fault("two-firewalls--legacy-drops-nft-allows", DISAGREE, DROPPED,
           "iptables-nft -A INPUT -p tcp --dport 5000 -j ACCEPT\niptables-nft -P INPUT DROP\n"
           "iptables-legacy -A INPUT -p tcp --dport 5000 -j DROP"),
    _fault("two-firewalls--nft-table-drops-iptables-allows", DISAGREE, DROPPED,
           "iptables-nft -A INPUT -p tcp --dport 5000 -j ACCEPT\niptables-nft -P INPUT DROP\n"
           + input_rules("tcp dport 5000 drop", priority="10"), needs=(*NEEDS, "nft")),
    Fault("two-firewalls--ufw-allows-nft-table-drops", (DISAGREE,), *DROPPED, serve=(servers.EVERYWHERE,),
          firewall=ufw("allow 5000/tcp"), after=input_rules("tcp dport 5000 drop", priority="10"),
          needs=("ufw", "nft", "iptables")),
    Fault("two-firewalls--ufw-allows-legacy-drops", (DISAGREE,), *DROPPED, serve=(servers.EVERYWHERE,),
          firewall=ufw("allow 5000/tcp"), after="iptables-legacy -A INPUT -p tcp --dport 5000 -j DROP",
          needs=("ufw", *NEEDS)),
    Fault("two-firewalls--firewalld-allows-iptables-drops", (DISAGREE,), *DROPPED, serve=(servers.EVERYWHERE,),
          firewall=firewalld(*both("--add-port=5000/tcp")), after="iptables-nft -I INPUT -p tcp --dport 5000 -j DROP",
          needs=("firewalld", "firewall-cmd", "dbus-daemon", *NEEDS)),
    Fault("two-firewalls--firewalld-allows-nft-policy-drop", (DISAGREE,), *DROPPED, serve=(servers.EVERYWHERE,),
          firewall=firewalld(*both("--add-port=5000/tcp")),
          after=input_rules("ct state established accept", "tcp dport 22 accept", policy="drop"),
          needs=("firewalld", "firewall-cmd", "dbus-daemon", "nft")),
)  # fmt: skip
