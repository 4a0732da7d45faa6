"""Another maker's firewall is installed and filters too, or in place of Windows Firewall; its rules cannot
be read from outside.

Security suites register with Windows, and most take the place of Windows Firewall, which is then
shown as managed by them. VPN clients and endpoint agents may block below it, with filters that no
rule list shows. What either does is theirs to say.

What it looks like: `ERR_CONNECTION_TIMED_OUT`, while Windows Firewall's own rules look right.

See it by hand:
  Windows  Get-CimInstance -Namespace root/SecurityCenter2 -ClassName FirewallProduct | Select displayName,productState
           netsh wfp show filters                      as an administrator: who else filters

Fix: allow the port, or call this network trusted, in that product.

Undo: take it back there.

Often mistaken for: `windows-filtering-platform`, `firewall-drops-port`: opening Windows' own
firewall changes nothing then.

Known how: the list from Microsoft's documents; what the numbers mean from reports of others.
"""

from __future__ import annotations

from wizard.judge.causes._way import unread
from wizard.judge.causes._windows import ELSEWHERE, known
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Certainty, RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import Advise

CAUSE = RootCause(
    ref="windows-another-firewall",
    stage=Stage.FIREWALL,
    title="Another maker's firewall filters here too",
    severity=Severity.WARNING,
    catalogue=("E37", "E39"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    windows = known(facts)
    if windows is None:
        return unread(facts.windows) if isinstance(facts.windows, Unknown) else ruled_out(ELSEWHERE)
    if isinstance(windows.security_products, Unknown):
        return unread(windows.security_products)
    active = [each for each in windows.security_products if each.active is not False]
    if not active:
        return ruled_out("No other maker's firewall is switched on.")
    names = " and ".join(each.name for each in active)
    return found(
        f"{names} filters here beside Windows Firewall or in its place, and its rules cannot be read.",
        *(each.origin for each in active),
        fix=(Advise(f"Allow {target.proto} port {target.port} in {names}, for this network."),),
        certainty=Certainty.LIKELY,
    )
