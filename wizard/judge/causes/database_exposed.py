"""A database or a control port is within reach of the network.

Redis and MongoDB often ask for no password, Docker's port 2375 hands out the machine, an old
database has known holes. They are meant for programs on the same machine or on a network of their
own; the web application in front is what others should reach.

What it looks like: it works.

See it by hand:
  Linux    sudo ss -ltnp                        redis-server, postgres, mysqld, mongod on 0.0.0.0, * or the LAN's address
  macOS    lsof -nP -iTCP -sTCP:LISTEN
  Windows  Get-NetTCPConnection -State Listen

Fix: bind it to 127.0.0.1 (redis.conf `bind 127.0.0.1 -::1`, postgresql.conf `listen_addresses =
'localhost'`, my.cnf `bind-address = 127.0.0.1`, mongod.conf `net.bindIp`), or let only the machines
in that need it. From elsewhere: an SSH tunnel.

Undo: the old address.

Often mistaken for: nothing that fails: that it works is the danger.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._exposed import in_question
from wizard.judge.causes._process import entry_of
from wizard.knowledge import Service, service_of
from wizard.model.diagnosis import Certainty, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="database-exposed",
    stage=Stage.EXPOSURE,
    title="A database or control port is within reach of the network",
    severity=Severity.WARNING,
)
_KINDS = ("database", "control")


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    for listener in in_question(journey):
        service = _service(facts, listener)
        process = answers.owner(facts, listener)
        entry = entry_of(process) if process else None
        if listener.address.is_loopback or (service is None and (entry is None or entry.kind != "database")):
            continue
        named = entry is not None and entry.kind == "database"
        what = entry.title if named and entry else service.name if service else "a database"
        harm = f": {service.exposing}" if service and service.exposing else ""
        return found(
            f"{what} listens on {listener.address}:{listener.port}, within reach of other devices{harm}.",
            listener.origin,
            certainty=Certainty.PROVED if named else Certainty.LIKELY,
        )
    return ruled_out("No database is within reach on this port.")


def _service(facts: Facts, listener: Listener) -> Service | None:
    """What the port is known for, unless the program that holds it is known to be something else."""
    service = service_of(listener.port, listener.proto)
    process = answers.owner(facts, listener)
    entry = entry_of(process) if process else None
    if (
        service is None
        or service.kind not in _KINDS
        or not service.exposing
        or (entry is not None and entry.kind != "database")
    ):
        return None
    return service
