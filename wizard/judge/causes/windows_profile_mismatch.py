"""A rule of Windows Firewall would let the port in, but only on networks of another kind than this one:
mostly it is for Private networks, and Windows takes this one for Public.

Every network that a Windows machine joins is Public until somebody says otherwise: nobody is trusted
there. Rules are ticked for Domain, Private or Public; only those for the present kind count. Each
interface has its own kind, and a tunnel or a virtual switch without a network of its own is Public.

What it looks like: it worked at home and does not in the office (or after a new router); the page
loads for a long time, then `ERR_CONNECTION_TIMED_OUT`.

See it by hand:
  Windows  Get-NetConnectionProfile                            NetworkCategory: Public or Private
           Get-NetFirewallRule -DisplayName NAME | Select Profile

Fix: a rule for this port in the present profile, for the local network alone:
  New-NetFirewallRule -Name wizard-tcp-5000 ... -Profile Public -RemoteAddress LocalSubnet
Or, only on a network that you trust (home, work), call it private; every rule for private networks
then holds there:
  Set-NetConnectionProfile -InterfaceAlias 'Wi-Fi' -NetworkCategory Private

Undo: Remove-NetFirewallRule -Name wizard-tcp-5000, or -NetworkCategory Public.

Often mistaken for: `windows-rule-leaves-client-out`, where the network is right and the address is
not; `windows-block-rule-wins`.

Known how: rules and profiles from machines' own output; what the kinds mean from Microsoft's
documents.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import allow, evidence, near_misses
from wizard.judge.causes._windows import near, network_name, stopped
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey

CAUSE = RootCause(
    ref="windows-profile-mismatch",
    stage=Stage.FIREWALL,
    title="The rule that allows this port is for another kind of network",
    outranks=("firewall-drops-port", "windows-rule-for-another-program", "windows-rule-leaves-client-out"),
    catalogue=("E33",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = stopped(facts, journey, "No rule misses for the network's kind.")
    if not isinstance(decision, Decision):
        return decision
    miss = near(decision, "profile")
    if miss is None or decision.by is None:
        return ruled_out("No allow rule for another kind of network fits otherwise.", *evidence(decision.by))
    where = network_name(facts, journey.packet.interface)
    return found(
        f"{miss.rule.front_end_words} would let port {target.port} in, but {where} is {decision.by.chain}: "
        f"{miss.differs}.",
        *evidence(miss.rule),
        *evidence(decision.by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )
