"""Other ways on Windows to what a finding asks for: netsh in place of PowerShell, or the network called private."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.fixes import windows
from wizard.fixes.written import Written
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Finding, Target
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.remedy import AllowInbound, Run, SetNetworkCategory
from wizard.model.windows import ProfileName


def instead(finding: Finding, facts: Facts, target: Target, journey: Journey) -> Iterator[tuple[Written, str, str]]:
    """Each with its title and what it opens."""
    known = facts.windows
    if known is None or isinstance(known, Unknown):
        return
    for intent in finding.verdict.intents:
        if not isinstance(intent, AllowInbound):
            continue
        twin = windows.allow_inbound(intent, facts, known, journey, by_netsh=True)
        if twin is not None and any(isinstance(each, Run) for each in twin.steps):
            yield (
                twin,
                "The same rule with netsh, where PowerShell may not be used",
                f"{intent.port}/{intent.proto} to {intent.source}",
            )
        if finding.ref == "windows-profile-mismatch":
            category = SetNetworkCategory(journey.packet.interface, ProfileName.PRIVATE)
            piece = windows.set_category(category, facts, known)
            if piece is not None:
                title = "Call this network private, if you trust everyone on it"
                yield (
                    piece,
                    title,
                    f"everything that is allowed on private networks to everyone on {journey.packet.interface}",
                )
