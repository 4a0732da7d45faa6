"""`localhost` is tried over IPv6 first here, and the program listens on IPv4 loopback only (or the
other way round).

localhost has two addresses, ::1 and 127.0.0.1. Which comes first is the hosts file's and the
resolver's choice; Node from version 17 takes them in that order, browsers try both. A program on
one of them refuses at the other.

What it looks like: `localhost:5000` is refused or slow, `127.0.0.1:5000` works (or `[::1]:5000`
does); a proxy or a Node program that asks `localhost` says ECONNREFUSED ::1:5000.

See it by hand:
  Linux    getent ahosts localhost
           ss -ltn 'sport = :5000'              127.0.0.1:5000 or [::1]:5000, not both
  macOS    dscacheutil -q host -a name localhost; lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Resolve-DnsName localhost; Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: use the address that the program has (http://127.0.0.1:5000), also in a proxy's configuration;
or have it listen on both. Node: NODE_OPTIONS=--dns-result-order=ipv4first.

Undo: nothing was changed.

Often mistaken for: `nothing-listening`, because one of the two addresses is refused; a proxy in
front then says `bad-gateway`.
"""

from __future__ import annotations

from wizard.judge import sockets
from wizard.judge.causes._way import instead, stop_of
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Address, Facts, HostsEntry, Listener
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="localhost-other-family",
    stage=Stage.NAME,
    title="localhost means another address family than the program listens on",
    severity=Severity.WARNING,
    outranks=("loopback-only-bind", "ipv4-only-bind", "ipv6-only-bind", "bound-to-another-address"),
    catalogue=("A9", "J10"),
)


def check(
    target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...], hosts: tuple[HostsEntry, ...]
) -> Verdict:
    if target.host.lower().rstrip(".") != "localhost":
        return ruled_out("The URL does not say localhost.")
    addresses, lines = _localhost(facts, hosts)
    if not addresses:
        return ruled_out("Neither the hosts file nor the resolver gives localhost an address.")
    taken = [each for each in addresses if sockets.lookup(listeners, target.proto, each, target.port, "lo")]
    if not taken or addresses[0] in taken:
        return ruled_out(f"localhost's first address, {addresses[0]}, is {'served' if taken else 'not the reason'}.")
    own = stop_of(journey, Ending.NO_LISTENER) is not None and journey.packet.destination.is_loopback
    return found(
        f"localhost is {addresses[0]} first here, and on port {target.port} only {taken[0]} is served.",
        *(each.origin for each in lines),
        *(each.origin for each in sockets.on_port(listeners, target.proto, target.port)),
        fix=(instead(target, address=taken[0]),),
        severity=Severity.BLOCKING if own else None,
    )


def _localhost(facts: Facts, hosts: tuple[HostsEntry, ...]) -> tuple[list[Address], list[HostsEntry]]:
    """The addresses of localhost in the resolver's order, or as the hosts file has them."""
    lines = [each for each in hosts if "localhost" in (name.lower() for name in each.names)]
    resolution = None if isinstance(facts.resolution, Unknown) else facts.resolution
    if resolution is not None and resolution.name.lower() == "localhost" and resolution.addresses:
        return list(resolution.addresses), lines
    return [each.address for each in lines], lines
