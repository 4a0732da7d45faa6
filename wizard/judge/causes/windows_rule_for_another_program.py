"""A rule of Windows Firewall allows a program, but another one than the one that listens: mostly the same
interpreter in another folder.

A rule holds for one file. `C:\\Python311\\python.exe` and `C:\\Python312\\python.exe` are two programs,
and so are the node.exe of two versions. A virtual environment's `Scripts\\python.exe` only starts the
real interpreter, which is the one that listens: a rule for the environment's path never holds.

What it looks like: it worked until an upgrade (or in another environment); now the page loads for a
long time, then `ERR_CONNECTION_TIMED_OUT`.

See it by hand:
  Windows  (Get-Process -Id (Get-NetTCPConnection -LocalPort 5000 -State Listen).OwningProcess).Path
           Get-NetFirewallApplicationFilter | Where Program -like '*python.exe' | Get-NetFirewallRule

Fix: a rule for the port instead of the program, for the local network alone:
  New-NetFirewallRule -Name wizard-tcp-5000 -DisplayName wizard-tcp-5000 -Direction Inbound -Action Allow
    -Protocol TCP -LocalPort 5000 -Profile Private -RemoteAddress LocalSubnet

Undo: Remove-NetFirewallRule -Name wizard-tcp-5000

Often mistaken for: `windows-block-rule-wins`; `firewall-drops-port`: a rule is there, for another
file.

Known how: rules and paths from machines' own output; what a virtual environment starts from CPython's
documents.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import allow, evidence, near_misses
from wizard.judge.causes._windows import near, stopped
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey

CAUSE = RootCause(
    ref="windows-rule-for-another-program",
    stage=Stage.FIREWALL,
    title="The rule that allows it is for another program file",
    outranks=("firewall-drops-port", "windows-rule-leaves-client-out"),
    catalogue=("E34",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = stopped(facts, journey, "No rule for another program comes near.")
    if not isinstance(decision, Decision):
        return decision
    miss = near(decision, "program")
    if miss is None:
        return ruled_out("No allow rule misses for its program alone.", *evidence(decision.by))
    return found(
        f"{miss.rule.front_end_words} does not let port {target.port} in: {miss.differs}.",
        *evidence(miss.rule),
        *evidence(decision.by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )
