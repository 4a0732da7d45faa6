"""No resolver knows the name in the URL, so there is no address to connect to.

A spelling mistake, a name that only one device's hosts file has, a `.local` name where no mDNS is
spoken (UDP port 5353 blocked, an old Android), a private name that the router or a "secure DNS"
setting filters.

What it looks like: `ERR_NAME_NOT_RESOLVED`, `DNS_PROBE_FINISHED_NXDOMAIN`, curl exit code 6; with
the address in the URL the page opens.

See it by hand:
  Linux    getent ahosts NAME; resolvectl query NAME; cat /etc/resolv.conf
  macOS    dscacheutil -q host -a name NAME
  Windows  Resolve-DnsName NAME

Fix: open the URL with the address. To keep the name: a record in the router's DNS, or a line in the
other device's hosts file, and its cache emptied:
  Linux    echo '192.168.1.100 NAME' | sudo tee -a /etc/hosts; resolvectl flush-caches
  macOS    the same line; sudo dscacheutil -flushcache; sudo killall -HUP mDNSResponder
  Windows  Add-Content $env:windir\\System32\\drivers\\etc\\hosts '192.168.1.100 NAME'; ipconfig /flushdns

Undo: remove that line.

Often mistaken for: `mdns-name-does-not-resolve` for names that end in .local;
`dns-rebind-protection`, where some devices find it and others do not.
"""

from __future__ import annotations

from wizard.judge import vantage
from wizard.judge.causes._way import instead, not_here, stop_of
from wizard.model.diagnosis import RootCause, Side, Stage, Target, Verdict, found
from wizard.model.facts import Facts, Resolution
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent

CAUSE = RootCause(
    ref="name-does-not-resolve",
    stage=Stage.NAME,
    title="The name in the URL does not resolve",
    catalogue=("A7", "A10", "A11"),
)


def check(target: Target, facts: Facts, journey: Journey, resolution: Resolution | None) -> Verdict:
    stop = stop_of(journey, Ending.NAME_UNRESOLVED)
    if stop is None:
        return not_here(journey, f"{target.host} resolves." if resolution else "No name has to be looked up.")
    error = f": {resolution.error}" if resolution and resolution.error else ""
    return found(
        f"The name {target.host} does not resolve here{error}.",
        *((resolution.origin,) if resolution else ()),
        fix=(_instead(facts, target),),
    )


def _instead(facts: Facts, target: Target) -> Intent:
    """This machine's address serves where it is the one that is meant."""
    own = vantage.lan_addresses(facts)
    if own and target.side is Side.SERVER:
        return instead(target, address=own[0])
    return Advise(f"Open the URL with the address of {target.host}{_hint(target.host)}")


def _hint(host: str) -> str:
    """What kind of name it is says where it would have to be known."""
    name = host.lower().rstrip(".")
    if name.endswith(".local"):
        return (
            "; .local names are found by mDNS: both devices in one network, avahi or systemd-resolved here "
            "(libnss-mdns), UDP port 5353 open on both."
        )
    if "." not in name:
        return ", or with its domain behind it: a name without a dot is looked up in the search domains of this network only."
    return ", or check how the name is spelled."
