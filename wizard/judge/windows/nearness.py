"""The rules that would have let a connection in but for one condition, and that condition in words."""

from __future__ import annotations

from wizard.judge.windows import words
from wizard.judge.windows.conditions import failing
from wizard.judge.windows.paths import base, expanded
from wizard.judge.windows.question import Question, asked
from wizard.model.capture import Unknown
from wizard.model.facts import Facts
from wizard.model.journey import NearMiss
from wizard.model.packet import Packet
from wizard.model.windows import Direction, ProfileName, RuleAction, Store, WindowsFacts, WindowsRule

_MOST = 5
_TELLING = (
    "disabled",
    "policy",
    "program",
    "profile",
    "source",
    "interface-type",
    "ipsec",
    "protocol",
    "port",
    "destination",
)
"""The conditions that are worth telling, the most telling first."""


def near(facts: Facts, packet: Packet, profile: ProfileName) -> tuple[NearMiss, ...]:
    """Allow rules of which one condition alone does not hold, the most telling first."""
    windows = facts.windows
    if windows is None or isinstance(windows, Unknown) or isinstance(windows.rules, Unknown):
        return ()
    question = asked(facts, windows, packet, profile)
    found = []
    for number, rule in enumerate(windows.rules):
        if rule.action is not RuleAction.ALLOW or rule.direction is not Direction.IN or rule.store is Store.HARDENING:
            continue
        why = _only_difference(rule, question, windows)
        if why in _TELLING and _is_meant(rule, why, question):
            found.append((_TELLING.index(why), number, rule, why))
    found.sort(key=lambda each: each[:2])
    return tuple(_miss(rule, number, why, question) for _, number, rule, why in found[:_MOST])


def _only_difference(rule: WindowsRule, question: Question, windows: WindowsFacts) -> str:
    """The one condition that does not hold, or empty for none or several."""
    wrong = list(failing(rule, question))
    if rule.enabled is False:
        wrong.append("disabled")
    if rule.store is Store.LOCAL and _ignored(windows, question.profile):
        wrong.append("policy")
    return wrong[0] if len(wrong) == 1 else ""


def _ignored(windows: WindowsFacts, profile: ProfileName) -> bool:
    """Whether Group Policy has the machine's own rules ignored."""
    known = {} if isinstance(windows.profiles, Unknown) else windows.profiles
    return profile in known and known[profile].local_rules is False


def _is_meant(rule: WindowsRule, why: str, question: Question) -> bool:
    """Whether somebody made the rule for this: it names the port, or the program, and not only everything else."""
    here = question.packet.destination_port
    names_port = any(low <= here <= high and high - low < 1024 for low, high in rule.local_ports.spans)
    names_program = bool(rule.program) and why != "program"
    if why == "program":
        # Another program's rule for all ports is near only if it is the same kind of program, elsewhere.
        return names_port or _same_file(rule, question)
    if why == "protocol":
        return names_port or names_program
    if why == "port":
        return names_program
    return names_port or names_program


def _same_file(rule: WindowsRule, question: Question) -> bool:
    wanted = base(expanded(rule.program, question.windows.variables))
    return any(wanted == base(expanded(each.path, {})) for each in question.programs or () if each.path)


def _miss(rule: WindowsRule, number: int, why: str, question: Question) -> NearMiss:
    reference = words.of_rule(rule, number, question.profile)
    return NearMiss(reference, "accept", _differs(rule, why, question), why)


def _differs(rule: WindowsRule, why: str, question: Question) -> str:
    packet = question.packet
    match why:
        case "disabled":
            return "it is disabled"
        case "policy":
            return "Group Policy has this machine's own rules ignored"
        case "program":
            yours = next((each.path or each.name for each in question.programs or ()), "another program")
            return f"it is for {rule.program}; yours runs from {yours}"
        case "profile":
            told = " and ".join(each.value for each in rule.profiles)
            return f"it is for {told} networks; this network is {question.profile}"
        case "source":
            return f"it is for {words.addresses(rule.remote_addresses)}; this comes from {packet.source}"
        case "destination":
            return f"it is for the address {words.addresses(rule.local_addresses)}; this goes to {packet.destination}"
        case "protocol":
            return f"it is for another protocol than {packet.proto.upper()}"
        case "port":
            return f"it is for port {words.ports(rule.local_ports)}; this is port {packet.destination_port}"
        case "interface-type":
            return f"it is for {', '.join(rule.interface_types)} interfaces"
        case _:
            return "it is for connections that IPsec protects"
