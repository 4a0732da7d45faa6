"""The packet on the wire, and what comes back: raw frames at the far ends of the copy's links.

scapy makes and reads the packets; it is imported by the worker only.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from wizard.twin.words import Question

FAKE_MAC = "02:00:00:77:77:77"
_ETH_P_ALL = 3
_ICMP4 = {
    0: "icmp-net-unreachable",
    1: "icmp-host-unreachable",
    2: "icmp-proto-unreachable",
    3: "icmp-port-unreachable",
    9: "icmp-net-prohibited",
    10: "icmp-host-prohibited",
    13: "icmp-admin-prohibited",
}
_ICMP6 = {
    0: "icmpv6-no-route",
    1: "icmpv6-admin-prohibited",
    3: "icmpv6-addr-unreachable",
    4: "icmpv6-port-unreachable",
    5: "icmpv6-policy-fail",
    6: "icmpv6-reject-route",
}


class End:
    """A listening raw socket at one far end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self.socket.bind((name, 0))
        self.socket.setblocking(False)

    def fileno(self) -> int:
        return self.socket.fileno()


def send(ends: dict[str, End], question: Question, mac: str) -> str | None:
    """Sends the first packet into the copy; gives the refusal that came back (`tcp-reset`, an ICMP's name), or None."""
    for end in ends.values():
        _drain(end)
    ends[question.interface].socket.send(bytes(_frame(question, mac)))
    late = time.monotonic() + question.seconds
    while (left := late - time.monotonic()) > 0:
        readable, _, _ = select.select(list(ends.values()), [], [], left)
        for end in readable:
            for data, kind in _received(end):
                if kind != socket.PACKET_OUTGOING and (refusal := _refusal(data, question)):
                    return refusal
    return None


def _drain(end: End) -> None:
    for _ in _received(end):
        pass


def _received(end: End) -> list[tuple[bytes, int]]:
    found: list[tuple[bytes, int]] = []
    while len(found) < 1000:
        try:
            data, where = end.socket.recvfrom(4096)
        except BlockingIOError:
            break
        found.append((data, where[2]))
    return found


def _frame(question: Question, mac: str) -> Any:
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether

    network = IPv6 if ":" in question.destination else IP
    # The options of a Linux client: rules may look at them (tcpmss).
    options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]
    source, destination = question.source_port, question.destination_port
    transport: Any = TCP(sport=source, dport=destination, flags="S", seq=1, options=options)
    if question.proto == "udp":
        transport = UDP(sport=source, dport=destination) / b"?"
    sender = Ether(src=question.source_mac or FAKE_MAC, dst=mac)
    return sender / network(src=question.source, dst=question.destination) / transport


def _refusal(data: bytes, question: Question) -> str | None:
    """The refusal in one frame, if it answers this question."""
    from scapy.layers.inet import ICMP, IP, TCP
    from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
    from scapy.layers.l2 import Ether

    frame = Ether(data)
    ip = frame.getlayer(IP) or frame.getlayer(IPv6)
    if ip is None or ip.dst != question.source:
        return None
    if (unreachable := frame.getlayer(ICMPv6DestUnreach)) is not None:
        return _ICMP6.get(unreachable.code, f"icmpv6-code-{unreachable.code}")
    if (icmp := frame.getlayer(ICMP)) is not None and ip.proto == 1:
        return _ICMP4.get(icmp.code, f"icmp-code-{icmp.code}") if icmp.type == 3 else None
    tcp = frame.getlayer(TCP)
    if tcp is not None and tcp.dport == question.source_port and tcp.flags.R:
        return "tcp-reset"
    return None
