"""What is put right on the machine that connects: a way out through its own firewall, a route that refuses taken away."""

from __future__ import annotations

from msgspec.structs import replace

from wizard.firewalls import ufw
from wizard.firewalls.change import Opening
from wizard.firewalls.iptables import write as iptables_write
from wizard.firewalls.nftables import write as nftables_write
from wizard.firewalls.place import in_front_of
from wizard.fixes.after import without_answers
from wizard.fixes.written import Written
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Network, Route, Ufw, WayOut
from wizard.model.journey import Decision
from wizard.model.remedy import AllowOutbound, DropRoute, Risk, Run
from wizard.model.ruleset import Engine


def allow_outbound(intent: AllowOutbound, facts: Facts, decision: Decision) -> Written | None:
    """An accept in front of the rule that stopped it, by ufw where the rule is ufw's."""
    rulesets = () if isinstance(facts.rulesets, Unknown) else facts.rulesets
    place = in_front_of(rulesets, decision.by) if decision.by else None
    if place is None:
        return None
    if place.ruleset.engine == Engine.NFTABLES:
        opening = Opening(intent.proto, intent.port, intent.destination)
        comment = nftables_write.unused_comment(place.chain, opening)
        change = nftables_write.insert(rulesets, place, _nft_words(intent), comment)
    else:
        change = iptables_write.insert(rulesets, place, _iptables_words(intent))
    after = without_answers(replace(facts, rulesets=change.rulesets), intent.port)
    who = _alone(intent.destination)
    title = f"Let this machine reach {who} port {intent.port}/{intent.proto} ({change.through})"
    written = Written(
        title, change.steps, change.undo, after, change.warnings, change.risk, change.persists, change.verify
    )
    enabled = isinstance(facts.ufw, Ufw) and facts.ufw.enabled
    if not enabled or not ufw.may_let_out(place, _iptables_words(intent)[:8]):
        return written
    return _by_ufw(intent, written, ufw.undone_with_it(rulesets))


def _by_ufw(intent: AllowOutbound, written: Written, also: tuple[Run, ...]) -> Written:
    """The same in ufw's words; its rule stands among ufw's own, in front of the other rules for this direction."""
    rule = ("allow", "out", "to", _alone(intent.destination), "port", str(intent.port), "proto", str(intent.proto))
    return replace(
        written,
        title=f"Let this machine reach {_alone(intent.destination)} port {intent.port}/{intent.proto} (ufw)",
        steps=(Run(("ufw", "prepend", *rule), root=True),),
        undo=(Run(("ufw", "delete", *rule), root=True), *also),
        persists="yes",
        verify=(Run(("ufw", "status", "numbered"), root=True),),
    )


def _alone(network: Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _nft_words(intent: AllowOutbound) -> tuple[str, ...]:
    family = "ip" if intent.destination.version == 4 else "ip6"
    return (family, "daddr", _alone(intent.destination), str(intent.proto), "dport", str(intent.port), "accept")


def _iptables_words(intent: AllowOutbound) -> tuple[str, ...]:
    proto = str(intent.proto)
    words = ("-d", str(intent.destination), "-p", proto, "-m", proto, "--dport", str(intent.port))
    return (*words, "-m", "comment", "--comment", iptables_write.COMMENT, "-j", "ACCEPT")


def drop_route(intent: DropRoute, facts: Facts) -> Written | None:
    """`ip route del`, and `add` with the same words."""
    route = intent.route
    if isinstance(facts.routes, Unknown) or route not in facts.routes:
        return None
    words = _route_words(route)
    ip = ("ip", "-6", "route") if route.destination.version == 6 else ("ip", "route")
    left = tuple(each for each in facts.routes if each is not route)
    return Written(
        f"Take the route {' '.join(words)} away",
        (Run((*ip, "del", *words), root=True),),
        (Run((*ip, "add", *words), root=True),),
        _untried(replace(facts, routes=left), route),
        ("The program that made this route (often a VPN) may put it back.",),
        Risk.MEDIUM,
        "until reboot",
        (Run((*ip, "get", str(route.destination.network_address))),),
    )


def _route_words(route: Route) -> tuple[str, ...]:
    """A route in ip-route(8)'s words: kind, prefix, table and metric as they were read."""
    words: tuple[str, ...] = () if route.kind == "unicast" else (route.kind,)
    words += ("default" if route.destination.prefixlen == 0 else str(route.destination),)
    if route.gateway:
        words += ("via", str(route.gateway))
    if route.device and route.kind == "unicast":
        words += ("dev", route.device)
    if route.table not in ("main", ""):
        words += ("table", route.table)
    return (*words, "metric", str(route.metric)) if route.metric else words


def _untried(facts: Facts, route: Route) -> Facts:
    """What was asked or tried over that route says nothing about the time after it."""
    asked: tuple[WayOut, ...] = () if isinstance(facts.ways_out, Unknown) else facts.ways_out
    kept = tuple(each for each in asked if each.destination not in route.destination)
    return replace(facts, ways_out=kept, attempts=())
