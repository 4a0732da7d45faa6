"""Healthy machines, some with much that looks like trouble: never to be called blocked."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import PAGE6, Fault, Plan
from tests.live.faults.firewalld import NEEDS as FIREWALLD
from tests.live.faults.firewalld import both, firewalld
from tests.live.faults.nft import input_rules, nft
from tests.live.faults.servers import Server
from tests.live.faults.ufw import ufw
from tests.live.lab import CLIENT6

UFW = ("ufw", "iptables")

DOCKER = """
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -t nat -A DOCKER -i docker0 -j RETURN
iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80
iptables -N DOCKER
iptables -N DOCKER-ISOLATION-STAGE-1
iptables -N DOCKER-USER
iptables -P FORWARD DROP
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -j DOCKER-ISOLATION-STAGE-1
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
iptables -A DOCKER-USER -j RETURN
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
"""
"""What dockerd writes at its start, and for one published port."""


def _healthy(name: str, server: Server = servers.EVERYWHERE, **more: object) -> Fault:
    return Fault(f"healthy--{name}", status=200, serve=(server,), plan=Plan.NONE, **more)  # type: ignore[arg-type]


FAULTS = (
    _healthy("http-server"),
    _healthy("flask", servers.flask_run("--host", "0.0.0.0"), mentions=("development-server-exposed",)),
    _healthy("flask-debugger", servers.flask_run("--host", "0.0.0.0", debug=True), mentions=("debugger-exposed",)),
    _healthy("gunicorn-dual-stack", servers.gunicorn("-b", "[::]:5000")),
    _healthy("gunicorn-dual-stack-ipv6", servers.gunicorn("-b", "[::]:5000"), target=PAGE6, url=PAGE6,
             options=("--from", CLIENT6)),
    _healthy("gunicorn-workers", servers.gunicorn("-b", "0.0.0.0:5000", "-w", "3")),
    _healthy("gunicorn-two-binds", servers.gunicorn("-b", "127.0.0.1:5000", "-b", "10.77.0.1:5000")),
    _healthy("own-address-only", servers.http_server("10.77.0.1")),
    _healthy("uvicorn", servers.uvicorn("--host", "0.0.0.0")),
    _healthy("node", servers.node()),
    _healthy("django", servers.django("0.0.0.0:5000", hosts='["10.77.0.1", "localhost"]')),
    _healthy("port-only", target="5000", options=()),
    _healthy("ufw-allow", firewall=ufw("allow 5000/tcp"), needs=UFW),
    _healthy("ufw-allow-lan", firewall=ufw("allow from 10.77.0.0/24 to any port 5000 proto tcp"), needs=UFW),
    _healthy("ufw-allow-range", firewall=ufw("allow 4990:5010/tcp"), needs=UFW),
    _healthy("ufw-limit", firewall=ufw("limit 5000/tcp"), verdicts=("reachable", "undetermined"), needs=UFW),
    _healthy("ufw-off-with-deny-rule", before="ufw deny 5000/tcp; ufw disable", needs=UFW),
    _healthy("ufw-other-client-banned", firewall=ufw("deny from 10.77.0.3", "allow 5000"), needs=UFW),
    _healthy("ufw-ipv6", servers.http_server("::"), firewall=ufw("allow 5000/tcp"), needs=UFW, target=PAGE6, url=PAGE6,
             options=("--from", CLIENT6)),
    _healthy("firewalld-port", firewall=firewalld(*both("--add-port=5000/tcp")), needs=FIREWALLD),
    _healthy("firewalld-trusted-zone", firewall=firewalld(zone="trusted"), needs=FIREWALLD),
    _healthy("firewalld-rich-rule", needs=FIREWALLD, firewall=firewalld(
        *both("--add-rich-rule='rule family=ipv4 source address=10.77.0.0/24 port port=5000 protocol=tcp accept'"))),
    _healthy("firewalld-source-zone", needs=FIREWALLD, firewall=firewalld(
        *both("--zone=trusted --add-source=10.77.0.0/24"), zone="drop")),
    _healthy("nft-policy-drop-open", needs=("nft",), before=input_rules(
        "ct state established,related accept", "iif lo accept", "tcp dport { 22, 5000 } accept", policy="drop")),
    _healthy("nft-drop-on-another-interface", before=input_rules('iifname "wlan0" tcp dport 5000 drop'), needs=("nft",)),
    _healthy("nft-drop-behind-accept", before=input_rules("tcp dport 5000 accept", "tcp dport 5000 drop"), needs=("nft",)),
    _healthy("nft-counting-and-logging", needs=("nft",), before=input_rules(
        "tcp dport 5000 counter", "limit rate 10/minute log", "meta mark set 7", "ip saddr 192.168.0.0/16 drop")),
    _healthy("nft-output-policy-drop", needs=("nft",), before=nft(
        "table inet wall { chain output { type filter hook output priority 0; policy drop;"
        " ct state established accept; } }")),
    _healthy("nft-redirect-to-the-server", servers.http_server(port=8000).but(port=8000), needs=("nft",), before=nft(
        "table ip twist { chain pre { type nat hook prerouting priority dstnat; tcp dport 5000 redirect to :8000; } }")),
    _healthy("nft-drop-of-another-family", needs=("nft",), before=input_rules("tcp dport 5000 drop", family="ip6")),
    _healthy("nft-limit-not-reached", needs=("nft",), verdicts=("reachable", "undetermined"),
             before=input_rules("tcp dport 5000 limit rate over 500/second drop")),
    _healthy("nft-raw-payload", needs=("nft",), verdicts=("reachable", "undetermined"),
             before=input_rules("@th,16,16 5001 drop")),
    _healthy("nft-ttl", needs=("nft",), verdicts=("reachable", "undetermined"), before=input_rules("ip ttl < 9 drop")),
    _healthy("iptables-limit-not-reached", needs=("iptables-nft",), verdicts=("reachable", "undetermined"), before=(
        "iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
        "iptables-nft -A INPUT -p tcp --syn -m limit --limit 50/s --limit-burst 100 -j ACCEPT\niptables-nft -P INPUT DROP")),
    _healthy("iptables-other-match", needs=("iptables-nft",), verdicts=("reachable", "undetermined"), before=(
        "iptables-nft -A INPUT -p tcp -m mac --mac-source 02:00:00:00:00:01 -j DROP\n"
        "iptables-nft -A INPUT -p tcp -m time --datestart 2001-01-01 --datestop 2001-01-02 -j DROP\n"
        "iptables-nft -A INPUT -p tcp -m string --string nosuch --algo bm -j DROP")),
    _healthy("default-port-8000", servers.http_server().but(argv=(servers.PYTHON, "-m", "http.server"), port=8000),
             target="http://10.77.0.1:8000/", url="http://10.77.0.1:8000/"),
    _healthy("firewalld-service", servers.http_server(port=80), firewall=firewalld(*both("--add-service=http")),
             needs=FIREWALLD, target="http://10.77.0.1/", url="http://10.77.0.1/"),
    _healthy("nft-empty-tables", before="nft add table inet a; nft add table ip b", needs=("nft",)),
    _healthy("iptables-open", needs=("iptables-nft",), before=(
        "iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
        "iptables-nft -A INPUT -s 10.77.0.0/24 -p tcp --dport 5000 -j ACCEPT\niptables-nft -P INPUT DROP")),
    _healthy("iptables-legacy-open", needs=("iptables-legacy",), before=(
        "iptables-legacy -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
        "iptables-legacy -A INPUT -p tcp --dport 5000 -j ACCEPT\niptables-legacy -P INPUT DROP")),
    _healthy("docker-rules", before=DOCKER, needs=("iptables",)),
    _healthy("docker-rules-and-ufw", before=DOCKER, firewall=ufw("allow 5000/tcp"), needs=UFW),
    _healthy("ban-of-another-address", needs=("iptables-nft", "ipset"), before=(
        "ipset create banned hash:ip\nipset add banned 10.77.0.3\n"
        "iptables-nft -I INPUT -m set --match-set banned src -j DROP")),
    _healthy("two-firewalls-both-open", firewall=ufw("allow 5000/tcp"), needs=("nft", *UFW),
             after=input_rules("ct state established accept", "tcp dport 5000 accept", "reject", priority="10")),
    _healthy("another-program-on-loopback", servers.plain("--host", "10.77.0.1"),
             build=lambda lab: (servers.plain("--host", "127.0.0.1", "--text", "other").start(lab), None)[1]),
    _healthy("routed-client", router=True, options=("--from", "10.88.0.2")),
    _healthy("reverse-path-filter-strict", before="sysctl -qw net.ipv4.conf.all.rp_filter=1"),
)  # fmt: skip
