"""Who writes a firewall fix, and where: the front end whose rules are met before the rule that decided, else its engine.

The decision says which rule, or policy, stopped the packet, so only that firewall is spoken to. An accept in one table does
not overrule a drop in another (nft(8)); where several stop the packet, the planner walks again and asks again for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

from msgspec.structs import replace

from wizard.firewalls import docker, fail2ban, firewalld, ufw
from wizard.firewalls.change import Change, Opening
from wizard.firewalls.iptables import write as iptables_write
from wizard.firewalls.nftables import write as nftables_write
from wizard.firewalls.place import Place, in_front_of
from wizard.fixes.written import Written
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Firewalld, Network, Proto, Ufw
from wizard.model.journey import Decision, RuleReference, Translation
from wizard.model.remedy import AllowInbound, AllowReply, RemoveRedirect, Unban
from wizard.model.ruleset import Engine, Hook, Nat, Rule, Ruleset, Span

_MANAGED = re.compile(
    r"ufw6?-|DOCKER|docker-|f2b-|firewalld|filter_|IN_|FWD|KUBE-|kube-|LIBVIRT_|libvirt|(?i:crowdsec)"
)
_UFW_CHAIN = re.compile(r"ufw6?-")
_KEEP = {
    "nftables": "To keep it, put the same rule into the file that this machine loads its ruleset from (often "
    "/etc/nftables.conf).",
    "iptables": "To keep it, save the rules the way this machine does it (Debian and Ubuntu: netfilter-persistent save; "
    "RHEL: service iptables save).",
    "ufw": "To keep it, put the same rule into /etc/ufw/before.rules (IPv6: before6.rules).",
    "managed": "The program that made these rules (see the chain's name) writes them anew one day, without this one.",
}


def allow_inbound(intent: AllowInbound, facts: Facts, decision: Decision) -> Written | None:
    """Let the connections in past the rule that stopped this one."""
    place = _place(facts, decision.by)
    if place is None:
        return None
    opening = _inbound(intent, decision, place)
    change = next(_writers(facts, place, opening, intent, decision), None)
    return _written(_allow_title(opening, change), facts, change, place) if change else None


def allow_reply(intent: AllowReply, facts: Facts, decision: Decision) -> Written | None:
    """Let the answers of established connections out past the rule that stopped this one."""
    place = _place(facts, decision.by)
    if place is None:
        return None
    opening = Opening(intent.proto, intent.port, intent.destination, reply=True)
    if opening.interface_needed:
        opening = replace(opening, interface=intent.interface or decision.out_interface)
    change = _by_engine(_rulesets(facts), place, opening)
    title = f"Let the answers from {intent.proto} port {intent.port} out to {_who(opening)} ({change.through})"
    return _written(title, facts, change, place)


def unban(intent: Unban, facts: Facts, decision: Decision) -> Written | None:
    """Lift the ban of one address: through fail2ban where it runs, else by an exception for this address and port."""
    place = _place(facts, decision.by)
    if place is None:
        return None
    jails = facts.fail2ban if not isinstance(facts.fail2ban, Unknown) else ()
    change = fail2ban.unban(_rulesets(facts), place, intent.address, jails, intent.jail)
    title = f"Lift fail2ban's ban of {intent.address}"
    if change is None:
        change = _lift(_rulesets(facts), place, intent)
        title = f"Lift the ban of {intent.address} ({change.through})" if change else ""
    if change is None:
        only = AllowInbound(decision.to.port, Proto.TCP, ip_network(intent.address))
        opening = _inbound(only, decision, place)
        change = next(_writers(facts, place, opening, only, decision))
        change = replace(change, warnings=(*change.warnings, *_banned_by(place, intent)))
        title = f"Let {intent.address} reach tcp port {opening.port} in spite of its ban ({change.through})"
    return _written(title, facts, change, place)


def remove_redirect(intent: RemoveRedirect, facts: Facts, decision: Decision) -> Written | None:
    """Take away the redirect that leads to a dead port; where it serves other ports too, except this one from it."""
    place = _redirect(_rulesets(facts), intent, decision)
    rule = place.next_rule if place else None
    if place is None or rule is None:
        return None
    change = _undirected(facts, place) if _only_for(intent, rule) else None
    title = f"Remove the redirect of {intent.proto} port {intent.port}"
    if change is None:
        everyone = ip_network("::/0" if decision.to.address.version == 6 else "0.0.0.0/0")
        change = _by_engine(_rulesets(facts), place, Opening(intent.proto, intent.port, everyone))
        title = f"Except {intent.proto} port {intent.port} from the redirect"
    return _written(f"{title} ({change.through})", facts, change, place)


def _writers(
    facts: Facts, place: Place, opening: Opening, intent: AllowInbound, decision: Decision
) -> Iterator[Change]:
    """Every firewall that can write it, the one in charge first."""
    rulesets = _rulesets(facts)
    interface = intent.interface or _interface(facts, intent)
    found: list[Change | None] = []
    if _may_speak(facts.ufw):
        fallbacks = ufw.Fallbacks(interface, intent.destination or decision.to.address)
        found.append(ufw.allow(rulesets, place, opening, fallbacks))
    if _may_speak(facts.firewalld):
        told = facts.firewalld if isinstance(facts.firewalld, Firewalld) else None
        found += [firewalld.end_panic(rulesets, place), firewalld.allow(rulesets, place, opening, told, interface)]
    found.append(docker.allow(rulesets, place, opening))
    yield from (change for change in found if change is not None)
    yield _by_engine(rulesets, place, opening)


def _may_speak(front_end: Ufw | Firewalld | Unknown | None) -> bool:
    """Is this front end in charge of its chains? One that was not asked is: its chains are what it left in the rules."""
    if isinstance(front_end, Ufw):
        return front_end.enabled
    if isinstance(front_end, Firewalld):
        return front_end.running
    return front_end is not None


def _interface(facts: Facts, intent: AllowInbound) -> str:
    """The interface on whose network the other devices are, or empty."""
    interfaces = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    addresses = [(interface.name, address) for interface in interfaces for address in interface.addresses]
    source = intent.source.network_address
    return next((name for name, address in addresses if source in address.network), "")


def _by_engine(rulesets: tuple[Ruleset, ...], place: Place, opening: Opening) -> Change:
    if place.ruleset.engine == Engine.NFTABLES:
        return nftables_write.let_through(rulesets, place, opening)
    return iptables_write.let_through(rulesets, place, opening)


def _delete(rulesets: tuple[Ruleset, ...], place: Place) -> Change | None:
    if place.ruleset.engine == Engine.NFTABLES:
        return nftables_write.delete(rulesets, place)
    return iptables_write.delete(rulesets, place)


def _undirected(facts: Facts, place: Place) -> Change | None:
    """The redirect taken away: by firewalld where it is one of its forwarded ports, else as a rule."""
    forwarded = firewalld.stop_forwarding(_rulesets(facts), place) if _may_speak(facts.firewalld) else None
    return forwarded or _delete(_rulesets(facts), place)


def _lift(rulesets: tuple[Ruleset, ...], place: Place, intent: Unban) -> Change | None:
    """A ban that fail2ban left behind: its rule for this one address, taken out. Any other is left as it is."""
    rule = place.next_rule
    if rule is None or not fail2ban.is_theirs(place) or fail2ban.names_set(rule):
        return None
    return _delete(rulesets, place) if fail2ban.bans_only(rule, intent.address) else None


def _banned_by(place: Place, intent: Unban) -> tuple[str, ...]:
    """Who made a ban that is only excepted from, where the names tell, and how to lift it for good."""
    rule = place.next_rule
    if "crowdsec" not in f"{place.table.name} {place.chain.name} {rule.text if rule else ''}".lower():
        return ()
    return (f"CrowdSec made this ban; `cscli decisions delete --ip {intent.address}` lifts it altogether.",)


def _inbound(intent: AllowInbound, decision: Decision, place: Place) -> Opening:
    """The opening as the rule that decided sees it: behind a redirect or DNAT, the port and address it leads to."""
    opening = Opening(intent.proto, decision.to.port or intent.port, intent.source)
    if place.base.base and place.base.base.hook != Hook.INPUT:
        # Here what is for this machine and what is only passing through meet the same rule.
        opening = replace(opening, here=decision.to.address)
    return replace(opening, interface=intent.interface) if opening.interface_needed else opening


def _redirect(rulesets: tuple[Ruleset, ...], intent: RemoveRedirect, decision: Decision) -> Place | None:
    """Where the rule stands that rewrote the destination."""
    seen = (*decision.visited, *((decision.by,) if decision.by else ()))
    places = [place for by in seen if (place := in_front_of(rulesets, by)) and place.next_rule]
    for place in (*places, *_translating(rulesets)):
        rule = place.next_rule
        if rule and any(_leads_to(statement, decision.to) for statement in rule.statements):
            return place
    return None


def _translating(rulesets: tuple[Ruleset, ...]) -> Iterator[Place]:
    """Every rule of every nat table, for want of a decision that names the one."""
    for ruleset in rulesets:
        for table in ruleset.tables:
            for chain in table.chains.values():
                for rule in chain.rules:
                    by = RuleReference(
                        ruleset.engine, table.family, table.name, chain.name, index=rule.index, hook=Hook.PREROUTING
                    )
                    if place := in_front_of(rulesets, by):
                        yield place


def _leads_to(statement: object, to: Translation) -> bool:
    """Does this translate to where the packet ended up? What a rule leaves as it is (None) fits."""
    if not isinstance(statement, Nat) or statement.kind not in ("redirect", "dnat"):
        return False
    return _fits(statement.port, to.port) and _fits(statement.address, int(to.address))


def _fits(translated: object, number: int) -> bool:
    if isinstance(translated, Span):
        return translated.low <= number <= translated.high
    return translated is None or translated == number


def _only_for(intent: RemoveRedirect, rule: Rule) -> bool:
    """Is the rule for this one port, so that nothing else is touched when it goes?"""
    return re.search(rf"dport {intent.port}( |$)", rule.text) is not None


def _place(facts: Facts, by: RuleReference | None) -> Place | None:
    return in_front_of(_rulesets(facts), by) if by else None


def _rulesets(facts: Facts) -> tuple[Ruleset, ...]:
    return () if isinstance(facts.rulesets, Unknown) else facts.rulesets


def _written(title: str, facts: Facts, change: Change, place: Place) -> Written:
    by_engine = change.through in ("nftables", "iptables")
    managed = by_engine and any(_MANAGED.match(name) for name in (place.table.name, place.chain.name))
    return Written(
        title=title,
        steps=change.steps,
        undo=change.undo,
        facts=replace(facts, rulesets=change.rulesets),
        warnings=(*change.warnings, *((_keep(change, place, managed),) if by_engine else ())),
        risk=change.risk,
        persists="until reload" if managed else change.persists,
        verify=change.verify,
    )


def _keep(change: Change, place: Place, managed: bool) -> str:
    """How long the change lasts, and what would keep it."""
    if _UFW_CHAIN.match(place.chain.name):
        return _KEEP["ufw"]
    return _KEEP["managed" if managed else change.through]


def _allow_title(opening: Opening, change: Change) -> str:
    where = f" of {opening.here}" if opening.here else ""
    return f"Let {_who(opening)} reach {opening.proto} port {opening.port}{where} ({change.through})"


def _who(opening: Opening) -> str:
    return f"every IPv{opening.peers.version} address" if opening.anyone else _network(opening.peers)


def _network(addresses: Network) -> str:
    return nftables_write.network(addresses)
