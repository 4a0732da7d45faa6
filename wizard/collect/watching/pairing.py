"""Pairs what came in with what left: SYNs become attempts, each with its answer and the first words of both sides.

One attempt is one SYN with its retransmissions. It is told once it is clear what became of it, or it was silent for so long
that a local answer would have left long ago; an answer that comes later still is told as a revision. Pure but for its memory,
which is bounded: a port scan fills a table, not the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address

from msgspec import Struct

from wizard.collect.watching.bpf import ACK, FIN, RST, SYN
from wizard.collect.watching.packets import Icmp, Tcp
from wizard.collect.watching.sniffer import Seen
from wizard.model.arrival import Answered, Attempted, How
from wizard.model.facts import Address
from wizard.model.journey import Translation

SILENT_AFTER = 0.7
"""Seconds. The kernel answers a SYN within microseconds, a container or virtual machine here within milliseconds."""
UNSAID_AFTER = 1.0
"""Seconds after the SYN-ACK: no confirmation, no request, or no answer to it."""
SAME_MOMENT = 0.2
"""The same SYN again within so many seconds is one packet on its way through two interfaces, not a retransmission (1 s)."""
FORGOTTEN_AFTER = 120.0
MOST_ATTEMPTS = 256
MOST_OF_ONE_SOURCE = 32
MOST_ELSEWHERE = 64
MOST_WORDS = 512

_Key = tuple[bytes, int, bytes, int]


class _Attempt(Struct):
    """An attempt while it is followed."""

    number: int
    key: _Key
    seq: int
    at: float
    interface: str
    mac: str
    own: bool
    copies: int = 0
    answered: Answered = Answered.NOTHING
    answered_at: float = 0.0
    answered_on: str = ""
    answer_source: bytes = b""
    icmp: tuple[int, int] | None = None
    forwarded: tuple[bytes, int] | None = None
    forwarded_on: str = ""
    established: bool = False
    request: bytes = b""
    request_at: float = 0.0
    response: bytes = b""
    ended: str = ""
    left: bool = False
    told: str = ""
    """What was told last: a digest of what matters, empty before the first time."""


class Pairing:
    """Follows the attempts on `ports`. `is_own` says whether a packed address is this machine's."""

    def __init__(self, ports: Iterable[int], is_own: Callable[[bytes], bool], local: bool = False) -> None:
        self.ports = set(ports)
        self.elsewhere: dict[tuple[bytes, int], int] = {}
        self.unshown = 0
        self._is_own = is_own
        self._local = local
        self._open: dict[_Key, _Attempt] = {}
        self._by_seq: dict[int, _Attempt] = {}
        self._count = 0

    def feed(self, seen: Seen) -> None:
        """One packet."""
        packet = seen.packet
        if isinstance(packet, Icmp):
            if seen.outgoing:
                self._icmp(seen, packet)
        elif packet.flags & SYN and not packet.flags & ACK:
            self._syn(seen, packet)
        elif seen.outgoing:
            self._outgoing(seen, packet)
        else:
            self._incoming(seen, packet)

    def due(self, now: float) -> list[Attempted]:
        """The attempts about which there is something (new) to tell."""
        told: list[Attempted] = []
        for attempt in list(self._open.values()):
            digest = _digest(attempt)
            if digest != attempt.told and _is_clear(attempt, now):
                told.append(_attempted(attempt, revises=bool(attempt.told)))
                attempt.told = digest
            if attempt.told and now - attempt.at > FORGOTTEN_AFTER:
                self._forget(attempt)
        return told

    def next_due(self, now: float) -> float | None:
        """In how many seconds an attempt becomes clear by silence alone; None: none is waited for."""
        waits = [_clear_at(each) - now for each in self._open.values() if not each.told]
        return max(0.0, min(waits)) if waits else None

    def rest(self) -> list[Attempted]:
        """What has not been told yet, as it stands (the watch ends)."""
        return [_attempted(each, revises=False) for each in self._open.values() if not each.told]

    # SYNs

    def _syn(self, seen: Seen, packet: Tcp) -> None:
        key = (packet.source, packet.sport, packet.destination, packet.dport)
        if seen.outgoing:
            self._sent_on(seen, packet)
            return
        known = self._open.get(key)
        if known is not None and known.seq == packet.seq:
            _again(known, seen)
            return
        if not self._is_own(packet.destination):
            return
        own = seen.interface == "lo" or self._is_own(packet.source)
        if own and not self._local:
            return
        if packet.dport not in self.ports:
            self._elsewhere(packet)
        elif self._has_room(packet.source):
            self._begin(key, seen, packet, own)
        else:
            self.unshown += 1

    def _begin(self, key: _Key, seen: Seen, packet: Tcp, own: bool) -> None:
        if known := self._open.get(key):
            self._forget(known)
        self._count += 1
        attempt = _Attempt(self._count, key, packet.seq, seen.at, seen.interface, seen.mac, own)
        self._open[key] = self._by_seq[packet.seq] = attempt

    def _has_room(self, source: bytes) -> bool:
        """Old ones that are told make room; more than a browser ever opens at once from one source do not come in."""
        if len(self._open) >= MOST_ATTEMPTS:
            oldest = min((each for each in self._open.values() if each.told), key=lambda each: each.at, default=None)
            if oldest is None:
                return False
            self._forget(oldest)
        return sum(1 for key, each in self._open.items() if key[0] == source and not each.told) < MOST_OF_ONE_SOURCE

    def _forget(self, attempt: _Attempt) -> None:
        self._open.pop(attempt.key, None)
        if self._by_seq.get(attempt.seq) is attempt:
            del self._by_seq[attempt.seq]

    def _elsewhere(self, packet: Tcp) -> None:
        where = (packet.source, packet.dport)
        if where in self.elsewhere or len(self.elsewhere) < MOST_ELSEWHERE:
            self.elsewhere[where] = self.elsewhere.get(where, 0) + 1

    def _sent_on(self, seen: Seen, packet: Tcp) -> None:
        """The SYN leaves again, toward a container or another machine: the same number, another destination."""
        attempt = self._by_seq.get(packet.seq)
        if attempt is not None and (attempt.key[2], attempt.key[3]) != (packet.destination, packet.dport):
            attempt.forwarded = (packet.destination, packet.dport)
            attempt.forwarded_on = attempt.forwarded_on or seen.interface

    # Answers

    def _outgoing(self, seen: Seen, packet: Tcp) -> None:
        attempt = self._open.get((packet.destination, packet.dport, packet.source, packet.sport))
        if attempt is None:
            return
        if packet.flags & SYN:
            if packet.ack == (attempt.seq + 1) & 0xFFFFFFFF:
                _answer(attempt, Answered.SYN_ACK, seen)
        elif packet.flags & RST and attempt.answered is not Answered.SYN_ACK:
            _answer(attempt, Answered.RST, seen)
        else:
            _say(attempt, seen, packet)

    def _incoming(self, seen: Seen, packet: Tcp) -> None:
        attempt = self._open.get((packet.source, packet.sport, packet.destination, packet.dport))
        if attempt is None or attempt.answered is not Answered.SYN_ACK:
            return
        if packet.flags & (FIN | RST) and not attempt.ended and not attempt.response:
            attempt.left = True
        if not packet.flags & RST:
            attempt.established = True
            if packet.payload and not attempt.request:
                attempt.request, attempt.request_at = packet.payload[:MOST_WORDS], seen.at

    def _icmp(self, seen: Seen, error: Icmp) -> None:
        key = (error.quoted_source, error.quoted_sport, error.quoted_destination, error.quoted_dport)
        attempt = self._open.get(key) or self._by_seq.get(error.quoted_seq)
        if attempt is None or attempt.key[0] != error.destination or attempt.answered is not Answered.NOTHING:
            return
        attempt.icmp = (error.type, error.code)
        if not self._is_own(error.source):
            attempt.answer_source = error.source
        _answer(attempt, Answered.ICMP, seen)


def _again(attempt: _Attempt, seen: Seen) -> None:
    """The SYN once more: the same packet one layer up (a bridge over its port), or a retransmission."""
    if seen.at - attempt.at < SAME_MOMENT:
        attempt.interface = seen.interface
    else:
        attempt.copies += 1


def _answer(attempt: _Attempt, answered: Answered, seen: Seen) -> None:
    if attempt.answered is Answered.NOTHING:
        attempt.answered, attempt.answered_at, attempt.answered_on = answered, seen.at, seen.interface


def _say(attempt: _Attempt, seen: Seen, packet: Tcp) -> None:
    """Words of this side, or its end. An idle connection that is closed later says nothing about the program."""
    if packet.payload and len(attempt.response) < MOST_WORDS:
        attempt.response = (attempt.response + packet.payload)[:MOST_WORDS]
    early = attempt.request or seen.at - attempt.answered_at < UNSAID_AFTER
    if packet.flags & (RST | FIN) and not attempt.ended and early and not attempt.left:
        attempt.ended = "reset" if packet.flags & RST else "closed"


def _clear_at(attempt: _Attempt) -> float:
    """When it is clear what became of it, if nothing more comes."""
    if attempt.answered is Answered.NOTHING:
        return attempt.at + SILENT_AFTER
    if attempt.answered is not Answered.SYN_ACK or attempt.response or attempt.ended or attempt.left:
        return 0.0
    return max(attempt.answered_at, attempt.request_at) + UNSAID_AFTER


def _is_clear(attempt: _Attempt, now: float) -> bool:
    return now >= _clear_at(attempt)


def _digest(attempt: _Attempt) -> str:
    """What a person would want to hear of again if it changes."""
    said = "said" if attempt.response else attempt.ended
    return f"{attempt.answered} {attempt.established} {bool(attempt.request)} {attempt.left} {said}"


def _attempted(attempt: _Attempt, revises: bool) -> Attempted:
    source, source_port, destination, port = attempt.key
    return Attempted(
        number=attempt.number,
        at=attempt.at,
        source=_address(source),
        source_port=source_port,
        destination=_address(destination),
        port=port,
        interface=attempt.interface,
        mac=attempt.mac,
        how=How.PACKETS,
        retransmitted=attempt.copies,
        answered=attempt.answered,
        answered_on=attempt.answered_on,
        answer_source=_address(attempt.answer_source) if attempt.answer_source else None,
        icmp=attempt.icmp,
        forwarded=Translation(_address(attempt.forwarded[0]), attempt.forwarded[1]) if attempt.forwarded else None,
        forwarded_on=attempt.forwarded_on,
        established=attempt.established,
        request=attempt.request,
        response=attempt.response,
        ended=attempt.ended,
        left=attempt.left,
        own=attempt.own,
        revises=revises,
    )


def _address(packed: bytes) -> Address:
    return ip_address(packed)
