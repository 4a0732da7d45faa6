"""The firewall turns away this one device, and lets others of the same network in: its address is
banned.

fail2ban, CrowdSec, sshguard or a hand-made rule. Often after a few wrong passwords, a load test, or
a page that asked for many missing files. The port itself is open, so opening it again would change
nothing.

What it looks like: one phone or laptop gets `ERR_CONNECTION_REFUSED` (fail2ban's default) or
`ERR_CONNECTION_TIMED_OUT`; every other one gets the page. The same device works from another
address, as over mobile data.

See it by hand:
  Linux    sudo fail2ban-client banned                    every jail with the addresses it bans
           sudo iptables -S | grep -e f2b- -e 192.168.1.20
           sudo nft list ruleset | grep -B3 192.168.1.20
           sudo cscli decisions list --ip 192.168.1.20    CrowdSec

Fix: lift the ban with the program that made it, then mend what made it (the same device will be
banned again otherwise):
  sudo fail2ban-client set JAIL unbanip 192.168.1.20
  sudo cscli decisions delete --ip 192.168.1.20

Undo: sudo fail2ban-client set JAIL banip 192.168.1.20

Often mistaken for: `firewall-drops-port`, which holds for everybody; `rate-limit`, which ends after
half a minute by itself.
"""

from __future__ import annotations

import re

from wizard.judge.causes._client import refused, silent, suspicion
from wizard.judge.causes._firewall import evidence, filtered, not_filtered, said
from wizard.judge.counterfactual import bare, from_elsewhere
from wizard.judge.trace import trace
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Ask, RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Address, Facts
from wizard.model.journey import Journey, RuleReference
from wizard.model.remedy import Unban

CAUSE = RootCause(
    ref="client-address-banned",
    stage=Stage.FIREWALL,
    title="This device's address is banned",
    outranks=(
        "firewall-drops-port",
        "firewall-rejects-port",
        "allow-rule-comes-too-late",
        "two-firewalls-disagree",
        "dropped-before-input",
        "forward-chain-drops-container",
        "firewalld-zone-mismatch",
    ),
    catalogue=("E16",),
)
RANK = 6
_JAIL = re.compile(r"(?:\bf2b-|\baddr6?-set-)([\w.-]+)")


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = filtered(journey)
    if decision is None or decision.by is None or decision.by.what != "rule":
        return not_filtered(facts, journey, "No rule turns this device away.")
    by = decision.by
    others = [trace(facts, each, explain=False) for each in from_elsewhere(facts, journey.packet)]
    if not others or any(each.by == by for each in others):
        return ruled_out("The rule that decides turns other devices of the network away too.", *evidence(by))
    address = bare(journey.packet.source)
    jail = jail_of(facts, by, address)
    passed = all(each.outcome in ("deliver", "forward") for each in others)
    rest = (
        "lets other devices of the same network in"
        if passed
        else "stops no other device of the same network by that rule"
    )
    who = f"fail2ban's jail {jail} bans {address}" if jail else f"The firewall bans {address} ({said(by)})"
    return found(
        f"{who}, and {rest}.",
        *evidence(by),
        fix=(Unban(address, jail),),
    )


def jail_of(facts: Facts, by: RuleReference, address: Address) -> str:
    """fail2ban's jail that made the rule: by the name in chain or set, or because it alone says that it bans the address."""
    named: list[str] = [name for name in _JAIL.findall(f"{by.chain} {by.rule}") if name not in ("table", "chain")]
    jails = () if isinstance(facts.fail2ban, Unknown) else facts.fail2ban
    banning = [each.name for each in jails if address in each.banned]
    if named and (not banning or named[0] in banning):
        return named[0]
    return banning[0] if banning and (by.front_end == "fail2ban" or "f2b" in f"{by.table} {by.chain} {by.rule}") else ""


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """A rejection or silence, seen from the other end: fail2ban does the one or the other to an address that it bans."""
    attempt = refused(target, facts, journey) or silent(target, journey)
    rejected = attempt is not None and attempt.icmp is not None and attempt.icmp.offender == attempt.address
    if attempt is None or not (rejected or attempt.errno == "ETIMEDOUT"):
        return None
    source = attempt.source or "this machine"
    ask = Ask(("fail2ban-client", "banned"), f"{source} in a list", root=True)
    return suspicion(f"The server may have banned {source}, this machine's address.", ask, facts, target, journey)
