"""The firewall of the device that connects stops the connection on its way out; the server never hears of it.

Firewalls mostly look at what comes in, but some rulesets, VPN programs with a kill switch, parental
controls and company policies filter what goes out too. Another device gets the page at the same
moment.

What it looks like: `ERR_CONNECTION_TIMED_OUT` where the rule drops, `ERR_CONNECTION_REFUSED` or
`ERR_ADDRESS_UNREACHABLE` at once where it rejects; Windows: `ERR_NETWORK_ACCESS_DENIED`.

See it by hand:
  Linux    sudo nft list ruleset | grep -A20 'hook output'; sudo iptables -S OUTPUT; sudo ufw status verbose
  macOS    sudo pfctl -sr                       or a program such as Little Snitch, LuLu
  Windows  Get-NetFirewallRule -Direction Outbound -Action Block -Enabled True

Fix: let this one connection out, on the device that connects:
  sudo ufw prepend allow out to 192.168.1.100 port 5000 proto tcp
  Windows: New-NetFirewallRule -Name wizard-out-5000 -DisplayName "wizard out 5000" -Direction Outbound
  -Action Allow -Protocol TCP -RemotePort 5000 (a block rule wins over it: switch that one off)

Undo: sudo ufw delete allow out to 192.168.1.100 port 5000 proto tcp; Remove-NetFirewallRule -Name
wizard-out-5000.

Often mistaken for: `firewall-rejects-port` on the other machine: another device tells the two
apart.
"""

from __future__ import annotations

from ipaddress import ip_network

from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.heard import url_of
from wizard.model.diagnosis import Ask, Certainty, RootCause, Side, Stage, Target, Verdict, found
from wizard.model.facts import Attempt, Facts
from wizard.model.heard import Heard
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, AllowOutbound

CAUSE = RootCause(
    ref="own-firewall-blocks-outgoing",
    stage=Stage.FIREWALL,
    title="The firewall of the device that connects does not let it out",
    catalogue=("H1", "H2", "G7"),
)
RANK = 8


def check(target: Target, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.OWN_RULES)
    if stop is None:
        return not_here(journey, "This machine's own rules let it out.")
    if isinstance(stop.detail, Heard) or target.side is Side.SERVER:
        advice = f"On the device that connects, run `wizard check {url_of(target)}`, as root: it names the rule."
        return found("The other device's own firewall stops it on its way out.", fix=(Advise(advice),))
    packet = journey.packet
    by = stop.step.by
    if stop.decision is None or stop.decision.by is None:
        look = Advise(f"Run `sudo wizard check {url_of(target)}` here: it names the rule of this machine.")
        said = (
            f"This machine's own firewall rejects the way to {packet.destination} ({stop.reject_with or 'no answer'})."
        )
        return found(said, *stop.step.evidence, fix=(look,))
    if stop.decision.stage in ("input", "prerouting", "ingress"):
        said = f"This machine's own firewall does not let the answer of {packet.destination} in: {by}."
        let_in = Advise("Let answers in, ahead of that rule: `ct state established,related accept` (nft).")
        return found(said, *stop.step.evidence, fix=(let_in,), certainty=Certainty.LIKELY)
    verb = "drops" if stop.decision.outcome == "drop" else "rejects"
    tried = isinstance(stop.detail, Attempt)
    return found(
        f"This machine's own firewall {verb} what leaves for {packet.destination} port {packet.destination_port}: {by}.",
        *stop.step.evidence,
        fix=(AllowOutbound(packet.destination_port, packet.proto, ip_network(packet.destination), packet.interface),),
        certainty=Certainty.PROVED if tried else Certainty.LIKELY,
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Silence, where this machine's own rules could not be read."""
    unread = stop_of(journey, Ending.NO_ANSWER_THERE) and (facts.unreadable_rulesets or not facts.privileged)
    if target.side is not Side.CLIENT or not unread or journey.stop is None:
        return None
    attempt = journey.stop.detail
    if not isinstance(attempt, Attempt) or attempt.errno != "ETIMEDOUT":
        return None
    ask = Ask(("wizard", "check", url_of(target)), "names a rule of this machine's own", "here", root=True)
    said = "This machine's own firewall may drop what goes out; its rules could not be read."
    return found(said, fix=(), certainty=Certainty.POSSIBLE, ask=ask)
