"""Other ways to the same goal that open less, or nothing: a tunnel, one address only."""

from __future__ import annotations

from dataclasses import replace

from wizard.fixes import rebind
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Finding, Target
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import Do, Plan, Rebind, Risk, Run


def alternatives(finding: Finding | None, facts: Facts, target: Target, journey: Journey) -> tuple[Plan, ...]:
    """Plans that reach the goal another way; none where the first finding is not about a bind or a firewall."""
    if finding is None:
        return ()
    plans = [_one_address(finding, each, facts, target, journey) for each in finding.verdict.intents]
    tunnel = _tunnel(finding, facts, target, journey)
    return tuple(each for each in (*plans, tunnel) if each is not None)


def _one_address(finding: Finding, intent: object, facts: Facts, target: Target, journey: Journey) -> Plan | None:
    """Bind the dialled address alone: nothing is opened on any other network, and 127.0.0.1 stops working here."""
    if not isinstance(intent, Rebind) or not intent.address.is_unspecified:
        return None
    piece = rebind.rebind(replace(intent, address=journey.packet.destination), facts)
    if piece is None or not any(isinstance(each, Run) for each in piece.steps):
        return None
    return Plan(
        finding.ref,
        f"Listen on {journey.packet.destination} only",
        piece.steps,
        piece.undo,
        piece.risk,
        f"{intent.port}/{target.proto} on the network of {journey.packet.destination} only",
        piece.persists,
        warnings=(*piece.warnings, "the page no longer opens at 127.0.0.1 on this machine"),
    )


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
