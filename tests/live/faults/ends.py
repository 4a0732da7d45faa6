"""Faults that lie between two machines: at a router, on a switch, on the client. Each is asked about from both ends.

The lab is `router` (client 10.88.0.2 behind a router, 10.88.0.1 and 10.77.0.254), or `switch` (client 10.77.0.2 and server on
one switch, 10.77.0.254 their way out).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tests.live.faults import servers
from tests.live.faults.servers import Server
from tests.live.lab import SERVER, Lab

PAGE = "http://10.77.0.1:5000/"
ROUTER_OUTSIDE, ROUTER_INSIDE, ROUTED = "10.88.0.1", "10.77.0.254", "10.88.0.2"


class Ends(Struct, frozen=True):
    """One fault. `curl`, `errno` and `offender` (who sent the ICMP error: ip(7) IP_RECVERR) are measured on the client.

    `there`: what may come first when the server is asked (none: it can know of nothing, and says reachable).
    `here`: what may come first when the client is asked (root; an ordinary user, who cannot read its own rules or send bare
    packets, may have more before it); `left`: what must be in the set, whoever asks."""

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
    """What the client opens, and asks about."""
    options: tuple[str, ...] = ("--from", ROUTED)
    asked: str = PAGE
    """What the server is asked about, with these options."""
    warns: tuple[str, ...] = ()
    """What the server's side must mention, of any severity."""
    verdicts: tuple[str, ...] = ()
    """What the server's side may say where the plain rule (`there`: blocked, none: reachable) does not hold."""
    needs: tuple[str, ...] = ()

    @property
    def timed_out(self) -> bool:
        return self.errno == "timeout"


def chain(kind: str, hook: str, rule: str, family: str = "ip", priority: int = 0) -> str:
    """An nft table with one base chain and one rule."""
    return (
        f"nft add table {family} t\n"
        f"nft 'add chain {family} t c {{ type {kind} hook {hook} priority {priority}; }}'\n"
        f"nft add rule {family} t c {rule}\n"
    )


def forward(rule: str) -> str:
    """A router that holds up what it should pass on."""
    return chain("filter", "forward", rule)


def translate(rule: str) -> str:
    """A router that passes a port of its own on."""
    return chain("nat", "prerouting", rule, priority=-100)


def tunnel(name: str, address: str) -> str:
    """An interface that takes packets and gives none back: a VPN whose far end does not know them. (Not every kernel has
    `dummy`; without ARP a cable into nowhere is the same.)"""
    return (
        f"ip link add {name} type veth peer name far\nip link set {name} arp off\nip link set far up\n"
        f"ip link set {name} up\nip addr add {address} dev {name}\n"
    )


def switched(name: str, *facts: Any, **more: Any) -> Ends:
    """A fault on one switch."""
    return Ends(name, *facts, topology="switch", options=("--from", "10.77.0.2"), **more)


BEHIND_IT = "http://10.88.0.1:8080/"
"""The port forward of a router, from its other side."""
OUTSIDE = "http://10.99.0.1:8080/"
"""The same from within, by the router's outer address."""
_OUTER_ADDRESS = "ip addr add 10.99.0.1/32 dev lo\n"
_TO_SERVER = "tcp dport 8080 dnat to 10.77.0.1:5000"
_ISOLATED = "bridge link set dev port-s isolated on; bridge link set dev port-c isolated on"
_GET = "-m string --algo bm --string 'GET /' -j REJECT --reject-with tcp-reset"
_BIG = Server((servers.PYTHON, "serve.py", "--text", "x" * 20000), 5000, {"serve.py": servers.PLAIN})
_NOBODY = ("host-does-not-answer",)
_SILENT = (*_NOBODY, "firewall-drops-port", "different-subnet", "router-drops-port")
_REFUSED = ("refused-by-other-machine",)
_ANY = ("reachable", "blocked", "undetermined")


def _double(lab: Lab) -> None:
    """A second machine has the server's address, and the client has heard of that one first."""
    lab.run(
        "set -e\nip netns add double\nip link add veth-d type veth peer name port-d netns router\n"
        "ip link set veth-d netns double\nip -n router link set port-d master br-lan up\n"
        f"ip -n double addr add {SERVER}/24 dev veth-d\nip -n double link set veth-d up\nip -n double link set lo up"
    )
    mac = lab.run("ip -n double -br link show veth-d").stdout.split()[2]
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


_ROUTER = (
    # A router between two LANs: G1, G3, G5, G6, G10, G11, G18, G23.
    Ends("healthy--through-a-router", "", 0, "connected"),
    Ends("healthy--port-forward", "", 0, "connected", url=BEHIND_IT, router=translate(_TO_SERVER)),
    Ends("router-drops", "G1", router=forward("tcp dport 5000 drop"), here=_SILENT, left=("router-drops-port",)),
    Ends(
        "router-rejects", "G1", 7, "ECONNREFUSED", ROUTER_OUTSIDE, here=("router-refuses",),
        router=forward("tcp dport 5000 reject with icmp port-unreachable"),
    ),
    Ends(
        "router-prohibits", "G1", 7, "EHOSTUNREACH", ROUTER_OUTSIDE, here=("router-refuses",),
        router=forward("tcp dport 5000 reject with icmp admin-prohibited"),
    ),
    Ends(
        "router-resets", "G23", 7, "ECONNREFUSED", here=(*_REFUSED, "router-refuses"),
        router=forward("tcp dport 5000 reject with tcp reset"),
    ),
    Ends(
        "middlebox-resets-the-request", "G23", 56, "connected", here=("closes-without-answer",), needs=("iptables",),
        router=f"iptables -A FORWARD -p tcp --dport 5000 {_GET}",
    ),
    Ends("router-drops-the-answer", "G5", router=forward("tcp sport 5000 drop"), here=_SILENT, left=("router-drops-port",)),
    Ends(
        "router-knows-no-way", "G1", 7, "ENETUNREACH", ROUTER_OUTSIDE, url="http://10.99.0.1:5000/",
        asked="http://10.99.0.1:5000/", options=("--from", ROUTED, "--side", "server"),
        there=("address-not-of-this-machine",), here=("router-refuses",),
    ),
    Ends(
        "server-is-off--behind-a-router", "G3", 7, "EHOSTUNREACH", ROUTER_OUTSIDE, server="ip link set veth-s down",
        there=("interface-down",), here=_NOBODY,
    ),
    Ends(
        "port-forward-to-an-old-address", "G11", 7, "EHOSTUNREACH", ROUTER_OUTSIDE, url=BEHIND_IT, here=_NOBODY,
        router=translate("tcp dport 8080 dnat to 10.77.0.50:5000"),
    ),
    Ends("no-port-forward", "G10", 7, "ECONNREFUSED", url=BEHIND_IT, here=_REFUSED),
    Ends(
        "no-route-back", "G5", server="ip route del default", there=("no-route-back",), here=_SILENT,
        left=("no-route-back",),
    ),
    Ends(
        "wrong-mask-on-the-server", "G5", here=_SILENT, left=("no-route-back",), verdicts=_ANY, there=("no-route-back",),
        warns=("neighbour-is-silent",),
        server="ip addr flush dev veth-s; ip addr add 10.77.0.1/8 dev veth-s",
    ),
    Ends(
        "wrong-mask-on-the-client", "G5", 7, "EHOSTUNREACH", ROUTED, here=_NOBODY,
        client="ip addr flush dev veth-c; ip addr add 10.88.0.2/8 dev veth-c",
    ),
    Ends("no-way-out", "G1", 7, "ENETUNREACH", client="ip route del default", here=("no-route-there",)),
    Ends(
        "another-way-back", "G6", here=_SILENT, left=("no-route-back",), verdicts=_ANY, there=("no-route-back",),
        warns=("answer-takes-another-way",),
        server=tunnel("tun0", "10.66.0.1/24") + "ip route add 10.88.0.0/24 via 10.66.0.2 dev tun0",
    ),
    Ends(
        "narrow-place", "G18", 28, "connected", serve=(_BIG,), here=("path-mtu-black-hole",),
        router="ip link set veth-rc mtu 900\n" + chain("filter", "output", "icmp type destination-unreachable drop"),
    ),
)  # fmt: skip

_SWITCH = (
    # One LAN: G2, G3, G4, G12, G21, G22.
    switched("healthy--on-a-switch", "", 0, "connected"),
    switched(
        "server-is-off", "G3", 7, "EHOSTUNREACH", "10.77.0.2", server="ip link set veth-s down", there=("interface-down",),
        here=_NOBODY,
    ),
    switched(
        "client-isolation", "G2", 7, "EHOSTUNREACH", "10.77.0.2", router=_ISOLATED, here=(*_NOBODY, "client-isolation"),
        left=("client-isolation",),
    ),
    switched(
        "client-isolation--only-ip", "G2", router=chain("filter", "forward", "ip protocol tcp drop", "bridge"),
        here=_SILENT,
    ),
    switched(
        "double-address", "G4", 7, "ECONNREFUSED", build=_double, here=("duplicate-address",), left=("duplicate-address",),
    ),
    switched(
        "no-loopback-at-the-router", "G12", 7, "ECONNREFUSED", url=OUTSIDE, here=_REFUSED,
        router=_OUTER_ADDRESS + translate(f"iifname wan0 {_TO_SERVER}"),
    ),
    switched(
        "half-a-loopback-at-the-router", "G12", url=OUTSIDE, here=_SILENT, left=("router-drops-port",),
        router=_OUTER_ADDRESS + translate(_TO_SERVER),
    ),
)  # fmt: skip

_CLIENT = (
    # The client's own: G8, G22, H1, H3, H4.
    switched("client-link-down", "G22", 7, "ENETUNREACH", client="ip link set veth-c down", here=("interface-down",)),
    switched(
        "vpn-takes-the-lan", "G8", here=("vpn-takes-the-lan",),
        client=tunnel("wg-work", "10.8.0.5/24") + "ip route add 10.77.0.0/25 dev wg-work",
    ),
    *(
        switched(
            f"{kind}-route", "H4", 7, errno, client=f"ip route add {kind} 10.77.0.0/25", here=("own-route-refuses",)
        )
        for kind, errno in (("prohibit", "EACCES"), ("unreachable", "EHOSTUNREACH"), ("blackhole", "EINVAL"))
    ),
    switched(
        "own-firewall-drops", "H1", client=chain("filter", "output", "tcp dport 5000 drop"),
        here=("own-firewall-blocks-outgoing",),
    ),
    switched(
        "own-firewall-rejects", "H1", 7, "ECONNREFUSED", "10.77.0.2",
        client=chain("filter", "output", "tcp dport 5000 reject"), here=("own-firewall-blocks-outgoing",),
    ),
    switched(
        "own-firewall-drops-the-answer", "H1", client=chain("filter", "input", "tcp sport 5000 drop"),
        here=("own-firewall-blocks-outgoing",),
    ),
    switched("no-port-left", "H3", 7, "EADDRNOTAVAIL", build=_used_up, here=("ephemeral-ports-exhausted",)),
)  # fmt: skip

ENDS = (*_ROUTER, *_SWITCH, *_CLIENT)
