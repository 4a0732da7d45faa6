"""firewalld stands in the way; on its own bus."""

from __future__ import annotations

from collections.abc import Callable

from tests.live.faults import servers
from tests.live.faults.entry import PAGE6, Fault, Plan
from tests.live.lab import CLIENT6, Lab

NEEDS = ("firewalld", "firewall-cmd", "dbus-daemon")
DROPPED = (28, "timeout")
REFUSED = (7, "ECONNREFUSED")
PROHIBITED = (7, "EHOSTUNREACH")
"""What a Linux client makes of ICMP admin-prohibited over IPv4."""


def firewalld(*words: str, zone: str = "public") -> Callable[[Lab], None]:
    """Start firewalld and give it these `firewall-cmd` words."""

    def start(lab: Lab) -> None:
        lab.start_firewalld(zone)
        lab.run("set -e\n" + "\n".join(f"firewall-cmd -q {line}" for line in words))

    return start


def both(words: str) -> tuple[str, str]:
    """Now and for good."""
    return words, f"--permanent {words}"


def both_direct(words: str) -> tuple[str, str]:
    """The same for rules of the direct interface."""
    return f"--direct {words}", f"--permanent --direct {words}"


def _fault(
    name: str, ref: str | tuple[str, ...], seen: tuple[int, str], *words: str, zone: str = "public",
    server: servers.Server = servers.EVERYWHERE, plan: Plan = Plan.RUNS, **more: object,
) -> Fault:  # fmt: skip
    refs = (ref,) if isinstance(ref, str) else ref
    return Fault(
        f"firewalld--{name}", refs, *seen, serve=(server,), firewall=firewalld(*words, zone=zone), needs=NEEDS, plan=plan,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


FAULTS = (
    _fault("not-in-zone", "firewall-rejects-port", PROHIBITED),
    _fault("default-zone", "firewall-rejects-port", PROHIBITED, zone=""),
    _fault("drop-zone", "firewall-drops-port", DROPPED, zone="drop"),
    _fault("block-zone", "firewall-rejects-port", PROHIBITED, zone="block"),
    _fault("open-in-another-zone", "firewalld-zone-mismatch", PROHIBITED, *both("--zone=home --add-port=5000/tcp")),
    _fault(
        "source-zone", "firewalld-zone-mismatch", PROHIBITED,
        *both("--zone=public --add-port=5000/tcp"), *both("--zone=block --add-source=10.77.0.0/24"),
    ),
    _fault(
        "source-zone-drops", "firewalld-zone-mismatch", DROPPED,
        *both("--zone=public --add-port=5000/tcp"), *both("--zone=drop --add-source=10.77.0.0/24"),
    ),
    _fault(
        "rich-rule-rejects", "firewall-rejects-port", REFUSED,
        *both("--add-rich-rule='rule family=ipv4 port port=5000 protocol=tcp reject'"),
    ),
    _fault(
        "rich-rule-drops-network", ("firewall-drops-port", "allow-rule-comes-too-late"), DROPPED,
        *both("--add-port=5000/tcp"),
        *both("--add-rich-rule='rule family=ipv4 source address=10.77.0.0/24 port port=5000 protocol=tcp drop'"),
    ),
    _fault(
        "rich-rule-one-client", "client-address-banned", REFUSED,
        *both("--add-port=5000/tcp"), *both("--add-rich-rule='rule family=ipv4 source address=10.77.0.2 reject'"),
    ),
    _fault("target-drop", "firewall-drops-port", DROPPED, "--permanent --zone=public --set-target=DROP", "--reload"),
    _fault(
        "direct-rule", ("firewall-drops-port", "two-firewalls-disagree"), DROPPED, *both("--add-port=5000/tcp"),
        *both_direct("--add-rule ipv4 filter INPUT 0 -p tcp --dport 5000 -j DROP"),
    ),
    _fault(
        "forward-port-to-dead-port", "redirected-to-dead-port", REFUSED, *both("--add-port=5000/tcp"),
        *both("--add-forward-port=port=5000:proto=tcp:toport=5999"),
    ),
    _fault(
        "source-set-drops", ("firewalld-zone-mismatch", "client-address-banned"), DROPPED, *both("--add-port=5000/tcp"),
        "--permanent --new-ipset=bad --type=hash:ip", "--permanent --ipset=bad --add-entry=10.77.0.2",
        "--permanent --zone=drop --add-source=ipset:bad", "--reload",
    ),
    _fault("panic-mode", ("firewall-drops-port", "dropped-before-input"), DROPPED, "--panic-on", plan=Plan.EITHER),
    _fault("permanent-but-not-reloaded", "firewall-rejects-port", PROHIBITED, "--permanent --add-port=5000/tcp"),
    _fault("other-protocol", "firewall-rejects-port", PROHIBITED, *both("--add-port=5000/udp")),
    _fault(
        "ipv6", "firewall-rejects-port", (7, "EACCES"), server=servers.http_server("::"),
        target=PAGE6, url=PAGE6, options=("--from", CLIENT6),
    ),
)  # fmt: skip
