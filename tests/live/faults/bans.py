"""One address is kept out: fail2ban."""

from __future__ import annotations

from collections.abc import Callable

from tests.live.faults import servers
from tests.live.faults.entry import Fault
from tests.live.lab import CLIENT, Lab


def _banned(action: str, sign: str, *before: Callable[[Lab], None]) -> Callable[[Lab], None]:
    def ban(lab: Lab) -> None:
        for step in before:
            step(lab)
        lab.start_fail2ban("webapp", action=action)
        lab.run(["fail2ban-client", "set", "webapp", "banip", CLIENT])
        lab.wait_until(lambda: sign in lab.run("iptables-save; nft list ruleset").stdout, "no ban")

    return ban


NEEDS = ("fail2ban-server", "fail2ban-client", "iptables", "nft")

FAULTS = (
    Fault(
        "fail2ban--iptables", ("client-address-banned",), 7, "ECONNREFUSED", serve=(servers.EVERYWHERE,),
        firewall=_banned("iptables-multiport", f"-s {CLIENT}/32"), needs=NEEDS,
    ),
    Fault(
        "fail2ban--nftables", ("client-address-banned",), 7, "ECONNREFUSED", serve=(servers.EVERYWHERE,),
        firewall=_banned("nftables-multiport", "addr-set-webapp"), needs=NEEDS,
    ),
    Fault(
        "fail2ban--with-ufw-open", ("client-address-banned",), 7, "ECONNREFUSED", serve=(servers.EVERYWHERE,),
        firewall=_banned("iptables-multiport", f"-s {CLIENT}/32", lambda lab: lab.start_ufw("allow 5000/tcp")),
        needs=(*NEEDS, "ufw"),
    ),
)  # fmt: skip
