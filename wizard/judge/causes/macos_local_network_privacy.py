"""macOS does not let this program reach devices on the local network.

macOS 15 and later (and iOS) ask for each app whether it may reach devices on the local network;
where it may not, every connection to a neighbour fails at once as if there were no route. The answer
belongs to the app that is responsible: the terminal, the editor or the tmux that started the program.
Apple's own tools in /usr/bin (curl, nc) and ssh sessions are exempt, and so are the internet, the
router and loopback.

What it looks like: `ERR_ADDRESS_UNREACHABLE`, "No route to host" (errno 65) within milliseconds, while
curl in Terminal works.

See it by hand:
  macOS    /usr/bin/curl -v http://192.168.1.100:5000/
           python3 -c "import socket; socket.create_connection(('192.168.1.100', 5000), 3)"
           route -n get 192.168.1.100; arp -n 192.168.1.100

Fix: System Settings, Privacy & Security, Local Network: switch the app on (the terminal or editor, not
the program itself), and start it again.

Undo: switch it off again.

Often mistaken for: `host-does-not-answer`, which takes seconds and holds for curl too.

Known how: the effect and its exceptions from reports of others who measured them (pi-mcp-adapter 543,
Spexcode 73); not seen on a Mac here.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.client import way_out
from wizard.model.diagnosis import Ask, Certainty, RootCause, Side, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Attempt, Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="macos-local-network-privacy",
    stage=Stage.ROUTE,
    title="macOS keeps the app from the local network",
    outranks=("host-does-not-answer", "own-route-refuses", "no-route-there", "no-route-back"),
    catalogue=("A19", "H8"),
)
_AT_ONCE = 0.1
"""A neighbour that nobody answers for takes seconds; the refusal of the system takes milliseconds."""
_ADVICE = (
    "System Settings, Privacy & Security, Local Network: switch on the app that this program was started from (the "
    "terminal, the editor), and start it again."
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    attempt = _attempt(target, facts, journey)
    if attempt is None:
        return not_here(journey, "No connection to a neighbour was refused by the system itself.")
    if facts.platform != "macos":
        return ruled_out("Only macOS and iOS ask whether an app may reach the local network.", attempt.origin)
    if attempt.errno != "EHOSTUNREACH" or attempt.seconds > _AT_ONCE:
        return ruled_out("A refusal of the system itself comes at once, as 'no route to host'.", attempt.origin)
    if not way_out.in_one_network(facts, attempt.address):
        return ruled_out(f"{attempt.address} is not in a network of this Mac.", attempt.origin)
    return found(
        f"macOS refused the way to {attempt.address} at once, though it lies in this Mac's own network.",
        attempt.origin,
        fix=(Advise(_ADVICE),),
        certainty=Certainty.LIKELY,
        ask=Ask(("/usr/bin/curl", "-v", f"http://{attempt.address}:{target.port}/"), "curl gets through", "here"),
    )


def _attempt(target: Target, facts: Facts, journey: Journey) -> Attempt | None:
    """The attempt that found no way, or nobody, on the client's side."""
    if target.side is not Side.CLIENT or stop_of(journey, Ending.NO_ROUTE, Ending.NO_ANSWER_THERE) is None:
        return None
    made = [each for each in answers.attempts(facts) if each.address == journey.packet.destination]
    return made[0] if made else None
