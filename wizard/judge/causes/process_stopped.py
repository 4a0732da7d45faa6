"""The program is stopped: it exists, holds the port, and executes nothing.

Ctrl-Z in its terminal, SIGSTOP, a debugger at a breakpoint. The kernel still completes connections
on behalf of a listening socket until its queue is full, so the other device connects, and then
waits for an answer that nobody writes.

What it looks like: the page loads forever; curl connects and gets nothing (exit code 28 with a time
limit).

See it by hand:
  Linux    ps -o pid,stat,args -p PID           state T (stopped) or t (traced)
           ss -ltn 'sport = :5000'              Recv-Q grows with every visitor
  macOS    ps -o pid,stat,args -p PID

Fix: let it run on: `kill -CONT PID`, or `fg` in its terminal. A debugger: continue or detach there.

Undo: kill -STOP PID

Often mistaken for: `process-hung`, which is at least running: the letter T tells.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._process import holders
from wizard.judge.causes._way import not_here, stop_of, unread
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Stage, Verdict, found, ruled_out
from wizard.model.facts import Facts, Process
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Resume

CAUSE = RootCause(
    ref="process-stopped",
    stage=Stage.PROCESS,
    title="The program is stopped",
    outranks=("process-hung", "accept-queue-full"),
    catalogue=("B6",),
)
_STOPPED = ("T", "t")


def check(facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.SILENT, Ending.QUEUE_FULL)
    if stop is None:
        return not_here(journey, "The program answers.")
    stopped = [
        each for listener in stop.listeners for each in holders(facts, listener.owners) if each.state in _STOPPED
    ]
    if isinstance(stop.detail, Process) and stop.detail.state in _STOPPED and stop.detail not in stopped:
        stopped.append(stop.detail)
    if not stopped:
        return (
            unread(facts.processes)
            if isinstance(facts.processes, Unknown)
            else ruled_out("The program is not stopped.")
        )
    first = next((each for each in stopped if each.parent not in {other.pid for other in stopped}), stopped[0])
    more = f" with {len(stopped) - 1} more" if len(stopped) > 1 else ""
    traced = ", by a debugger" if first.state == "t" else ""
    return found(
        f"{answers.described(first)}{more} is stopped{traced}: it takes connections and never answers.",
        *(each.origin for each in stopped),
        fix=tuple(Resume(each.pid, each.name) for each in sorted(stopped, key=lambda each: each.pid)),
    )
