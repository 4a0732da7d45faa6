"""Reads /proc/net/tcp, tcp6, udp, udp6 (proc_pid_net(5)): the sockets of one network namespace.

      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       0: 0100007F:1388 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 31337 1 000000000dcbe120

Addresses are hexadecimal, each group of 32 bits in the byte order of the machine (here little-endian). State 0A is LISTEN,
07 an unconnected UDP socket (include/net/tcp_states.h). A listener's rx_queue are the connections that wait for accept().
Whether `::` takes IPv4 too is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address, Listener, Owner, Proto

_LISTENING = {Proto.TCP: "0A", Proto.UDP: "07"}
Owners = Callable[[int], tuple[Owner, ...] | None]


def parse(
    text: str, proto: Proto, source: str, owners: Mapping[int, tuple[Owner, ...]] | None = None
) -> Parsed[tuple[Listener, ...]]:
    """The listening sockets in `text`; `owners` gives the processes of a socket's inode where they are known."""
    listeners: list[Listener] = []
    unread: list[Origin] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0] == "sl":
            continue
        origin = Origin(source, number, line.strip())
        try:
            if fields[3] == _LISTENING[proto]:
                listeners.append(_listener(fields, proto, origin, owners or {}))
        except (IndexError, ValueError):
            unread.append(origin)
    return Parsed(tuple(listeners), tuple(unread))


def _listener(fields: list[str], proto: Proto, origin: Origin, owners: Mapping[int, tuple[Owner, ...]]) -> Listener:
    address, _, port = fields[1].partition(":")
    inode = int(fields[9])
    bound, number = _address(address), int(port, 16)
    return Listener(
        proto=proto,
        address=bound,
        port=number,
        owners=owners.get(inode),
        uid=int(fields[7]),
        inode=inode,
        accept_queue=int(fields[4].partition(":")[2], 16) if proto is Proto.TCP else None,
        # The line itself is hexadecimal, and nobody's evidence.
        origin=Origin(
            origin.source, origin.line, f"{proto} {bound} port {number}, uid {int(fields[7])}, inode {inode}"
        ),
    )


def _address(text: str) -> Address:
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    packed = b"".join(words)
    if len(packed) == 4:
        return IPv4Address(packed)
    address = IPv6Address(packed)
    return address.ipv4_mapped or address
