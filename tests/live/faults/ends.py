"""Faults that lie between two machines: at a router, on a switch, on the client. Each is asked about from both ends.

The lab is `router` (client 10.88.0.2 behind a router, 10.88.0.1 and 10.77.0.254), or `switch` (client 10.77.0.2 and server on
one switch, 10.77.0.254 their way out).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from tests.live.faults import servers
from tests.live.faults.servers import Server
from tests.live.lab import SERVER, Lab

PAGE = "http://10.77.0.1:5000/"
ROUTER_OUTSIDE, ROUTER_INSIDE, ROUTED = "10.88.0.1", "10.77.0.254", "10.88.0.2"


class Ends(Struct, frozen=True):
    """One fault. `curl`, `errno` and `offender` (who sent the ICMP error: ip(7) IP_RECVERR) are measured on the client.

    `there`: what may come first when the server is asked (none: it can know of nothing, and says reachable).
    `here`: what may come first when the client is asked; `left`: what must be among its findings, of any severity."""

    name: str
    catalogue: str
    curl: int = 28
    errno: str = "timeout"
    offender: str = ""
    there: tuple[str, ...] = ()
    here: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    topology: str = "router"
    server: str = ""
    client: str = ""
    router: str = ""
    build: Callable[[Lab], None] | None = None
    serve: tuple[Server, ...] = (servers.EVERYWHERE,)
    url: str = PAGE
    options: tuple[str, ...] = ("--from", ROUTED)
    """For the server's side."""
    verdicts: tuple[str, ...] = ()
    """What the server's side may say where the plain rule (`there`: blocked, none: reachable) does not hold."""
    needs: tuple[str, ...] = ()

    @property
    def timed_out(self) -> bool:
        return self.errno == "timeout"


def forward(rule: str) -> str:
    """A router that holds up what it should pass on."""
    return f"nft add table ip f\nnft 'add chain ip f forward {{ type filter hook forward priority 0; }}'\nnft add rule ip f forward {rule}"


def translate(rule: str) -> str:
    return f"nft add table ip n\nnft 'add chain ip n pre {{ type nat hook prerouting priority -100; }}'\nnft add rule ip n pre {rule}"


ON_LAN = ("--from", "10.77.0.2")
BEHIND_IT = "http://10.88.0.1:8080/"
"""The port forward of a router, from its other side."""


def _double(lab: Lab) -> None:
    """A second machine has the server's address, and the client has heard of that one first."""
    lab.run(
        "set -e\nip netns add double\nip link add veth-d type veth peer name port-d netns router\n"
        "ip link set veth-d netns double\nip -n router link set port-d master br-lan up\n"
        f"ip -n double addr add {SERVER}/24 dev veth-d\nip -n double link set veth-d up\nip -n double link set lo up"
    )
    mac = lab.run("cat /sys/class/net/veth-d/address", "double").stdout.strip()
    lab.run(f"ip neigh replace {SERVER} lladdr {mac} dev veth-c nud permanent", "client")


def _used_up(lab: Lab) -> None:
    """Every local port toward the server is in use; what else runs on the client keeps them."""
    lab.run("sysctl -qw net.ipv4.ip_local_port_range='40000 40007'", "client")
    program = (
        "import socket, time\nheld = []\n"
        "for _ in range(8):\n    held.append(socket.create_connection(('10.77.0.1', 5000), 5))\n"
        "print('held', flush=True)\ntime.sleep(600)"
    )
    holder = lab.spawn([servers.PYTHON, "-c", program], "client")
    lab.wait_until(lambda: "held" in holder.output(), "the ports are not used up", 15, holder)


_BIG = Server(
    (servers.PYTHON, "serve.py", "--text", "x" * 20000), 5000, {"serve.py": servers.PLAIN}
)  # fmt: skip

ENDS = (
    # -- a router between two LANs: G1, G5, G10, G11, G23 --
    Ends("healthy--through-a-router", "", 0, "connected"),
    Ends("healthy--port-forward", "", 0, "connected", url=BEHIND_IT, router=translate("tcp dport 8080 dnat to 10.77.0.1:5000")),
    Ends("router-drops", "G1", router=forward("tcp dport 5000 drop"), here=("host-does-not-answer",)),
    Ends(
        "router-rejects", "G1", 7, "ECONNREFUSED", ROUTER_OUTSIDE, router=forward("tcp dport 5000 reject with icmp port-unreachable"),
        here=("refused-by-other-machine",),
    ),
    Ends(
        "router-prohibits", "G1", 7, "EHOSTUNREACH", ROUTER_OUTSIDE, router=forward("tcp dport 5000 reject with icmp admin-prohibited"),
        here=("host-does-not-answer",),
    ),
    Ends(
        "router-resets", "G23", 7, "ECONNREFUSED", router=forward("tcp dport 5000 reject with tcp reset"),
        here=("refused-by-other-machine",),
    ),
    Ends(
        "middlebox-resets-the-request", "G23", 56, "connected", needs=("iptables",),
        router="iptables -A FORWARD -p tcp --dport 5000 -m string --algo bm --string 'GET /' -j REJECT --reject-with tcp-reset",
        here=("closes-without-answer",),
    ),
    Ends("router-drops-the-answer", "G5", router=forward("tcp sport 5000 drop"), here=("host-does-not-answer",)),
    Ends(
        "router-knows-no-way", "G1", 7, "ENETUNREACH", ROUTER_OUTSIDE, url="http://10.99.0.1:5000/",
        options=(*("--from", ROUTED), "--side", "server"), here=("host-does-not-answer",), there=("address-not-of-this-machine",),
    ),
    Ends(
        "server-is-off--behind-a-router", "G3", 7, "EHOSTUNREACH", ROUTER_OUTSIDE, server="ip link set veth-s down",
        there=("interface-down",), here=("host-does-not-answer",),
    ),
    Ends(
        "port-forward-to-an-old-address", "G11", 7, "EHOSTUNREACH", ROUTER_OUTSIDE, url=BEHIND_IT,
        router=translate("tcp dport 8080 dnat to 10.77.0.50:5000"), here=("host-does-not-answer",),
    ),
    Ends("no-port-forward", "G10", 7, "ECONNREFUSED", url=BEHIND_IT, here=("refused-by-other-machine",)),
    Ends(
        "no-route-back", "G5", server="ip route del default", there=("no-route-back",), here=("host-does-not-answer",),
    ),
    Ends(
        "wrong-mask-on-the-server", "G5", server="ip addr flush dev veth-s; ip addr add 10.77.0.1/8 dev veth-s",
        here=("host-does-not-answer",), verdicts=("reachable", "blocked", "undetermined"),
    ),
    Ends(
        "wrong-mask-on-the-client", "G5", 7, "EHOSTUNREACH", "10.88.0.2", here=("host-does-not-answer",),
        client="ip addr flush dev veth-c; ip addr add 10.88.0.2/8 dev veth-c",
    ),
    Ends("no-way-out", "G1", 7, "ENETUNREACH", client="ip route del default", here=("no-route-back", "different-subnet")),
    Ends(
        "another-way-back", "G6", here=("host-does-not-answer",), verdicts=("reachable", "blocked", "undetermined"),
        server="ip link add tun0 type dummy; ip link set tun0 up; ip addr add 10.66.0.1/24 dev tun0; ip route add 10.88.0.0/24 via 10.66.0.2",
    ),
    # -- one switch: G2, G3, G4, G12, G21, G22 --
    Ends("healthy--on-a-switch", "", 0, "connected", topology="switch", options=ON_LAN),
    Ends(
        "server-is-off", "G3", 7, "EHOSTUNREACH", "10.77.0.2", topology="switch", server="ip link set veth-s down", options=ON_LAN,
        there=("interface-down",), here=("host-does-not-answer",),
    ),
    Ends(
        "client-isolation", "G2", 7, "EHOSTUNREACH", "10.77.0.2", topology="switch", options=ON_LAN,
        router="bridge link set dev port-s isolated on; bridge link set dev port-c isolated on",
        here=("client-isolation", "host-does-not-answer"), left=("client-isolation",), needs=("bridge",),
    ),
    Ends(
        "client-isolation--only-ip", "G2", topology="switch", options=ON_LAN,
        router="nft add table bridge b\nnft 'add chain bridge b f { type filter hook forward priority 0; }'\n"
        "nft add rule bridge b f ip protocol tcp drop",
        here=("host-does-not-answer",),
    ),
    Ends("double-address", "G4", 7, "ECONNREFUSED", topology="switch", options=ON_LAN, build=_double, here=("refused-by-other-machine",)),
    Ends(
        "no-loopback-at-the-router", "G12", 7, "ECONNREFUSED", topology="switch", options=ON_LAN, url="http://10.99.0.1:8080/",
        router="ip link add wan0 type dummy; ip addr add 10.99.0.1/24 dev wan0; ip link set wan0 up\n"
        + translate("iifname wan0 tcp dport 8080 dnat to 10.77.0.1:5000"),
        here=("refused-by-other-machine",),
    ),
    Ends(
        "half-a-loopback-at-the-router", "G12", topology="switch", options=ON_LAN, url="http://10.99.0.1:8080/",
        router="ip link add wan0 type dummy; ip addr add 10.99.0.1/24 dev wan0; ip link set wan0 up\n"
        + translate("tcp dport 8080 dnat to 10.77.0.1:5000"),
        here=("host-does-not-answer",),
    ),
    Ends(
        "narrow-place", "G18", 28, "connected", topology="router", serve=(_BIG,),
        router="ip link set veth-rc mtu 900\n"
        "nft add table ip m\nnft 'add chain ip m out { type filter hook output priority 0; }'\n"
        "nft add rule ip m out icmp type destination-unreachable drop",
        here=("narrow-path", "host-does-not-answer", "closes-without-answer"),
    ),
    # -- the client's own: G8, G22, H1, H3, H4 --
    Ends("client-link-down", "G22", 7, "ENETUNREACH", topology="switch", options=ON_LAN, client="ip link set veth-c down", here=("interface-down",)),
    Ends(
        "vpn-takes-the-lan", "G8", topology="switch", options=ON_LAN, here=("host-does-not-answer",),
        client="ip link add wg-work type dummy; ip addr add 10.8.0.5/24 dev wg-work; ip link set wg-work up; ip route add 10.77.0.0/25 dev wg-work",
    ),
    *(
        Ends(f"{kind}-route", "H4", 7, errno, topology="switch", options=ON_LAN, client=f"ip route add {kind} 10.77.0.0/25",
             here=("no-route-back", "different-subnet"))
        for kind, errno in (("prohibit", "EACCES"), ("unreachable", "EHOSTUNREACH"), ("blackhole", "EINVAL"))
    ),
    Ends(
        "own-firewall-drops", "H1", topology="switch", options=ON_LAN, here=("host-does-not-answer",),
        client="nft add table ip o\nnft 'add chain ip o out { type filter hook output priority 0; }'\nnft add rule ip o out tcp dport 5000 drop",
    ),
    Ends(
        "own-firewall-rejects", "H1", 7, "ECONNREFUSED", "10.77.0.2", topology="switch", options=ON_LAN, here=("refused-by-other-machine",),
        client="nft add table ip o\nnft 'add chain ip o out { type filter hook output priority 0; }'\nnft add rule ip o out tcp dport 5000 reject",
    ),
    Ends(
        "own-firewall-drops-the-answer", "H1", topology="switch", options=ON_LAN, here=("host-does-not-answer",),
        client="nft add table ip o\nnft 'add chain ip o in { type filter hook input priority 0; }'\nnft add rule ip o in tcp sport 5000 drop",
    ),
    Ends("no-port-left", "H3", 7, "EADDRNOTAVAIL", topology="switch", options=ON_LAN, build=_used_up, here=("no-port-left",)),
)  # fmt: skip
