"""The port belongs to a container (or a machine behind this one), and the forward rules stop the
packet on its way there.

A published container port is translated before routing; the packet then passes the forward hook,
never the input hook. Rules that `ufw allow` or `iptables -I INPUT` write are not asked. A forward
chain with `policy drop`, Docker's own DOCKER-USER chain, or a forward rule of another table
decides.

What it looks like: `ERR_CONNECTION_TIMED_OUT`, while the page opens on the machine itself, where
docker-proxy or the bridge answers.

See it by hand:
  Linux    sudo iptables -S FORWARD; sudo iptables -S DOCKER-USER
           sudo nft list ruleset                base chains with "hook forward"
           sysctl net.ipv4.ip_forward

Fix: let this port of this container through, from the LAN only, in the chain that stops it
(DOCKER-USER where Docker runs; `sudo ufw route allow proto tcp from 192.168.1.0/24 to CONTAINER
port PORT` where ufw does).

Undo: delete that rule.

Often mistaken for: `firewall-drops-port`: an allow in the input hook changes nothing here;
`ip-forwarding-off`.
"""

from __future__ import annotations

from wizard.judge.causes._containers import container_at
from wizard.judge.causes._firewall import allow, evidence, filtered, near_misses, not_filtered, said
from wizard.judge.causes._way import stop_of
from wizard.model.capture import Origin, Unknown
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found, ruled_out
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.packet import bracketed
from wizard.model.remedy import SetSysctl

CAUSE = RootCause(
    ref="forward-chain-drops-container",
    stage=Stage.FIREWALL,
    title="The forward rules stop it on the way to the container",
    outranks=(
        "firewall-drops-port",
        "firewall-rejects-port",
        "allow-rule-comes-too-late",
        "two-firewalls-disagree",
        "redirected-to-dead-port",
        "reverse-path-filter",
    ),
    catalogue=("F5", "F7"),
)


def check(target: Target, facts: Facts, journey: Journey) -> Verdict:
    decision = filtered(journey)
    if decision is None:
        off = _forwarding_off(facts, journey)
        return off or not_filtered(facts, journey, "The forward rules do not stop it.")
    hook = decision.by.hook if decision.by else ""
    if "forward" not in (decision.stage, hook):
        return ruled_out(
            f"It is stopped in {decision.stage or hook}, not while it is forwarded.", *evidence(decision.by)
        )
    container = container_at(facts, decision.to.address)
    where = f"the container {container.name}" if container else f"{bracketed(decision.to.address)}:{decision.to.port}"
    return found(
        f"Port {target.port} leads to {where}, and the forward rules stop it on the way: {said(decision.by)}.",
        *evidence(decision.by),
        fix=(allow(facts, target, journey),),
        near_misses=near_misses(decision),
    )


def _forwarding_off(facts: Facts, journey: Journey) -> Verdict | None:
    """Toward a container that is known, and the kernel forwards nothing at all: found; None where that is not so."""
    stop = stop_of(journey, Ending.SOURCE_FILTERED)
    container = container_at(facts, journey.translated.address) if journey.translated else None
    name = "net.ipv4.ip_forward"
    was = "" if isinstance(facts.sysctls, Unknown) else facts.sysctls.get(name, "")
    if stop is None or container is None or was != "0":
        return None
    return found(
        f"The port leads to the container {container.name}, and this machine forwards no packets ({name} is 0).",
        Origin("sysctl", 0, f"{name} = 0"),
        fix=(SetSysctl(name, "1", was),),
    )
