"""The kernel drops the packet because of where it comes from: the way back to its source does not
lead over the same interface.

`rp_filter` is a guard against forged sources. In strict mode (1) a packet is taken only if the best
route to its source leaves by the interface that it came in on; with two interfaces, a VPN, or
policy routing that is often not so. Loose mode (2) asks only that some route exists. The larger of
`conf.all` and `conf.INTERFACE` holds. Nothing is logged unless log_martians is on, and no firewall
counter moves.

What it looks like: `ERR_CONNECTION_TIMED_OUT` for devices of other networks; tcpdump sees the SYN,
the program never does. A device of the same LAN does not even get an answer to its ARP request, and
shows `ERR_ADDRESS_UNREACHABLE` after three seconds.

See it by hand:
  Linux    sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.eth0.rp_filter
           ip route get 10.88.0.2 from 192.168.1.100       the interface of the answer
           nstat -az TcpExtIPReversePathFilter             rises with every attempt

Fix: loose mode on this interface:
  sudo sysctl -w net.ipv4.conf.eth0.rp_filter=2
Or mend the routes, so that the answer takes the way that the question came.

Undo: sudo sysctl -w net.ipv4.conf.eth0.rp_filter=1

Often mistaken for: `firewall-drops-port`: no rule and no counter shows this one; `no-route-back`.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.judge.causes._way import not_here, stop_of
from wizard.judge.counterfactual import with_sysctls
from wizard.judge.trace import trace
from wizard.model.capture import Origin
from wizard.model.diagnosis import RootCause, Stage, Target, Verdict, found
from wizard.model.facts import Facts
from wizard.model.journey import Ending, Journey
from wizard.model.remedy import Advise, Intent, SetSysctl

CAUSE = RootCause(
    ref="reverse-path-filter",
    stage=Stage.ROUTE,
    title="The kernel distrusts the packet's source and drops it",
    catalogue=("E21", "G6"),
)


def check(target: Target, facts: Facts, journey: Journey, sysctls: Mapping[str, str]) -> Verdict:
    stop = stop_of(journey, Ending.SOURCE_FILTERED)
    if stop is None:
        return not_here(journey, f"The source {journey.packet.source} is taken.")
    reason = stop.decision.reason if stop.decision and stop.decision.reason else stop.step.name
    names = [f"net.ipv4.conf.{where}.rp_filter" for where in ("all", journey.packet.interface) if where]
    evidence = (Origin("sysctl", 0, f"{name} = {sysctls[name]}") for name in names if name in sysctls)
    return found(
        f"The kernel drops the packet from {journey.packet.source}: {reason}.",
        *evidence,
        fix=(_fix(facts, journey, sysctls, reason),),
    )


def _fix(facts: Facts, journey: Journey, sysctls: Mapping[str, str], reason: str) -> Intent:
    """Loose mode on the interface, where that lets it pass (it wins over a strict `all`: the larger value holds)."""
    name = f"net.ipv4.conf.{journey.packet.interface}.rp_filter"
    after = trace(with_sysctls(facts, {name: "2"}), journey.packet, explain=False)
    if name in sysctls and sysctls[name] != "2" and (after.by is not None or after.outcome in ("deliver", "forward")):
        return SetSysctl(name, "2", sysctls[name])
    return Advise(f"See where packets from {journey.packet.source} should arrive, and why they come here: {reason}.")
