"""The network interface that has this address is down, or has no link.

Switched off (`ip link set eth0 down`, airplane mode, NetworkManager), a cable that is out, a Wi-Fi
that lost its network. The address stays configured, so the machine itself still reaches it over
loopback; no packet from outside arrives.

What it looks like: `ERR_ADDRESS_UNREACHABLE` after about three seconds: nobody answers ARP for the
address.

See it by hand:
  Linux    ip -br link                          DOWN, or UP with NO-CARRIER
           nmcli device status; rfkill list
  macOS    ifconfig en0; networksetup -listallhardwareports
  Windows  Get-NetAdapter

Fix: switch it on (`sudo ip link set eth0 up`, `nmcli device connect eth0`), or mend the link:
cable, Wi-Fi, switch port.
  macOS    networksetup -setairportpower en0 on
  Windows  Enable-NetAdapter -Name 'Wi-Fi'

Undo: sudo ip link set eth0 down; networksetup -setairportpower en0 off; Disable-NetAdapter -Name
'Wi-Fi'.

Often mistaken for: `machine-asleep`, `host-does-not-answer`: from outside they look the same.
"""

from __future__ import annotations

from wizard.judge.causes._client import asked_there, silent, suspicion
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import Ask, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts, Interface
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, BringUp, Intent

CAUSE = RootCause(
    ref="interface-down",
    stage=Stage.ROUTE,
    title="The network interface is down",
    catalogue=("G22",),
)
RANK = 4


def check(target: Target, journey: Journey, interfaces: tuple[Interface, ...]) -> Verdict:
    stop = stop_of(journey, Ending.INTERFACE_DOWN)
    if stop is None:
        return not_here(journey, f"{journey.packet.interface or 'The interface'} is up.")
    interface = stop.detail if isinstance(stop.detail, Interface) else None
    if interface is None and journey.packet.destination.is_loopback:
        connect = Advise(
            "Connect this machine to the network of the device that should reach it: the cable, or the Wi-Fi."
        )
        return found("This machine has no address on any network, so no other device can reach it.", fix=(connect,))
    name = interface.name if interface else journey.packet.interface
    fix: Intent = BringUp(name)
    why = "is switched off"
    if interface is not None and interface.up:
        why = "has no link"
        fix = Advise(f"Mend the link of {name}: the cable, the Wi-Fi network, or the port of the switch.")
    return found(f"{name} {why}, so nothing reaches {journey.packet.destination}.", *stop.step.evidence, fix=(fix,))


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Nobody answers for the address, seen from the other end: the server's cable or Wi-Fi may be off."""
    attempt = silent(target, journey)
    if attempt is None or attempt.errno != "EHOSTUNREACH" or not asked_there(facts, attempt):
        return None
    ask = Ask(("ip", "-br", "link"), "DOWN or NO-CARRIER on the interface toward this network")
    return suspicion("The server's network interface may be down.", ask, facts, target, journey)
