"""A block rule of Windows Firewall stops the program, and no allow rule can overrule it: Windows goes
by what a rule does, never by its order.

Mostly nobody made it on purpose: when a program listens for the first time, Windows asks "Do you want
to allow ... to access networks?". Whoever cancels that window, or is no administrator, leaves two
block rules behind, one for TCP and one for UDP, for that very program and all ports. Their names
begin with "TCP Query User". A later rule that allows the port changes nothing, which is why
"I have opened the port" is so often heard.

What it looks like: the page loads for a long time, then `ERR_CONNECTION_TIMED_OUT`. On the machine
itself it works.

See it by hand:
  Windows  Get-NetFirewallRule -Direction Inbound -Action Block -Enabled True | Select Name,DisplayName,Profile
           wf.msc, Inbound Rules: the red signs

Fix: switch the block rule off, both of the pair (not deleted, so that it can come back), and let the
port in from the local network where nothing else does:
  Disable-NetFirewallRule -Name 'TCP Query User{...}C:\\path\\python.exe'
A block rule of Group Policy cannot be changed here: only its administrator can.

Undo: Enable-NetFirewallRule -Name '...' for the same rules.

Often mistaken for: `firewall-drops-port`, where an allow rule helps; `windows-shields-up`, which
holds for every program.

Known how: the rules' form from machines (registry and netsh), "block before allow" from [MS-FASP]
2.2.34; how the prompt makes them from Microsoft's documents and reports of others.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import evidence, near_misses, said
from wizard.judge.causes._windows import block_twins, known, rule_of, stopped
from wizard.model.capture import Unknown
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey
from wizard.model.remedy import DisableRule
from wizard.model.windows import RuleAction, Store

CAUSE = RootCause(
    ref="windows-block-rule-wins",
    stage=Stage.FIREWALL,
    title="A block rule of Windows Firewall stops the program",
    outranks=("firewall-drops-port", "windows-rule-for-another-program", "windows-profile-mismatch"),
    catalogue=("E32",),
)
_PROMPT = ("TCP Query User{", "UDP Query User{")


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = stopped(facts, journey, "No block rule of Windows Firewall stops it.")
    if not isinstance(decision, Decision):
        return decision
    rule = rule_of(facts, decision)
    windows = known(facts)
    if rule is None or windows is None or isinstance(windows.rules, Unknown) or rule.action is not RuleAction.BLOCK:
        return ruled_out(f"{said(decision.by)} is no block rule.", *evidence(decision.by))
    made = (
        " It was left by the question that Windows asks when a program first listens."
        if _by_prompt(rule.identifier)
        else ""
    )
    policy = "" if rule.store is Store.LOCAL else f" It comes from {rule.store}."
    return found(
        f"{said(decision.by)} stops {target.proto} port {target.port}, whatever allow rules say.{made}{policy}",
        *evidence(decision.by),
        fix=(DisableRule(block_twins(windows.rules, rule)),),
        near_misses=near_misses(decision),
    )


def _by_prompt(identifier: str) -> bool:
    return identifier.startswith(_PROMPT)
