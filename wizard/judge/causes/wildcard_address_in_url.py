"""0.0.0.0 (or [::]) was typed as the address, as the server's own output shows it; it is not the
address of any machine.

A server that prints "Running on http://0.0.0.0:5000" says that it listens on all its addresses. As
a destination 0.0.0.0 means "this device itself" on Linux, macOS, Android and iOS, and is invalid on
Windows.

What it looks like: `ERR_CONNECTION_REFUSED` on a phone, `ERR_ADDRESS_INVALID` on Windows; on the
server itself it may even work.

See it by hand:
  Linux    ip -4 addr                           the addresses that other devices can dial
  macOS    ipconfig getifaddr en0
  Windows  ipconfig

Fix: open http://ADDRESS-OF-THE-SERVER:5000 on the other device, and http://127.0.0.1:5000 on the
server itself.

Undo: nothing was changed.

Often mistaken for: `nothing-listening`, because a phone refuses by itself; the server is right to
listen on 0.0.0.0.
"""

from __future__ import annotations

from wizard.judge.causes._way import dialled, instead, not_here, stop_of
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Interface
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="wildcard-address-in-url",
    stage=Stage.NAME,
    title="The URL has a wildcard address in place of the server's",
    catalogue=("A1",),
)


def check(target: Target, facts: Facts, journey: Journey, interfaces: tuple[Interface, ...]) -> Verdict:
    stop = stop_of(journey, Ending.WRONG_ADDRESS)
    if stop is None:
        return not_here(journey, "The URL names an address of this machine.")
    if stop.detail != "wildcard":
        return ruled_out(f"{target.host or 'The address'} is no wildcard.")
    address = dialled(facts, journey)
    return found(
        f"{target.host} is not an address that another device can dial: there it means the device itself.",
        *stop.step.evidence,
        fix=(instead(target, address=address),) if address else (),
    )
