"""The firewall has a rule that lets this port in, but an earlier rule stops the packet before it
gets there.

Rules are asked in order and the first one that matches decides. An allow that was appended at the
end (`iptables -A`, `ufw allow` behind a `ufw deny`) stands behind a deny for the network, or behind
a catch-all that the system's image came with.

What it looks like: `ERR_CONNECTION_TIMED_OUT` (drop) or `ERR_CONNECTION_REFUSED` /
`ERR_ADDRESS_UNREACHABLE` (reject), although the list of rules shows the port as allowed.

See it by hand:
  Linux    sudo ufw status numbered             a DENY or REJECT with a smaller number that also matches
           sudo iptables -L INPUT -n --line-numbers
           sudo nft -a list chain inet filter input

Fix: put the allow in front of the rule that decides. ufw: `sudo ufw prepend allow ...` (`insert 1`
fails where the list is empty). iptables: `-I INPUT N` with the number of the deciding rule. nft:
`nft insert rule ... position HANDLE`. The rule that decides stays: it may be meant for everything
else.

Undo: delete the new rule; the old order is back.

Often mistaken for: `two-firewalls-disagree`, where the deny is another firewall's;
`firewall-drops-port`, where there is no allow at all.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import allow, evidence, filtered, near_misses, not_filtered, said
from wizard.judge.counterfactual import rule_of, without_rule
from wizard.judge.trace import trace
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey, RuleReference
from wizard.model.ruleset import AllOf, AnyOf, Concat, Condition, Field, SetMatch, VerdictMap

CAUSE = RootCause(
    ref="allow-rule-comes-too-late",
    stage=Stage.FIREWALL,
    title="The rule that allows this port comes after the one that decides",
    outranks=("firewall-drops-port", "firewall-rejects-port"),
    catalogue=("E2", "E6", "E13"),
)
_DEEPEST = 4
"""How many deciding rules behind one another are lifted away to find an allow behind them."""


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = filtered(journey)
    if decision is None or decision.by is None:
        return not_filtered(facts, journey, "No rule stands in front of an allow.")
    by = decision.by
    late = late_allow(facts, journey, by)
    if late is None:
        return ruled_out("No allow for this port stands behind the rule that decides.", *evidence(by))
    return found(
        f"{said(late)} allows port {target.port}, but {said(by)} comes first and decides.",
        *evidence(by),
        *evidence(late),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )


def late_allow(facts: Facts, journey: Journey, by: RuleReference) -> RuleReference | None:
    """The accept of the same table that is met once the deciding rule (and its like behind it) is lifted away."""
    decided: RuleReference | None = by
    for _ in range(_DEEPEST):
        if decided is None or decided.what != "rule" or _table(decided) != _table(by):
            return None
        facts = without_rule(facts, decided)
        after = trace(facts, journey.packet, explain=False)
        if after.outcome in ("deliver", "forward"):
            return accepting(facts, after, by)
        decided = after.by
    return None


def accepting(facts: Facts, decision: Decision, by: RuleReference) -> RuleReference | None:
    """The rule that let the packet pass the hook where `by` stopped it, if it is one that somebody made for this."""
    passed = [each for each in decision.visited if each.what == "rule" and _table(each) == _table(by)]
    return next((each for each in passed if each.hook in ("", by.hook) and _is_meant(facts, each)), None)


def _is_meant(facts: Facts, accept: RuleReference) -> bool:
    """Not a catch-all that only spells a policy out: `-A INPUT -j ACCEPT`, or ufw's accept of whatever its default allows."""
    if accept.chain.startswith(("ufw-track-", "ufw6-track-")):
        return False
    found_rule = rule_of(facts, accept)
    if found_rule is None:
        return True
    chain, rule = found_rule
    return chain.base is None or any(_chooses(each) for each in rule.statements)


_CHOICES = ("saddr", "daddr", "dport", "iif", "iifname", "mark")


def _chooses(statement: object) -> bool:
    """Whether a condition picks out senders, ports or interfaces."""
    if isinstance(statement, Condition):
        return _chooses(statement.left)
    if isinstance(statement, AnyOf | AllOf):
        return any(_chooses(each) for each in statement.conditions)
    if isinstance(statement, Concat):
        return any(_chooses(each) for each in statement.parts)
    if isinstance(statement, Field):
        return statement.name.split()[-1] in _CHOICES
    return isinstance(statement, SetMatch | VerdictMap)


def _table(by: RuleReference) -> tuple[str, str, str]:
    return by.engine, by.family, by.table
