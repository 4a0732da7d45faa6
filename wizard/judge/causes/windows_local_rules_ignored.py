"""Group Policy has this machine's own firewall rules ignored: only rules that an administrator of the
domain (or Intune) hands out count.

The window shows the local rules as enabled all the same, and adding another succeeds, without any
effect. The setting is "Apply local firewall rules: No" (AllowLocalPolicyMerge = 0) of a profile.

What it looks like: `ERR_CONNECTION_TIMED_OUT`, in spite of a rule that allows the port.

See it by hand:
  Windows  Get-NetFirewallProfile -PolicyStore ActiveStore | Select Name,AllowLocalFirewallRules
           reg query HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall /s /v AllowLocalPolicyMerge

Fix: nothing on this machine. Ask whoever manages it for an inbound rule: allow, TCP, this port, this
profile, from the local subnet.

Undo: nothing was changed.

Often mistaken for: `windows-block-rule-wins`, `windows-shields-up`: there a rule of this machine is
at fault.

Known how: the setting from Group Policy files of real machines and [MS-GPFAS] 2.2.3; the effect from
Microsoft's documents.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import allow, evidence, near_misses
from wizard.judge.causes._windows import profile_of, stopped
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey

CAUSE = RootCause(
    ref="windows-local-rules-ignored",
    stage=Stage.FIREWALL,
    title="Group Policy has this machine's own firewall rules ignored",
    outranks=(
        "firewall-drops-port",
        "windows-profile-mismatch",
        "windows-rule-for-another-program",
        "windows-rule-leaves-client-out",
    ),
    catalogue=("E35",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = stopped(facts, journey, "The machine's own rules count.")
    if not isinstance(decision, Decision):
        return decision
    profile, by = profile_of(facts, decision), decision.by
    if by is None or by.what != "policy" or by.rule != "default" or profile is None or profile.local_rules is not False:
        return ruled_out("Group Policy lets the machine's own rules count.", *evidence(by))
    mine = next((each for each in decision.near_misses if each.condition == "policy"), None)
    meant = f"{mine.rule.front_end_words} would let port {target.port} in, but " if mine else ""
    return found(
        f"{meant}Group Policy has this machine's own rules ignored on {by.chain} networks.",
        *(evidence(mine.rule) if mine else ()),
        *evidence(by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )
