"""Who on this link has the address of the target, or of the router on the way to it.

With root two broadcast ARP requests (RFC 826), or neighbour solicitations (RFC 4861), and every answer to them: two MACs are
a duplicate address. Without, what the kernel's own request found: `ip neigh`.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from wizard.collect.wire import paths
from wizard.collect.wire.way import Way, asked

PATIENCE = 1.2
LEAST_PATIENCE = 0.6
_REQUESTS = 2
_AGAIN_AFTER = 0.3
_ETH_P_ARP, _ETH_P_IPV6 = 0x0806, 0x86DD
_SETTLES = 3.3
"""The kernel gives an address up after three requests, a second apart."""


def ask(way: Way, late: float) -> dict[str, Any] | None:
    """The MACs that answer; None where the link has no such thing (a tunnel, a point-to-point link)."""
    if not way.mac or way.device == "lo":
        return None
    told = {"address": way.next_hop.partition("%")[0], "device": way.device}
    try:
        plug = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_IPV6 if way.six else _ETH_P_ARP))
    except (OSError, AttributeError):
        macs = _from_table(way, min(late, time.monotonic() + _SETTLES))
        return None if macs is None else told | {"macs": macs}
    with plug:
        plug.bind((way.device, 0))
        # Built first: loading what builds it takes a while, and the patience is for the answers.
        request = _solicitation(way) if way.six else _arp_request(way)
        until = max(min(late, time.monotonic() + PATIENCE), time.monotonic() + LEAST_PATIENCE)
        return told | {"macs": _by_asking(way, plug, request, until)}


def _by_asking(way: Way, plug: socket.socket, request: bytes, until: float) -> list[str]:
    macs: dict[str, None] = {}
    sent, next_at = 0, time.monotonic()
    poll = select.poll()
    poll.register(plug, select.POLLIN)
    while True:
        now = time.monotonic()
        if sent < _REQUESTS and now >= next_at:
            plug.send(request)
            sent, next_at = sent + 1, now + _AGAIN_AFTER
        if paths.ready_until(poll, next_at if sent < _REQUESTS else until):
            mac = _answering(way, plug.recv(2048))
            if mac and mac != way.mac:
                macs[mac] = None
        elif sent >= _REQUESTS:
            break
    return list(macs)


def _arp_request(way: Way) -> bytes:
    from scapy.layers.l2 import ARP, Ether

    packet = Ether(src=way.mac, dst="ff:ff:ff:ff:ff:ff") / ARP(
        op=1, hwsrc=way.mac, psrc=way.source, hwdst="00:00:00:00:00:00", pdst=way.next_hop
    )
    return bytes(packet)


def _solicitation(way: Way) -> bytes:
    from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
    from scapy.layers.l2 import Ether

    wanted = way.next_hop.partition("%")[0]
    last = socket.inet_pton(socket.AF_INET6, wanted)[-3:]
    group = socket.inet_ntop(socket.AF_INET6, bytes.fromhex("ff0200000000000000000001ff") + last)
    frame = Ether(src=way.mac, dst="33:33:ff:" + last.hex(":"))
    packet = frame / IPv6(src=way.source, dst=group, hlim=255) / ICMPv6ND_NS(tgt=wanted)
    return bytes(packet / ICMPv6NDOptSrcLLAddr(lladdr=way.mac))


def _answering(way: Way, frame: bytes) -> str:
    """The MAC in an answer about that address, or empty. Malformed frames are none."""
    from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr
    from scapy.layers.l2 import ARP, Ether

    wanted = way.next_hop.partition("%")[0]
    try:
        packet = Ether(frame)
        if ARP in packet:
            return str(packet[ARP].hwsrc) if packet[ARP].op == 2 and packet[ARP].psrc == wanted else ""
        if ICMPv6ND_NA in packet and _same(packet[ICMPv6ND_NA].tgt, wanted):
            option = packet.getlayer(ICMPv6NDOptDstLLAddr)
            return str(option.lladdr if option is not None else packet.src)
    except Exception:
        # Hostile bytes: scapy raises whatever it likes.
        return ""
    return ""


def _same(one: str, other: str) -> bool:
    return socket.inet_pton(socket.AF_INET6, one) == socket.inet_pton(socket.AF_INET6, other)


def _from_table(way: Way, until: float) -> list[str] | None:
    """What the kernel found when the attempts made it ask: a MAC, or nobody; None while it does not say."""
    while True:
        entry = asked("neigh", "show", way.next_hop.partition("%")[0], "dev", way.device)
        state = set(entry.get("state", ())) if entry else set()
        if entry and entry.get("lladdr") and not state & {"FAILED", "INCOMPLETE"}:
            return [str(entry["lladdr"])]
        if "FAILED" in state:
            return []
        if time.monotonic() > until:
            return [] if "INCOMPLETE" in state else None
        time.sleep(0.1)
