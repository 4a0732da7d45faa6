"""nft's commands: a rule put in front of another, and taken away again.

    nft insert rule inet filter input position 7 ip saddr 192.168.1.0/24 tcp dport 5000 accept comment wizard-5000-tcp
    nft delete rule inet filter input handle "$(nft -a list chain inet filter input
                                                | sed -n 's/.*comment "wizard-5000-tcp" # handle //p')"

A rule can only be deleted by its handle, which the kernel gives out when the rule is made. So the rule carries a comment
that no other rule of the chain has, and the undo looks the handle up by it. `position HANDLE` (nft(8); `handle` in later
versions, which still take `position`) puts a rule in front of that one.
"""

from __future__ import annotations

import re
import shlex

from wizard.firewalls.change import Change, Opening, replaced
from wizard.firewalls.place import Place
from wizard.model.facts import Network
from wizard.model.remedy import Run
from wizard.model.ruleset import Chain, Family, Hook, Rule, Ruleset, Table

CONNTRACK_PRIORITY = -200
"""NF_IP_PRI_CONNTRACK: before it nothing is known of the connection."""

_BARE_STRING = re.compile(r"[A-Za-z][A-Za-z0-9/_.-]*")


def let_through(rulesets: tuple[Ruleset, ...], place: Place, opening: Opening, *, verdict: str = "accept") -> Change:
    """An accept for the opening, at the place."""
    family = place.table.family
    comment = unused_comment(place.chain, opening)
    return insert(rulesets, place, (*conditions(opening, family, place.base), verdict), comment)


def insert(rulesets: tuple[Ruleset, ...], place: Place, words: tuple[str, ...], comment: str) -> Change:
    """A rule at the place, with a comment by which the undo finds it again."""
    where = (str(place.table.family), place.table.name, place.chain.name)
    ahead_of = place.next_rule
    if ahead_of is None or ahead_of.handle is None:
        verb: tuple[str, ...] = ("add", "rule", *where) if ahead_of is None else _by_index(where, ahead_of)
    else:
        verb = ("insert", "rule", *where, "position", str(ahead_of.handle))
    rule = read_rule((*words, "comment", f'"{comment}"'), place.table)
    after = place.ruleset.with_rule(place.table.family, place.table.name, place.chain.name, place.position, rule)
    return Change(
        steps=(Run(("nft", *verb, *words, "comment", comment), root=True),),
        undo=(Run(script=_delete_by_comment(where, comment), root=True),),
        rulesets=replaced(rulesets, place.ruleset, after),
        persists="until reboot",
        verify=(Run(("nft", "list", "chain", *where), root=True),),
        through="nftables",
    )


def delete(rulesets: tuple[Ruleset, ...], place: Place) -> Change | None:
    """Take the rule at the place away; the undo writes it again where it stood. None where that cannot be promised: the
    listing shows no handles, or not the whole rule."""
    rule = place.next_rule
    if rule is None or rule.handle is None or not _says_all(rule, place.table):
        return None
    following = place.chain.rules[rule.index] if rule.index < len(place.chain.rules) else None
    if following is not None and following.handle is None:
        return None
    where = (str(place.table.family), place.table.name, place.chain.name)
    back: tuple[str, ...] = ("add", "rule", *where)
    if following is not None:
        back = ("insert", "rule", *where, "position", str(following.handle))
    after = place.ruleset.without_rule(place.table.family, place.table.name, place.chain.name, rule.index)
    # nft joins its arguments with blanks and reads the whole, so the text may be one argument: its quotes stay its own.
    return Change(
        steps=(Run(("nft", "delete", "rule", *where, "handle", str(rule.handle)), root=True),),
        undo=(Run(("nft", *back, rule.text), root=True),),
        rulesets=replaced(rulesets, place.ruleset, after),
        persists="until reboot",
        verify=(Run(("nft", "list", "chain", *where), root=True),),
        through="nftables",
    )


def _says_all(rule: Rule, table: Table) -> bool:
    """Would the rule's text make the same rule again? (Long sets are shown in part.)"""
    return read_rule((rule.text,), table).statements == rule.statements


def read_rule(words: tuple[str, ...], table: Table) -> Rule:
    """The rule that nft makes of these words in this table."""
    from wizard.firewalls.nftables import text  # only fixes need it: a check that finds nothing starts faster

    return text.rule(" ".join(words), table.family)


def conditions(opening: Opening, family: Family, base: Chain) -> tuple[str, ...]:
    """The opening in nft's words, each an argument of its own."""
    ip = "ip" if opening.peers.version == 4 else "ip6"
    peers, here = ("daddr", "saddr") if opening.reply else ("saddr", "daddr")
    words: tuple[str, ...] = ()
    if opening.interface:
        words += ("oifname" if opening.reply else "iifname", string(opening.interface))
    if not opening.anyone:
        words += (ip, peers, network(opening.peers))
    elif opening.here is None:
        words += _of_version(family, opening.peers.version)
    if opening.here is not None:
        words += (ip, here, str(opening.here))
    words += (str(opening.proto), "sport" if opening.reply else "dport", str(opening.port))
    if opening.reply and knows_connections(base):
        words += ("ct", "state", "established,related")
    return words


def _of_version(family: Family, version: int) -> tuple[str, ...]:
    """The condition that a packet is of this version of IP, where the table holds both."""
    if family == Family.INET:
        return ("meta", "nfproto", f"ipv{version}")
    if family in (Family.BRIDGE, Family.NETDEV):
        return ("meta", "protocol", "ip" if version == 4 else "ip6")
    return ()


def knows_connections(base: Chain) -> bool:
    """Is the packet's connection known where this base chain is called?"""
    hook = base.base
    return hook is not None and hook.hook not in (Hook.INGRESS, Hook.EGRESS) and hook.priority > CONNTRACK_PRIORITY


def network(addresses: Network) -> str:
    """A network as nft prints it: a single address without its prefix length."""
    return str(addresses.network_address) if addresses.prefixlen == addresses.max_prefixlen else str(addresses)


def string(text: str) -> str:
    """A name as nft reads it: bare, or in double quotes."""
    return text if _BARE_STRING.fullmatch(text) else f'"{text}"'


def unused_comment(chain: Chain, opening: Opening) -> str:
    """`wizard-5000-tcp`, with a number behind it where a rule of the chain is called so already."""
    plain = f"wizard-{opening.port}-{opening.proto}" + ("-reply" if opening.reply else "")
    taken = {rule.comment for rule in chain.rules}
    candidates = [plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in candidates if name not in taken)


def _by_index(where: tuple[str, str, str], ahead_of: Rule) -> tuple[str, ...]:
    """Where the listing shows no handles, by number: nft counts from 0."""
    return ("insert", "rule", *where, "index", str(ahead_of.index - 1))


def _delete_by_comment(where: tuple[str, str, str], comment: str) -> str:
    chain = " ".join(shlex.quote(word) for word in where)
    find = f"""nft -a list chain {chain} | sed -n 's/.*comment "{comment}" # handle //p'"""
    return f'nft delete rule {chain} handle "$({find})"'
