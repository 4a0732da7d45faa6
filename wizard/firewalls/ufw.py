"""ufw: writes iptables rules into chains of its own, and asks to be spoken to in its own words.

    ufw prepend allow proto tcp from 192.168.1.0/24 to any port 5000
    ufw delete allow proto tcp from 192.168.1.0/24 to any port 5000

`prepend` puts the rule on top of ufw-user-input (`insert 1` fails where ufw has no rule yet). Two rules that match the same
packets are one and the same for ufw, whatever they do: where `deny proto tcp from NET to any port P` stands, the allow
is skipped ("Skipping inserting existing rule") and nothing changes. Then the allow is spelled so that it matches a little
less: on the one interface, to the one address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from wizard.firewalls.change import Change, Opening, replaced
from wizard.firewalls.iptables import read
from wizard.firewalls.iptables.write import conditions, program
from wizard.firewalls.place import Place, path_to
from wizard.model.facts import Address
from wizard.model.remedy import Run
from wizard.model.ruleset import Chain, Engine, Family, Hook, Ruleset

_USER_CHAINS = {
    (Family.IP, Hook.INPUT): "ufw-user-input",
    (Family.IP6, Hook.INPUT): "ufw6-user-input",
    (Family.IP, Hook.FORWARD): "ufw-user-forward",
    (Family.IP6, Hook.FORWARD): "ufw6-user-forward",
}
_FILLED_IN = {
    "ufw-user-limit": "REJECT",
    "ufw-user-limit-accept": "ACCEPT",
    "ufw6-user-limit": "REJECT",
    "ufw6-user-limit-accept": "ACCEPT",
}
_RULE_END = re.compile(r" -j | -g | -m conntrack --ctstate NEW -m recent ")


def allow(rulesets: tuple[Ruleset, ...], place: Place, opening: Opening, fallbacks: Fallbacks) -> Change | None:
    """The allow in ufw's words, or None where ufw's rules are not met before the rule that decided."""
    chain = user_chain(place)
    if chain is None or opening.reply or not _comes_first(place, chain):
        return None
    for spelling in fallbacks.spellings(opening):
        if not _taken(chain, spelling, place.base):
            return _written(rulesets, place, chain, spelling)
    return None


class Fallbacks:
    """What a spelling may be narrowed to when the plain one is taken: the interface and the address here."""

    def __init__(self, interface: str, here: Address | None) -> None:
        self.interface = interface
        self.here = here

    def spellings(self, opening: Opening) -> Iterator[Opening]:
        """The opening, and then the same thing narrowed, in order of preference."""
        interfaces = [opening.interface] if opening.interface else ["", self.interface]
        addresses = [opening.here] if opening.here else [None, self.here]
        for here in dict.fromkeys(addresses):
            for interface in dict.fromkeys(interfaces):
                yield replace(opening, interface=interface, here=here)


def user_chain(place: Place) -> Chain | None:
    """ufw's chain of the user's rules for the hook of this place, if it is one of iptables' filter tables."""
    if place.table.name != "filter" or place.ruleset.engine == Engine.NFTABLES or place.base.base is None:
        return None
    name = _USER_CHAINS.get((place.table.family, place.base.base.hook))
    return place.table.chains.get(name) if name else None


def words(opening: Opening) -> tuple[str, ...]:
    """The rule as ufw spells it, behind `allow`."""
    interface = ("in", "on", opening.interface) if opening.interface else ()
    peers = (
        str(opening.peers.network_address)
        if opening.peers.prefixlen == opening.peers.max_prefixlen
        else str(opening.peers)
    )
    here = str(opening.here) if opening.here else "any"
    return (*interface, "proto", str(opening.proto), "from", peers, "to", here, "port", str(opening.port))


def _written(rulesets: tuple[Ruleset, ...], place: Place, chain: Chain, opening: Opening) -> Change:
    call = ("ufw", "route") if chain.name.endswith("-forward") else ("ufw",)
    spelled = words(opening)
    rule = read.rule(("-A", chain.name, *conditions(opening, place.base), "-j", "ACCEPT"), place.table.family)
    after = place.ruleset.with_rule(place.table.family, place.table.name, chain.name, 1, rule)
    return Change(
        steps=(Run((*call, "prepend", "allow", *spelled), root=True),),
        undo=(Run((*call, "delete", "allow", *spelled), root=True), *_as_first_enabled(rulesets)),
        rulesets=replaced(rulesets, place.ruleset, after),
        verify=(Run(("ufw", "status", "numbered"), root=True),),
        through="ufw",
    )


_OUT_CHAINS = {Family.IP: "ufw-user-output", Family.IP6: "ufw6-user-output"}


def may_let_out(place: Place, wanted: tuple[str, ...]) -> bool:
    """Whether a rule that lets out, in ufw's words, is met before the place, and ufw has none that matches the same (it
    would skip ours). `wanted` are the rule's conditions as iptables-save prints them."""
    chain = place.table.chains.get(_OUT_CHAINS.get(place.table.family, ""))
    if chain is None or place.table.name != "filter" or not _comes_first(place, chain):
        return False
    return all(_matched(rule.text, chain.name) != " ".join(wanted) for rule in chain.rules)


def undone_with_it(rulesets: tuple[Ruleset, ...]) -> tuple[Run, ...]:
    """What comes into being when one of ufw's rules is deleted, taken out again."""
    return tuple(_as_first_enabled(rulesets))


def _as_first_enabled(rulesets: tuple[Ruleset, ...]) -> Iterator[Run]:
    """ufw's limit chains stay half empty from the first `ufw enable` to the first reload, and deleting a rule reloads: what
    it fills in then (nothing leads there) is taken out again."""
    for ruleset in rulesets:
        for table in ruleset.tables:
            for name, target in _FILLED_IN.items():
                chain = table.chains.get(name)
                if chain is not None and not any(f"-j {target}" in rule.text for rule in chain.rules):
                    call = program(ruleset, table.family)
                    yield Run(
                        (call, "-D", name, "-j", target), root=True, note="As ufw had it before its first reload."
                    )


def _comes_first(place: Place, chain: Chain) -> bool:
    """Are the user's rules met before the place? If not, ufw may say ALLOW as often as it likes."""
    users = path_to(place.table, place.base.name, chain.name, 0)
    decided = path_to(place.table, place.base.name, place.chain.name, place.position)
    return users is not None and decided is not None and users < decided


def _taken(chain: Chain, opening: Opening, base: Chain) -> bool:
    """Does a rule of ufw's match these very packets already, whatever it does with them?"""
    wanted = " ".join(conditions(opening, base))
    return any(_matched(rule.text, chain.name) == wanted for rule in chain.rules)


def _matched(text: str, chain: str) -> str:
    """The conditions of one of ufw's rules, as iptables-save prints them."""
    bare = text.partition(f"-A {chain} ")[2] or text
    return _RULE_END.split(f" {bare}", maxsplit=1)[0].strip()
