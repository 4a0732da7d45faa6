"""What a Mac's firewalls are told, and how it is taken back. Known from documents, not measured by us.

The application firewall is spoken to by socketfilterfw; pf gets an anchor of our own below `com.apple`, which the stock
rules evaluate: nothing of the owner's rules is touched, and it is gone with one command.
"""

from __future__ import annotations

from msgspec.structs import replace

from wizard.fixes.written import Written
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Facts
from wizard.model.journey import Decision
from wizard.model.macos import AppRule, MacFacts, Pf, PfPeer, PfPorts, PfRule
from wizard.model.remedy import AllowInbound, AllowProgram, Risk, Run

FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"
_PLANNED = Origin("the plan")
_ANCHOR = "com.apple/999.connection-wizard"


def allow_program(intent: AllowProgram, facts: Facts) -> Written | None:
    """An entry that lets the program in, or the end of "block all"; the rest of the settings stays."""
    mac = facts.macos
    if not isinstance(mac, MacFacts) or isinstance(mac.application_firewall, Unknown) or mac.managed:
        return None
    firewall = mac.application_firewall
    if intent.everything:
        after = replace(firewall, block_all=False)
        return Written(
            "Stop blocking all incoming connections; the list of programs decides again",
            (_alf("--setblockall", "off"),),
            (_alf("--setblockall", "on"),),
            replace(facts, macos=replace(mac, application_firewall=after)),
            ("Every program that its list allows can be reached again, not only this one.",),
            Risk.MEDIUM,
            verify=(_alf("--getblockall"),),
        )
    others = tuple(rule for rule in firewall.apps if rule.path != intent.path)
    after = replace(firewall, apps=(*others, AppRule(intent.path, True, _PLANNED)))
    first = () if intent.listed else (_alf("--add", intent.path),)
    undo = _alf("--blockapp", intent.path) if intent.listed else _alf("--remove", intent.path)
    return Written(
        f"Let {intent.path} be reached (application firewall)",
        (*first, _alf("--unblockapp", intent.path)),
        (undo,),
        replace(facts, macos=replace(mac, application_firewall=after)),
        ("The application firewall decides by program: every port that this program opens can be reached.",),
        Risk.MEDIUM,
        verify=(_alf("--listapps"),),
    )


def _alf(*words: str) -> Run:
    return Run((FIREWALL, *words), root=True)


def allow_inbound(intent: AllowInbound, facts: Facts, decision: Decision) -> Written | None:
    """A pass rule in an anchor of our own. None where another rule decides at once (`quick`) before it, or the stock
    anchor is not evaluated: then only the owner of those rules can help."""
    mac = facts.macos
    if not isinstance(mac, MacFacts) or isinstance(mac.pf, Unknown) or isinstance(mac.pf.rules, Unknown):
        return None
    family = "inet" if intent.source.version == 4 else "inet6"
    text = f"pass in quick {family} proto {intent.proto} from {intent.source} to any port = {intent.port}"
    rule = PfRule(
        "pass", text, "in", True, family=intent.source.version, protocol=intent.proto.value,
        source=PfPeer((intent.source,)), destination=PfPeer(ports=PfPorts(intent.port, intent.port)), origin=_PLANNED,
    )  # fmt: skip
    after = replace(mac.pf, anchors={**mac.pf.anchors, _ANCHOR: (rule,)})
    if decision.by is None or not _evaluated_first(mac.pf, decision.by.rule):
        return None
    line = text.replace("port = ", "port ")
    return Written(
        f"Let {intent.source} reach {intent.proto} port {intent.port} (pf)",
        (Run(script=f"echo '{line}' | pfctl -a {_ANCHOR} -f -", root=True),),
        (Run(("pfctl", "-a", _ANCHOR, "-F", "rules"), root=True),),
        replace(facts, macos=replace(mac, pf=after)),
        persists="until reboot",
        verify=(Run(("pfctl", "-a", _ANCHOR, "-s", "rules"), root=True),),
    )


def _evaluated_first(pf: Pf, blocking: str) -> bool:
    """Whether the anchors of `com.apple` are asked before the rule that blocks, or that rule leaves the last word open."""
    if isinstance(pf.rules, Unknown):
        return False
    asked = False
    for rule in pf.rules:
        if rule.action == "anchor" and rule.anchor == "com.apple/*":
            asked = True
        if rule.text == blocking and rule.quick and not asked:
            return False
    return asked
