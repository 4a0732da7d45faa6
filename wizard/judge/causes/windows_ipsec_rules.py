"""This machine has connection security rules: Windows may take connections only from computers that prove
who they are with IPsec.

Companies hand such rules out to keep strangers away from servers (domain isolation). A device that is
no member of the domain is then answered by nobody, whatever the firewall allows. Rules that only
request IPsec let others in all the same; which of the two they do, this check does not judge.

What it looks like: `ERR_CONNECTION_TIMED_OUT` for a phone or a private laptop, while computers of the
company load the page.

See it by hand:
  Windows  Get-NetIPsecRule -PolicyStore ActiveStore | Select DisplayName,InboundSecurity,Enabled

Fix: ask whoever manages this machine for an exception for this port; a rule of one's own making can be
switched off with Disable-NetIPsecRule.

Undo: Enable-NetIPsecRule.

Often mistaken for: `firewall-drops-port`: company computers load the page, others do not.

Known how: the rules' form from registry files of real machines; the effect from Microsoft's documents.
"""

from __future__ import annotations

from wizard.judge.causes._way import unread
from wizard.judge.causes._windows import ELSEWHERE, known
from wizard.model.capture import Unknown
from wizard.model.diagnosis import (
    Certainty,
    RootCause,
    Severity,
    Stage,
    Target,
    Verdict,
    cannot_tell,
    found,
    ruled_out,
)
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="windows-ipsec-rules",
    stage=Stage.FIREWALL,
    title="Connection security rules may ask for IPsec",
    severity=Severity.WARNING,
    catalogue=("E38",),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    windows = known(facts)
    if windows is None:
        return unread(facts.windows) if isinstance(facts.windows, Unknown) else ruled_out(ELSEWHERE)
    if windows.ipsec_rules is None:
        return cannot_tell("Whether there are connection security rules was not told.", "Get-NetIPsecRule")
    if not windows.ipsec_rules:
        return ruled_out("There are no connection security rules.")
    look = ("Get-NetIPsecRule", "-PolicyStore", "ActiveStore")
    fix = Advise("See whether a connection security rule asks for IPsec on this port.", look)
    return found(
        "This machine has connection security rules: strangers may be refused whatever the firewall allows.",
        fix=(fix,),
        certainty=Certainty.POSSIBLE,
    )
