"""What each field that a rule can name is, for the packet in hand: `ip saddr`, `tcp dport`, `ct state`, `meta iifname`, ...

Each reader gives the value as the kernel compares it, None where the packet has no such field (the rule ends there), or
`UNSURE`. Sources: net/netfilter/nft_meta.c, nft_ct.c, nft_payload.c, nft_exthdr.c; for iptables, net/netfilter/xt_*.c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wizard.judge.state import (
    ESTABLISHED,
    INVALID,
    NEW,
    NO_CT,
    RELATED,
    SYN,
    TCP,
    TRACKED,
    UDP,
    UNSURE,
    UNTRACKED,
    Between,
    Partial,
    State,
)

Reader = Callable[[State], Any]
_IPV4, _IPV6 = 4, 6
_ICMP, _ICMPV6 = 1, 58
_STATE_BITS = {NO_CT: 1, INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 64}
_DONT_FRAGMENT = 0x4000


def reader(name: str) -> Reader:
    """The reader of the field, or one that is always unsure for a field outside the model."""
    found = _READERS.get(name)
    if found is not None:
        return found
    first = name.split(" ", 1)[0]
    if first in _ABSENT:
        return _absent
    if name.startswith("exists "):
        return _exists(name)
    return _unsure


def _absent(s: State) -> Any:
    return None


def _unsure(s: State) -> Any:
    return UNSURE


def _constant(value: Any) -> Reader:
    return lambda s: value


def _exists(name: str) -> Reader:
    """Extension headers and IP options: the packets of this model have none, and of the other family none is asked (the
    rule ends there). TCP options differ from client to client."""
    if name.startswith("exists exthdr"):
        return lambda s: 0 if s.family == _IPV6 else None
    if name.startswith("exists ipoption"):
        return lambda s: 0 if s.family == _IPV4 else None
    if name.startswith("exists sctpchunk"):
        return _absent
    return lambda s: UNSURE if s.proto == TCP else None


def _only4(attribute: str) -> Reader:
    return lambda s: getattr(s, attribute) if s.family == _IPV4 else None


def _source4(s: State) -> Any:
    return s.source if s.family == _IPV4 else None


def _destination4(s: State) -> Any:
    return s.destination if s.family == _IPV4 else None


def _source6(s: State) -> Any:
    return s.source if s.family == _IPV6 else None


def _destination6(s: State) -> Any:
    return s.destination if s.family == _IPV6 else None


def _tcp_sport(s: State) -> Any:
    return s.sport if s.proto == TCP else None


def _tcp_dport(s: State) -> Any:
    return s.dport if s.proto == TCP else None


def _udp_sport(s: State) -> Any:
    return s.sport if s.proto == UDP else None


def _udp_dport(s: State) -> Any:
    return s.dport if s.proto == UDP else None


def _in_family(family: int, value: Any) -> Reader:
    return lambda s: value if s.family == family else None


def _with_proto(proto: int, value: Any) -> Reader:
    return lambda s: value if s.proto == proto else None


def _of_ct(read: Reader) -> Reader:
    """Without a connection there is no such field."""
    return lambda s: read(s) if s.ct in TRACKED else None


def _tuple_part(which: str, part: int, family: int = 0) -> Reader:
    def read(s: State) -> Any:
        if s.ct not in TRACKED or (family and s.family != family):
            return None
        return getattr(s, which)[part]

    return read


def _ct_tuple_readers() -> dict[str, Reader]:
    readers: dict[str, Reader] = {}
    for direction, which in (("original", "original"), ("reply", "reply_tuple")):
        for part, names in enumerate((("saddr",), ("daddr",), ("proto-src",), ("proto-dst",))):
            readers[f"ct {direction} {names[0]}"] = _tuple_part(which, part)
        for family, word in ((_IPV4, "ip"), (_IPV6, "ip6")):
            readers[f"ct {direction} {word} saddr"] = _tuple_part(which, 0, family)
            readers[f"ct {direction} {word} daddr"] = _tuple_part(which, 1, family)
        readers[f"ct {direction} protocol"] = _of_ct(lambda s: s.proto)
        readers[f"ct {direction} l3proto"] = _of_ct(_nfproto)
    return readers


def _nfproto(s: State) -> Any:
    return 2 if s.family == _IPV4 else 10


def _ethertype(s: State) -> Any:
    return 0x800 if s.family == _IPV4 else 0x86DD


def _ether_source(s: State) -> Any:
    return s.machine.sender_mac(s) if s.iif else None


def _ether_destination(s: State) -> Any:
    return s.machine.own_mac(s.iif) if s.iif else None


def _socket_uid(s: State) -> Any:
    """An arriving first packet belongs to no socket yet."""
    return None if s.iif else UNSURE


def _owner_uid(s: State) -> Any:
    """xt_owner without a socket: no number fits, and a negated question holds."""
    return -1 if s.iif else UNSURE


def _physdev(s: State) -> Any:
    return UNSURE if s.machine.is_bridge(s.iif) or s.machine.is_bridge(s.oif) else 0


def _maxseg(s: State) -> Any:
    """No client offers less than what every host must take (RFC 9293, RFC 8200 less the headers)."""
    return Between(536 if s.family == _IPV4 else 1220, 65535) if s.proto == TCP else None


def _monthday(days: int) -> int:
    """The day of the month, so many days after 1970-01-01."""
    from datetime import date

    return date.fromordinal(date(1970, 1, 1).toordinal() + days).day


_ABSENT = frozenset(
    ("icmp", "icmpv6", "igmp", "arp", "vlan", "sctp", "dccp", "udplite", "ah", "esp", "comp", "exthdr", "rt")
)

_READERS: Mapping[str, Reader] = {
    "ip saddr": _source4,
    "ip daddr": _destination4,
    "ip protocol": _only4("proto"),
    "ip version": _in_family(_IPV4, 4),
    "ip hdrlength": _in_family(_IPV4, 5),
    "ip frag-off": _in_family(_IPV4, Partial(0, _DONT_FRAGMENT)),
    **{f"ip {name}": _in_family(_IPV4, UNSURE) for name in ("dscp", "ecn", "length", "id", "ttl", "checksum")},
    "ip6 saddr": _source6,
    "ip6 daddr": _destination6,
    "ip6 nexthdr": lambda s: s.proto if s.family == _IPV6 else None,
    "ip6 version": _in_family(_IPV6, 6),
    **{f"ip6 {name}": _in_family(_IPV6, UNSURE) for name in ("dscp", "ecn", "flowlabel", "length", "hoplimit")},
    "tcp sport": _tcp_sport,
    "tcp dport": _tcp_dport,
    "tcp flags": lambda s: s.flags if s.proto == TCP else None,
    "tcp ackseq": lambda s: None if s.proto != TCP else 0 if s.flags == SYN else UNSURE,
    "tcp option maxseg size": _maxseg,
    "tcpoption maxseg size": _maxseg,
    "tcp urgptr": _with_proto(TCP, 0),
    **{f"tcp {name}": _with_proto(TCP, UNSURE) for name in ("sequence", "doff", "reserved", "window", "checksum")},
    "udp sport": _udp_sport,
    "udp dport": _udp_dport,
    **{f"udp {name}": _with_proto(UDP, UNSURE) for name in ("length", "checksum")},
    "th sport": lambda s: s.sport if s.proto in (TCP, UDP) else UNSURE,
    "th dport": lambda s: s.dport if s.proto in (TCP, UDP) else UNSURE,
    "icmp type": lambda s: s.icmp[0] if s.proto == _ICMP else None,
    "icmp code": lambda s: s.icmp[1] if s.proto == _ICMP else None,
    "icmpv6 type": lambda s: s.icmp[0] if s.proto == _ICMPV6 else None,
    "icmpv6 code": lambda s: s.icmp[1] if s.proto == _ICMPV6 else None,
    "ether saddr": _ether_source,
    "ether daddr": _ether_destination,
    "ether type": lambda s: _ethertype(s) if s.iif else None,
    "meta nfproto": _nfproto,
    "meta protocol": _ethertype,
    "meta l4proto": lambda s: s.proto,
    "meta iifname": lambda s: s.iif,
    "meta oifname": lambda s: s.oif,
    "meta iif": lambda s: s.iif,
    "meta oif": lambda s: s.oif,
    "meta mark": lambda s: s.mark,
    "meta pkttype": lambda s: s.machine.packet_type(s),
    "meta skuid": _socket_uid,
    "meta skgid": _socket_uid,
    "meta sdif": _constant("0"),
    "meta sdifname": _constant(""),
    "meta secpath": _constant(0),
    "meta ipsec": _constant(0),
    "meta iiftype": lambda s: s.machine.link_type(s.iif) if s.iif else None,
    "meta oiftype": lambda s: s.machine.link_type(s.oif) if s.oif else None,
    "meta iifkind": lambda s: s.machine.kind(s.iif),
    "meta oifkind": lambda s: s.machine.kind(s.oif),
    "owner meta skuid": _owner_uid,
    "owner meta skgid": _owner_uid,
    "owner exists": lambda s: 0 if s.iif else UNSURE,
    "owner by name": lambda s: 0 if s.iif else UNSURE,
    "physdev": _physdev,
    "clock stamp": lambda s: s.machine.clock,
    "clock second": lambda s: s.machine.clock % 86400,
    "clock day": lambda s: (s.machine.clock // 86400 + 4) % 7,
    "clock monthday": lambda s: _monthday(s.machine.clock // 86400),
    "clock yesterday day": lambda s: (s.machine.clock // 86400 + 3) % 7,
    "clock yesterday monthday": lambda s: _monthday(s.machine.clock // 86400 - 1),
    "ct state": lambda s: _STATE_BITS[s.ct],
    "ct status": _of_ct(lambda s: s.status),
    "ct mark": _of_ct(lambda s: s.ct_mark),
    "ct direction": _of_ct(lambda s: 0 if s.ct == NEW else 1),
    "ct protocol": _of_ct(lambda s: s.proto),
    "ct l4proto": _of_ct(lambda s: s.proto),
    "ct l3proto": _of_ct(_nfproto),
    "ct zone": _constant(0),
    "ct helper": _absent,
    **_ct_tuple_readers(),
}
"""A concatenated, masked or mapped value is built from these by `wizard.judge.match`."""
