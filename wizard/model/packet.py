"""The packet whose way is walked: the first of a new connection."""

from __future__ import annotations

from msgspec import Struct

from wizard.model.facts import Address, Proto


class Packet(Struct, frozen=True):
    """`tcp from 192.168.1.20:40000 to 192.168.1.5:8000, arriving on eth0`. For TCP it is the SYN."""

    source: Address
    destination: Address
    destination_port: int
    proto: Proto = Proto.TCP
    source_port: int = 40000
    interface: str = ""
    """The interface it arrives on; empty: as the routing table would have a neighbour's packet arrive."""

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.destination.version

    def __str__(self) -> str:
        arriving = f", arriving on {self.interface}" if self.interface else ""
        return (
            f"{self.proto} from {bracketed(self.source)}:{self.source_port}"
            f" to {bracketed(self.destination)}:{self.destination_port}{arriving}"
        )


def bracketed(address: Address) -> str:
    """The address as it stands in front of a port: IPv6 in brackets (RFC 3986 section 3.2.2)."""
    return f"[{address}]" if address.version == 6 else str(address)
