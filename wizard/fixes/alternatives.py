"""Other ways to the same goal that open less, or nothing: a tunnel, one address only."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from wizard.fixes import rebind
from wizard.fixes.written import Written
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Finding, Target
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Do, Plan, Rebind, Risk, Run


def instead(finding: Finding, facts: Facts, target: Target, journey: Journey) -> Iterator[tuple[Written, str, str]]:
    """Remedies that could stand in place of the finding's own, each with its title and what it opens.

    Binding the dialled address alone opens nothing on any other network; 127.0.0.1 stops working here.
    """
    if facts.platform == "windows":
        from wizard.fixes import windows_instead

        yield from windows_instead.instead(finding, facts, target, journey)
    for intent in finding.verdict.intents:
        if not isinstance(intent, Rebind) or not intent.address.is_unspecified:
            continue
        address = journey.packet.destination
        piece = rebind.rebind(replace(intent, address=address), facts)
        if piece is not None and any(isinstance(each, Run) for each in piece.steps):
            opens = f"{intent.port}/{target.proto} on the network of {address} only"
            yield piece, f"Listen on {address} only", opens


def without_opening(finding: Finding, facts: Facts, target: Target, journey: Journey) -> tuple[Plan, ...]:
    """Ways that change nothing on this machine at all."""
    tunnel = _tunnel(finding, facts, target, journey)
    return (tunnel,) if tunnel else ()


def _tunnel(finding: Finding, facts: Facts, target: Target, journey: Journey) -> Plan | None:
    """An SSH tunnel from the other device, where sshd listens here: opens nothing."""
    if finding.ref not in ("loopback-only-bind", "firewall-drops-port", "firewall-rejects-port") or not _sshd(facts):
        return None
    inner = journey.stop.listeners[0].address if journey.stop and journey.stop.listeners else journey.packet.destination
    forward = f"{target.port}:{bracketed(inner)}:{target.port}"
    return Plan(
        finding.ref,
        "Reach it through an SSH tunnel; nothing is opened",
        (
            Run(("ssh", "-N", "-L", forward, f"USER@{journey.packet.destination}"), where="client", background=True),
            Do(f"On the other device open http://127.0.0.1:{target.port}{target.path} while the tunnel runs."),
        ),
        (Do("End the tunnel with Ctrl-C."),),
        Risk.NONE,
        "nobody else: only who may log in here over SSH",
        "until the tunnel ends",
    )


def _sshd(facts: Facts) -> bool:
    if isinstance(facts.listeners, Unknown):
        return False
    return any(each.port == 22 and not each.address.is_loopback for each in facts.listeners)
