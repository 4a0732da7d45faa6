"""One case of one cause: facts, a target, and what is to come of it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from tests import build
from wizard.firewalls.iptables import read as iptables_save
from wizard.firewalls.nftables import text as nft_list
from wizard.judge import Judgement, client, heard, judge, vantage
from wizard.judge.walk import walk
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Outcome, Side, Target
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.ruleset import Engine, Family, Ruleset

MISSING = Unknown("permission denied", "sudo wizard check 5000", "something")


def target(**changes: Any) -> Target:
    """`wizard check 5000 --from 192.168.1.20`, seen from the LAN."""
    values: dict[str, Any] = {"text": "5000", "port": 5000, "addresses": (build.SERVER,), "vantage": build.CLIENT}
    values |= changes
    values["addresses"] = tuple(ip_address(each) for each in values["addresses"])
    values["vantage"] = ip_address(values["vantage"]) if isinstance(values["vantage"], str) else values["vantage"]
    return Target(**values)


class Case(Struct, frozen=True):
    """`comes_first`: the finding is the one that explains the stop (`Judgement.blocking`); None: it need not be."""

    ref: str
    outcome: Outcome
    name: str
    facts: Facts
    target: Target = field(default_factory=target)
    comes_first: bool = True
    says: str = ""
    """Words that its summary must have."""

    @property
    def identifier(self) -> str:
        return f"{self.ref}--{self.outcome.value}--{self.name}"

    def journey(self) -> Journey:
        if self.target.side is Side.CLIENT:
            return client.walk(self.facts, self.target)
        address = self.target.addresses[0] if self.target.addresses else ip_address(build.SERVER)
        journey = walk(self.facts, self.target, vantage.packet(self.facts, self.target, address))
        return heard.join(self.facts, self.target, journey)

    def judged(self) -> Judgement:
        return judge(self.facts, self.target, self.journey())


def found(ref: str, name: str, facts: Facts, *, says: str = "", first: bool = True, **changes: Any) -> Case:
    return Case(ref, Outcome.FOUND, name, facts, target(**changes), first, says)


def near_miss(ref: str, name: str, facts: Facts, *, says: str = "", **changes: Any) -> Case:
    return Case(ref, Outcome.RULED_OUT, name, facts, target(**changes), says=says)


def unsure(ref: str, name: str, facts: Facts, *, says: str = "", **changes: Any) -> Case:
    return Case(ref, Outcome.CANNOT_TELL, name, facts, target(**changes), says=says)


def without(*names: str, **changes: Any) -> Facts:
    """The benign facts of which some could not be read."""
    return replace(build.facts(**changes), **dict.fromkeys(names, MISSING))


def nft(text: str) -> Ruleset:
    """A ruleset as `nft list ruleset` prints it."""
    found = nft_list.read(text)
    assert not found.unread, found.unread
    return found


def iptables(text: str, engine: Engine = Engine.IPTABLES_NFT, family: Family = Family.IP) -> Ruleset:
    """A ruleset as `iptables-save` prints it."""
    found = iptables_save.read(text, family, engine)
    assert not found.unread, found.unread
    return found
