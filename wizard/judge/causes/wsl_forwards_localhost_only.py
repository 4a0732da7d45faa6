"""The program runs in WSL, and Windows hands it only what comes from this machine itself: `localhost:5000`
works, no other device gets there.

In WSL's usual mode (NAT) Linux has an address of its own behind Windows. A helper, wslrelay, listens
on Windows' 127.0.0.1 and ::1 for every port that Linux listens on; on the network's address nobody
does.

What it looks like: http://localhost:5000 loads on this machine; other devices wait, then show
`ERR_CONNECTION_TIMED_OUT`.

See it by hand:
  Windows  netstat -ano | findstr :5000            127.0.0.1:5000 only, of wslrelay.exe
           wsl hostname -I                         the address inside

Fix: a relay on Windows' own address and a firewall rule for it, as an administrator:
  netsh interface portproxy add v4tov4 listenaddress=0.0.0.0 listenport=5000 connectaddress=172.20.1.5 connectport=5000
WSL's address changes whenever it starts. On Windows 11 (22H2 and later) `networkingMode=mirrored`
under [wsl2] in %UserProfile%\\.wslconfig, then `wsl --shutdown`, puts Linux on the network itself.

Undo: netsh interface portproxy delete v4tov4 listenaddress=0.0.0.0 listenport=5000

Often mistaken for: `loopback-only-bind`: a bind to 0.0.0.0 inside WSL changes nothing;
`wsl-hyper-v-firewall-blocks`.

Known how: from Microsoft's documents, WSL's source and reports of others.
"""

from __future__ import annotations

from wizard.judge.causes._bind import refused_on_port
from wizard.judge.causes._way import not_here, unread
from wizard.judge.causes._windows import ELSEWHERE, known, owned_by
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, Listener
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent, SetPortProxy
from wizard.model.windows import Wsl

CAUSE = RootCause(
    ref="wsl-forwards-localhost-only",
    stage=Stage.BIND,
    title="The program runs in WSL, and only this machine itself is handed on to it",
    outranks=("loopback-only-bind", "bound-to-another-address", "nothing-listening", "listens-on-another-port"),
    catalogue=("F20", "F23"),
)
_RELAYS = ("wslrelay", "wslhost")


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    windows = known(facts)
    if windows is None:
        return unread(facts.windows) if isinstance(facts.windows, Unknown) else ruled_out(ELSEWHERE)
    if journey.stop is None or journey.stop.ending is not Ending.NO_LISTENER:
        return not_here(journey, f"Port {target.port} is taken on the network's address.")
    relays = [each for each in refused_on_port(journey) if owned_by(each, *_RELAYS)]
    wsl = windows.wsl if isinstance(windows.wsl, Wsl) else None
    inside = wsl is not None and wsl.mode == "nat" and target.port in (*wsl.ports, *wsl.loopback_ports)
    if not relays and not inside:
        return ruled_out(f"Nothing in WSL listens on port {target.port}, as far as is known.")
    return found(
        f"Port {target.port} is served in WSL, and Windows relays it on localhost only.",
        *(each.origin for each in relays),
        fix=_remedy(target, wsl, relays),
        certainty=Certainty.PROVED if relays else Certainty.LIKELY,
    )


def _remedy(target: Target, wsl: Wsl | None, relays: list[Listener]) -> tuple[Intent, ...]:
    address = next((each for each in wsl.addresses if each.version == 4), None) if wsl else None
    if wsl is not None and target.port in wsl.loopback_ports:
        return (Advise(f"In WSL, have the program listen on 0.0.0.0 instead of 127.0.0.1 (port {target.port})."),)
    if address is None:
        ask = ("wsl", "hostname", "-I")
        return (Advise("Ask WSL for its address, and make a relay to it (netsh interface portproxy add v4tov4).", ask),)
    return (SetPortProxy(target.port, address, target.port),)
