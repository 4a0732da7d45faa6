"""The port is published, but inside the container the application only listens on the container's
own loopback address.

127.0.0.1 in a container is the container itself. Docker hands the packet to the container's address
on its bridge, where nobody listens: with destination translation the container refuses, and with
Docker's proxy process the connection opens here and is closed at once.

What it looks like: `ERR_CONNECTION_REFUSED` from other devices, `ERR_CONNECTION_RESET` or
`ERR_EMPTY_RESPONSE` through the proxy.

See it by hand:
  Linux    sudo nsenter -t $(docker inspect -f '{{.State.Pid}}' NAME) -n ss -ltn     127.0.0.1:PORT
           docker logs NAME                               "Running on http://127.0.0.1:5000"
  macOS    docker logs NAME
  Windows  docker logs NAME

Fix: have the application in the container listen on 0.0.0.0, in its image's CMD, the compose file's
`command:`, or its environment (FLASK_RUN_HOST=0.0.0.0), and make the container anew. The network
that this opens is the container's own.

Undo: the old command.

Often mistaken for: `docker-published-on-loopback`, where the publication is at fault and not the
application; `firewall-rejects-port`.
"""

from __future__ import annotations

from wizard.judge.causes._containers import container_at, inner_port, inside, is_proxy, published
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="container-app-on-loopback",
    stage=Stage.FIREWALL,
    title="Inside the container the application listens on loopback only",
    outranks=("closes-without-answer", "redirected-to-dead-port", "nothing-listening", "other-network-namespace"),
    catalogue=("F1",),
)


def check(target: Target, facts: Facts, journey: Journey, foreign_listeners: tuple[Listener, ...]) -> Verdict:
    stop = stop_of(journey, Ending.NO_LISTENER, Ending.CLOSED, Ending.FORWARDED_NOWHERE)
    if stop is None:
        return not_here(journey, "No container refuses the connection.")
    port = _port_inside(facts, target, journey)
    if port is None:
        return ruled_out("The port does not lead into a container.")
    sockets = inside(facts, target.proto, port)
    if not sockets or not all(each.address.is_loopback for each in sockets):
        said = (
            f"Inside, a program listens on {sockets[0].address}."
            if sockets
            else f"Nobody listens on port {port} inside."
        )
        return ruled_out(said)
    container = container_at(facts, journey.translated.address) if journey.translated else None
    container = container or next((each for each, _ in published(facts, target.proto, target.port)), None)
    name = container.name if container else "that holds it"
    advice = f"Have the application in the container {name} listen on 0.0.0.0:{port}, and make the container anew."
    return found(
        f"Inside the container the application listens on {sockets[0].address}:{port} only.",
        *(each.origin for each in sockets),
        fix=(Advise(advice),),
        certainty=Certainty.PROVED if container else Certainty.LIKELY,
    )


def _port_inside(facts: Facts, target: Target, journey: Journey) -> int | None:
    """The port inside, where the packet goes on to a container or a container's proxy takes it."""
    forwarded = journey.decision is not None and journey.decision.outcome == "forward"
    if forwarded and journey.translated is not None:
        return journey.translated.port
    taken = journey.delivered_to
    if taken is not None and is_proxy(facts, taken):
        return inner_port(facts, target.proto, target.port, taken)
    return None
