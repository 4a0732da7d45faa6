"""Findings to plans: pure. Which part of this package knows how to make each intent come true."""

from __future__ import annotations

from wizard.fixes import commands_linux, firewall, macos, outgoing, rebind
from wizard.fixes.alternatives import instead, without_opening
from wizard.fixes.written import Written
from wizard.model.facts import Facts
from wizard.model.journey import Decision, Journey
from wizard.model.remedy import (
    AcceptHostHeader,
    AddRoute,
    Advise,
    AllowInbound,
    AllowOutbound,
    AllowProgram,
    AllowReply,
    BringUp,
    Do,
    DropRoute,
    Instruction,
    Intent,
    OpenInstead,
    Rebind,
    RemoveRedirect,
    Resume,
    Risk,
    Run,
    SetSysctl,
    StartProgram,
    StopProgram,
    Unban,
)

__all__ = ["Written", "instead", "without_opening", "write"]


def write(intent: Intent, facts: Facts, journey: Journey) -> Written | None:
    """The steps that make `intent` true, their undo, and the facts afterwards; None where nobody here knows how."""
    if facts.platform == "windows" and not isinstance(intent, Advise | OpenInstead | AcceptHostHeader):
        from wizard.fixes import windows

        return windows.write(intent, facts, journey)
    decision = _decision(journey)
    match intent:
        case AllowProgram():
            return macos.allow_program(intent, facts)
        case AllowInbound() if decision and facts.platform == "macos":
            return macos.allow_inbound(intent, facts, decision)
        case AllowInbound() if decision:
            return firewall.allow_inbound(intent, facts, decision)
        case AllowReply() if decision:
            return firewall.allow_reply(intent, facts, decision)
        case AllowOutbound() if decision:
            return outgoing.allow_outbound(intent, facts, decision)
        case Unban() if decision:
            return firewall.unban(intent, facts, decision)
        case RemoveRedirect() if journey.decision:
            return firewall.remove_redirect(intent, facts, journey.decision)
        case Rebind():
            return rebind.rebind(intent, facts)
        case AcceptHostHeader():
            return rebind.accept_host(intent, facts)
        case Advise() | OpenInstead():
            return _advice(intent, facts)
        case _:
            return _on_linux(intent, facts)


def _decision(journey: Journey) -> Decision | None:
    """The decision that stopped the packet, on its way in or back."""
    return journey.stop.decision if journey.stop and journey.stop.decision else journey.decision


def _on_linux(intent: Intent, facts: Facts) -> Written | None:
    """What a service, address or route command of this platform does."""
    match intent:
        case Resume():
            return commands_linux.resume(intent, facts)
        case StopProgram():
            return commands_linux.stop_program(intent, facts)
        case StartProgram():
            return commands_linux.start_program(intent, facts)
        case SetSysctl():
            return commands_linux.set_sysctl(intent, facts)
        case BringUp():
            return commands_linux.bring_up(intent, facts)
        case AddRoute():
            return commands_linux.add_route(intent, facts)
        case DropRoute():
            return outgoing.drop_route(intent, facts)
        case _:
            return None


def _advice(intent: Advise | OpenInstead, facts: Facts) -> Written:
    """Something for a person to do; the facts stay as they are, so nothing is proved by it."""
    if isinstance(intent, OpenInstead):
        said = f"Open {intent.url} on the other device" + (
            f" instead of {intent.instead_of}." if intent.instead_of else "."
        )
        return Written(said.rstrip("."), (Do(said),), (), facts, risk=Risk.NONE)
    steps: tuple[Instruction, ...] = (Do(intent.text),)
    if intent.run:
        steps += (Run(intent.run, where=intent.where),)
    return Written(intent.text, steps, (), facts, risk=Risk.NONE)
