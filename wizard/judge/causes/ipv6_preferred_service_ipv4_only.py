"""The name has an IPv6 address, which devices try first, and the program serves IPv4 only.

Browsers race both families and mostly end up at the right one; other programs try them one after
the other, or take only the first. Where a firewall drops IPv6 instead of refusing it, the first try
costs seconds.

What it looks like: it works, but slowly; or some programs and devices are refused and others are
not.

See it by hand:
  Linux    getent ahosts NAME                   an IPv6 address on top
           ss -ltn 'sport = :5000'              0.0.0.0:5000, and neither *:5000 nor [::]:5000
  macOS    dscacheutil -q host -a name NAME
  Windows  Resolve-DnsName NAME

Fix: have the program serve both families (listen on `::`; not with uvicorn, which then takes IPv6
only), or remove the AAAA record.

Undo: start it as before; add the record again.

Often mistaken for: a slow network, a slow program: with the IPv4 address in the URL it is quick.
"""

from __future__ import annotations

from wizard.judge import answers, sockets
from wizard.model.diagnosis import RootCause, Severity, Side, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import AttemptOutcome, Facts, Listener
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="ipv6-preferred-service-ipv4-only",
    stage=Stage.NAME,
    title="Devices try IPv6 first, and the program serves IPv4 only",
    severity=Severity.WARNING,
    catalogue=("A12",),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    families = [each.version for each in target.addresses]
    if not target.host or not families or families[0] == 4 or 4 not in families:
        return ruled_out("IPv6 does not come first.")
    if not any(not each.is_link_local for each in target.addresses if each.version == 6):
        return ruled_out("The only IPv6 address is a link-local one.")
    if target.side is Side.CLIENT:
        return _tried(target, facts)
    six, four = (next(each for each in target.addresses if each.version == version) for version in (6, 4))
    taken = {
        each: sockets.lookup(listeners, target.proto, each, target.port, journey.packet.interface)
        for each in (six, four)
    }
    if taken[six] or not taken[four]:
        return ruled_out(f"On port {target.port} both addresses are served alike.")
    return found(
        f"{target.host} is {six} first, where nobody listens on port {target.port}; {four} is served.",
        *(each.origin for each in taken[four]),
        fix=(Advise(f"Have the program listen on :: as well, or take the IPv6 address of {target.host} away."),),
    )


def _tried(target: Target, facts: Facts) -> Verdict:
    """From the client's side: what became of the attempts of either family."""
    made = [each for each in answers.attempts(facts) if each.address in target.addresses and not each.through_proxy]
    connected = [each for each in made if each.outcome is AttemptOutcome.CONNECTED]
    failed = [each for each in made if each.address.version == 6 and each not in connected]
    if not failed or not any(each.address.version == 4 for each in connected):
        return ruled_out("Both families fare alike, or were not tried.")
    return found(
        f"{failed[0].address} comes first and fails ({failed[0].errno}); {connected[0].address} answers.",
        failed[0].origin,
        connected[0].origin,
        fix=(Advise(f"On {target.host}: have the program listen on :: as well, or take its IPv6 address away."),),
    )
