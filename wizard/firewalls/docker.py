"""Docker: writes its own chains anew whenever it starts, and leaves DOCKER-USER to the administrator.

    iptables -I DOCKER-USER 1 -s 192.168.1.0/24 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 ... -j RETURN

A return from DOCKER-USER leaves the rest to Docker's chains (isolation included), an accept would go past them; so a drop
within DOCKER-USER is answered by a return, and only a drop in Docker's own chains by an accept (docs.docker.com, "Packet
filtering and firewalls").
"""

from __future__ import annotations

from msgspec.structs import replace

from wizard.firewalls.change import Change, Opening
from wizard.firewalls.iptables import write
from wizard.firewalls.place import Place, path_to
from wizard.model.ruleset import Engine, Ruleset

USER_CHAIN = "DOCKER-USER"


def allow(rulesets: tuple[Ruleset, ...], place: Place, opening: Opening) -> Change | None:
    """The way past a rule in one of Docker's chains; None where it is not in one of them."""
    name = place.chain.name
    if place.ruleset.engine == Engine.NFTABLES or not (name == "DOCKER" or name.startswith("DOCKER-")):
        return None
    if name == USER_CHAIN:
        return write.let_through(rulesets, place, opening, target="RETURN")
    users = place.table.chains.get(USER_CHAIN)
    first = path_to(place.table, place.base.name, USER_CHAIN, 0) if users else None
    decided = path_to(place.table, place.base.name, name, place.position)
    if users is None or first is None or decided is None or decided < first:
        return None
    top = replace(place, chain=users, position=1 if users.rules else None)
    return write.let_through(rulesets, top, opening)
