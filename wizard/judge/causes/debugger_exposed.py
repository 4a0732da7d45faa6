"""Werkzeug's interactive debugger is on: whoever can open a page with an error can run any code on
this machine.

`flask run --debug`, FLASK_DEBUG=1, `app.run(debug=True)`. The debugger's PIN is a hurdle, not a
lock: it can be worked out from facts that other bugs leak. On loopback it is a help; on a network
it is a remote shell for everyone there.

What it looks like: a page with a traceback and a console on every error; in the server's output
"Debugger is active!".

See it by hand:
  Linux    tr '\\0' '\\n' < /proc/PID/environ | grep FLASK_DEBUG; ps -o args -p PID
           curl -s http://127.0.0.1:5000/console | grep -i werkzeug
  macOS    curl -s http://127.0.0.1:5000/console | grep -i werkzeug
  Windows  curl.exe -s http://127.0.0.1:5000/console

Fix: start it without debug mode before other devices may reach it: `flask run --no-debug`,
`FLASK_DEBUG=0`, `app.run(debug=False)`. The wizard's own plans never put a debugger on a network:
they switch it off first, or refuse to bind.

Undo: start it in debug mode again, on 127.0.0.1.

Often mistaken for: `development-server-exposed`, which is a matter of robustness and not of foreign
code.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge import answers
from wizard.judge.causes._exposed import in_question, reachable_now
from wizard.knowledge.debugger import DebuggerState, debugger_state
from wizard.model.capture import Origin
from wizard.model.diagnosis import RootCause, Severity, Stage, Target, Verdict, cannot_tell, found, ruled_out
from wizard.model.facts import Facts, Listener, Process
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="debugger-exposed",
    stage=Stage.EXPOSURE,
    title="A debugger is within reach of the network",
    severity=Severity.WARNING,
    catalogue=("C1",),
)


def check(
    target: Target, facts: Facts, journey: Journey, listeners: tuple[Listener, ...], processes: Mapping[int, Process]
) -> Verdict:
    for listener in in_question(journey):
        process = answers.owner(facts, listener)
        if process is None:
            continue
        debugger = debugger_state(process, facts)
        if debugger.state is DebuggerState.ON:
            return _found(listener, journey, answers.described(process), debugger.why, *debugger.evidence)
        if debugger.state is DebuggerState.UNKNOWN and _says_werkzeug(facts, listener):
            return cannot_tell(f"Whether {process.name}'s debugger is on: {debugger.why}")
    return ruled_out("No Werkzeug debugger is on the port in question.")


def _found(listener: Listener, journey: Journey, who: str, why: str, *evidence: Origin) -> Verdict:
    where = (
        "other devices can reach it" if reachable_now(journey) else "a plan that opens it must switch the debugger off"
    )
    return found(f"{who} runs with Werkzeug's debugger, and {where}. {why}", listener.origin, *evidence)


def _says_werkzeug(facts: Facts, listener: Listener) -> bool:
    made = [each for each in answers.attempts(facts) if each.port == listener.port]
    return any(b"Werkzeug/" in each.banner for each in made)
