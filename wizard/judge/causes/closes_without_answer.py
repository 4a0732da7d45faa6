"""The program takes the connection and ends it without an answer that a browser understands.

It crashes on the request, belongs to another protocol (SSH, a database, gRPC), allows only certain
addresses (TCP wrappers, an own list), or is a proxy whose other side is gone.

What it looks like: `ERR_EMPTY_RESPONSE`, `ERR_CONNECTION_RESET`, `ERR_INVALID_HTTP_RESPONSE`; curl
exit code 52, 56 or 1.

See it by hand:
  Linux    curl -v http://127.0.0.1:5000/       the same from the machine itself: no firewall is involved
           nc 127.0.0.1 5000                    what it says first (SSH-2.0-..., a database's greeting)
           journalctl -u NAME -n 50             its log, at the moment of the request
  macOS    curl -v http://127.0.0.1:5000/; nc 127.0.0.1 5000
  Windows  curl.exe -v http://127.0.0.1:5000/

Fix: read the program's log for that moment; use the client that speaks its protocol. Behind a
proxy: start the other side.

Undo: nothing was changed.

Often mistaken for: `http-asked-of-https`, which also hangs up on plain text;
`container-app-on-loopback` behind Docker's proxy.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import not_here, stop_of
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Attempt, Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="closes-without-answer",
    stage=Stage.APPLICATION,
    title="The program closes the connection without an answer",
    catalogue=("B9", "E22", "I10", "I17"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.CLOSED, Ending.WRONG_PROTOCOL)
    if stop is None:
        return not_here(journey, "The program answers.")
    attempt = stop.detail if isinstance(stop.detail, Attempt) else None
    who = answers.who(facts, journey.delivered_to) if journey.delivered_to else f"The program on port {target.port}"
    said = "takes the connection and closes it without an answer"
    if stop.ending is Ending.WRONG_PROTOCOL:
        said = f"answers with something that is not {target.scheme.upper()}{_greeting(attempt)}"
    elif attempt is not None and attempt.ended == "reset":
        said = "takes the connection and resets it without an answer"
    return found(
        f"{who} {said}.",
        *((attempt.origin,) if attempt else stop.step.evidence),
        fix=(
            Advise(f"Read what {who} logs at the moment of a request, and see that it is the program that you mean."),
        ),
        certainty=Certainty.PROVED if attempt else Certainty.LIKELY,
    )


def _greeting(attempt: Attempt | None) -> str:
    """The first printable words that it says, for the reader to recognise the protocol."""
    line = (
        attempt.banner.splitlines()[0][:40].decode("ascii", "replace").strip()
        if attempt and attempt.banner.strip()
        else ""
    )
    return f": {line!r}" if line else ""
