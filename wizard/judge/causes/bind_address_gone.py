"""The program listens on an address that this machine had when it started, and has no more.

After a new DHCP lease, another Wi-Fi, or a VPN that was closed, a socket bound to the old address
stays: it listens on, and nobody can ever reach it. (Where the address was gone already when the
program started, binding fails instead with "Cannot assign requested address", and nothing listens.)

What it looks like: `ERR_CONNECTION_REFUSED` at the machine's new address, `ERR_ADDRESS_UNREACHABLE`
at the old one.

See it by hand:
  Linux    ss -ltnp 'sport = :5000'             a local address that `ip addr` does not show
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN      an address that `ifconfig` does not show
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: start the program again on 0.0.0.0, or on the address that the machine has now. A DHCP
reservation in the router keeps the address from changing again.

Undo: start it as before.

Often mistaken for: `bound-to-another-address`, where the address is still there;
`public-address-not-on-machine` on a rented one.
"""

from __future__ import annotations

from wizard.judge import answers, vantage
from wizard.judge.causes._bind import not_refused, rebind, refused_on_port
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Interface, Listener
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="bind-address-gone",
    stage=Stage.BIND,
    title="The program listens on an address that this machine no longer has",
    outranks=("bound-to-another-address", "ipv4-only-bind", "ipv6-only-bind", "nothing-listening"),
    catalogue=("C6", "J4"),
)


def check(
    target: Target,
    facts: Facts,
    journey: Journey,
    listeners: tuple[Listener, ...],
    interfaces: tuple[Interface, ...],
) -> Verdict:
    near = refused_on_port(journey)
    if not near:
        return not_refused(journey, target)
    gone = [each for each in near if not vantage.is_own(facts, each.address)]
    if not gone or any(not each.address.is_loopback for each in near if each not in gone):
        return ruled_out(f"{near[0].address} is an address of this machine.", near[0].origin)
    return found(
        f"{answers.who(facts, gone[0])} listens on {gone[0].address}, which is no address of this machine any more.",
        *(each.origin for each in gone),
        fix=rebind(facts, target, journey, tuple(gone)),
    )
