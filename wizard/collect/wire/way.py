"""The way out toward a target, as the kernel would send a packet there.

[{"dst":"10.77.0.1","gateway":"10.88.0.1","dev":"veth-c","prefsrc":"10.88.0.2","flags":[],"uid":0,"cache":[]}]
"""

from __future__ import annotations

import json
import socket
import subprocess
from typing import Any

from msgspec import Struct


class Way(Struct, frozen=True):
    """Where to: `gateway` None means that the target is on this link. `mac` is empty where the link has no such addresses."""

    address: str
    device: str
    source: str
    gateway: str | None
    mtu: int
    mac: str

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6."""
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET

    @property
    def six(self) -> bool:
        """Whether it is IPv6."""
        return ":" in self.address

    @property
    def next_hop(self) -> str:
        """Who is asked on the link: the router, or the target itself."""
        return self.gateway or self.address

    def destination(self, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
        """As connect() and sendto() take it; a link-local address with its interface."""
        if not self.six:
            return self.address, port
        bare = self.address.partition("%")[0]
        local = bare.lower().startswith("fe80")
        return bare, port, 0, socket.if_nametoindex(self.device) if local else 0


def toward(address: str) -> Way | None:
    """The way there; None where there is none, or `ip` does not say."""
    bare, _, zone = address.partition("%")
    told = asked("route", "get", bare, *(("oif", zone) if zone else ()))
    if not told or not isinstance(told.get("dev"), str):
        return None
    gateway = told.get("gateway") or (told.get("via") or {}).get("host")
    link = asked("link", "show", "dev", told["dev"]) or {}
    mtu = link.get("mtu")
    return Way(
        address,
        told["dev"],
        str(told.get("prefsrc", "")),
        str(gateway) if gateway else None,
        mtu if isinstance(mtu, int) else 1500,
        str(link.get("address", "")) if link.get("link_type") == "ether" else "",
    )


def asked(*words: str) -> dict[str, Any] | None:
    """The first object that `ip -j WORDS` tells; None where it tells none."""
    try:
        done = subprocess.run(["ip", "-j", *words], capture_output=True, timeout=2, stdin=subprocess.DEVNULL)
        return dict(json.loads(done.stdout or b"[]")[0])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        return None
