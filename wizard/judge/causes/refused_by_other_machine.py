"""The other machine, or something in front of it, refuses the connection at once; which of several reasons it is can only be
told there.

A reset (RST) comes from a host where nothing listens on that address and port: the program is not running, runs on another
port, or listens on 127.0.0.1 only. An ICMP "port unreachable" comes from a firewall that rejects. Linux keeps apart which
of the two it was, and who sent it, in the socket's error queue (ip(7), IP_RECVERR).

What it looks like: `ERR_CONNECTION_REFUSED` at once.

See it by hand:
  Linux    curl -v http://192.168.1.100:5000/
  macOS    curl -v http://192.168.1.100:5000/
  Windows  curl.exe -v http://192.168.1.100:5000/

Fix: run the wizard on the other machine, or ask there: ss -ltnp 'sport = :5000'. Three answers settle it: nothing (start the
program), 127.0.0.1:5000 (start it with an address that the network reaches), 0.0.0.0:5000 (a firewall rejects).

Undo: nothing was changed.

Often mistaken for: `host-does-not-answer`, which is silence: a refusal proves that somebody is
there. But perhaps not the right one: `address-not-of-this-machine`, `duplicate-address`.
"""

from __future__ import annotations

from wizard.judge.causes._client import over_there, place
from wizard.judge.causes._way import not_here
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Attempt, Facts
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="refused-by-other-machine",
    stage=Stage.REACHABILITY,
    title="The other machine refuses the connection",
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = journey.stop
    if stop is None or stop.ending is not Ending.REFUSED_THERE:
        return not_here(journey, "The other machine does not refuse the connection.")
    fix = over_there(facts, target, journey)
    return found(_who(stop.detail, target), *stop.step.evidence, fix=(fix,), certainty=Certainty.LIKELY)


def _who(attempt: object, target: Target) -> str:
    if not isinstance(attempt, Attempt) or attempt.icmp is None:
        where = place(attempt) if isinstance(attempt, Attempt) else f"{target.host}:{target.port}"
        return f"{where} is refused at once, by a reset from that address: nothing takes the connection there."
    return f"{attempt.icmp.offender} rejects the connection (ICMP {attempt.icmp.type}/{attempt.icmp.code}): a firewall there."
