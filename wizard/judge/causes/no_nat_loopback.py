"""From the LAN the router's public address leads to the router itself, and this router does not turn
the connection round (NAT loopback, hairpin).

From outside all may be well: only the test from inside fails.

What it looks like: `ERR_CONNECTION_TIMED_OUT` or the router's own page at home; over mobile data
the page opens.

See it by hand:
  Linux    getent ahosts NAME; curl -s https://ifconfig.me
  macOS    dscacheutil -q host -a name NAME
  Windows  Resolve-DnsName NAME
  phone    the same URL with Wi-Fi off

Fix: a name that inside resolves to the inside address (the router's DNS, or a line in the hosts
file); or switch NAT loopback on in the router.

Undo: remove the line.

Often mistaken for: `router-port-forward-missing`: test from mobile data before you change anything.
"""

from __future__ import annotations

from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.client import way_out
from wizard.model.diagnosis import Ask, Certainty, RootCause, Side, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="no-nat-loopback",
    stage=Stage.ROUTE,
    title="The public name does not work from inside the own network",
    catalogue=("G12",),
)
RANK = 6


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    if stop_of(journey, Ending.NO_ANSWER_THERE, Ending.REFUSED_THERE) is None:
        return not_here(journey, "The address answers.")
    if target.side is not Side.CLIENT:
        return ruled_out("This machine is the server; the public address is tried from the other device.")
    way = way_out.toward(facts, journey.packet.destination)
    inside = way is not None and way.source is not None and way.source.is_private and way.gateway is not None
    if journey.packet.destination.version == 6 or not journey.packet.destination.is_global or not inside:
        return ruled_out("It is not a public address that is asked for from behind a router.")
    asked = ("curl", "-4", "-sS", "https://ifconfig.me")
    advice = (
        "Try from outside (a phone with Wi-Fi off); at home use the server's own address, or a name that leads to it."
    )
    return found(
        f"If {journey.packet.destination} is this home's own public address, the router may not lead it back inside.",
        fix=(Advise(advice),),
        certainty=Certainty.POSSIBLE,
        ask=Ask(asked, f"{journey.packet.destination}, the address that was asked for", "here"),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """The same, beside what else an unanswered attempt may mean."""
    verdict = check(target, facts, journey)
    return verdict if verdict.ask is not None else None
