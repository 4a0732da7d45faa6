"""A program holds the port for UDP; over TCP, which browsers use, nobody listens.

TCP and UDP ports of the same number have nothing to do with each other. DNS servers, game servers,
syslog, WireGuard and HTTP/3 use UDP.

What it looks like: `ERR_CONNECTION_REFUSED`, although `ss -lun` shows the port.

See it by hand:
  Linux    ss -lunp 'sport = :5000'             UNCONN
           ss -ltnp 'sport = :5000'             nothing
  macOS    lsof -nP -iUDP:5000
  Windows  Get-NetUDPEndpoint -LocalPort 5000

Fix: talk to it with a client that speaks its protocol over UDP; a firewall rule for it has to say
udp. If a web page was expected there, the web program is not running or has another port.

Undo: nothing was changed.

Often mistaken for: `nothing-listening`, and a firewall: lists of ports that do not say tcp or udp
mislead.
"""

from __future__ import annotations

from wizard.judge import answers, sockets
from wizard.judge.causes._bind import nobody_on_port
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener, Proto
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="listens-on-udp-only",
    stage=Stage.PROCESS,
    title="The program takes UDP on this port, not TCP",
    outranks=("nothing-listening", "listens-on-another-port", "listens-on-unix-socket"),
    catalogue=("B5",),
)


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    if not nobody_on_port(journey):
        return not_here(journey, f"A program listens on port {target.port} over {target.proto.upper()}.")
    other = Proto.UDP if journey.packet.proto is Proto.TCP else Proto.TCP
    there = sockets.on_port(listeners, other, target.port)
    if not there:
        return ruled_out(f"Nobody holds port {target.port} over {other.upper()} either.")
    who = answers.who(facts, there[0])
    advice = f"Reach {who} with a client that speaks {other.upper()}, or start the program that serves {target.scheme} there."
    return found(
        f"{who} holds port {target.port} over {other.upper()}; over {journey.packet.proto.upper()} nobody listens.",
        *(each.origin for each in there),
        fix=(Advise(advice),),
    )
