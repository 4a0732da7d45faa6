"""ufw stands in the way."""

from __future__ import annotations

from collections.abc import Callable

from tests.live.faults import servers
from tests.live.faults.entry import PAGE6, Fault, Plan
from tests.live.lab import CLIENT6, Lab

NEEDS = ("ufw", "iptables")
DROPPED = (28, "timeout")
REFUSED = (7, "ECONNREFUSED")


def ufw(*rules: str, incoming: str = "deny") -> Callable[[Lab], None]:
    """Switch ufw on with these rules."""
    return lambda lab: lab.start_ufw(*rules, incoming=incoming)


def _fault(
    name: str, ref: str | tuple[str, ...], seen: tuple[int, str], *rules: str, incoming: str = "deny",
    server: servers.Server = servers.EVERYWHERE, plan: Plan = Plan.RUNS, **more: object,
) -> Fault:  # fmt: skip
    refs = (ref,) if isinstance(ref, str) else ref
    return Fault(
        f"ufw--{name}", refs, *seen, serve=(server,), firewall=ufw(*rules, incoming=incoming), needs=NEEDS, plan=plan,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


FAULTS = (
    _fault("default-deny", "firewall-drops-port", DROPPED),
    _fault("default-deny-ssh-open", "firewall-drops-port", DROPPED, "allow 22/tcp", "allow 80,443/tcp"),
    _fault("default-deny-flask", "firewall-drops-port", DROPPED, server=servers.flask_run("--host", "0.0.0.0")),
    _fault("default-reject", "firewall-rejects-port", REFUSED, incoming="reject"),
    _fault("deny-rule", "firewall-drops-port", DROPPED, "deny 5000"),
    _fault("deny-rule-with-default-allow", "firewall-drops-port", DROPPED, "deny 5000/tcp", incoming="allow"),
    _fault("reject-rule", "firewall-rejects-port", REFUSED, "reject 5000/tcp"),
    _fault(
        "deny-before-allow", "allow-rule-comes-too-late", DROPPED,
        "deny 5000/tcp", "allow from 10.77.0.0/24 to any port 5000 proto tcp",
    ),
    _fault(
        "deny-network-before-allow", "allow-rule-comes-too-late", DROPPED,
        "deny from 10.77.0.0/24", "allow 5000/tcp",
    ),
    _fault("other-network", "firewall-drops-port", DROPPED, "allow from 192.168.1.0/24 to any port 5000 proto tcp"),
    _fault("other-protocol", "firewall-drops-port", DROPPED, "allow 5000/udp"),
    _fault("other-interface", "firewall-drops-port", DROPPED, "allow in on wlan9 to any port 5000 proto tcp"),
    _fault("other-port-range", "firewall-drops-port", DROPPED, "allow 5001:5010/tcp"),
    _fault("other-destination", "firewall-drops-port", DROPPED, "allow from any to 192.168.1.5 port 5000 proto tcp"),
    _fault("deny-one-client", "client-address-banned", DROPPED, "deny from 10.77.0.2", "allow 5000/tcp"),
    _fault("reject-one-client", "client-address-banned", REFUSED, "reject from 10.77.0.2", "allow 5000/tcp"),
    _fault(
        "allow-only-ipv4", "firewall-drops-port", DROPPED, "allow from 10.77.0.0/24 to any port 5000 proto tcp",
        server=servers.http_server("::"), target=PAGE6, url=PAGE6, options=("--from", CLIENT6),
    ),
    _fault("deny-rule-of-same-words", "firewall-drops-port", DROPPED, "deny from 10.77.0.0/24 to any port 5000 proto tcp"),
)  # fmt: skip
