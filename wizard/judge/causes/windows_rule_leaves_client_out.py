"""A rule of Windows Firewall allows the port, but not from the address that this device comes from:
mostly it is for the local subnet, and the device is behind a router, a VPN or in another Wi-Fi.

`LocalSubnet` are the networks that the machine itself has an address in. A phone in a guest network,
a laptop on a VPN and everything behind a second router come from elsewhere.

What it looks like: neighbours load the page; this device waits, then shows
`ERR_CONNECTION_TIMED_OUT`.

See it by hand:
  Windows  Get-NetFirewallRule -DisplayName NAME | Get-NetFirewallAddressFilter     RemoteAddress

Fix: another rule for this device's network and this port; the old one stays as it is:
  New-NetFirewallRule -Name wizard-tcp-5000 ... -RemoteAddress 10.8.0.7

Undo: Remove-NetFirewallRule -Name wizard-tcp-5000

Often mistaken for: `different-subnet`, `no-route-back`; `windows-profile-mismatch`.

Known how: rules from machines' own output; what LocalSubnet means from Microsoft's documents.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import allow, evidence, near_misses
from wizard.judge.causes._windows import near, stopped
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey

CAUSE = RootCause(
    ref="windows-rule-leaves-client-out",
    stage=Stage.FIREWALL,
    title="The rule that allows this port is not for this device's address",
    outranks=("firewall-drops-port",),
    catalogue=("E36",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = stopped(facts, journey, "No rule leaves this device out.")
    if not isinstance(decision, Decision):
        return decision
    miss = near(decision, "source")
    if miss is None:
        return ruled_out("No allow rule misses for the sender's address alone.", *evidence(decision.by))
    return found(
        f"{miss.rule.front_end_words} does not hold for this device: {miss.differs}.",
        *evidence(miss.rule),
        *evidence(decision.by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )
