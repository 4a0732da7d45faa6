"""Rewriting a packet: address translation as conntrack does it, transparent proxying, and fields set by rules.

In prerouting and output the destination changes, in input and postrouting the source; only the first mapping counts
(nf_nat_setup_info, net/netfilter/nf_nat_core.c). A target that the kernel picks from a range is not foreseeable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wizard.judge.state import TRACKED, UNSURE, State, Unsure
from wizard.model.ruleset import Nat, Span, TransparentProxy, Verdict

_ACCEPT = Verdict("accept")
_DROP = Verdict("drop")
_UNKNOWN = Verdict("unknown")
_DNAT, _SNAT = 32, 16
_REWRITTEN = frozenset(
    f"{protocol} {part}"
    for protocols, parts in ((("ip", "ip6"), ("saddr", "daddr")), (("tcp", "udp", "th"), ("sport", "dport")))
    for protocol in protocols
    for part in parts
)


def set_field(s: State, name: str, value: Any) -> bool | Verdict:
    """`meta mark set ...` and the like; fields without influence on the way are left alone. Goes on, unless nobody can know
    where the packet is now addressed to."""
    if name == "meta mark":
        s.mark = value & 0xFFFFFFFF if isinstance(value, int) else UNSURE
    elif name == "ct mark":
        if s.ct in TRACKED:
            s.ct_mark = value & 0xFFFFFFFF if isinstance(value, int) else UNSURE
    elif name in _REWRITTEN:
        return _rewrite(s, name, value)
    elif name == "meta pkttype":
        s.doubt("a rule changes the packet's type")
    return True


def _rewrite(s: State, name: str, value: Any) -> bool | Verdict:
    """Stateless translation: the packet itself changes, conntrack is not told."""
    protocol, _, part = name.partition(" ")
    if protocol in ("ip", "ip6") and (protocol == "ip") != (s.family == 4):
        return True
    if (protocol == "tcp" and s.proto != 6) or (protocol == "udp" and s.proto != 17):
        return True
    attribute = {"saddr": "source", "daddr": "destination", "sport": "sport", "dport": "dport"}[part]
    if not isinstance(value, int):
        s.doubt(f"a rule rewrites {name} in a manner that is not foreseeable")
        return _UNKNOWN
    setattr(s, attribute, value)
    if not s.after_ct:
        s.original = (s.source, s.destination, s.sport, s.dport)
        s.reply_tuple = (s.destination, s.source, s.dport, s.sport)
    return True


def nat(s: State, statement: Nat, address: Callable[[State], Any] | None, port: Callable[[State], Any] | None) -> Any:
    """The verdict of a nat statement: accept once the mapping stands, False where it does not apply."""
    if {"ip": 4, "ip6": 6}.get(statement.family, s.family) != s.family:
        # In a table of both families the other one passes by (nft_nat_inet_eval).
        return False
    if s.ct != "new":
        # An untracked packet ends the rule in nft; in iptables the target accepts.
        return _ACCEPT
    hosts: Any = statement.address
    ports: Any = statement.port
    if address is not None:
        hosts = address(s)
        if hosts is None:
            return False
        if isinstance(hosts, tuple):
            hosts, ports = hosts[0], hosts[1] if len(hosts) > 1 else ports
    if port is not None:
        ports = port(s)
        if ports is None:
            return False
    return _map(s, statement, hosts, ports)


def _map(s: State, statement: Nat, hosts: Any, ports: Any) -> Any:
    changes_destination = s.hook in ("prerouting", "output")
    if statement.kind == "redirect":
        local = s.machine.redirect_address(s)
        if local is None:
            return _DROP
        hosts = local
    if statement.kind in ("snat", "masquerade") or not changes_destination:
        return _map_source(s, statement, hosts, ports)
    new_address = _netmap(s, hosts) if _is_netmap(statement) else _one(hosts, s.destination)
    new_port = _port(ports, s.dport, statement)
    if isinstance(new_address, Unsure) or isinstance(new_port, Unsure):
        s.doubt(f"which target the kernel picks: {statement.text}")
        return _UNKNOWN
    s.nat_destination = True
    if (new_address, new_port) != (s.destination, s.dport):
        s.destination, s.dport = new_address, new_port
        s.status |= _DNAT
        s.reply_tuple = (new_address, s.reply_tuple[1], new_port, s.reply_tuple[3])
    return _ACCEPT


def _map_source(s: State, statement: Nat, hosts: Any, ports: Any) -> Any:
    new_address = s.machine.masquerade_address(s) if statement.kind == "masquerade" else _one(hosts, s.source)
    if not isinstance(new_address, int):
        new_address = hosts.low if isinstance(hosts, Span) else s.source
        s.doubt(f"which source the kernel picks: {statement.text}")
    if _is_netmap(statement) and isinstance(hosts, Span):
        new_address = hosts.low + (s.source & (hosts.high - hosts.low))
    s.nat_source = True
    new_port = _port(ports, s.sport, statement)
    port = new_port if isinstance(new_port, int) else s.sport
    if (new_address, port) != (s.source, s.sport):
        s.source, s.sport = new_address, port
        s.status |= _SNAT
        s.reply_tuple = (s.reply_tuple[0], new_address, s.reply_tuple[2], port)
    return _ACCEPT


def _is_netmap(statement: Nat) -> bool:
    """iptables' NETMAP, nft's `dnat prefix to`."""
    return statement.kind == "netmap" or "netmap" in statement.flags


def _netmap(s: State, hosts: Any) -> Any:
    """The host part stays, the network part changes (nf_nat_netmap)."""
    if not isinstance(hosts, Span):
        return hosts if isinstance(hosts, int) else UNSURE
    return hosts.low + (s.destination & (hosts.high - hosts.low))


def _one(hosts: Any, current: int) -> Any:
    """The one address of a range, the current one where none is given, or `UNSURE`."""
    if hosts is None:
        return current
    if isinstance(hosts, Span):
        return hosts.low if hosts.low == hosts.high else UNSURE
    return hosts


def _port(ports: Any, current: int, statement: Nat) -> Any:
    """The port after translation: one that lies in the range already stays (nf_nat_l4proto_in_range)."""
    if ports is None:
        return current
    if isinstance(ports, (int, Unsure)):
        return ports
    if ports.low == ports.high:
        return ports.low
    if "shifted" in statement.flags or "random" in statement.flags or "fully-random" in statement.flags:
        return UNSURE
    return current if ports.low <= current <= ports.high else UNSURE


def transparent_proxy(s: State, statement: TransparentProxy) -> Any:
    """tproxy: a transparent socket there gets the packet; without one iptables drops it and nft goes on to the next rule.

    Whether a socket that listens there is transparent, no listing of sockets tells."""
    wanted = {"ip": 4, "ip6": 6}.get(statement.family)
    if wanted is not None and wanted != s.family:
        return False
    address = statement.address if statement.address is not None else s.machine.redirect_address(s)
    port = statement.port if statement.port is not None else s.dport
    found = s.machine.has_listener(s, address, port)
    if found is not False:
        s.doubt(f"whether a transparent socket listens for {statement.text}")
        return _UNKNOWN
    return _DROP if statement.ends else False
