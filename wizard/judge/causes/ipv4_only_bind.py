"""The program listens on IPv4 only, and the other device comes over IPv6.

0.0.0.0 means every IPv4 address and no IPv6 one. A name with an AAAA record, or a `.local` name,
makes browsers try IPv6 first; most then fall back to IPv4, but not everything does, and not without
a delay.

What it looks like: `ERR_CONNECTION_REFUSED` with the IPv6 address in the URL; with the IPv4 address
the page opens.

See it by hand:
  Linux    ss -ltn 'sport = :5000'              0.0.0.0:5000, and neither *:5000 nor [::]:5000
  macOS    lsof -nP -iTCP:5000 -sTCP:LISTEN      IPv4 only
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: open the URL with the IPv4 address; or have the program listen on `::`, which gunicorn,
hypercorn, flask, django and http.server serve for both families (measured). uvicorn with `--host
::` would take IPv6 only: leave it at 0.0.0.0.

Undo: start it as before.

Often mistaken for: `router-ipv6-firewall` and a firewall's IPv6 rules, which are silent instead of
refusing.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._bind import dialled_here, not_refused, rebind, refused_on_port
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="ipv4-only-bind",
    stage=Stage.BIND,
    title="The program listens on IPv4 only",
    outranks=("bound-to-another-address", "nothing-listening"),
    catalogue=("C4", "F11"),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    near = refused_on_port(journey)
    if not near:
        return not_refused(journey, target)
    if dialled_here(journey).family == 4 or any(each.address.version == 6 for each in near):
        return ruled_out(f"Port {target.port} has a socket of the family that is dialled.", near[0].origin)
    return found(
        f"{answers.who(facts, near[0])} listens on IPv4 ({near[0].address}) only, so IPv6 is refused.",
        *(each.origin for each in near),
        fix=rebind(facts, target, journey, near),
    )
