"""Reads `ifconfig -a` of macOS.

en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
        ether f0:18:98:03:d9:30
        inet6 fe80::8b7:1281:7499:b504%en0 prefixlen 64 secured scopeid 0x8
        inet 192.168.1.72 netmask 0xffffff00 broadcast 192.168.1.255
        status: active
utun3: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
        inet 10.8.0.2 --> 10.8.0.1 netmask 0xffffffff
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Interface, InterfaceAddress

_HEAD = re.compile(r"(?P<name>\S+?): flags=[0-9a-f]+<(?P<flags>[^>]*)>.*?mtu (?P<mtu>\d+)")
_KINDS = {"utun": "tun", "ipsec": "tun", "ppp": "tun", "bridge": "bridge", "vmnet": "bridge", "awdl": "awdl", "llw": "awdl",
          "vlan": "vlan", "feth": "veth"}  # fmt: skip


def parse(text: str, source: str = "ifconfig -a") -> Parsed[tuple[Interface, ...]]:
    """The interfaces in the listing's order."""
    found: list[Interface] = []
    unread: list[Origin] = []
    block: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line and line[0] in " \t":
            block.append(line)
            continue
        if block:
            found += _interface(
                block, Origin(source, number - len(block), " ".join(block[0].split())), len(found) + 1, unread
            )
        block = [line] if line else []
    return Parsed(tuple(found), tuple(unread))


def _interface(block: list[str], origin: Origin, index: int, unread: list[Origin]) -> list[Interface]:
    head = _HEAD.match(block[0])
    if head is None:
        unread.append(origin)
        return []
    flags = head["flags"].split(",")
    addresses: list[InterfaceAddress] = []
    mac = status = ""
    for line in block[1:]:
        words = line.split()
        try:
            if words[0] == "inet":
                addresses.append(_four(words))
            elif words[0] == "inet6":
                addresses.append(IPv6Interface(f"{words[1].partition('%')[0]}/{words[words.index('prefixlen') + 1]}"))
            elif words[0] == "ether":
                mac = words[1]
            elif words[0] == "status:":
                status = words[1]
        except (ValueError, IndexError):
            unread.append(Origin(origin.source, origin.line, line.strip()))
    family = re.sub(r"\d.*", "", head["name"])
    return [
        Interface(
            name=head["name"],
            index=index,
            addresses=tuple(addresses),
            up="UP" in flags,
            carrier={"active": True, "inactive": False}.get(status, "RUNNING" in flags),
            loopback="LOOPBACK" in flags,
            mac=mac,
            mtu=int(head["mtu"]),
            kind=_KINDS.get(family, ""),
            point_to_point="POINTOPOINT" in flags,
            origin=origin,
        )
    ]


def _four(words: list[str]) -> IPv4Interface:
    """`inet 192.168.1.72 netmask 0xffffff00 ...`, also with `--> peer` in between."""
    mask = words[words.index("netmask") + 1]
    bits = int(mask, 16) if mask.startswith("0x") else int(IPv4Address(mask))
    return IPv4Interface(f"{words[1]}/{bin(bits).count('1')}")
