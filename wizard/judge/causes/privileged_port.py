"""The program may not take this port: ports below 1024 are for root, and it runs as an ordinary
user.

Binding fails with "Permission denied" (EACCES) and nothing listens. Where the border is says
`net.ipv4.ip_unprivileged_port_start`, 1024 unless changed; root, and programs with
CAP_NET_BIND_SERVICE, may go below.

What it looks like: `ERR_CONNECTION_REFUSED`; the program's own output says "Permission denied" or
"[Errno 13]".

See it by hand:
  Linux    sysctl net.ipv4.ip_unprivileged_port_start
           ps -o user,pid,args -C python3       an ordinary user, and the port in the command line
  macOS    ps -o user,pid,args -p PID            since macOS 10.14 only with a single address

Fix: take a port from 1024 on (8080 in place of 80), and open that URL. Where it has to be port 80:
a web server in front (nginx, caddy), or for a systemd service
`AmbientCapabilities=CAP_NET_BIND_SERVICE`. Lowering the sysctl lets every user of the machine take
the low ports.

Undo: start it with the old port.

Often mistaken for: `selinux-forbids-port` and `sandbox-forbids-bind`, which also say "Permission
denied", for higher ports too.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._bind import free_port, nobody_on_port, where_to_bind
from wizard.judge.causes._process import listening, waiting_for
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener, Process
from wizard.model.journey import Journey
from wizard.model.remedy import Rebind

CAUSE = RootCause(
    ref="privileged-port",
    stage=Stage.BIND,
    title="The program is not allowed to take a port this low",
    outranks=("nothing-listening", "still-starting", "listens-on-another-port", "other-network-namespace"),
    catalogue=("C7",),
)
_NAME = "net.ipv4.ip_unprivileged_port_start"


def check(
    target: Target,
    facts: Facts,
    journey: Journey,
    listeners: tuple[Listener, ...],
    processes: Mapping[int, Process],
    sysctls: Mapping[str, str],
) -> Verdict:
    if not nobody_on_port(journey):
        return not_here(journey, f"Port {target.port} is taken.")
    text = sysctls.get(_NAME, "1024").strip()
    border = int(text) if text.isdigit() else 1024
    if target.port >= border:
        return ruled_out(f"Port {target.port} is open to every user: the border is {border}.")
    refused = [each for each in waiting_for(facts, target.port) if each.user not in (None, "root", "0")]
    refused = [each for each in refused if not listening(facts, each)]
    if not refused:
        return ruled_out(f"No ordinary user's program asks for port {target.port}.")
    process = refused[0]
    move = Rebind(
        process.pid,
        where_to_bind(facts, journey.packet.destination),
        target.port,
        move_to=free_port(facts, target.port),
    )
    return found(
        f"{answers.described(process)} wants port {target.port}, but runs as {process.user}, and ports below {border}"
        " are for root.",
        process.origin,
        fix=(move,),
        certainty=Certainty.LIKELY,
    )
