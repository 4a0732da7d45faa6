"""The device that connects has no port left to connect from: all of its ephemeral ports are in use, or
rest in TIME-WAIT.

Every connection takes a port of a range (32768 to 60999 on Linux); a closed one rests for a minute. A
load test, a crawler, a proxy or a program that leaks connections to one address uses them all up.

What it looks like: at once `ERR_ADDRESS_INVALID`, "Cannot assign requested address", errno 99; to
other addresses it still works.

See it by hand:
  Linux    ss -s; ss -tan dst 192.168.1.100 | awk '{print $1}' | sort | uniq -c
           sysctl net.ipv4.ip_local_port_range
  Windows  netsh int ipv4 show dynamicport tcp

Fix: end the program that makes so many connections, or have it keep one open. A wider range helps at
once: sudo sysctl -w net.ipv4.ip_local_port_range='15000 60999'

Undo: sudo sysctl -w net.ipv4.ip_local_port_range='32768 60999'

Often mistaken for: `bind-address-gone`, which is the server's "Cannot assign requested address".
"""

from __future__ import annotations

from wizard.judge.causes._way import not_here, stop_of
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent, SetSysctl

CAUSE = RootCause(
    ref="ephemeral-ports-exhausted",
    stage=Stage.ROUTE,
    title="The device that connects has no port left",
    catalogue=("H3",),
)
_RANGE = "net.ipv4.ip_local_port_range"
_LOWEST_SANE = 15000


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NO_PORT_LEFT)
    if stop is None:
        return not_here(journey, "This machine has a port to connect from.")
    settings = {} if isinstance(facts.sysctls, Unknown) else facts.sysctls
    words = settings.get(_RANGE, "").split()
    used = _used(facts, journey)
    count = f", and {used} connections to it are open or resting" if used else ""
    between = f" ({words[0]} to {words[1]})" if len(words) == 2 else ""
    return found(
        f"This machine has no free port{between} to connect to {journey.packet.destination} from{count}.",
        *stop.step.evidence,
        fix=(_fix(words),),
    )


def _used(facts: Facts, journey: Journey) -> int:
    known = () if isinstance(facts.connections, Unknown) else facts.connections
    there = (journey.packet.destination, journey.packet.destination_port)
    return sum((each.remote, each.remote_port) == there for each in known)


def _fix(words: list[str]) -> Intent:
    if len(words) == 2 and words[0].isdigit() and int(words[0]) > _LOWEST_SANE:
        return SetSysctl(_RANGE, f"{_LOWEST_SANE} {words[1]}", " ".join(words))
    return Advise("End the program that makes so many connections (`ss -tanp` names it), or wait a minute.")
