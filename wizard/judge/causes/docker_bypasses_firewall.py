"""Docker has opened this port past the firewall: the input rules that would stop it are never
asked.

A published port is translated before routing, and its packets take the forward hook, where Docker
writes its own accept rules. `ufw deny 8080`, or ufw's default deny, stands in the input hook and
changes nothing; `ufw status` shows what does not happen.

What it looks like: the page opens from other devices although the firewall says deny.

See it by hand:
  Linux    sudo iptables -t nat -S DOCKER; sudo ufw status verbose

Fix: publish on the address that is meant (`-p 127.0.0.1:8080:80`, `-p 192.168.1.100:8080:80`), or
restrict it in the chain that Docker leaves to you:
  sudo iptables -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL ! -s 192.168.1.0/24 -j DROP

Undo: the same with -D; publish as before.

Often mistaken for: a firewall that is off: ufw works, it is only not asked.
"""

from __future__ import annotations

from wizard.judge.causes._firewall import evidence, said
from wizard.judge.counterfactual import without_translation
from wizard.judge.trace import trace
from wizard.model.diagnosis import RootCause, Severity, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Journey
from wizard.model.packet import bracketed
from wizard.model.ruleset import Ruleset

CAUSE = RootCause(
    ref="docker-bypasses-firewall",
    stage=Stage.EXPOSURE,
    title="Docker opens this port past the firewall",
    severity=Severity.WARNING,
    catalogue=("F5",),
)


def check(target: Target, facts: Facts, journey: Journey, rulesets: tuple[Ruleset, ...]) -> Verdict:
    decision = journey.decision
    if decision is None or decision.outcome != "forward" or journey.translated is None:
        return ruled_out("The port does not lead into a container past the input rules.")
    otherwise = trace(without_translation(facts), journey.packet, explain=False)
    if otherwise.outcome not in ("drop", "reject") or otherwise.by is None:
        return ruled_out("The firewall's input rules would let the port in as well.", *evidence(otherwise.by))
    to = f"{bracketed(journey.translated.address)}:{journey.translated.port}"
    return found(
        f"Port {target.port} goes on to {to} before the input rules are asked, which would stop it: {said(otherwise.by)}.",
        *evidence(otherwise.by),
        *evidence(decision.by),
    )
