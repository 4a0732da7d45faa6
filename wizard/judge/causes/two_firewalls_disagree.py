"""Two firewalls are at work on this machine: the one you manage lets the port in, another one stops
it.

Packet filters do not know of each other. An accept is final only within its own table: every other
table, nftables beside ufw's iptables, iptables-legacy beside iptables-nft, is asked as well, and
one drop anywhere is enough. So `ufw status` may truly say ALLOW while the packet dies in
`/etc/nftables.conf`'s table.

What it looks like: `ERR_CONNECTION_TIMED_OUT` or a rejection, although the firewall's own status
shows the port as open.

See it by hand:
  Linux    sudo nft list ruleset                every table with a "hook input" chain is asked
           sudo iptables-save; sudo ip6tables-save
           sudo iptables-legacy-save            only where /proc/net/ip_tables_names is not empty: it loads modules elsewhere
           systemctl status nftables ufw firewalld

Fix: let the port in where it is stopped, with that firewall's own words. Then decide on one
manager: disable the other's service once its rules are saved (`sudo systemctl disable nftables`),
rather than keeping two.

Undo: delete the rule that was added.

Often mistaken for: `allow-rule-comes-too-late`, where both rules are the same firewall's;
`docker-bypasses-firewall`, the other way round.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import allow, evidence, filtered, manager, near_misses, not_filtered, said
from wizard.judge.counterfactual import without_table
from wizard.judge.trace import trace
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey, RuleReference

CAUSE = RootCause(
    ref="two-firewalls-disagree",
    stage=Stage.FIREWALL,
    title="One firewall allows this port, another one stops it",
    outranks=("firewall-drops-port", "firewall-rejects-port", "allow-rule-comes-too-late"),
    catalogue=("E12", "E15", "E23", "E24"),
)
_BOUNCERS = ("fail2ban", "crowdsec", "docker")
"""They stop or pass packets of their own account: not firewalls that a user allows a port in."""


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = filtered(journey)
    if decision is None or decision.by is None:
        return not_filtered(facts, journey, "No two firewalls disagree about this port.")
    by = decision.by
    other = allowed_elsewhere(facts, journey, decision, by)
    if other is None:
        return ruled_out("No other firewall allows this port explicitly.", *evidence(by))
    return found(
        f"{manager(facts, other)} allows port {target.port}, but {manager(facts, by)} stops it: {said(by)}.",
        *evidence(by),
        *evidence(other),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )


def allowed_elsewhere(facts: Facts, journey: Journey, decision: Decision, by: RuleReference) -> RuleReference | None:
    """An accept of the same hook by a rule that somebody else manages: passed already, or met without the deciding table."""
    mine = manager(facts, by)
    without = trace(without_table(facts, by), journey.packet, explain=False)
    for each in (*decision.visited, *without.visited):
        if each.what != "rule" or each.hook not in ("", by.hook, "input", "forward"):
            continue
        if manager(facts, each) not in (mine, *_BOUNCERS):
            return each
    return None
