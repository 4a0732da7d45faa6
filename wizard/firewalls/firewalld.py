"""firewalld: writes its own nftables table (or iptables chains), one chain family per zone and policy.

    firewall-cmd --zone=public --add-rich-rule='rule family="ipv4" source address="192.168.1.0/24" port port="5000" ...
    firewall-cmd --permanent --zone=public --add-rich-rule='rule family="ipv4" ... protocol="tcp" accept'

A zone's chain calls, in this order: policies before it, `_pre` (rich rules of negative priority, lowest first), `_log`,
`_deny`, `_allow`, `_post`, policies after it, and then its target (firewalld.richlanguage(5)). So an accept never
overrules a deny of the same zone unless it has a lower priority. Before firewalld 1.0 a zone without a target of its own
ends without a verdict, and the reject at the end of filter_INPUT speaks for it. Panic mode is a table of its own.
"""

from __future__ import annotations

import re
from ipaddress import ip_network

from msgspec import Struct
from msgspec.structs import replace

from wizard.firewalls.change import Change, Opening, replaced
from wizard.firewalls.iptables.read import rule as iptables_rule
from wizard.firewalls.iptables.write import conditions as iptables_conditions
from wizard.firewalls.nftables.write import conditions as nft_conditions
from wizard.firewalls.nftables.write import read_rule
from wizard.firewalls.place import Place, path_to
from wizard.model.facts import Firewalld, Network
from wizard.model.remedy import Risk, Run
from wizard.model.ruleset import Chain, Engine, Rule, Ruleset

TABLE = "firewalld"
PANIC_TABLE = "firewalld_policy_drop"
LOWEST_PRIORITY = -32768

_CHAIN = re.compile(r"(?:filter_)?IN_(?P<policy>policy_)?(?P<name>.+)")
_PARTS = ("pre", "log", "deny", "allow", "post")
_PRE_CHAIN = re.compile(r"nat_PRE_(?P<zone>(?!policy_).+)_allow")
_FORWARD = re.compile(
    r"(?:meta nfproto ipv4 )?(?P<proto>tcp|udp) dport (?P<port>\d+) "
    r"(?:redirect to |dnat (?:ip )?to (?P<toaddr>[\d.]+)):(?P<toport>\d+)"
)
_PRIORITY = re.compile(r'^rule\s+priority="?(-?\d+)"?\s')


class Ward(Struct, frozen=True):
    """A zone, or a policy, by the chain that decided: `part` is which of its chains (empty: the zone's target)."""

    option: str
    name: str
    stem: str
    part: str


def ward_of(place: Place) -> Ward | None:
    """Which zone or policy of firewalld's a place is in; None: none of them."""
    if place.ruleset.engine == Engine.NFTABLES and place.table.name != TABLE:
        return None
    stem, part = place.chain.name, ""
    if f"{stem}_allow" not in place.table.chains:  # it is one of the zone's parts, not the zone itself
        stem, _, part = stem.rpartition("_")
    match = _CHAIN.fullmatch(stem)
    if match is None or f"{stem}_allow" not in place.table.chains or part not in ("", *_PARTS):
        return None
    return Ward("policy" if match["policy"] else "zone", match["name"], stem, part)


def ward_behind(place: Place, zone: str) -> Ward | None:
    """The zone that the packet went through before the end of the base chain stopped it; None if none had its say."""
    stem = next(
        (f"{head}{zone}" for head in ("filter_IN_", "IN_") if f"{head}{zone}_allow" in place.table.chains), None
    )
    if stem is None or not zone or place.chain.name != place.base.name:
        return None
    accepts = path_to(place.table, place.base.name, f"{stem}_allow", 0)
    decided = path_to(place.table, place.base.name, place.chain.name, place.position)
    return Ward("zone", zone, stem, "") if accepts and decided and accepts < decided else None


def zone_of(firewalld: Firewalld | None, peers: Network, interface: str) -> str:
    """The zone that packets from these addresses on this interface belong to: zones bound to sources come first, then those
    bound to interfaces, then the default zone (firewalld.zones(5)). Empty where firewalld did not say."""
    zones = firewalld.zones if firewalld else ()
    by_source = [zone.name for zone in zones if any(_covers(source, peers) for source in zone.sources)]
    by_interface = [zone.name for zone in zones if interface and interface in zone.interfaces]
    return (by_source or by_interface or [firewalld.default_zone if firewalld else ""])[0]


def _covers(source: str, peers: Network) -> bool:
    """Does a zone's source cover all of these addresses? MAC addresses and ipsets (`ipset:NAME`) do not tell."""
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return False
    return (
        network.version == peers.version
        and int(network.network_address) <= int(peers.network_address)
        and int(peers.broadcast_address) <= int(network.broadcast_address)
    )


def allow(
    rulesets: tuple[Ruleset, ...], place: Place, opening: Opening, firewalld: Firewalld | None, interface: str = ""
) -> Change | None:
    """The allow as a rich rule of the zone that decided, now and permanently; None where firewalld does not decide.
    `interface` is the one that the packets come in by."""
    ward = ward_of(place) or ward_behind(place, zone_of(firewalld, opening.peers, interface))
    if ward is None or opening.reply:
        return None
    opening = replace(opening, interface="")  # the zone is the interface's own
    rich_rules = next((zone.rich_rules for zone in firewalld.zones if zone.name == ward.name), ()) if firewalld else ()
    priority = _priority(ward, rich_rules)
    rich = rich_rule(opening, priority)
    if rich in {" ".join(rule.split()) for rule in rich_rules}:
        return None
    scope = (f"--{ward.option}={ward.name}",)
    return Change(
        steps=tuple(Run(("firewall-cmd", *when, *scope, f"--add-rich-rule={rich}"), root=True) for when in _WHEN),
        undo=(
            *(Run(("firewall-cmd", *when, *scope, f"--remove-rich-rule={rich}"), root=True) for when in _WHEN),
            *_files_away(firewalld, ward),
        ),
        rulesets=replaced(rulesets, place.ruleset, _applied(place, ward, opening)),
        verify=(Run(("firewall-cmd", *scope, "--list-rich-rules"), root=True),),
        through="firewalld",
    )


def _files_away(firewalld: Firewalld | None, ward: Ward) -> tuple[Run, ...]:
    """A permanent change writes the zone's own file, and keeps the one before as `.old`; what was not there goes again."""
    if firewalld is None or firewalld.zone_files is None or ward.option != "zone":
        return ()
    made = [each for each in (f"{ward.name}.xml", f"{ward.name}.xml.old") if each not in firewalld.zone_files]
    paths = tuple(f"/etc/firewalld/zones/{each}" for each in made)
    return (Run(("rm", "-f", *paths), root=True),) if made else ()


_WHEN: tuple[tuple[str, ...], ...] = ((), ("--permanent",))


def end_panic(rulesets: tuple[Ruleset, ...], place: Place) -> Change | None:
    """Panic mode was switched on by someone; ending it brings the zones back. None where it does not decide."""
    if place.table.name != PANIC_TABLE:
        return None
    tables = tuple(table for table in place.ruleset.tables if table is not place.table)
    return Change(
        steps=(Run(("firewall-cmd", "--panic-off"), root=True, note="Ends panic mode; the zones' rules apply again."),),
        undo=(Run(("firewall-cmd", "--panic-on"), root=True),),
        rulesets=replaced(rulesets, place.ruleset, replace(place.ruleset, tables=tables)),
        persists="yes",
        warnings=("Panic mode was switched on by someone, perhaps for a reason: ask before you end it.",),
        verify=(Run(("firewall-cmd", "--query-panic"), root=True),),
        risk=Risk.HIGH,
        through="firewalld",
    )


def stop_forwarding(rulesets: tuple[Ruleset, ...], place: Place) -> Change | None:
    """Take a forwarded port out of its zone, until the next reload; None where the rule at the place is none, or is not the
    zone's last (added again it would stand behind the others)."""
    chain, rule = _PRE_CHAIN.fullmatch(place.chain.name), place.next_rule
    said = _FORWARD.fullmatch(rule.text) if rule and place.table.name == TABLE else None
    if chain is None or rule is None or said is None or rule.index != len(place.chain.rules):
        return None
    forward = f"port={said['port']}:proto={said['proto']}:toport={said['toport']}"
    forward += f":toaddr={said['toaddr']}" if said["toaddr"] else ""
    scope = f"--zone={chain['zone']}"
    after = place.ruleset.without_rule(place.table.family, place.table.name, place.chain.name, rule.index)
    return Change(
        steps=(Run(("firewall-cmd", scope, f"--remove-forward-port={forward}"), root=True),),
        undo=(Run(("firewall-cmd", scope, f"--add-forward-port={forward}"), root=True),),
        rulesets=replaced(rulesets, place.ruleset, after),
        persists="until reload",
        warnings=(
            "If it is in firewalld's permanent configuration too, run the same command with --permanent as well.",
        ),
        verify=(Run(("firewall-cmd", scope, "--list-forward-ports"), root=True),),
        through="firewalld",
    )


def rich_rule(opening: Opening, priority: int = 0) -> str:
    """The opening in the rich language, as `--list-rich-rules` prints it."""
    ranked = f' priority="{priority}"' if priority else ""
    single = opening.peers.prefixlen == opening.peers.max_prefixlen
    peers = str(opening.peers.network_address) if single else str(opening.peers)
    source = "" if opening.anyone else f' source address="{peers}"'
    here = f' destination address="{opening.here}"' if opening.here else ""
    port = f' port port="{opening.port}" protocol="{opening.proto}"'
    return f'rule{ranked} family="ipv{opening.peers.version}"{source}{here}{port} accept'


def _priority(ward: Ward, rich_rules: tuple[str, ...]) -> int:
    """0 where the zone's target (or what comes after its accepts) decided; before a deny, one less than all of its kind."""
    if ward.part == "deny":
        return -1
    if ward.part not in ("pre", "log"):
        return 0
    found = [int(match[1]) for rule in rich_rules if (match := _PRIORITY.match(rule))]
    lowest = min((priority for priority in found if priority < 0), default=LOWEST_PRIORITY + 1)
    return max(lowest - 1, LOWEST_PRIORITY)


def _applied(place: Place, ward: Ward, opening: Opening) -> Ruleset:
    """The rules as firewalld writes them: accepts of priority 0 at the end of `_allow`, others in `_pre`."""
    part = "allow" if ward.part not in ("pre", "log", "deny") else "pre"
    chain = place.table.chains[f"{ward.stem}_{part}"]
    position = 1 if ward.part in ("pre", "log") else None
    rule = _rule(place, chain, opening)
    return place.ruleset.with_rule(place.table.family, place.table.name, chain.name, position, rule)


def _rule(place: Place, chain: Chain, opening: Opening) -> Rule:
    if place.ruleset.engine == Engine.NFTABLES:
        return read_rule((*nft_conditions(opening, place.table.family, place.base), "accept"), place.table)
    words = (*iptables_conditions(opening, place.base), "-m", "conntrack", "--ctstate", "NEW,UNTRACKED", "-j", "ACCEPT")
    return iptables_rule(("-A", chain.name, *words), place.table.family)
