"""Browsers refuse to open this port at all: it is on their list of ports that other protocols use.

6000 (X11), 6665 to 6669 (IRC), 5060 (SIP), 10080 and some seventy more; the list is part of the
Fetch standard ("bad ports") and of Chromium (kRestrictedPorts). The browser sends nothing, whatever
the server and the firewall do; curl works.

What it looks like: `ERR_UNSAFE_PORT` in Chrome and Edge, "This address is restricted" in Firefox.

See it by hand:
  Linux    curl -v http://192.168.1.100:6000/   the page, where the browser shows an error
  macOS    curl -v http://192.168.1.100:6000/
  Windows  curl.exe -v http://192.168.1.100:6000/

Fix: serve on another port (6001, 8080). Only for a test, on one device: `chrome
--explicitly-allowed-ports=6000`, Firefox's network.security.ports.banned.override.

Undo: start it on the old port.

Often mistaken for: a firewall or a dead server: nothing is sent, and curl gets the page.
`provider-blocks-port` is silent instead of saying so at once.
"""

from __future__ import annotations

from wizard.judge import answers
from wizard.judge.causes._bind import free_port, where_to_bind
from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.walk import UNSAFE_PORTS
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Rebind

CAUSE = RootCause(
    ref="browser-blocks-port",
    stage=Stage.NAME,
    title="Browsers refuse to open this port",
    catalogue=("A13",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.NEVER_SENT)
    if stop is None:
        return not_here(
            journey, f"Port {target.port} is {'' if target.port in UNSAFE_PORTS else 'not '}on the browsers' list."
        )
    listener = journey.delivered_to
    process = answers.owner(facts, listener)
    other = free_port(facts, target.port)
    if process is None or listener is None:
        return found(f"{stop.step.name}.", fix=(Advise(f"Serve on another port, such as {other}."),))
    same = listener.address == journey.packet.destination or listener.address.is_unspecified
    where = listener.address if same else where_to_bind(facts, journey.packet.destination)
    return found(
        f"Browsers refuse to open port {target.port}; {answers.described(process)} has to move to another one.",
        listener.origin,
        fix=(Rebind(process.pid, where, listener.port, move_to=other),),
    )
