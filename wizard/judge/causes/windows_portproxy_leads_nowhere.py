"""Windows relays this port (`netsh interface portproxy`) to an address where nobody answers: mostly WSL's
address of yesterday.

The relay is a service, iphlpsvc: it takes every connection itself and only then calls the other
side. WSL gets a new address whenever it starts, so a relay that was made once leads nowhere soon.

What it looks like: the connection is taken and closed at once (`ERR_EMPTY_RESPONSE`,
`ERR_CONNECTION_RESET`), or nothing comes for a long time.

See it by hand:
  Windows  netsh interface portproxy show all              where the port leads
           wsl hostname -I                                 WSL's address now

Fix: the relay made anew for the address that is right now, as an administrator:
  netsh interface portproxy delete v4tov4 listenaddress=0.0.0.0 listenport=5000
  netsh interface portproxy add v4tov4 listenaddress=0.0.0.0 listenport=5000 connectaddress=... connectport=5000
WSL in mirrored mode (`networkingMode=mirrored` in .wslconfig) needs no relay.

Undo: the same two commands with the old address.

Often mistaken for: `closes-without-answer`: the program behind is never reached;
`wsl-forwards-localhost-only`, where there is no relay yet.

Known how: the listings from machines' own output; what the client sees from reports of others.
"""

from __future__ import annotations

from ipaddress import ip_address

from wizard.judge import answers
from wizard.judge.causes._bind import nobody_on_port
from wizard.judge.causes._way import not_here, unread
from wizard.judge.causes._windows import ELSEWHERE, known
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent, SetPortProxy
from wizard.model.windows import PortProxy, WindowsFacts, Wsl

CAUSE = RootCause(
    ref="windows-portproxy-leads-nowhere",
    stage=Stage.CONFLICT,
    title="Windows relays this port to an address where nobody answers",
    outranks=(
        "closes-without-answer",
        "port-taken-by-another-program",
        "process-hung",
        "nothing-listening",
        "listens-on-another-port",
    ),
    catalogue=("D11", "F21"),
)
_ENDINGS = (Ending.CLOSED, Ending.SILENT)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    windows = known(facts)
    if windows is None:
        return unread(facts.windows) if isinstance(facts.windows, Unknown) else ruled_out(ELSEWHERE)
    if isinstance(windows.port_proxies, Unknown):
        return unread(windows.port_proxies)
    place = next((at for at, each in enumerate(windows.port_proxies) if each.listen_port == target.port), None)
    if place is None:
        return ruled_out(f"Windows does not relay port {target.port}.")
    proxy = windows.port_proxies[place]
    if nobody_on_port(journey) and _is_asleep(windows):
        return found(
            f"Windows is to relay port {target.port}, but the service that does it, iphlpsvc, does not run.",
            proxy.origin,
            fix=(SetPortProxy(target.port, ip_address(proxy.connect_address), proxy.connect_port, place),)
            if _is_literal(proxy.connect_address)
            else (Advise("Start the service iphlpsvc.", ("net", "start", "iphlpsvc")),),
        )
    if journey.stop is None or journey.stop.ending not in _ENDINGS:
        return not_here(journey, f"The relay of port {target.port} is answered.")
    stale = _is_stale(windows, proxy)
    why = " and WSL has another address now" if stale else ""
    made = answers.of_application(facts, journey.delivered_to, journey.packet.destination, target.port)
    return found(
        f"Windows relays port {target.port} to {proxy.connect_address}:{proxy.connect_port}, where nobody answers{why}.",
        proxy.origin,
        *(each.origin for each in made[:1]),
        fix=(_remedy(windows, proxy, place, target.port),),
        certainty=Certainty.PROVED if stale else Certainty.LIKELY,
    )


def _is_asleep(windows: WindowsFacts) -> bool:
    """Whether the relay's service is stopped."""
    return not isinstance(windows.service_states, Unknown) and windows.service_states.get("iphlpsvc") == "stopped"


def _is_literal(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_stale(windows: WindowsFacts, proxy: PortProxy) -> bool:
    """Whether it leads to none of the addresses that WSL has now."""
    addresses = windows.wsl.addresses if isinstance(windows.wsl, Wsl) else ()
    return bool(addresses) and proxy.connect_address not in map(str, addresses)


def _remedy(windows: WindowsFacts, proxy: PortProxy, place: int, port: int) -> Intent:
    """To WSL's present address, if something listens on that port there; else a person has to know."""
    wsl = windows.wsl if isinstance(windows.wsl, Wsl) else None
    version = 6 if proxy.kind.endswith("v6") else 4
    here = next((each for each in wsl.addresses if each.version == version), None) if wsl else None
    if wsl is not None and here is not None and str(here) != proxy.connect_address and proxy.connect_port in wsl.ports:
        return SetPortProxy(port, ip_address(str(here)), proxy.connect_port, place)
    return Advise(
        f"Start what should answer at {proxy.connect_address}:{proxy.connect_port}, or make the relay anew for the right "
        "address (netsh interface portproxy)."
    )
