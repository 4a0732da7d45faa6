"""iptables' matches as conditions of the model: `-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW`.

`_OPTIONS` says which options a match takes and how many words each; `_READERS` what they mean. A match without a reader is
opaque: it may hold or not. Meanings follow the kernel's net/netfilter/xt_*.c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from wizard.firewalls import values
from wizard.firewalls.iptables import clock, programs
from wizard.model.ruleset import (
    AllOf,
    AnyOf,
    Bits,
    Condition,
    Constant,
    Elements,
    Family,
    Fib,
    Field,
    Limit,
    Nothing,
    Opaque,
    Recent,
    ReversePath,
    SetMatch,
    SocketMatch,
    Span,
    Wildcard,
)


class Option(Struct, frozen=True):
    """One option as written: `! --dport 22`."""

    name: str
    arguments: tuple[str, ...] = ()
    negated: bool = False

    @property
    def text(self) -> str:
        """The option as printed."""
        return " ".join((*(("!",) if self.negated else ()), self.name, *self.arguments))

    @property
    def argument(self) -> str:
        """Its first word; raises ValueError where there is none."""
        if not self.arguments:
            raise ValueError(f"{self.name} lacks its value")
        return self.arguments[0]


@dataclass
class Match:
    """A match that a rule names, and its options so far."""

    name: str
    options: list[Option] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The match as printed."""
        return " ".join(("-m", self.name, *(option.text for option in self.options)))


def _table(**rows: str) -> Mapping[str, Mapping[str, int]]:
    """`name="--flag --value:1"` as {name: {option: words}}."""
    table: dict[str, dict[str, int]] = {}
    for name, row in rows.items():
        pairs = (entry.partition(":") for entry in row.split())
        table[name.rstrip("_")] = {f"--{option}": int(count or 0) for option, _, count in pairs}
    return table


_OPTIONS = _table(
    tcp="sport:1 source-port:1 dport:1 destination-port:1 tcp-flags:2 syn tcp-option:1",
    udp="sport:1 source-port:1 dport:1 destination-port:1",
    udplite="sport:1 source-port:1 dport:1 destination-port:1",
    sctp="sport:1 source-port:1 dport:1 destination-port:1 chunk-types:2",
    dccp="sport:1 source-port:1 dport:1 destination-port:1 dccp-types:1 dccp-option:1",
    icmp="icmp-type:1",
    icmp6="icmpv6-type:1",
    multiport="sports:1 source-ports:1 dports:1 destination-ports:1 ports:1",
    conntrack="ctstate:1 ctproto:1 ctorigsrc:1 ctorigdst:1 ctreplsrc:1 ctrepldst:1 ctorigsrcport:1 ctorigdstport:1"
    " ctreplsrcport:1 ctrepldstport:1 ctstatus:1 ctexpire:1 ctdir:1",
    state="state:1",
    iprange="src-range:1 dst-range:1",
    set="match-set:2 set:2 return-nomatch update-counters update-subcounters packets-eq:1 packets-lt:1 packets-gt:1"
    " bytes-eq:1 bytes-lt:1 bytes-gt:1",
    mark="mark:1",
    connmark="mark:1",
    addrtype="src-type:1 dst-type:1 limit-iface-in limit-iface-out",
    mac="mac-source:1",
    limit="limit:1 limit-burst:1",
    hashlimit="hashlimit:1 hashlimit-upto:1 hashlimit-above:1 hashlimit-burst:1 hashlimit-mode:1 hashlimit-name:1"
    " hashlimit-srcmask:1 hashlimit-dstmask:1 hashlimit-htable-size:1 hashlimit-htable-max:1 hashlimit-htable-expire:1"
    " hashlimit-htable-gcinterval:1 hashlimit-rate-match hashlimit-rate-interval:1",
    connlimit="connlimit-upto:1 connlimit-above:1 connlimit-mask:1 connlimit-saddr connlimit-daddr",
    recent="set rcheck update remove seconds:1 reap hitcount:1 rttl name:1 rsource rdest mask:1",
    owner="uid-owner:1 gid-owner:1 socket-exists suppl-groups pid-owner:1 sid-owner:1 cmd-owner:1",
    physdev="physdev-in:1 physdev-out:1 physdev-is-in physdev-is-out physdev-is-bridged",
    pkttype="pkt-type:1",
    time="datestart:1 datestop:1 timestart:1 timestop:1 monthdays:1 weekdays:1 kerneltz contiguous utc localtz",
    string="algo:1 from:1 to:1 string:1 hex-string:1 icase",
    comment="comment:1",
    tcpmss="mss:1",
    u32="u32:1",
    bpf="bytecode:1 object-pinned:1",
    rpfilter="loose validmark accept-local invert",
    socket="transparent nowildcard restore-skmark",
    statistic="mode:1 probability:1 every:1 packet:1",
    policy="dir:1 pol:1 strict reqid:1 spi:1 proto:1 mode:1 tunnel-src:1 tunnel-dst:1 next",
    length="length:1",
    ttl="ttl-eq:1 ttl-lt:1 ttl-gt:1 ttl:1",
    hl="hl-eq:1 hl-lt:1 hl-gt:1",
    dscp="dscp:1 dscp-class:1",
    tos="tos:1",
    ecn="ecn-tcp-cwr ecn-tcp-ece ecn-ip-ect:1",
    quota="quota:1",
    quota2="quota:1 name:1 grow no-change packets",
    helper="helper:1",
    connbytes="connbytes:1 connbytes-dir:1 connbytes-mode:1",
    connlabel="label:1 set",
    cgroup="cgroup:1 path:1",
    cluster="cluster-total-nodes:1 cluster-local-node:1 cluster-local-nodemask:1 cluster-hash-seed:1",
    cpu="cpu:1",
    devgroup="src-group:1 dst-group:1",
    realm="realm:1",
    nfacct="nfacct-name:1",
    osf="genre:1 ttl:1 log:1",
    rateest="rateest:1 rateest1:1 rateest2:1 rateest-delta rateest-bps:1 rateest-bps1:1 rateest-bps2:1 rateest-pps:1"
    " rateest-pps1:1 rateest-pps2:1 rateest-lt rateest-gt rateest-eq",
    ah="ahspi:1 ahlen:1 ahres",
    esp="espspi:1",
    frag="fragid:1 fraglen:1 fragres fragfirst fragmore fraglast",
    rt="rt-type:1 rt-segsleft:1 rt-len:1 rt-0-res rt-0-addrs:1 rt-0-not-strict",
    hbh="hbh-len:1 hbh-opts:1",
    dst="dst-len:1 dst-opts:1",
    mh="mh-type:1",
    ipv6header="header:1 soft",
    eui64="",
    unclean="",
    geoip="src-cc:1 source-country:1 dst-cc:1 destination-country:1",
    layer7="l7proto:1 l7dir:1 l7pkt:1",
    ipp2p="edk dc kazaa gnu bit apple winmx soul ares debug",
    account="aaddr:1 aname:1 ashort",
    condition="condition:1",
    psd="psd-weight-threshold:1 psd-delay-threshold:1 psd-lo-ports-weight:1 psd-hi-ports-weight:1",
    ipvs="ipvs vproto:1 vaddr:1 vport:1 vdir:1 vmethod:1 vportctl:1",
    l2tp="tid:1 sid:1 pversion:1 type:1",
    ipcomp="ipcompspi:1 compres",
    random="average:1",
    nth="counter:1 every:1 start:1 packet:1",
    iface="iface:1 dev-in dev-out up down broadcast loopback pointopoint running noarp promisc multicast dynamic"
    " lower-up dormant",
    ipv4options="flags:1 any",
)
_SAME = {"icmpv6": "icmp6", "ipv6-icmp": "icmp6"}
_IMPLIED = {6: "tcp", 17: "udp", 136: "udplite", 132: "sctp", 33: "dccp", 1: "icmp", 58: "icmp6", 51: "ah", 50: "esp"}


def owner(open_matches: Sequence[Match], word: str) -> tuple[Match | None, int]:
    """The latest of the matches that takes this option, and how many words follow it."""
    for match in reversed(open_matches):
        options = _OPTIONS.get(_SAME.get(match.name, match.name))
        if options is not None and word in options:
            return match, options[word]
    return None, 0


def implied(protocol: int | None, word: str) -> str:
    """The match that `-p` brings along, if it takes this option: `-p tcp --dport 22` needs no `-m tcp`."""
    name = _IMPLIED.get(-1 if protocol is None else protocol, "")
    return name if word in _OPTIONS.get(name, ()) else ""


def protocol_of(argument: str, negated: bool) -> int | None:
    """The protocol that `-p` pins down, or None."""
    try:
        return None if negated else values.protocol(argument)
    except ValueError:
        return None


def fragment(negated: bool) -> Any:
    """`-f`: second and later fragments; the packets of this model are whole."""
    return Constant(negated, "! -f" if negated else "-f")


def common(name: str, argument: str, negated: bool, family: Family) -> list[Any]:
    """The conditions of -s, -d, -i, -o or -p; an odd value is opaque."""
    option = Option(name, (argument,), negated)
    try:
        return _COMMON[name](option, family)
    except ValueError:
        return [Opaque(option.text)]


def read(match: Match, family: Family) -> list[Any]:
    """The statements of a match with its options; one that is not understood is opaque."""
    reader = _READERS.get(_SAME.get(match.name, match.name))
    if reader is None:
        return [Opaque(match.text)]
    try:
        return reader(match, family)
    except (ValueError, KeyError, IndexError):
        return [Opaque(match.text)]


# What each means


def _compare(left: Any, right: Any, option: Option) -> Condition:
    return Condition(left, "!=" if option.negated else "==", right, option.text)


def _protocol_name(family: Family) -> str:
    return "ip6" if family is Family.IP6 else "ip"


def _address(option: Option, family: Family) -> list[Any]:
    side = "saddr" if option.name == "-s" else "daddr"
    found = Field(f"{_protocol_name(family)} {side}")
    base, _, mask = option.argument.partition("/")
    hosts = [_host(found, part, option) for part in option.argument.split(",")]
    if len(hosts) > 1:
        return [AnyOf(tuple(hosts), option.negated, option.text)]
    if mask and not mask.isdigit():
        bits = values.address(mask)
        return [_compare(Bits("&", found, bits), values.address(base) & bits, option)]
    return [_compare(found, values.network(option.argument), option)]


def _host(found: Field, part: str, option: Option) -> Any:
    if "/" in part and not part.partition("/")[2].isdigit():
        return Opaque(part)
    return Condition(found, "==", values.network(part), option.text)


def _interface(option: Option, family: Family) -> list[Any]:
    found = Field("meta iifname" if option.name == "-i" else "meta oifname")
    name = option.argument
    right: Any = Wildcard(name[:-1]) if name.endswith("+") else name
    return [_compare(found, right, option)]


def _protocol(option: Option, family: Family) -> list[Any]:
    if option.argument in ("all", "0"):
        return [] if not option.negated else [Constant(False, option.text)]
    return [_compare(Field("meta l4proto"), values.protocol(option.argument), option)]


_COMMON: Mapping[str, Callable[[Option, Family], list[Any]]] = {
    "-s": _address,
    "-d": _address,
    "-i": _interface,
    "-o": _interface,
    "-p": _protocol,
}


def _ports_span(text: str) -> Span:
    """`22`, `1024:65535`, `:1023`, `ssh`."""
    low, colon, high = text.partition(":")
    first = values.port(low) if low else 0
    return Span(first, (values.port(high) if high else 65535) if colon else first)


def _ports(protocol: str) -> Callable[[Match, Family], list[Any]]:
    def reader(match: Match, family: Family) -> list[Any]:
        found: list[Any] = []
        for option in match.options:
            if option.name in ("--sport", "--source-port", "--dport", "--destination-port"):
                side = "sport" if option.name in ("--sport", "--source-port") else "dport"
                found.append(_compare(Field(f"{protocol} {side}"), _ports_span(option.argument), option))
            elif option.name == "--syn":
                found.append(_compare(Bits("&", Field("tcp flags"), 0x17), 2, option))
            elif option.name == "--tcp-flags":
                mask, flags = (_flags(word) for word in option.arguments)
                found.append(_compare(Bits("&", Field("tcp flags"), mask), flags, option))
            else:
                found.append(Opaque(option.text))
        return found or [Condition(Field("meta l4proto"), "==", values.PROTOCOLS[protocol], f"-m {protocol}")]

    return reader


def _flags(text: str) -> int:
    if text == "ALL":
        return 0x3F
    if text == "NONE":
        return 0
    if text[:2].lower() == "0x":
        return int(text, 16)
    flags = 0
    for name in text.split(","):
        flags |= values.TCP_FLAGS[name.lower()]
    return flags


def _never(match: Match, family: Family) -> list[Any]:
    """A match on a header or protocol that a TCP SYN or UDP datagram lacks; negated options cannot save it."""
    return [Constant(False, match.text)]


def _always(match: Match, family: Family) -> list[Any]:
    return [Nothing(match.text)]


def _multiport(match: Match, family: Family) -> list[Any]:
    found: list[Any] = []
    for option in match.options:
        spans = Elements(tuple(_ports_span(part) for part in option.argument.split(",")))
        names = {"s": ("th sport",), "d": ("th dport",), "p": ("th sport", "th dport")}[option.name[2]]
        tests = tuple(Condition(Field(name), "==", spans, option.text) for name in names)
        if len(tests) == 1:
            found.append(_compare(Field(names[0]), spans, option))
        else:
            found.append(AnyOf(tests, option.negated, option.text))
    return found


_STATES = {"NEW": 8, "ESTABLISHED": 2, "RELATED": 4, "INVALID": 1, "UNTRACKED": 64}
_STATUS = {"EXPECTED": 1, "SEEN_REPLY": 2, "ASSURED": 4, "CONFIRMED": 8}


def _state(match: Match, family: Family) -> list[Any]:
    return [_ctstate(option) for option in match.options]


def _ctstate(option: Option) -> Any:
    mask = status = 0
    for name in option.argument.upper().split(","):
        if name in ("SNAT", "DNAT"):
            status |= 16 if name == "SNAT" else 32
        else:
            mask |= _STATES[name]
    if not status:
        return Condition(Field("ct state"), "!in" if option.negated else "in", mask, option.text)
    tests = (Condition(Field("ct state"), "in", mask), Condition(Field("ct status"), "in", status))
    return AnyOf(tests, option.negated, option.text)


def _conntrack(match: Match, family: Family) -> list[Any]:
    """Of a packet without a connection only the state is asked, whatever else stands there (conntrack_mt)."""
    states = [option for option in match.options if option.name == "--ctstate"]
    others = _ct_others([option for option in match.options if option.name != "--ctstate"], family)
    found = [_ctstate(option) for option in states]
    if not (states and others):
        return [*found, *others]
    without = Condition(Field("ct state"), "in", _STATES["INVALID"] | _STATES["UNTRACKED"])
    return [*found, AnyOf((without, AllOf(tuple(others))), text=match.text)]


def _ct_others(options: Sequence[Option], family: Family) -> list[Any]:
    found: list[Any] = []
    name = _protocol_name(family)
    for option in options:
        if option.name == "--ctstatus":
            found.append(_ctstatus(option))
        elif option.name == "--ctdir":
            found.append(_compare(Field("ct direction"), values.DIRECTIONS[option.argument.lower()], option))
        elif option.name == "--ctproto":
            found.append(_compare(Field("ct l4proto"), values.protocol(option.argument), option))
        elif option.name.endswith("port"):
            direction = "original" if "orig" in option.name else "reply"
            side = "proto-src" if "src" in option.name else "proto-dst"
            found.append(_compare(Field(f"ct {direction} {side}"), _ports_span(option.argument), option))
        elif option.name != "--ctexpire":
            direction = "original" if "orig" in option.name else "reply"
            side = "saddr" if "src" in option.name else "daddr"
            found.append(_compare(Field(f"ct {direction} {name} {side}"), values.network(option.argument), option))
        else:
            found.append(Opaque(option.text))
    return found


def _ctstatus(option: Option) -> Any:
    """NONE is no flag at all: the kernel finds none of them in any connection (conntrack_mt)."""
    mask = 0
    for name in option.argument.upper().split(","):
        mask |= _STATUS[name] if name != "NONE" else 0
    return Condition(Field("ct status"), "!in" if option.negated else "in", mask, option.text)


def _iprange(match: Match, family: Family) -> list[Any]:
    found = []
    for option in match.options:
        low, _, high = option.argument.partition("-")
        side = "saddr" if option.name == "--src-range" else "daddr"
        span = Span(values.address(low), values.address(high or low))
        found.append(_compare(Field(f"{_protocol_name(family)} {side}"), span, option))
    return found


def _set(match: Match, family: Family) -> list[Any]:
    found: list[Any] = []
    for option in match.options:
        if option.name in ("--match-set", "--set"):
            found.append(
                SetMatch(option.arguments[0], tuple(option.arguments[1].split(",")), option.negated, option.text)
            )
        elif option.name not in ("--update-counters", "--update-subcounters"):
            # --return-nomatch and the counters' comparisons.
            return [Opaque(match.text)]
    return found


def _mark(field_name: str) -> Callable[[Match, Family], list[Any]]:
    def reader(match: Match, family: Family) -> list[Any]:
        found = []
        for option in match.options:
            value, slash, mask = option.argument.partition("/")
            left: Any = Bits("&", Field(field_name), values.number(mask)) if slash else Field(field_name)
            found.append(_compare(left, values.number(value), option))
        return found

    return reader


def _addrtype(match: Match, family: Family) -> list[Any]:
    limits = {"--limit-iface-in": "iif", "--limit-iface-out": "oif"}
    limit = tuple(limits[option.name] for option in match.options if option.name in limits)
    found = []
    for option in match.options:
        if option.name in ("--src-type", "--dst-type"):
            side = "saddr" if option.name == "--src-type" else "daddr"
            types = Elements(tuple(values.ADDRESS_TYPES[name.lower()] for name in option.argument.split(",")))
            found.append(_compare(Fib((side, *limit), "type"), types, option))
    return found


def _mac(match: Match, family: Family) -> list[Any]:
    return [_compare(Field("ether saddr"), values.mac(option.argument), option) for option in match.options]


def _limit(match: Match, family: Family) -> list[Any]:
    return [Limit(False, match.text)]


def _hashlimit(match: Match, family: Family) -> list[Any]:
    over = any(o.name == "--hashlimit-above" or (o.name == "--hashlimit-upto" and o.negated) for o in match.options)
    return [Limit(over, match.text)]


def _connlimit(match: Match, family: Family) -> list[Any]:
    """The packet's own connection counts, so none is allowed by a limit of 0."""
    bounds = [option for option in match.options if option.name.endswith(("upto", "above"))]
    over = any((option.name == "--connlimit-above") != option.negated for option in bounds)
    if bounds and values.number(bounds[-1].argument) == 0:
        return [Constant(over, match.text)]
    return [Limit(over, match.text, "connection limit")]


def _recent(match: Match, family: Family) -> list[Any]:
    given = {option.name: option for option in match.options}
    modes = [name for name in ("--set", "--rcheck", "--update", "--remove") if name in given]
    if len(modes) != 1:
        raise ValueError("recent needs one mode")
    name = given["--name"].argument if "--name" in given else "DEFAULT"
    hits = int(given["--hitcount"].argument) if "--hitcount" in given else 1
    side = "dst" if "--rdest" in given else "src"
    return [Recent(modes[0][2:], name, side, hits, given[modes[0]].negated, match.text)]


def _owner(match: Match, family: Family) -> list[Any]:
    found: list[Any] = []
    for option in match.options:
        keys = {"--uid-owner": "meta skuid", "--gid-owner": "meta skgid"}
        if option.name in keys:
            low, _, high = option.argument.partition("-")
            try:
                span: Any = Span(int(low), int(high or low))
            except ValueError:
                # A user's name: the number is not known here.
                found.append(Condition(Field("owner by name"), "!=" if option.negated else "==", 1, option.text))
                continue
            found.append(
                Condition(Field(f"owner {keys[option.name]}"), "!=" if option.negated else "==", span, option.text)
            )
        elif option.name == "--socket-exists":
            found.append(_compare(Field("owner exists"), 1, option))
        else:
            return [Opaque(match.text)]
    return found


def _physdev(match: Match, family: Family) -> list[Any]:
    """Without a bridge port, only negated options let the packet pass (xt_physdev.c: no nf_bridge info)."""
    holds = all(option.negated for option in match.options)
    return [Condition(Field("physdev"), "==", int(not holds), match.text)] if not holds else [Nothing(match.text)]


def _pkttype(match: Match, family: Family) -> list[Any]:
    return [_compare(Field("meta pkttype"), values.PACKET_TYPES[o.argument.lower()], o) for o in match.options]


def _policy(match: Match, family: Family) -> list[Any]:
    """IPsec: the packets of this model are plain, so `--pol none` holds and `--pol ipsec` does not."""
    pol = next(option for option in match.options if option.name == "--pol")
    return [Constant((pol.argument == "none") != pol.negated, match.text)]


def _rpfilter(match: Match, family: Family) -> list[Any]:
    names = {option.name for option in match.options}
    return [
        ReversePath(
            "--loose" in names, "--validmark" in names, "--accept-local" in names, "--invert" in names, match.text
        )
    ]


def _socket(match: Match, family: Family) -> list[Any]:
    names = {option.name for option in match.options}
    return [SocketMatch("--transparent" in names, "--nowildcard" in names, "--restore-skmark" in names, match.text)]


def _helper(match: Match, family: Family) -> list[Any]:
    """The first packet of a plain connection has no helper."""
    return [Constant(all(option.negated for option in match.options), match.text)]


def _icmp(match: Match, family: Family) -> list[Any]:
    """`--icmp-type 8`, `3/1`, `echo-request`: a first packet has none, but a rejection on its way out has."""
    name = "icmpv6" if _SAME.get(match.name, match.name) == "icmp6" else "icmp"
    found: list[Any] = []
    for option in match.options:
        kind, slash, code = option.argument.partition("/")
        if kind in ("any", "255"):
            continue
        number = values.ICMP_TYPES.get(kind) if name == "icmp" else None
        same = [Condition(Field(f"{name} type"), "==", values.number(kind) if number is None else number)]
        if slash:
            same.append(Condition(Field(f"{name} code"), "==", values.number(code)))
        found.append(AllOf(tuple(same), option.negated, option.text))
    return [Condition(Field("meta l4proto"), "==", 58 if name == "icmpv6" else 1, f"-m {match.name}"), *found]


def _ttl(field_name: str) -> Callable[[Match, Family], list[Any]]:
    def reader(match: Match, family: Family) -> list[Any]:
        operators = {"lt": "<", "gt": ">"}
        found = []
        for option in match.options:
            operator = operators.get(option.name[-2:], "!=" if option.negated else "==")
            found.append(Condition(Field(field_name), operator, values.number(option.argument), option.text))
        return found

    return reader


def _length(match: Match, family: Family) -> list[Any]:
    return [_compare(Field("meta length"), _ports_span(option.argument), option) for option in match.options]


def _u32(match: Match, family: Family) -> list[Any]:
    return [programs.u32(option.argument, option.negated, match.text) for option in match.options]


def _bpf(match: Match, family: Family) -> list[Any]:
    return [programs.bytecode(option.argument, match.text) for option in match.options if option.name == "--bytecode"]


def _tcpmss(match: Match, family: Family) -> list[Any]:
    """The segment size that the client offers: it differs, but no client offers less than the least allowed."""
    return [_compare(Field("tcp option maxseg size"), _ports_span(o.argument), o) for o in match.options]


_LEAST_STRING = 4


def _string(match: Match, family: Family) -> list[Any]:
    """A SYN carries no data, and a word of some length does not stand in its headers by chance."""
    words = [option for option in match.options if option.name in ("--string", "--hex-string")]
    if len(words) != 1 or len(words[0].argument.replace("|", "").replace(" ", "")) < 2 * _LEAST_STRING:
        return [Opaque(match.text)]
    tcp = Condition(Field("meta l4proto"), "==", 6)
    opaque = Opaque(match.text)
    if words[0].negated:
        return [AnyOf((tcp, opaque), text=match.text)]
    return [AllOf((Condition(Field("meta l4proto"), "!=", 6), opaque), text=match.text)]


def _statistic(match: Match, family: Family) -> list[Any]:
    """Chance is nobody's to know, except where it is none: a probability of 0 or 1, or every packet."""
    given = {option.name: option for option in match.options}
    if "--probability" in given:
        chance = float(given["--probability"].argument)
        if chance in (0.0, 1.0):
            return [Constant((chance == 1.0) != given["--probability"].negated, match.text)]
    elif "--every" in given and int(given["--every"].argument) == 1:
        return [Constant(not given["--every"].negated, match.text)]
    return [Opaque(match.text)]


def _nfacct(match: Match, family: Family) -> list[Any]:
    return [Nothing(match.text)]


def _ipv6header(match: Match, family: Family) -> list[Any]:
    return [Opaque(match.text)]


def _dscp(match: Match, family: Family) -> list[Any]:
    found = []
    for option in match.options:
        text = option.argument
        value = values.DSCP[text.lower()] if option.name == "--dscp-class" else values.number(text)
        found.append(_compare(Field(f"{_protocol_name(family)} dscp"), value, option))
    return found


_READERS: Mapping[str, Callable[[Match, Family], list[Any]]] = {
    "tcp": _ports("tcp"),
    "udp": _ports("udp"),
    "udplite": _never,
    "sctp": _never,
    "dccp": _never,
    "ah": _never,
    "esp": _never,
    "ipcomp": _never,
    "l2tp": _never,
    "frag": _never,
    "rt": _never,
    "hbh": _never,
    "dst": _never,
    "mh": _never,
    "icmp": _icmp,
    "icmp6": _icmp,
    "multiport": _multiport,
    "conntrack": _conntrack,
    "state": _state,
    "iprange": _iprange,
    "set": _set,
    "mark": _mark("meta mark"),
    "connmark": _mark("ct mark"),
    "addrtype": _addrtype,
    "mac": _mac,
    "limit": _limit,
    "hashlimit": _hashlimit,
    "connlimit": _connlimit,
    "recent": _recent,
    "owner": _owner,
    "physdev": _physdev,
    "pkttype": _pkttype,
    "policy": _policy,
    "rpfilter": _rpfilter,
    "socket": _socket,
    "u32": _u32,
    "bpf": _bpf,
    "tcpmss": _tcpmss,
    "string": _string,
    "statistic": _statistic,
    "helper": _helper,
    "time": clock.read,
    "comment": _always,
    "nfacct": _nfacct,
    "ttl": _ttl("ip ttl"),
    "hl": _ttl("ip6 hoplimit"),
    "length": _length,
    "dscp": _dscp,
}
