"""More connections wait for the program than its queue may hold, so the kernel drops new ones.

Completed connections wait in the accept queue until the program takes them. When it is over-full
the kernel ignores further attempts, as if a firewall dropped them. The queue's length is the
smaller of the program's backlog and net.core.somaxconn.

What it looks like: `ERR_CONNECTION_TIMED_OUT`, although the program listens and no firewall stands
in the way; it may work now and then.

See it by hand:
  Linux    ss -ltn 'sport = :5000'              Recv-Q above Send-Q
           nstat -az TcpExtListenOverflows TcpExtListenDrops       they rise with every attempt
  macOS    netstat -Lan -p tcp                  the queue's length and its limit

Fix: the program does not keep up: find what it waits for, restart it, give it more workers
(`gunicorn -w 4`). A longer queue (`gunicorn --backlog 2048`, `sysctl net.core.somaxconn`) helps
against short bursts only.

Undo: the old options.

Often mistaken for: `firewall-drops-port`: just as silent, but then Recv-Q is 0; `process-hung`,
where the connection still stands.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._client import silent, suspicion
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import Ask, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="accept-queue-full",
    stage=Stage.PROCESS,
    title="Too many connections wait for the program",
    catalogue=("B8",),
)
RANK = 7


def check(target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...]) -> Verdict:
    stop = stop_of(journey, Ending.QUEUE_FULL)
    if stop is None:
        return not_here(journey, "The queue of waiting connections is not full.")
    full = stop.listeners[0] if stop.listeners else None
    who = answers.who(facts, full) if full else f"the program on port {target.port}"
    counts = f" ({full.accept_queue} wait, {full.backlog} may)" if full else ""
    return found(
        f"{who} does not take its connections{counts}, so the kernel drops new ones.",
        *((full.origin,) if full else ()),
        fix=(Advise(f"Find out why {who} does not accept connections, and restart it with more workers."),),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Silence, seen from the other end: a program that hangs lets the kernel drop what comes next."""
    attempt = silent(target, journey)
    if attempt is None or attempt.errno != "ETIMEDOUT":
        return None
    ask = Ask(("ss", "-Hltn", f"sport = :{target.port}"), "a first number (Recv-Q) above the second (Send-Q)")
    return suspicion("The program may hang, with its queue of connections full.", ask, facts, target, journey)
