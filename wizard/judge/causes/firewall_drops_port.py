"""A packet filter on this machine throws the connection attempt away without an answer.

ufw's default (`deny incoming`), a `policy drop` in nftables or iptables, or a rule that says
`drop`. The program may be running and listening perfectly well; the packet never gets to it. A test
from the machine itself proves nothing here: it runs over `lo`, which firewalls let pass.

What it looks like: the page loads for a long time, then `ERR_CONNECTION_TIMED_OUT` (curl exit code
28).

See it by hand:
  Linux    sudo ufw status verbose              "Default: deny (incoming)" and no line for the port
           sudo nft list ruleset                a base chain "hook input" with "policy drop", or a rule with drop
           sudo iptables -S INPUT; sudo ip6tables -S INPUT
  macOS    /usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate; sudo pfctl -s info
  Windows  Get-NetFirewallProfile -PolicyStore ActiveStore | Select Name,Enabled,DefaultInboundAction

Fix: let this one port in, from the LAN's own network, in the words of the firewall that is in
charge:
  ufw        sudo ufw allow proto tcp from 192.168.1.0/24 to any port 5000
  firewalld  sudo firewall-cmd --zone=ZONE --add-rich-rule='rule family="ipv4" source address="192.168.1.0/24" port ...'
  nftables   sudo nft insert rule inet filter input ip saddr 192.168.1.0/24 tcp dport 5000 accept
  iptables   sudo iptables -I INPUT 1 -s 192.168.1.0/24 -p tcp --dport 5000 -j ACCEPT
  Windows    New-NetFirewallRule -Name wizard-tcp-5000 -DisplayName wizard-tcp-5000 -Direction Inbound
             -Action Allow -Protocol TCP -LocalPort 5000 -Profile Private -RemoteAddress LocalSubnet
  macOS      sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add PATH, then --unblockapp PATH
Switching the firewall off is never needed.

Undo: the same words after `delete`, `--remove-rich-rule`, `nft delete rule ... handle N`, `iptables
-D`; Remove-NetFirewallRule -Name wizard-tcp-5000; socketfilterfw --remove PATH.

Often mistaken for: `host-does-not-answer` and `client-isolation`, which are silent as well: `wizard
watch 5000` tells whether the packet arrives. On a rented machine `cloud-firewall-blocks`.
"""

from __future__ import annotations

from wizard.judge.causes._client import evidence_of, place, silent, suspicion
from wizard.judge.causes._firewall import allow, evidence, near_misses, not_filtered, said
from wizard.judge.causes._way import stop_of
from wizard.judge.client import way_out, who
from wizard.judge.wire import only_this_port
from wizard.model.diagnosis import Ask, Certainty, RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey

CAUSE = RootCause(
    ref="firewall-drops-port",
    stage=Stage.FIREWALL,
    title="The firewall drops connections to this port",
    catalogue=("E1", "E2", "E3", "E12", "E13", "E14", "E18", "E31"),
)
RANK = 1


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    stop = stop_of(journey, Ending.FILTER_DROPPED)
    if stop is None:
        return not_filtered(facts, journey, f"No packet filter drops port {target.port}/{target.proto}.")
    decision, by = stop.decision, stop.decision.by if stop.decision else None
    return found(
        f"The firewall drops {target.proto} port {target.port} from {journey.packet.source}: {said(by)}.",
        *evidence(by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )


def suspect(target: Target, facts: Facts, journey: Journey) -> Verdict | None:
    """Silence, seen from the other end: likely where the machine itself is known to be there."""
    attempt = silent(target, journey)
    if attempt is None or attempt.errno != "ETIMEDOUT":
        return None
    near = way_out.in_one_network(facts, attempt.address)
    alive = near and who.neighbour_state(facts, attempt.address) in (
        "REACHABLE",
        "DELAY",
        "STALE",
        "PROBE",
        "PERMANENT",
    )
    wire = evidence_of(facts, journey)
    pinged = wire is not None and only_this_port(wire)
    answers_to = "ping" if pinged else "ARP"
    there = f"{attempt.address} answers {answers_to}, and a" if alive or pinged else "A"
    drops = "on it drops" if alive else "there drops" if pinged else "there may drop"
    said = f"{there} firewall {drops} what comes for {place(attempt)}."
    ask = Ask(("wizard", "check", str(target.port)), "the rule that decides", root=True)
    sure = Certainty.LIKELY if alive or pinged else Certainty.POSSIBLE
    return suspicion(said, ask, facts, target, journey, sure)
