"""The program listens on IPv6 only, and the other device comes over IPv4.

`::` means both families for most programs on Linux, but not for all: asyncio servers (uvicorn,
`fastapi run --host ::`) set IPV6_V6ONLY, and with `net.ipv6.bindv6only = 1` every program gets IPv6
alone unless it asks otherwise.

What it looks like: `ERR_CONNECTION_REFUSED` with the IPv4 address in the URL; `http://[IPv6
address]:5000` works.

See it by hand:
  Linux    ss -ltne 'sport = :5000'             [::]:5000 with v6only:1 (a dual-stack socket shows as *:5000)
           sysctl net.ipv6.bindv6only
  macOS    netstat -an -p tcp | grep 5000        tcp6, where tcp46 takes both
  Windows  Get-NetTCPConnection -LocalPort 5000 -State Listen

Fix: start the program again with `--host 0.0.0.0`; gunicorn, hypercorn, flask, django and
http.server also serve both families with `::` (measured; uvicorn does not).

Undo: start it as before.

Often mistaken for: `firewall-rejects-port`; and with uvicorn, which was told "all addresses",
hardly anybody looks here.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._bind import dialled_here, not_refused, rebind, refused_on_port
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="ipv6-only-bind",
    stage=Stage.BIND,
    title="The program listens on IPv6 only",
    outranks=("bound-to-another-address", "nothing-listening"),
    catalogue=("C5",),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    near = refused_on_port(journey)
    if not near:
        return not_refused(journey, target)
    if dialled_here(journey).family == 6 or any(each.address.version == 4 for each in near):
        return ruled_out(f"Port {target.port} has a socket of the family that is dialled.", near[0].origin)
    return found(
        f"{answers.who(facts, near[0])} listens on {_shown(near[0])} only, so IPv4 is refused.",
        *(each.origin for each in near),
        fix=rebind(facts, target, journey, near),
    )


def _shown(listener: Listener) -> str:
    return "IPv6 (:: with v6only)" if listener.address.is_unspecified else f"the IPv6 address {listener.address}"
