"""One machine as the packet meets it: interfaces, addresses, routes, settings, sockets, and the base chains by hook.

Built once for each `Facts`, then asked for every packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.judge.filters import Hooks
from wizard.judge.routing import LOOPBACK, Fib, Question
from wizard.judge.state import UDP, UNSURE, State
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Interface, Listener, Proto
from wizard.model.journey import RuleReference
from wizard.model.ruleset import ReversePath, SocketMatch

_TYPES = {"unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "unreachable": 7}


class Machine:
    """The facts that packets are judged by."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        interfaces = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
        self.interfaces: Mapping[str, Interface] = {interface.name: interface for interface in interfaces}
        self.fib_tables = Fib(facts, self.interfaces)
        self.hooks = Hooks(() if isinstance(facts.rulesets, Unknown) else facts.rulesets)
        self.shown: dict[tuple[int, int, str], tuple[RuleReference, str]] = {}
        """How the rules that have decided so far are shown: put into words once."""
        self.clock: int = int(facts.taken_at)
        self._sysctls: Mapping[str, str] = {} if isinstance(facts.sysctls, Unknown) else facts.sysctls
        self._possible: dict[tuple[str, str], tuple[int, ...]] = {}
        self.own_addresses = {
            (address.version, int(address.ip)) for interface in interfaces for address in interface.addresses
        }
        neighbours = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
        self._macs: dict[tuple[str, int, int], str] = {
            (n.device, n.address.version, int(n.address)): n.mac for n in neighbours if n.mac
        }

    # Settings

    def setting(self, name: str, default: int | None = None) -> int | None:
        """A numeric sysctl, or the default where it was not read."""
        try:
            return int(self._sysctls[name].split()[0])
        except (KeyError, ValueError, IndexError):
            return default

    def per_device(self, setting: str, device: str) -> int | None:
        """A setting for which the larger of `all` and the device's own counts (IN_DEV_MAXCONF); None where it is not
        known."""
        found = self.possible(setting, device)
        return found[0] if len(found) == 1 else None

    def possible(self, setting: str, device: str) -> tuple[int, ...]:
        """What `per_device` may be: one number, or several where `all` or the device's own was not read."""
        key = (setting, device)
        found = self._possible.get(key)
        if found is None:
            found = self._possible[key] = self._may_be(setting, device)
        return found

    def _may_be(self, setting: str, device: str) -> tuple[int, ...]:
        both = [self.setting(f"net.ipv4.conf.{name}.{setting}") for name in ("all", device)]
        least = max((number for number in both if number is not None), default=0)
        if None not in both:
            return (least,)
        most = 2 if setting == "rp_filter" else 1
        return tuple(range(min(least, most), most + 1))

    def forwards(self, family: int, device: str) -> bool | None:
        """Whether packets that arrive on `device` are sent on; None where no setting was read."""
        if family == 6:
            found = self.setting("net.ipv6.conf.all.forwarding")
            # Since Linux 6.17 a device may forward by itself.
            if found == 0 and self.setting(f"net.ipv6.conf.{device}.force_forwarding"):
                return True
        else:
            found = self.setting(f"net.ipv4.conf.{device}.forwarding", self.setting("net.ipv4.ip_forward"))
        return None if found is None else found != 0

    # Interfaces

    def index_of(self, name: str) -> int | None:
        """An interface's number; 0 for none, None where it is not known."""
        if not name:
            return 0
        found = self.interfaces.get(name)
        return found.index if found and found.index else None

    def kind(self, name: str) -> Any:
        """The driver's kind of an interface (`veth`), as `meta iifkind` has it."""
        found = self.interfaces.get(name)
        return found.kind if found else UNSURE

    def link_type(self, name: str) -> Any:
        """The interface's hardware type (ARPHRD_*), as `meta iiftype` has it."""
        found = self.interfaces.get(name)
        if found is None:
            return UNSURE
        if found.loopback:
            return 772
        return 1 if found.mac else UNSURE

    def is_bridge(self, name: str) -> bool:
        """Whether packets there may come through a bridge port."""
        found = self.interfaces.get(name)
        return found is not None and found.kind == "bridge"

    def own_mac(self, name: str) -> Any:
        """The hardware address of an interface as an integer."""
        found = self.interfaces.get(name)
        return _mac(found.mac) if found and found.mac else UNSURE

    def sender_mac(self, s: State) -> Any:
        """The sender's hardware address, where it is a neighbour that is known."""
        if s.iif == LOOPBACK:
            return 0
        found = self._macs.get((s.iif, s.family, s.source))
        return _mac(found) if found else UNSURE

    def packet_type(self, s: State) -> Any:
        """`meta pkttype`: to this host, broadcast or multicast."""
        if not s.iif:
            return 0
        kind = self.fib_tables.local_type(s.family, s.destination)
        return {"broadcast": 1, "multicast": 2}.get(kind, 0)

    def first_address(self, family: int, device: str) -> int | None:
        """The first address of an interface, or None."""
        found = self.interfaces.get(device)
        return next((int(a.ip) for a in found.addresses if a.version == family), None) if found else None

    def redirect_address(self, s: State) -> int | None:
        """Where `redirect` leads: the arriving interface's own address, loopback for this machine's packets
        (nf_nat_redirect_ipv4 and _ipv6)."""
        if s.hook == "output":
            return 0x7F000001 if s.family == 4 else 1
        if s.family == 4:
            return self.first_address(4, s.iif)
        return self._redirect6(s)

    def _redirect6(self, s: State) -> int | None:
        """An address of the same scope as the packet's destination (nf_nat_redirect_ipv6_usable)."""
        found = self.interfaces.get(s.iif)
        wanted = s.destination >> 118 == 0x3FA
        fitting = (
            [int(a.ip) for a in found.addresses if a.version == 6 and a.ip.is_link_local == wanted] if found else []
        )
        return s.destination if s.destination in fitting else next(iter(fitting), None)

    def masquerade_address(self, s: State) -> int | None:
        """The source that masquerade gives: the outgoing interface's address."""
        return self.first_address(s.family, s.oif)

    # Routes

    def question(self, s: State, outgoing: str = "") -> Question:
        """What the kernel asks the tables for this packet."""
        return Question(s.family, s.destination, s.source, s.iif, outgoing, s.mark, s.proto, s.sport, s.dport)

    def fib(self, s: State, flags: tuple[str, ...], result: str) -> Any:
        """nft's fib expression (nft_fib4_eval, nft_fib6_eval) and iptables' addrtype."""
        address = s.source if "saddr" in flags else s.destination
        device = s.iif if "iif" in flags else s.oif if "oif" in flags else ""
        if result == "type":
            return self._fib_type(s, address, device)
        if not self.fib_tables.known:
            return UNSURE
        found = s.iif if s.iif == LOOPBACK else self._fib_device(s, flags, address, device)
        if found is None:
            return UNSURE
        return found if result == "oifname" else int(bool(found))

    def _fib_type(self, s: State, address: int, device: str) -> Any:
        kind = self.fib_tables.local_type(s.family, address, device)
        if s.family == 6 and kind == "unicast" and self.fib_tables.known:
            answer = self.fib_tables.lookup(Question(6, address, incoming=s.iif))
            if not answer.reaches:
                return UNSURE if answer.kind == "unknown" else _TYPES["unreachable"]
        return _TYPES.get(kind, 1)

    def _fib_device(self, s: State, flags: tuple[str, ...], address: int, device: str) -> str | None:
        """The device behind `fib ... oif` (empty: none): for the source, the way that an answer would take."""
        source = "saddr" in flags
        mark = s.mark if "mark" in flags else 0
        other = s.destination if source else s.source
        demanded = device if s.family == 6 else ""
        answer = self.fib_tables.lookup(Question(s.family, address, other, mark=mark, outgoing=demanded))
        if answer.kind == "unknown":
            return None
        if not answer.reaches or answer.kind == "local" or (answer.kind == "anycast" and s.family == 6):
            return ""
        if device:
            return device if device in answer.devices else ""
        return answer.device

    def reverse_path(self, s: State, match: ReversePath) -> bool | None:
        """iptables' rpfilter (ipt_rpfilter.c): whether a route back exists, and by the interface it came in on."""
        if s.iif == LOOPBACK or not s.iif:
            return True
        if not self.fib_tables.known:
            return None
        mark = s.mark if match.valid_mark else 0
        outgoing = s.iif if s.family == 6 and not match.loose else ""
        answer = self.fib_tables.lookup(Question(s.family, s.source, s.destination, mark=mark, outgoing=outgoing))
        if answer.kind == "unknown":
            return None
        if answer.kind != "unicast" and not (match.accept_local and answer.kind == "local"):
            return False
        return match.loose or s.iif in answer.devices

    # Sockets

    def listeners(self) -> tuple[Listener, ...] | None:
        """The listening sockets, or None where they were not read."""
        return None if isinstance(self.facts.listeners, Unknown) else self.facts.listeners

    def has_listener(self, s: State, address: int | None, port: int) -> bool | None:
        """Whether some socket listens there (wildcards count)."""
        listeners = self.listeners()
        if listeners is None:
            return None
        proto = Proto.UDP if s.proto == UDP else Proto.TCP
        return any(each.proto is proto and each.port == port and _takes(each, s.family, address) for each in listeners)

    def socket_match(self, s: State, match: SocketMatch) -> bool | None:
        """iptables' socket match: a socket bound to this very address, or any with --nowildcard."""
        if match.transparent:
            return None if self.has_listener(s, s.destination, s.dport) is not False else False
        listeners = self.listeners()
        if listeners is None:
            return None
        if match.no_wildcard:
            return self.has_listener(s, s.destination, s.dport)
        proto = Proto.UDP if s.proto == UDP else Proto.TCP
        return any(
            each.proto is proto and each.port == s.dport and int(each.address) == s.destination for each in listeners
        )

    def socket_key(self, s: State, key: str) -> Any:
        """nft's socket expression: absent without a socket."""
        if s.hook not in ("prerouting", "input", "output"):
            return None
        found = self.has_listener(s, s.destination, s.dport)
        if found is False:
            return None
        return UNSURE


def _takes(listener: Listener, family: int, address: int | None) -> bool:
    own = listener.address
    if int(own) == 0:
        return own.version == family or (own.version == 6 and not listener.v6only)
    return own.version == family and (address is None or int(own) == address)


def _mac(text: str) -> Any:
    try:
        return int(text.replace(":", ""), 16)
    except ValueError:
        return UNSURE
