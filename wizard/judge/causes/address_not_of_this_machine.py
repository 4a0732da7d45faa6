"""The address in the URL does not belong to this machine.

An old DHCP lease, another machine's address, or the address of a network that exists on this
machine only for others: a container's (172.17.x), a virtual machine's (192.168.56.x), WSL's, a
VPN's. What is dialled never comes here.

What it looks like: `ERR_ADDRESS_UNREACHABLE` after three seconds where nobody has the address,
`ERR_CONNECTION_TIMED_OUT` through a router, `ERR_CONNECTION_REFUSED` or a foreign page where
another device has it.

See it by hand:
  Linux    ip -br addr                          the addresses of this machine
           ip route get 1.1.1.1                 "src" is the one toward the LAN
  macOS    ipconfig getifaddr en0
  Windows  ipconfig

Fix: open the URL with this machine's address. A DHCP reservation in the router keeps it from
changing.

Undo: nothing was changed.

Often mistaken for: `host-does-not-answer`, when the address is right and the machine is asleep;
`name-resolves-elsewhere`, when a name led there.
"""

from __future__ import annotations

from ipaddress import ip_address

from wizard.judge.causes._client import asked_there, silent, suspicion
from wizard.judge.causes._way import dialled, instead, not_here, stop_of
from wizard.model.diagnosis import Ask, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Interface
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="address-not-of-this-machine",
    stage=Stage.NAME,
    title="The address in the URL is not this machine's",
    catalogue=("A3", "G3"),
)
RANK = 3


def check(target: Target, facts: Facts, journey: Journey, interfaces: tuple[Interface, ...]) -> Verdict:
    stop = stop_of(journey, Ending.WRONG_ADDRESS)
    if stop is None:
        return not_here(journey, f"{journey.packet.destination} is an address of this machine.")
    if stop.detail in ("wildcard", "loopback"):
        return ruled_out(f"{target.host} means whichever device opens it.")
    if is_name(target.host):
        return ruled_out(f"{target.host} is a name; where it leads is another question.")
    address = dialled(facts, journey)
    has = f"; this machine has {address}" if address else ""
    return found(
        f"{journey.packet.destination} is not an address of this machine{has}.",
        *(each.origin for each in interfaces if not each.loopback),
        fix=(instead(target, address=address),) if address else (),
    )


def is_name(host: str) -> bool:
    """Whether a URL's host is a name rather than an address."""
    try:
        ip_address(host)
    except ValueError:
        return bool(host)
    return False


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Nobody answers for the address, seen from the other end: the server may have got another one."""
    attempt = silent(target, journey)
    if attempt is None or attempt.errno != "EHOSTUNREACH" or not asked_there(facts, attempt):
        return None
    ask = Ask(("ip", "-br", "addr"), f"no {attempt.address} among the addresses")
    said = f"The server may have another address by now than {attempt.address}."
    return suspicion(said, ask, facts, target, journey)
