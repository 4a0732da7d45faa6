"""A packet filter on this machine turns the connection attempt down and says so.

A rule with `reject`, ufw with `default reject`, or firewalld, whose zones reject what they do not
allow. Depending on what the rule answers, the other device shows different things, and a rejection
may look just like a port where nobody listens.

What it looks like:
  tcp-reset, icmp port-unreachable (ufw, nft, iptables)       ERR_CONNECTION_REFUSED at once
  icmp admin- or host-prohibited (firewalld, cloud images)    ERR_ADDRESS_UNREACHABLE, "No route to host"
  icmpv6 admin-prohibited                                     ERR_NETWORK_ACCESS_DENIED, "Permission denied"

See it by hand:
  Linux    sudo ufw status verbose              "Default: reject (incoming)", or a REJECT line
           sudo firewall-cmd --zone=ZONE --list-all
           sudo nft list ruleset; sudo iptables -S INPUT        a rule with reject / -j REJECT
  macOS    sudo pfctl -sr | grep return

Fix: let this one port in, from the LAN's own network, in the words of the firewall that is in
charge (see `wizard explain firewall-drops-port`).

Undo: the same words after `delete`, `--remove-rich-rule`, `nft delete rule ... handle N`, `iptables
-D`.

Often mistaken for: `nothing-listening` and `loopback-only-bind`: a reject can look just like them.
`host-does-not-answer`, where "No route to host" takes three seconds instead of none.
"""

from __future__ import annotations

from wizard.judge.causes._client import listeners, refused, suspicion
from wizard.judge.causes._firewall import allow, evidence, near_misses, not_filtered, said
from wizard.judge.causes._way import stop_of
from wizard.judge.client import who
from wizard.model.diagnosis import Ask, Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="firewall-rejects-port",
    stage=Stage.FIREWALL,
    title="The firewall rejects connections to this port",
    catalogue=("E1", "E2", "E6", "E7", "E12", "E13"),
)
RANK = 3


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.FILTER_REJECTED)
    if stop is None:
        return not_filtered(facts, journey, f"No packet filter rejects port {target.port}/{target.proto}.")
    decision, by = stop.decision, stop.decision.by if stop.decision else None
    answer = f" ({stop.reject_with})" if stop.reject_with else ""
    return found(
        f"The firewall rejects {target.proto} port {target.port} from {journey.packet.source}{answer}: {said(by)}.",
        *evidence(by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """An ICMP error from that address is a packet filter's; a reset may be one's too."""
    attempt = refused(target, facts, journey)
    if attempt is None:
        return None
    if attempt.icmp is None:
        said = f"A firewall on {attempt.address} may reject port {target.port} with a reset."
        ask = listeners(target, f"0.0.0.0:{target.port} or *:{target.port}, so the program is there")
        return suspicion(said, ask, facts, target, journey)
    said = f"The firewall on {attempt.address} rejects port {target.port} (ICMP {who.icmp_words(attempt)} from that address)."
    ask = Ask(("wizard", "check", str(target.port)), "the rule that decides", root=True)
    return suspicion(said, ask, facts, target, journey, Certainty.PROVED)
