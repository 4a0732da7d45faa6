"""What the causes of the firewall stage share: the decision, whose rule made it, and the intent to let one port in."""

from __future__ import annotations

from ipaddress import ip_network

from wizard.judge import vantage
from wizard.judge.causes._way import not_here, stop_of, unread
from wizard.judge.counterfactual import bare
from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import Target, Verdict, cannot_tell, ruled_out
from wizard.model.facts import Facts, Network
from wizard.model.journey import Decision, Ending, Journey, NearMiss, RuleReference
from wizard.model.packet import Packet
from wizard.model.remedy import AllowInbound

FILTERED = (Ending.FILTER_DROPPED, Ending.FILTER_REJECTED)


def filtered(journey: Journey, *endings: Ending) -> Decision | None:
    """The packet filter's decision, if the walk ends in it."""
    stop = stop_of(journey, *(endings or FILTERED))
    return stop.decision if stop else None


def not_filtered(facts: Facts, journey: Journey, otherwise: str) -> Verdict:
    """No packet filter stops it in the way of a cause: ruled out, or cannot tell where the rules could not be judged."""
    decision = journey.decision
    if filtered(journey) is not None or (decision is not None and decision.outcome != "unknown"):
        return not_here(journey, otherwise) if journey.stop is not None else _passed(journey, otherwise)
    if isinstance(facts.rulesets, Unknown):
        return unread(facts.rulesets)
    if facts.unreadable_rulesets:
        return unread(facts.unreadable_rulesets[0])
    if decision is not None:
        return cannot_tell(decision.reason or "; ".join(decision.assumptions) or "the rules could not be judged")
    return not_here(journey, otherwise)


def _passed(journey: Journey, otherwise: str) -> Verdict:
    return ruled_out(otherwise, *evidence(journey.decision.by if journey.decision else None))


def said(by: RuleReference | None) -> str:
    """The rule as a person knows it: in its front end's words, else the rule itself with its place."""
    if by is None:
        return "the packet filter"
    if by.front_end_words:
        return by.front_end_words
    place = f"{by.engine} {by.family} {by.table} {by.chain}"
    return f"the policy of {place}" if by.what == "policy" else f"“{by.rule}” in {place}"


def manager(facts: Facts, by: RuleReference) -> str:
    """Who manages this rule: ufw, firewalld, fail2ban, docker by their own chains and tables; else nobody but the engine,
    and in nftables whoever wrote the table."""
    if by.front_end:
        return by.front_end.lower()
    text = f"{by.table} {by.chain}"
    if by.chain.startswith(("ufw-", "ufw6-")) or (_is_main_chain(by) and manages(facts) == "ufw"):
        return "ufw"
    if by.table == "firewalld":
        return "firewalld"
    if "f2b-" in text:
        return "fail2ban"
    if by.chain.startswith("DOCKER"):
        return "docker"
    return f"{by.engine} table {by.family} {by.table}" if by.engine == "nftables" else by.engine


def _is_main_chain(by: RuleReference) -> bool:
    """The policy of a built-in chain, which ufw sets."""
    return by.what == "policy" and by.table == "filter" and by.engine != "nftables"


def manages(facts: Facts) -> str:
    """The front end that the user speaks to, if one is in charge."""
    if facts.ufw and not isinstance(facts.ufw, Unknown) and facts.ufw.enabled:
        return "ufw"
    if facts.firewalld and not isinstance(facts.firewalld, Unknown) and facts.firewalld.running:
        return "firewalld"
    return ""


def allow(facts: Facts, target: Target, journey: Journey) -> AllowInbound:
    """Let this port in, from the client's LAN (or from the client alone, where it is on none), no wider."""
    decision = journey.stop.decision if journey.stop and journey.stop.decision else journey.decision
    forwarded = decision is not None and decision.stage in ("forward", "postrouting")
    to = journey.translated
    return AllowInbound(
        to.port if to else target.port,
        target.proto,
        audience(facts, journey.packet),
        interface=journey.packet.interface,
        destination=to.address if to and forwarded else None,
        forwarded=forwarded,
    )


def audience(facts: Facts, packet: Packet) -> Network:
    """Whom to let in: the LAN that client and dialled address share, else another attached network of the client, else the
    client's address alone."""
    source = bare(packet.source)
    home = vantage.network_of(facts, packet.destination)
    attached = [each.network for interface in vantage.interfaces(facts) for each in interface.addresses]
    for network in ([home] if home else []) + attached:
        if network.version == source.version and source in network:
            return network
    return ip_network(str(source))


def near_misses(decision: Decision | None) -> tuple[str, ...]:
    """The rules that would have let it in but for one condition, in words."""
    letting_in = [each for each in decision.near_misses if each.verdict == "accept"] if decision else []
    return tuple(dict.fromkeys(_near(each) for each in letting_in))


def _near(near: NearMiss) -> str:
    rule = near.rule.front_end_words or near.rule.rule or said(near.rule)
    return f"“{rule}” would let it in, but {near.differs}"


def evidence(by: RuleReference | None) -> tuple[Origin, ...]:
    """Where the deciding rule was read."""
    return (by.origin,) if by is not None and by.origin.source else ()
