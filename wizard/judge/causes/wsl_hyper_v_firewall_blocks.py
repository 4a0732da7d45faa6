"""The program runs in WSL in mirrored mode, and the Hyper-V firewall stops what comes from the network.

In mirrored mode Linux has Windows' own addresses, and is guarded by a firewall of its own, the
Hyper-V firewall: it blocks what no rule of its allows, and rules of Windows Firewall do not count for
it.

What it looks like: http://localhost:5000 loads on this machine; other devices wait, then show
`ERR_CONNECTION_TIMED_OUT`, whatever rule Windows Firewall has.

See it by hand:
  Windows  Get-NetFirewallHyperVVMSetting -PolicyStore ActiveStore -Name '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}'
           Get-NetFirewallHyperVRule -VMCreatorId '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}'

Fix: a rule for this port, as an administrator; some builds want one of Windows Firewall too:
  New-NetFirewallHyperVRule -Name wizard-tcp-5000 -DisplayName wizard-tcp-5000 -Direction Inbound
    -VMCreatorId '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}' -Protocol TCP -LocalPorts 5000 -Action Allow

Undo: Remove-NetFirewallHyperVRule -Name wizard-tcp-5000

Often mistaken for: `firewall-drops-port`: rules of Windows Firewall do not count here;
`wsl-forwards-localhost-only`.

Known how: from Microsoft's documents, WSL's source and its issues (10535, 10714).
"""

from __future__ import annotations

from wizard.judge.causes._firewall import evidence
from wizard.judge.causes._windows import stopped
from wizard.judge.windows.words import HYPER_V
from wizard.model.diagnosis import Certainty, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey
from wizard.model.remedy import AllowHyperV

CAUSE = RootCause(
    ref="wsl-hyper-v-firewall-blocks",
    stage=Stage.FIREWALL,
    title="The Hyper-V firewall stops what comes to WSL",
    outranks=("firewall-drops-port",),
    catalogue=("F22",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = stopped(facts, journey, "The Hyper-V firewall does not stop it.")
    if not isinstance(decision, Decision):
        return decision
    by = decision.by
    if by is None or by.table != HYPER_V:
        return ruled_out("It is not the Hyper-V firewall that stops it.", *evidence(by))
    return found(
        f"WSL serves port {target.port} in mirrored mode, and {by.front_end_words}.",
        *evidence(by),
        fix=(AllowHyperV(target.port, target.proto),),
        certainty=Certainty.LIKELY,
    )
