"""A rule in an early hook (raw, mangle, prerouting, ingress) stops the packet before the firewall's
input rules are asked.

Chains of the types raw and mangle, nftables' prerouting and ingress hooks come before the routing
decision, and so before every chain that `ufw allow` or `iptables -I INPUT` writes to. An allow
there is simply never reached.

What it looks like: `ERR_CONNECTION_TIMED_OUT`, although the input rules let the port in; their
counters stay at zero.

See it by hand:
  Linux    sudo iptables -t raw -S; sudo iptables -t mangle -S PREROUTING
           sudo nft list ruleset                base chains with "hook prerouting" or "hook ingress"

Fix: an exception in front of the rule that drops, in that same chain, for this port and the LAN
only. Some of these rules are there to stop spoofed addresses or floods, so the rule itself stays.

Undo: delete the exception.

Often mistaken for: `firewall-drops-port`: its counters move, here they stay at zero;
`reverse-path-filter`, which no ruleset shows.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import allow, evidence, filtered, near_misses, not_filtered, said
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey

CAUSE = RootCause(
    ref="dropped-before-input",
    stage=Stage.FIREWALL,
    title="A rule in an early hook stops it before the firewall's input rules",
    outranks=("firewall-drops-port", "firewall-rejects-port", "allow-rule-comes-too-late", "two-firewalls-disagree"),
    catalogue=("E20", "E24"),
)
_EARLY = ("ingress", "prerouting")


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = filtered(journey)
    if decision is None:
        return not_filtered(facts, journey, "No early hook stops it.")
    hook = decision.by.hook if decision.by and decision.by.hook else decision.stage
    if decision.stage not in _EARLY and hook not in _EARLY:
        return ruled_out(f"It is stopped in {decision.stage or hook}, not in an early hook.", *evidence(decision.by))
    return found(
        f"The packet is stopped in {hook}, before any input rule is asked: {said(decision.by)}.",
        *evidence(decision.by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )
