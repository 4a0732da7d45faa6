"""The program listens on one particular address of this machine, and the other device dials another
one.

A server bound to a VPN's, a container bridge's or a second network card's address takes only what
is sent to that very address. The kernel answers everything else on the port with a reset, as if
nothing were there.

What it looks like: `ERR_CONNECTION_REFUSED` at once; with the other address in the URL the page
opens.

See it by hand:
  Linux    ss -ltnp 'sport = :5000'             the local address is one of `ip addr`, not the one that was dialled
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: start the program again on the address that is dialled, or on 0.0.0.0 (every IPv4 address)
where this machine is on one LAN only. Or open the URL with the address that the program has, if the
other device can reach that network.

Undo: start it as before.

Often mistaken for: `loopback-only-bind`, where the one address is 127.0.0.1;
`specific-bind-shadows-wildcard`, where a second program has the rest.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._bind import dialled_here, not_refused, rebind, refused_on_port
from wizard.judge.causes._client import listeners, refused, suspicion
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="bound-to-another-address",
    stage=Stage.BIND,
    title="The program listens on another address of this machine",
    outranks=("nothing-listening",),
    catalogue=("C3", "C13"),
)
RANK = 4


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    near = refused_on_port(journey)
    if not near:
        return not_refused(journey, target)
    addresses = " and ".join(dict.fromkeys(str(each.address) for each in near))
    return found(
        f"{answers.who(facts, near[0])} listens on {addresses}, not on {dialled_here(journey).destination}.",
        *(each.origin for each in near),
        fix=rebind(facts, target, journey, near),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """A reset, seen from the other end, from a machine with several addresses."""
    attempt = refused(target, facts, journey)
    if attempt is None or attempt.icmp is not None:
        return None
    said = f"The program may listen on another address of that machine than {attempt.address}."
    return suspicion(
        said, listeners(target, "an address that is neither this one nor a wildcard"), facts, target, journey
    )
