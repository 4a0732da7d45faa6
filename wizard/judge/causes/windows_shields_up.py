"""Windows Firewall blocks all incoming connections on this kind of network, also those of the programs
in the list of allowed apps: no rule lets anything in.

The tick is in Windows Security, under the network's profile: "Blocks all incoming connections,
including those in the list of allowed apps". It is meant for a cafe, and often forgotten. The rules
stay as they are, shown as enabled, and count for nothing.

What it looks like: the page loads for a long time, then `ERR_CONNECTION_TIMED_OUT`, whatever rule is
added.

See it by hand:
  Windows  Get-NetFirewallProfile -PolicyStore ActiveStore | Select Name,Enabled,AllowInboundRules
           netsh advfirewall show allprofiles            "BlockInboundAlways,AllowOutbound"

Fix: let the rules of that profile count again, and nothing more:
  Set-NetFirewallProfile -Name Private -AllowInboundRules True
Where Group Policy says so, only its administrator can change it.

Undo: Set-NetFirewallProfile -Name Private -AllowInboundRules False

Often mistaken for: `windows-block-rule-wins`, which is one rule for one program;
`windows-local-rules-ignored`.

Known how: the setting's names from machines' own output and [MS-GPFAS] (DoNotAllowExceptions); that
all rules are ignored from Microsoft's documents.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import evidence
from wizard.judge.causes._windows import stopped
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey
from wizard.model.remedy import LiftShields

CAUSE = RootCause(
    ref="windows-shields-up",
    stage=Stage.FIREWALL,
    title="Windows Firewall blocks all incoming connections here, whatever the rules say",
    outranks=("firewall-drops-port", "windows-local-rules-ignored"),
    catalogue=("E35",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = stopped(facts, journey, "Windows Firewall's rules count here.")
    if not isinstance(decision, Decision):
        return decision
    by = decision.by
    if by is None or by.what != "policy" or by.rule != "shields":
        return ruled_out("The profile lets its allow rules count.", *evidence(by))
    return found(
        f"Windows Firewall blocks all incoming connections on {by.chain} networks, also those of allowed apps.",
        *evidence(by),
        fix=(LiftShields(by.chain),),
    )
