"""The program's socket is tied to one network interface, and the packet arrives on another one.

SO_BINDTODEVICE (or a VRF) makes a socket take only what arrives on that interface, whatever address
it listens on.

What it looks like: `ERR_CONNECTION_REFUSED`, although `ss` shows the program on 0.0.0.0.

See it by hand:
  Linux    ss -ltnp 'sport = :5000'             the interface stands behind the address: 0.0.0.0%eth1:5000

Fix: start the program without the interface (option names differ: `--interface`, `bind-interfaces`,
`device`), or with the one that leads to the LAN.

Undo: start it as before.

Often mistaken for: `firewall-rejects-port`: a refusal in spite of 0.0.0.0. The name behind the %
tells.
"""

from __future__ import annotations

from msgspec.structs import replace

from wizard.judge import answers, sockets
from wizard.judge.causes._bind import dialled_here, not_refused, refused_on_port
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="bound-to-one-device",
    stage=Stage.BIND,
    title="The program's socket is tied to another network interface",
    outranks=("bound-to-another-address", "ipv4-only-bind", "ipv6-only-bind", "nothing-listening"),
    catalogue=("C12",),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    near = refused_on_port(journey)
    if not near:
        return not_refused(journey, target)
    packet = dialled_here(journey)
    tied = [each for each in near if each.device and _would_take(each, journey)]
    if not tied:
        return ruled_out("No socket on the port is tied to an interface.", near[0].origin)
    arrives = packet.interface or "another interface"
    return found(
        f"{answers.who(facts, tied[0])} takes only what arrives on {tied[0].device}; this arrives on {arrives}.",
        *(each.origin for each in tied),
        fix=(Advise(f"Start the program without tying it to {tied[0].device}, or tie it to {arrives}."),),
    )


def _would_take(listener: Listener, journey: Journey) -> bool:
    """Whether it would take the packet, were it not tied to an interface."""
    packet = dialled_here(journey)
    return sockets.takes(replace(listener, device=""), packet.destination, packet.interface)
