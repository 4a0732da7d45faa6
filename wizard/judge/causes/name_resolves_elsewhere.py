"""The name in the URL leads to an address that is not this machine's.

A line in a hosts file, a DNS record, or an mDNS name of another device, left over from an earlier
address. Each device has a hosts file and a resolver of its own: what is seen here need not be what
the other device gets.

What it looks like: `ERR_ADDRESS_UNREACHABLE` or `ERR_CONNECTION_TIMED_OUT`, or a page from somebody
else; with this machine's address in the URL the page opens.

See it by hand:
  Linux    getent ahosts NAME; grep NAME /etc/hosts
           resolvectl query NAME
  macOS    dscacheutil -q host -a name NAME
  Windows  Resolve-DnsName NAME

Fix: correct the line or the record so that it says this machine's address; or open the URL with the
address.

Undo: write the old address back.

Often mistaken for: `host-does-not-answer`: look first which address the name gives;
`dynamic-dns-stale`, `no-nat-loopback` for public names.
"""

from __future__ import annotations

from wizard.judge.causes._way import dialled, instead, not_here, stop_of
from wizard.judge.causes.address_not_of_this_machine import is_name
from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import Ask, Certainty, RootCause, Side, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, HostsEntry, Interface, Resolution
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="name-resolves-elsewhere",
    stage=Stage.NAME,
    title="The name in the URL leads to another machine",
    outranks=("address-not-of-this-machine",),
    catalogue=("A8", "A10", "A11", "G12", "G16"),
)


def check(target: Target, facts: Facts, journey: Journey, interfaces: tuple[Interface, ...]) -> Verdict:
    stop = stop_of(journey, Ending.WRONG_ADDRESS)
    if stop is None:
        return not_here(journey, "The name leads to this machine.")
    if stop.detail in ("wildcard", "loopback") or not is_name(target.host):
        return ruled_out(f"{target.host or 'The target'} is not a name that a resolver was asked for.")
    lines = _hosts_lines(facts, target.host)
    address = dialled(facts, journey)
    by = f" by {lines[0].origin.source} line {lines[0].origin.line}" if lines and lines[0].origin.line else ""
    has = f", and this machine has {address}" if address else ""
    return found(
        f"{target.host} leads to {journey.packet.destination}{by}{has}.",
        *(each.origin for each in lines),
        *_resolved(facts),
        fix=(instead(target, address=address),) if address else (),
    )


def _hosts_lines(facts: Facts, host: str) -> tuple[HostsEntry, ...]:
    if isinstance(facts.hosts, Unknown):
        return ()
    name = host.lower().rstrip(".")
    return tuple(each for each in facts.hosts if name in (one.lower() for one in each.names))


def _resolved(facts: Facts) -> tuple[Origin, ...]:
    return (facts.resolution.origin,) if isinstance(facts.resolution, Resolution) else ()


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """From the client's side: a line of this machine's own hosts file leads there, and nobody, or somebody else, answers."""
    lines = _hosts_lines(facts, target.host)
    if target.side is not Side.CLIENT or not lines or not is_name(target.host):
        return None
    at = f"{lines[0].origin.source} line {lines[0].origin.line}"
    return found(
        f"This machine's own hosts file says that {target.host} is {lines[0].address} ({at}); the line may be old.",
        lines[0].origin,
        fix=(Advise(f"Compare {lines[0].address} with the server's own addresses, and mend the line in {at}."),),
        certainty=Certainty.POSSIBLE,
        ask=Ask(("ip", "-br", "addr"), f"no {lines[0].address} among the addresses"),
    )
