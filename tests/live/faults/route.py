"""The way to the machine, or back from it."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import Fault, Plan
from tests.live.lab import Lab

DROPPED = (28, "timeout")
ROUTED = ("--from", "10.88.0.2")


def _second_cable(lab: Lab) -> None:
    """The answer's way leads over a second cable to the same router, and strict filtering is on."""
    lab.run(
        "set -e\nip link add veth-t type veth peer name veth-rt netns router\n"
        "ip addr add 10.66.0.1/24 dev veth-t; ip link set veth-t up\n"
        "ip -n router addr add 10.66.0.254/24 dev veth-rt; ip -n router link set veth-rt up\n"
        "ip netns exec router sysctl -qw net.ipv4.conf.veth-rt.rp_filter=0\n"
        "ip route replace default via 10.66.0.254\nsysctl -qw net.ipv4.conf.veth-s.rp_filter=1"
    )


# A cable to a machine that knows nobody here: a VPN, a container network.
_ELSEWHERE = (
    "set -e\nip netns add elsewhere\nip link add tun0 type veth peer name far netns elsewhere\n"
    "ip addr add 10.66.0.1/24 dev tun0; ip link set tun0 up\n"
    "ip -n elsewhere addr add 10.66.0.2/24 dev far; ip -n elsewhere link set far up\n"
)


FAULTS = (
    Fault(
        "interface-down", ("interface-down",), 7, "EHOSTUNREACH", serve=(servers.EVERYWHERE,),
        after="ip link set veth-s down", needs=("ip",),
    ),
    Fault(
        "no-route-back", ("no-route-back",), *DROPPED, serve=(servers.EVERYWHERE,), router=True,
        before="ip route del default", options=ROUTED, plan=Plan.EITHER,
    ),
    Fault(
        "no-route-back--blackhole", ("no-route-back",), *DROPPED, serve=(servers.EVERYWHERE,), router=True,
        before="ip route add blackhole 10.88.0.0/24", options=ROUTED, plan=Plan.EITHER,
    ),
    Fault(
        "no-route-back--kill-switch", ("no-route-back",), *DROPPED, serve=(servers.EVERYWHERE,),
        before="ip route add unreachable default table 51820; ip rule add not from all fwmark 0xca6c lookup 51820 prio 100",
        plan=Plan.EITHER,
    ),
    Fault(
        "reverse-path-filter", ("reverse-path-filter",), *DROPPED, serve=(servers.EVERYWHERE,), router=True,
        build=_second_cable, options=ROUTED,
    ),
    Fault(
        "client-side--host-does-not-answer", ("host-does-not-answer",), 7, "EHOSTUNREACH",
        target="http://10.77.0.99:5000/", url="http://10.77.0.99:5000/", options=(), ns="client", plan=Plan.ADVICE,
    ),
    Fault(
        "no-route-back--overlap", ("no-route-back",), *DROPPED, serve=(servers.EVERYWHERE,),
        before=_ELSEWHERE + "ip route add 10.77.0.0/25 dev tun0",
    ),
    Fault(
        "reverse-path-filter--overlap", ("reverse-path-filter",), 7, "EHOSTUNREACH", serve=(servers.EVERYWHERE,),
        before=_ELSEWHERE + "ip route add 10.77.0.0/25 dev tun0\nsysctl -qw net.ipv4.conf.veth-s.rp_filter=1",
        behind=("no-route-back",),
    ),
    Fault(
        "no-route-back--overlap-of-one", ("no-route-back",), *DROPPED, serve=(servers.EVERYWHERE,),
        before=_ELSEWHERE + "ip route add 10.77.0.2/32 dev tun0", plan=Plan.ADVICE,
    ),
)  # fmt: skip
