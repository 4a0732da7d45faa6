"""A Mac's decision about one packet that comes in, and about the answer to it."""

from __future__ import annotations

from msgspec.structs import replace

from wizard.judge import sockets, vantage
from wizard.judge.macos import pf as filters
from wizard.judge.macos import programs
from wizard.judge.routing import LOOPBACK
from wizard.model.capture import Unknown
from wizard.model.facts import Facts
from wizard.model.journey import Decision, NearMiss, RuleReference, Translation
from wizard.model.macos import ApplicationFirewall, AppRule, MacFacts, PfRule
from wizard.model.packet import Packet

_LOOPBACKS = (LOOPBACK, "lo0")
ALF_ENGINE = "macos-application-firewall"
PF_ENGINE = "pf"


def trace(facts: Facts, packet: Packet, explain: bool = True) -> Decision:
    """What becomes of it; `explain=False` leaves out near misses."""
    to = Translation(packet.destination, packet.destination_port)
    mac = facts.macos
    if _is_local(facts, packet):
        return Decision("deliver", to, stage="input", reason="loopback", path=("over loopback",))
    if mac is None or isinstance(mac, Unknown):
        return _unknown(to, mac if isinstance(mac, Unknown) else Unknown("the Mac's firewalls were not read"))
    filtered, to = _filtered(facts, mac, packet, to)
    if filtered is not None and filtered.outcome in ("drop", "reject"):
        return filtered
    asked = _by_program(facts, mac, replace(packet, destination=to.address, destination_port=to.port), to, explain)
    if filtered is not None and asked.outcome == "deliver":
        return filtered
    return asked


def reply(facts: Facts, packet: Packet, decision: Decision) -> Decision:
    """The answer: pf keeps state for what it passed, and the application firewall does not look at what goes out."""
    device = vantage.route_toward(facts, packet.source)
    to = Translation(packet.source, packet.source_port)
    if device is None and not _is_local(facts, packet) and not isinstance(facts.routes, Unknown):
        return Decision("drop", to, stage="output", reason=f"no route to {packet.source}")
    return Decision("deliver", to, stage="output", out_interface=device.device if device else "", path=decision.path)


def hides_closed_ports(facts: Facts, packet: Packet) -> bool | None:
    """Whether a port where nobody listens is silent to this client: stealth mode. None: not told."""
    mac = facts.macos
    if _is_local(facts, packet):
        return False
    if mac is None or isinstance(mac, Unknown) or isinstance(mac.application_firewall, Unknown):
        return None
    return mac.application_firewall.enabled and mac.application_firewall.stealth


def _is_local(facts: Facts, packet: Packet) -> bool:
    return packet.interface in _LOOPBACKS or vantage.is_own(facts, packet.source)


def _unknown(to: Translation, why: Unknown) -> Decision:
    return Decision("unknown", to, stage="input", reason=why.reason, assumptions=(why.reason,))


def _filtered(facts: Facts, mac: MacFacts, packet: Packet, to: Translation) -> tuple[Decision | None, Translation]:
    """pf's word; None where it has none to say: it is off. A redirect changes where it is going before the rules see it."""
    pf = mac.pf
    if isinstance(pf, Unknown):
        return _unknown(to, pf), to
    if not pf.enabled:
        return None, to
    if isinstance(pf.rules, Unknown):
        return _unknown(to, pf.rules), to
    flow = filters.flow(packet)
    turned = filters.redirected(pf, flow, facts)
    if turned is not None:
        to = Translation(turned.address or to.address, turned.port or to.port)
        flow = replace(flow, destination=to.address, destination_port=to.port)
    found = filters.verdicts(pf, pf.rules, flow, facts)
    blocking = [rule for rule in found if rule is not None and rule.action == "block"]
    if not blocking:
        return None, to
    if len(blocking) < len(found):
        names = "; ".join(sorted(rule.text for rule in blocking)[:2])
        return _unknown(to, Unknown(f"whether pf's rule matches cannot be told: {names}")), to
    rule = blocking[0]
    answer = _answer(rule, packet)
    outcome = "reject" if answer else "drop"
    return Decision(outcome, to, answer, _reference(rule), "input", path=(f"pf: {rule.text}",)), to


def _answer(rule: PfRule, packet: Packet) -> str | None:
    prefix = "icmp" if packet.family == 4 else "icmpv6"
    if rule.answers == "rst":
        return "tcp-reset" if packet.proto == "tcp" else f"{prefix}-port-unreachable"
    return f"{prefix}-port-unreachable" if rule.answers == "icmp" else None


def _reference(rule: PfRule) -> RuleReference:
    words = f"pf: {rule.text}" + (f" (label {rule.label})" if rule.label else "")
    return RuleReference(
        PF_ENGINE,
        "inet",
        "pf",
        rule.anchor or "main",
        "rule",
        rule.text,
        hook="input",
        front_end_words=words,
        origin=rule.origin,
    )


def _by_program(facts: Facts, mac: MacFacts, packet: Packet, to: Translation, explain: bool) -> Decision:
    firewall = mac.application_firewall
    if isinstance(firewall, Unknown):
        return _unknown(to, firewall)
    listeners = () if isinstance(facts.listeners, Unknown) else facts.listeners
    found = sockets.lookup(listeners, packet.proto, to.address, to.port, packet.interface)
    if not found and not isinstance(facts.listeners, Unknown) and not (firewall.enabled and firewall.block_all):
        # Nobody listens: there is no program to ask about. What the client sees then is stealth mode's question.
        return Decision("deliver", to, stage="input", path=("application firewall: no program holds the port",))
    process = programs.owner(facts, found[0] if found else None)
    allowed, rule, why = programs.lets_in(mac, firewall, process)
    said = f"application firewall: {why or (rule.origin.text if rule else '')}"
    if allowed is None:
        return _unknown(to, Unknown(why))
    reference = _entry(firewall, rule, why)
    if allowed:
        return Decision("deliver", to, None, reference if firewall.enabled else None, "input", path=(said,))
    near = _near(firewall, process.exe or "") if explain and process is not None else ()
    return Decision("drop", to, None, reference, "input", reason=why, path=(said,), near_misses=near)


def _entry(firewall: ApplicationFirewall, rule: AppRule | None, why: str) -> RuleReference:
    text = rule.origin.text if rule else why
    origin = rule.origin if rule else firewall.origin
    return RuleReference(
        ALF_ENGINE, "inet", "applications", "incoming", "rule" if rule else "policy", text, hook="input",
        front_end="macos", front_end_words=f"the application firewall: {text}", origin=origin,
    )  # fmt: skip


def _near(firewall: ApplicationFirewall, path: str) -> tuple[NearMiss, ...]:
    """Entries that let another copy of the same program in: the usual surprise after an update or in a venv."""
    name = path.rpartition("/")[2]
    found: list[NearMiss] = []
    for rule in firewall.apps:
        if (
            rule.allows
            and rule.path != path
            and rule.path.rpartition("/")[2].rstrip("0123456789.") == name.rstrip("0123456789.")
        ):
            reference = RuleReference(
                ALF_ENGINE, "inet", "applications", "incoming", "rule", rule.origin.text, origin=rule.origin
            )
            found.append(NearMiss(reference, "allow", f"it is for {rule.path}; yours runs from {path}", "program"))
    return tuple(found)
