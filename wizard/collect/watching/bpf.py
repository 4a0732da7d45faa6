"""Classic BPF programs (Linux Documentation/networking/filter.rst) that let only what a watch needs into its sockets.

Both run on packets that begin with the IP header (AF_PACKET, SOCK_DGRAM). What they pass is checked again by the reader.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterable

_LDW, _LDB, _LDH, _LDXB_IHL, _LDX = 0x20, 0x30, 0x28, 0xB1, 0x01
_LDB_X, _LDH_X = 0x50, 0x48
_RSH, _JEQ, _JSET, _RET = 0x74, 0x15, 0x45, 0x06
_SO_ATTACH_FILTER = 26
_NO_PROTOCOL = 255
SNAP = 2048
"""So many bytes of a packet are kept: headers, and the first line of what is said."""

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


class Program:
    """Instructions with named places; `assemble` turns the names into distances."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, int, str, str]] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        """The next instruction is where `name` leads."""
        self._labels[name] = len(self._lines)

    def do(self, code: int, value: int, true: str = "", false: str = "") -> None:
        """One instruction; the jumps of a conditional one default to the next."""
        self._lines.append((code, value, true, false))

    def assemble(self) -> bytes:
        """The program as an array of struct sock_filter."""
        return b"".join(
            struct.pack("=HBBI", code, self._far(true, at), self._far(false, at), value)
            for at, (code, value, true, false) in enumerate(self._lines)
        )

    def _far(self, label: str, at: int) -> int:
        return self._labels[label] - at - 1 if label else 0


def opening(ports: Iterable[int]) -> bytes:
    """Every SYN whatever its port, ends (FIN, RST) of connections with `ports`, ICMP's destination unreachable."""
    program = Program()
    _to_transport(program, icmp=True)
    program.do(_LDB_X, 13)
    program.do(_JSET, SYN, "accept")
    program.do(_JSET, FIN | RST, "", "drop")
    _ports(program, ports)
    return program.assemble()


def talking(ports: Iterable[int]) -> bytes:
    """What is said in connections with `ports`, once they stand."""
    program = Program()
    _to_transport(program, icmp=False)
    program.do(_LDB_X, 13)
    program.do(_JSET, SYN | FIN | RST, "drop")
    _ports(program, ports)
    return program.assemble()


def _to_transport(program: Program, icmp: bool) -> None:
    """Goes on with a TCP header's place in X. Fragments behind the first hold no ports; what follows an IPv6 extension
    header is for the reader to find."""
    program.do(_LDB, 0)
    program.do(_RSH, 4)
    program.do(_JEQ, 4, "four")
    program.do(_JEQ, 6, "six", "drop")
    program.label("four")
    program.do(_LDH, 6)
    program.do(_JSET, 0x1FFF, "drop")
    program.do(_LDXB_IHL, 0)
    program.do(_LDB, 9)
    program.do(_JEQ, socket.IPPROTO_TCP, "tcp")
    program.do(_JEQ, socket.IPPROTO_ICMP if icmp else _NO_PROTOCOL, "", "drop")
    program.do(_LDB_X, 0)
    program.do(_JEQ, 3, "accept", "drop")
    program.label("six")
    program.do(_LDX, 40)
    program.do(_LDB, 6)
    program.do(_JEQ, socket.IPPROTO_TCP, "tcp")
    for extension in (0, 43, 44, 60):
        program.do(_JEQ, extension, "accept")
    program.do(_JEQ, socket.IPPROTO_ICMPV6 if icmp else _NO_PROTOCOL, "", "drop")
    program.do(_LDB, 40)
    program.do(_JEQ, 1, "accept", "drop")
    program.label("tcp")


def _ports(program: Program, ports: Iterable[int]) -> None:
    """Accepts where either port is one of `ports`; the program's two ends."""
    for offset in (0, 2):
        program.do(_LDH_X, offset)
        for port in sorted(set(ports)):
            program.do(_JEQ, port, "accept")
    program.label("drop")
    program.do(_RET, 0)
    program.label("accept")
    program.do(_RET, SNAP)


def answering(address: bytes) -> bytes:
    """What comes from `address` (packed), and every ICMP message, since routers on the way have addresses of their own."""
    program = Program()
    words = [int.from_bytes(address[at : at + 4], "big") for at in range(0, len(address), 4)]
    six = len(address) == 16
    program.do(_LDB, 0)
    program.do(_RSH, 4)
    program.do(_JEQ, 6 if six else 4, "", "drop")
    program.do(_LDB, 6 if six else 9)
    program.do(_JEQ, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP, "accept")
    for at, word in enumerate(words):
        program.do(_LDW, (8 if six else 12) + 4 * at)
        program.do(_JEQ, word, "", "drop")
    program.label("accept")
    program.do(_RET, SNAP)
    program.label("drop")
    program.do(_RET, 0)
    return program.assemble()


def attach(plug: socket.socket, program: bytes) -> None:
    """Give the socket its filter (struct sock_fprog: a count and a pointer)."""
    held = ctypes.create_string_buffer(program, len(program))
    plug.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program) // 8, ctypes.addressof(held)))
