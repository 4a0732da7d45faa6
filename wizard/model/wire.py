"""What single packets to one target showed from here: who answers, at which hop it ends, how large a packet gets through.

All of it is evidence of one moment, gathered by a handful of packets (wizard.collect.wire); an empty tuple or None means
that nobody answered, an `Unknown` in `untold` that it was not asked, with the reason.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

from wizard.model.capture import Origin, Unknown

Address = IPv4Address | IPv6Address


class WireAnswer(Struct, frozen=True):
    """One packet that came back. `kind`: `synack`, `rst`, `icmp` (an error: see type and code), `echo` (an echo reply).

    `ttl` is what was left of the time to live (hop limit) on arrival; it starts at 64, 128 or 255 nearly everywhere, so the
    distance to the next of these is how many hops away its sender stands. `options` are TCP's, by their names in order
    (`MSS`, `SAckOK`, `Timestamp`, `NOP`, `WScale`): two systems rarely write the same. None or empty without root.
    """

    kind: str
    source: Address
    seconds: float = 0.0
    ttl: int | None = None
    window: int | None = None
    options: tuple[str, ...] = ()
    mss: int | None = None
    type: int | None = None
    code: int | None = None
    mac: str = ""
    """The link-layer sender: the target itself or the router in front of it."""

    @property
    def distance(self) -> int | None:
        """How many routers away its sender stands, if it started at the usual 64, 128 or 255; None where not told."""
        if self.ttl is None:
            return None
        return next((start - self.ttl for start in (64, 128, 255) if self.ttl <= start), None)


class WireHop(Struct, frozen=True):
    """What came back for the packets that may pass `number` - 1 routers. `answer` None: nothing, in the time given."""

    number: int
    answer: WireAnswer | None = None


class WirePath(Struct, frozen=True):
    """The way there as packets of one protocol see it: `tcp` (SYNs to the real port), `icmp` (echo), `udp`.

    `reached`: the target itself answered (a SYN-ACK, a reset, an echo reply, an ICMP port unreachable from its address).
    """

    proto: str
    hops: tuple[WireHop, ...] = ()
    reached: bool = False

    @property
    def last(self) -> WireHop | None:
        """The farthest hop that answered."""
        return next((hop for hop in reversed(self.hops) if hop.answer is not None), None)


class NeighbourAnswers(Struct, frozen=True):
    """Who on this link says it has `address` (the target, or the router on the way to it), by ARP or neighbour discovery.

    No MAC: nobody answers there. Two: two devices have the same address.
    """

    address: Address
    device: str
    macs: tuple[str, ...] = ()


class PathMtu(Struct, frozen=True):
    """How large a packet gets through, in bytes with the IP header.

    `link` is the first link's own MTU, `told` the path MTU that routers told this kernel (equal to `link` where none did),
    `passed` the largest packet that was answered, `lost` the smallest that was not, though nobody said that it is too big
    (0: none was). `lost` without a `told` below it is a black hole: connections open, and then hang on the first big packet.
    """

    link: int
    told: int
    passed: int = 0
    lost: int = 0

    @property
    def black_hole(self) -> bool:
        """Small packets are answered, big ones vanish, and no router says why."""
        return bool(self.passed and self.lost and self.told >= self.lost)


class WireEvidence(Struct, frozen=True):
    """Everything that was seen of one target. `device` and `gateway` are the way out (gateway None: the same link).

    `answers` are those to plain SYNs to the real port, `echo` that to a small ICMP echo request, `reversed_device` the
    interface on which an answer came in if it is another than `device` (an asymmetric way), empty otherwise.
    """

    address: Address
    port: int
    privileged: bool = False
    device: str = ""
    gateway: Address | None = None
    answers: tuple[WireAnswer, ...] = ()
    echo: WireAnswer | None = None
    neighbour: NeighbourAnswers | None = None
    paths: tuple[WirePath, ...] = ()
    mtu: PathMtu | None = None
    reversed_device: str = ""
    untold: tuple[Unknown, ...] = ()
    seconds: float = 0.0
    origin: Origin = Origin("")

    def path(self, proto: str) -> WirePath | None:
        """The way as packets of `proto` see it, if that was asked."""
        return next((each for each in self.paths if each.proto == proto), None)
