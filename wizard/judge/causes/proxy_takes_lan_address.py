"""A proxy is set on this machine, and it is asked for the address on the LAN too, which it cannot
reach.

The proxy of a company, a VPN or a debugging tool stands elsewhere: 192.168.1.100 means another
machine there, or none. What is named in the list of exceptions (NO_PROXY, "bypass") is asked
directly.

What it looks like: `ERR_PROXY_CONNECTION_FAILED`, `ERR_TUNNEL_CONNECTION_FAILED`, or the proxy's
own 403 or 502 page.

See it by hand:
  Linux    env | grep -i proxy; gsettings get org.gnome.system.proxy mode
           curl --noproxy '*' -v http://192.168.1.100:5000/     works without the proxy
  macOS    scutil --proxy
  Windows  netsh winhttp show proxy

Fix: name the address among the exceptions, beside what is there (look first, and write it down):
  Linux    export NO_PROXY=localhost,127.0.0.1,192.168.1.100
  macOS    networksetup -setproxybypassdomains Wi-Fi localhost 127.0.0.1 192.168.1.100 "*.local"
  Windows  Settings, Network, Proxy: 192.168.1.100;<local> under "do not use the proxy for"

Undo: set it back to what it was (macOS: networksetup -getproxybypassdomains Wi-Fi shows it before).

Often mistaken for: `bad-gateway`: there the proxy is the server's, here it is yours; a firewall,
because other devices get the page.
"""

from __future__ import annotations

from wizard.judge import vantage
from wizard.judge.causes._way import stop_of
from wizard.judge.proxies import bypassed, without_password
from wizard.model.diagnosis import Ask, Certainty, RootCause, Severity, Side, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts, ProxySettings
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="proxy-takes-lan-address",
    stage=Stage.NAME,
    title="A proxy is asked for an address on the LAN",
    severity=Severity.WARNING,
    catalogue=("A16",),
)


def check(target: Target, facts: Facts, journey: Journey, proxy: ProxySettings) -> Verdict:
    stop = stop_of(journey, Ending.PROXY_REFUSED)
    here = (
        stop is not None
        or target.side is Side.CLIENT
        or (target.vantage is not None and vantage.is_own(facts, target.vantage))
    )
    if not here:
        return ruled_out("The connection comes from another device, whose proxy settings are its own.")
    server = proxy.proxies.get(target.scheme) or proxy.proxies.get("all")
    host = target.host or str(journey.packet.destination)
    if proxy.pac and stop is None and not server:
        return _script(target, host, proxy)
    if not server and stop is None:
        return ruled_out(f"No proxy is set for {target.scheme}.", proxy.origin)
    if stop is None and bypassed(host, proxy.bypass):
        return ruled_out(f"{host} is left out of the proxy.", proxy.origin)
    asked = target.symptom is not None and target.symptom.transport == "proxy-error"
    said = f": {stop.step.name}" if stop else ""
    return found(
        f"Programs on this machine ask the proxy {without_password(server or 'of their settings')} for {host}{said}.",
        proxy.origin,
        *(stop.step.evidence if stop else ()),
        fix=(Advise(f"Add {host} to the proxy's exceptions: NO_PROXY={','.join((*proxy.bypass, host))}"),),
        certainty=Certainty.PROVED if stop else Certainty.LIKELY,
        severity=Severity.BLOCKING if stop or (asked and journey.stop is not None) else None,
    )


def _script(target: Target, host: str, settings: ProxySettings) -> Verdict:
    """A script decides, which is not run here: what it says of this address its text shows."""
    where = "one that the network names (WPAD)" if settings.pac == "wpad" else settings.pac
    run = ("curl", "-sS", "http://wpad/wpad.dat" if settings.pac == "wpad" else settings.pac)
    return found(
        f"Browsers here ask a script which proxy to take, {where}; it may send {host} to one.",
        settings.origin,
        fix=(Advise(f"Read the script for what it says of {host}, or set the browser to no proxy for a try."),),
        certainty=Certainty.POSSIBLE,
        ask=Ask(run, f"PROXY for {host}, rather than DIRECT", "here"),
    )
