"""A VPN on the device that connects takes the way to the LAN: packets for the address go into the tunnel.

The tunnel's routes overlap the home or office network (both use 192.168.0.0/24, 192.168.1.0/24 or
10.0.0.0/8), or the VPN takes everything and leaves out the LAN only if told to. On the other side of
the tunnel that address is nobody's, or somebody else's.

What it looks like: `ERR_CONNECTION_TIMED_OUT` or `ERR_ADDRESS_UNREACHABLE` while the VPN is on, and
the page as soon as it is off.

See it by hand:
  Linux    ip route get 192.168.1.100           dev tun0, wg0, tailscale0 in place of eth0 or wlan0
  macOS    route -n get 192.168.1.100           interface: utun3
  Windows  Find-NetRoute -RemoteIPAddress 192.168.1.100

Fix: allow the LAN in the VPN program (Tailscale: tailscale set --exit-node-allow-lan-access=true;
NordVPN: nordvpn set lan-discovery enabled; Mullvad: mullvad lan set allow), or a route for the one
address: sudo ip route add 192.168.1.100/32 dev wlan0

Undo: the setting as it was; sudo ip route del 192.168.1.100/32 dev wlan0

Often mistaken for: `different-subnet`, `no-route-back`: with the VPN off it works.
"""

from __future__ import annotations

from ipaddress import ip_network

from wizard.judge import vantage
from wizard.judge.causes._way import not_here
from wizard.judge.client import way_out
from wizard.model.diagnosis import Certainty, RootCause, Severity, Side, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Interface, WayOut
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import AddRoute, Advise, Intent

CAUSE = RootCause(
    ref="vpn-takes-the-lan",
    stage=Stage.ROUTE,
    title="A VPN on the device that connects takes the way to the LAN",
    outranks=("host-does-not-answer", "no-route-back"),
    catalogue=("G8", "G7", "A3"),
)
_HOW = "Allow the LAN in the VPN program's settings (local network access, split tunnel), or switch the VPN off."


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    if target.side is not Side.CLIENT:
        return ruled_out("This machine is the server; what a VPN does on the other device is seen there.")
    stop = journey.stop
    if stop is None:
        return not_here(journey, "The connection gets through.")
    way = way_out.toward(facts, journey.packet.destination)
    tunnel = _tunnel(facts, way)
    if way is None or tunnel is None or not journey.packet.destination.is_private:
        return ruled_out("The way to the address does not lead into a tunnel.", *((way.origin,) if way else ()))
    if stop.ending not in (Ending.NO_ANSWER_THERE, Ending.REFUSED_THERE):
        return ruled_out("It does not end on its way through the tunnel.", way.origin)
    home = _home(facts, journey, tunnel)
    where = f", and {home.name} is in a network with it" if home else ""
    return found(
        f"{journey.packet.destination} is sent into {tunnel.name} ({tunnel.kind or 'a tunnel'}){where}.",
        way.origin,
        *stop.step.evidence,
        fix=(_fix(journey, home),),
        certainty=Certainty.PROVED if home else Certainty.POSSIBLE,
        severity=Severity.BLOCKING if home or stop.ending is Ending.NO_ANSWER_THERE else Severity.WARNING,
    )


def _tunnel(facts: Facts, way: WayOut | None) -> Interface | None:
    if way is None:
        return None
    for interface in vantage.interfaces(facts):
        tunnelled = interface.point_to_point or interface.kind in (
            "tun",
            "wireguard",
            "ipip",
            "gre",
            "vti",
            "xfrm",
            "ppp",
        )
        if interface.name == way.device and (
            tunnelled or interface.name.startswith(("tun", "wg", "tailscale", "ppp", "zt"))
        ):
            return interface
    return None


def _home(facts: Facts, journey: Journey, tunnel: Interface) -> Interface | None:
    """The interface of this machine that is in one network with the address."""
    for interface in vantage.interfaces(facts):
        if interface is tunnel or interface.loopback or not interface.up:
            continue
        if vantage.lives_on(facts, journey.packet.destination, interface.name) and interface.name != tunnel.name:
            return interface
    return None


def _fix(journey: Journey, home: Interface | None) -> Intent:
    if home is None:
        return Advise(_HOW)
    return AddRoute(ip_network(journey.packet.destination), home.name)
