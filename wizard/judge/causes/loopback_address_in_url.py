"""localhost or 127.0.0.1 was typed on the other device, where it means that device itself and not
the server.

The server's own output says "http://127.0.0.1:5000" because that is the address to open on the same
machine.

What it looks like: `ERR_CONNECTION_REFUSED` at once, and nothing arrives at the server. In an
Android emulator the host is 10.0.2.2; a phone on a USB cable can forward the port (`adb reverse
tcp:5000 tcp:5000`).

See it by hand:
  Linux    ip -4 addr                           the server's address on the LAN
  macOS    ipconfig getifaddr en0
  Windows  ipconfig

Fix: open http://ADDRESS-OF-THE-SERVER:5000 on the other device. A server that listens on 127.0.0.1
only has to be started with another address as well (`wizard explain loopback-only-bind`).

Undo: nothing was changed.

Often mistaken for: `nothing-listening`, since the refusal is the other device's own;
`page-calls-localhost` and `redirects-to-localhost`, where the page says localhost and nobody typed
it.
"""

from __future__ import annotations

from wizard.judge.causes._way import dialled, instead, not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Interface
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="loopback-address-in-url",
    stage=Stage.NAME,
    title="The URL means the other device itself",
    catalogue=("A2", "F12"),
)


def check(target: Target, facts: Facts, journey: Journey, interfaces: tuple[Interface, ...]) -> Verdict:
    stop = stop_of(journey, Ending.WRONG_ADDRESS)
    if stop is None:
        return not_here(journey, "The URL names an address of this machine.")
    if stop.detail != "loopback":
        return ruled_out(f"{target.host or 'The address'} is no loopback address.")
    address = dialled(facts, journey)
    return found(
        f"On another device {target.host} means that device itself, not this machine.",
        *stop.step.evidence,
        fix=(instead(target, address=address),) if address else (),
    )
