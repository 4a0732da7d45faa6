"""The interfaces with their addresses, as psutil tells them on any platform, one JSON object a line.

{"name": "Ethernet", "addresses": ["192.168.1.100/24"], "up": true, "mac": "00-15-5D-00-00-01", "mtu": 1500}
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from ipaddress import ip_interface
from typing import Any

import psutil

_FAMILIES = {socket.AF_INET: 32, socket.AF_INET6: 64}


def read() -> str:
    """Every interface. Raises OSError where the system refuses."""
    status = psutil.net_if_stats()
    lines = []
    for name, told in psutil.net_if_addrs().items():
        state = status.get(name)
        mac = next((each.address for each in told if each.family == psutil.AF_LINK), "")
        up, mtu = (None, 0) if state is None else (state.isup, state.mtu)
        line = {"name": name, "addresses": list(_addresses(told)), "up": up, "mac": mac, "mtu": mtu}
        lines.append(json.dumps(line))
    return "".join(line + "\n" for line in lines)


def _addresses(told: Iterable[Any]) -> Iterable[str]:
    """`address/prefix`; without a netmask (IPv6 on Windows) the usual prefix."""
    for each in told:
        if each.family not in _FAMILIES:
            continue
        bare = each.address.partition("%")[0]
        mask = _length(each.netmask) if each.netmask else _FAMILIES[each.family]
        try:
            yield str(ip_interface(f"{bare}/{mask}"))
        except ValueError:
            continue


def _length(mask: str) -> str:
    """`255.255.255.0` as it is; `ffff:ffff::` as the number of its bits."""
    if ":" not in mask:
        return mask
    packed = socket.inet_pton(socket.AF_INET6, mask.partition("/")[0])
    return str(bin(int.from_bytes(packed, "big")).count("1"))
