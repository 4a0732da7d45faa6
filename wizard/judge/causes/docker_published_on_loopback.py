"""The container's port is published on this machine's loopback address only, so no other device can
reach it.

`docker run -p 127.0.0.1:8080:80`, `"127.0.0.1:8080:80"` under `ports:` in a compose file, or `"ip":
"127.0.0.1"` in Docker's daemon.json. What listens here is Docker's proxy process; the application
in the container is not at fault and need not change.

What it looks like: `ERR_CONNECTION_REFUSED` on every other device; on the machine itself the page
loads.

See it by hand:
  Linux    docker ps --format '{{.Names}} {{.Ports}}'     127.0.0.1:8080->80/tcp
           ss -ltnp 'sport = :8080'                       docker-proxy on 127.0.0.1
  macOS    docker ps --format '{{.Names}} {{.Ports}}'
  Windows  docker ps --format '{{.Names}} {{.Ports}}'

Fix: make the container anew with the port published on the LAN's address (its volumes stay):
  docker run -p 192.168.1.100:8080:80 ...                 or ports: ["192.168.1.100:8080:80"], then docker compose up -d
`-p 8080:80` publishes on every address, and goes past ufw's and firewalld's input rules.

Undo: make it anew with the old publication.

Often mistaken for: `container-app-on-loopback`, where the publication is right and the application
is not; `loopback-only-bind`.
"""

from __future__ import annotations

from wizard.judge.causes._bind import refused_on_port
from wizard.judge.causes._containers import is_proxy, published
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="docker-published-on-loopback",
    stage=Stage.FIREWALL,
    title="The container's port is published for this machine only",
    outranks=("loopback-only-bind", "bound-to-another-address", "nothing-listening", "other-network-namespace"),
    catalogue=("F3",),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    near = refused_on_port(journey)
    if not near:
        return not_here(journey, f"Port {target.port} is not refused for want of a socket.")
    outside = [each for _, each in published(facts, target.proto, target.port)]
    proxied = [each for each in near if is_proxy(facts, each)]
    if not proxied and not outside:
        return ruled_out("No container publishes this port.", near[0].origin)
    if not all(each.address.is_loopback for each in near) or not all(each.host_address.is_loopback for each in outside):
        return ruled_out("The container's port is not published on loopback alone.", near[0].origin)
    name = next((container.name for container, _ in published(facts, target.proto, target.port)), "")
    inner = outside[0].container_port if outside else None
    shown = f"{bracketed(journey.packet.destination)}:{target.port}:{inner or 'PORT'}"
    advice = Advise(f"Make the container {name or 'that holds it'} anew with `-p {shown}` (compose: under `ports:`).")
    return found(
        f"{f'The container {name}' if name else 'A container'} publishes port {target.port} on {near[0].address} only.",
        *(each.origin for each in near),
        fix=(advice,),
        certainty=Certainty.PROVED if outside else Certainty.LIKELY,
    )
