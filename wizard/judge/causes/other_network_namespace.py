"""A program listens on the port, but in another network namespace: a container, a sandbox, an `ip
netns`.

A network namespace has interfaces, addresses and ports of its own. What listens there is out of
reach from this machine's LAN unless something leads into it: a published container port, a forward,
a proxy.

What it looks like: `ERR_CONNECTION_REFUSED`, although the program runs and its own log says that it
listens.

See it by hand:
  Linux    sudo lsns -t net                     every network namespace with a process in it
           sudo nsenter -t PID -n ss -ltn       what listens in it
           docker ps                            the port stands alone (5000/tcp), without 0.0.0.0:5000->
  macOS    docker ps
  Windows  docker ps

Fix: for a container, publish the port when it is made: `docker run -p 5000:5000 ...`, `ports:` in
the compose file (EXPOSE alone publishes nothing). Elsewhere run the program in the machine's own
namespace (systemd: PrivateNetwork=no).

Undo: make it anew without the publication.

Often mistaken for: `nothing-listening`: the program's own log says that it listens, and it does,
elsewhere; `docker-published-on-loopback`.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._bind import nobody_on_port
from wizard.judge.causes._containers import containers
from wizard.judge.causes._way import not_here
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Container, Facts, Listener
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="other-network-namespace",
    stage=Stage.BIND,
    title="The program listens in another network namespace",
    outranks=("nothing-listening", "listens-on-another-port"),
    catalogue=("C11", "C12", "F2", "F9"),
)


def check(target: Target, facts: Facts, journey: Journey, foreign_listeners: tuple[Listener, ...]) -> Verdict:
    if not nobody_on_port(journey):
        return not_here(journey, f"Port {target.port} is taken in this machine's own namespace.")
    there = [
        each
        for each in foreign_listeners
        if (each.port, each.proto) == (target.port, target.proto) and not _is_another_machine(each, journey)
    ]
    if not there:
        return ruled_out(f"Nobody listens on port {target.port} in the other network namespaces either.")
    container = container_of(facts, there[0])
    where = f"in the container {container.name}" if container else "in another network namespace"
    advice = (
        f"Make the container {container.name} anew with `-p {target.port}:{target.port}`."
        if container
        else "Run the program in the machine's own network namespace, or forward the port into the one where it runs."
    )
    return found(
        f"{answers.who(facts, there[0])} listens on {there[0].address}:{target.port} {where}, out of the LAN's reach.",
        *(each.origin for each in there),
        fix=(Advise(advice),),
    )


def _is_another_machine(listener: Listener, journey: Journey) -> bool:
    """A namespace that has the dialled address, or the client's, itself: a machine of its own (a lab's, an emulator's)
    that only shares this kernel."""
    ends = {journey.packet.source, journey.packet.destination}
    return bool(ends & set(listener.namespace_addresses))


def container_of(facts: Facts, listener: Listener) -> Container | None:
    """The container whose processes hold this socket, or whose namespace it is in."""
    known = {} if isinstance(facts.processes, Unknown) else facts.processes
    identifiers = {known[each.pid].container for each in listener.owners or () if each.pid in known}
    for container in containers(facts):
        inside = container.pid in known and known[container.pid].namespace == listener.namespace is not None
        if inside or any(each and container.identifier.startswith(each[:12]) for each in identifiers):
            return container
    return None
