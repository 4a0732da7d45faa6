"""A rule of address translation (DNAT, REDIRECT) sends the port somewhere else, and nobody listens
there.

Left over from an earlier setup: a redirect of 80 to a development port, a container that is gone, a
forward to a machine with a new address. Destination translation comes before the socket is looked
up, so the program on the port that was dialled never sees the packet. Connections from the machine
itself take another way (the output hook) and may well work.

What it looks like: `ERR_CONNECTION_REFUSED`, or `ERR_CONNECTION_TIMED_OUT` where the new place does
not answer at all.

See it by hand:
  Linux    sudo iptables -t nat -S PREROUTING; sudo iptables -t nat -S DOCKER
           sudo nft list ruleset                a chain "type nat hook prerouting" with redirect or dnat
           sudo ss -ltnp                        nobody on the port it leads to
  macOS    sudo pfctl -sn
  Windows  netsh interface portproxy show all

Fix: delete the redirect, or start the program it leads to. A rule that Docker made goes with its
container: `docker stop NAME`, or `sudo systemctl restart docker` where the container is long gone.

Undo: add the same rule again at the same place.

Often mistaken for: `nothing-listening` and `loopback-only-bind`: the program is right, and never
sees the packet; `docker-chains-flushed`.
"""

from __future__ import annotations

from wizard.judge import sockets
from wizard.judge.causes._containers import container_at
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.counterfactual import without_translation
from wizard.judge.trace import trace
from wizard.model.capture import Origin
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Advise, Intent, RemoveRedirect

CAUSE = RootCause(
    ref="redirected-to-dead-port",
    stage=Stage.FIREWALL,
    title="A redirect leads to a port where nobody listens",
    outranks=(
        "nothing-listening",
        "still-starting",
        "listens-on-another-port",
        "listens-on-unix-socket",
        "listens-on-udp-only",
        "port-in-time-wait",
        "privileged-port",
        "other-network-namespace",
        "loopback-only-bind",
        "bound-to-another-address",
        "bind-address-gone",
        "ipv4-only-bind",
        "ipv6-only-bind",
        "bound-to-one-device",
        "reverse-path-filter",
        "no-route-back",
    ),
    catalogue=("D11", "F4", "F13"),
)
_ROUTED = (Ending.SOURCE_FILTERED, Ending.NO_ROUTE)
"""How a translation to a loopback address, or to where no route leads, ends: the kernel drops it while routing."""


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    stop = stop_of(journey, Ending.NO_LISTENER, Ending.FORWARDED_NOWHERE, *_ROUTED)
    if stop is None:
        return not_here(journey, "No redirect leads to a port where nobody listens.")
    to = journey.translated
    if to is None and stop.ending is not Ending.FORWARDED_NOWHERE:
        return ruled_out("Nothing redirects the packet: it keeps the port that was dialled.")
    if stop.ending in _ROUTED and not _let_in_untranslated(facts, journey):
        return ruled_out("The packet would be dropped without the redirect too.")
    here = sockets.lookup(
        listeners, journey.packet.proto, journey.packet.destination, target.port, journey.packet.interface
    )
    if stop.listeners and not here:
        return ruled_out("A program listens where it is sent, but not on that address.", stop.listeners[0].origin)
    where = f"{bracketed(to.address)}:{to.port}" if to else "another machine"
    waiting = ", while a program listens on the port itself" if here else ""
    lost = "where nobody answers" if stop.ending not in _ROUTED else "where the kernel takes no packet from the network"
    return found(
        f"A rule sends port {target.port} on to {where}, {lost}{waiting}.",
        *_evidence(journey),
        fix=_fix(facts, target, journey),
    )


def _let_in_untranslated(facts: Facts, journey: Journey) -> bool:
    """Whether only the new destination (a loopback address, a place without a route) makes the kernel drop the packet."""
    before = trace(without_translation(facts), journey.packet, explain=False)
    return before.by is not None or before.outcome == "deliver"


def _evidence(journey: Journey) -> tuple[Origin, ...]:
    """The rule that translates, as the walk met it."""
    translating = [step for step in journey.steps if step.action == "translate"]
    return tuple(origin for step in translating for origin in step.evidence)


def _fix(facts: Facts, target: Target, journey: Journey) -> tuple[Intent, ...]:
    to = journey.translated
    container = container_at(facts, to.address) if to else None
    if container is None:
        return (RemoveRedirect(target.port, target.proto),)
    said = f"The container {container.name} does not answer on port {to.port if to else target.port}: see what it says."
    return (Advise(said, ("docker", "logs", "--tail", "50", container.name)),)
