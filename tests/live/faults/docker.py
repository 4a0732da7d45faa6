"""A container behind Docker's rules: made of the same bridge, the same address translation, the same chains."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import Fault, Plan
from tests.live.faults.servers import Server
from tests.live.faults.ufw import ufw
from tests.live.lab import Lab

NEEDS = ("iptables",)
DROPPED = (28, "timeout")
REFUSED = (7, "ECONNREFUSED")

BRIDGE = """
set -e
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip netns add box
ip link add veth-box type veth peer name eth0 netns box
ip link set veth-box master docker0 up
ip -n box link set lo up
ip -n box addr add 172.17.0.2/16 dev eth0
ip -n box link set eth0 up
ip -n box route add default via 172.17.0.1
sysctl -qw net.ipv4.ip_forward=1
"""

PUBLISHED = """
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -t nat -A DOCKER {where} ! -i docker0 -p tcp -m tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:80
iptables -N DOCKER
iptables -N DOCKER-USER
iptables -P FORWARD DROP
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
iptables -A DOCKER-USER -j RETURN
"""

EVERYWHERE, LOOPBACK = BRIDGE + PUBLISHED.format(where=""), BRIDGE + PUBLISHED.format(where="-d 127.0.0.1/32")

# What dockerd starts for each published port (docker-proxy): it takes connections on the host and hands them on.
PROXY = """\
import socket, sys, threading

option = dict(zip(sys.argv[1::2], sys.argv[2::2]))

def pump(source, sink):
    while data := source.recv(4096):
        sink.sendall(data)
    sink.close()

door = socket.create_server((option["-host-ip"], int(option["-host-port"])))
while True:
    visitor, _ = door.accept()
    inside = socket.create_connection((option["-container-ip"], int(option["-container-port"])))
    threading.Thread(target=pump, args=(visitor, inside), daemon=True).start()
    threading.Thread(target=pump, args=(inside, visitor), daemon=True).start()
"""


def _box(bind: str) -> Server:
    return servers.http_server(bind, 80).but(ns="box")


def _proxy(lab: Lab, host: str) -> None:
    program = lab.write("docker-proxy", f"#!{servers.PYTHON}\n{PROXY}", 0o755)
    lab.spawn([str(program), "-proto", "tcp", "-host-ip", host, "-host-port", "5000",
               "-container-ip", "172.17.0.2", "-container-port", "80"])  # fmt: skip
    lab.wait_for_port(5000)


FAULTS = (
    Fault("docker--forward-policy-drops", ("forward-chain-drops-container",), *DROPPED, needs=NEEDS, serve=(_box("0.0.0.0"),),
          before=EVERYWHERE + "iptables -D DOCKER 1", build=lambda lab: _proxy(lab, "0.0.0.0"), plan=Plan.EITHER),
    Fault("docker--user-chain-drops", ("forward-chain-drops-container",), *DROPPED, needs=NEEDS, serve=(_box("0.0.0.0"),),
          before=EVERYWHERE + "iptables -I DOCKER-USER -i veth-s -j DROP", build=lambda lab: _proxy(lab, "0.0.0.0"),
          plan=Plan.EITHER),
    Fault("docker--app-on-loopback", ("container-app-on-loopback",), *REFUSED, needs=NEEDS, serve=(_box("127.0.0.1"),),
          before=EVERYWHERE, build=lambda lab: _proxy(lab, "0.0.0.0"), plan=Plan.EITHER),
    Fault("docker--published-on-loopback", ("docker-published-on-loopback",), *REFUSED, needs=NEEDS,
          serve=(_box("0.0.0.0"),), before=LOOPBACK, build=lambda lab: _proxy(lab, "127.0.0.1"), plan=Plan.EITHER),
    Fault("healthy--docker-container", status=200, needs=NEEDS, serve=(_box("0.0.0.0"),), before=EVERYWHERE,
          build=lambda lab: _proxy(lab, "0.0.0.0"), plan=Plan.NONE),
    # The answer to the wizard's own attempt is dropped here; that says nothing of a forwarded device.
    Fault("healthy--docker-container-behind-a-deaf-host", status=200, needs=NEEDS, serve=(_box("0.0.0.0"),),
          before=EVERYWHERE + "iptables -P INPUT DROP", plan=Plan.NONE, verdicts=("reachable", "undetermined")),
    Fault("healthy--docker-bypasses-ufw", status=200, needs=(*NEEDS, "ufw"), serve=(_box("0.0.0.0"),), firewall=ufw(),
          before=EVERYWHERE, build=lambda lab: _proxy(lab, "0.0.0.0"), plan=Plan.NONE,
          mentions=("docker-bypasses-firewall",)),
)  # fmt: skip
