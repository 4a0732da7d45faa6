"""iptables' targets as verdicts and effects: `-j REJECT --reject-with tcp-reset`, `-j DNAT --to ...`.

A name that is no target is a chain to jump to. Meanings follow the kernel's net/netfilter/xt_*.c and net/ipv4/netfilter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wizard.firewalls import values
from wizard.model.ruleset import (
    Bits,
    ChangeIpset,
    Family,
    Field,
    Nat,
    Nothing,
    NoTrack,
    Opaque,
    SetField,
    Span,
    TransparentProxy,
    Unknowable,
    Verdict,
)

Options = Mapping[str, str]


def target(name: str, words: list[str], goto: bool, family: Family) -> list[Any]:
    """The statements of `-j NAME words...` (or `-g`)."""
    text = " ".join(("-g" if goto else "-j", name, *words))
    if goto:
        return [Verdict("goto", chain=name, text=text)]
    reader = _READERS.get(name)
    try:
        if reader is not None:
            return reader(_options(words), text, family)
    except (ValueError, KeyError, IndexError):
        return [Opaque(text)]
    if words or not name:
        return [Opaque(text)]
    return [Verdict("jump", chain=name, text=text)]


def _options(words: list[str]) -> Options:
    """`--to-ports 80 --random` as {"--to-ports": "80", "--random": ""}."""
    found: dict[str, str] = {}
    last = ""
    for word in words:
        if word.startswith("-") and not word[1:2].isdigit():
            found[word] = ""
            last = word
        elif last:
            found[last] = f"{found[last]} {word}".strip()
    return found


def _verdict(kind: str) -> Callable[[Options, str, Family], list[Any]]:
    def reader(options: Options, text: str, family: Family) -> list[Any]:
        return [Verdict(kind, text=text)]

    return reader


_REJECT_4 = {
    "icmp-net-unreachable": "icmp-net-unreachable",
    "net-unreach": "icmp-net-unreachable",
    "icmp-host-unreachable": "icmp-host-unreachable",
    "host-unreach": "icmp-host-unreachable",
    "icmp-proto-unreachable": "icmp-proto-unreachable",
    "proto-unreach": "icmp-proto-unreachable",
    "icmp-port-unreachable": "icmp-port-unreachable",
    "port-unreach": "icmp-port-unreachable",
    "icmp-net-prohibited": "icmp-net-prohibited",
    "net-prohib": "icmp-net-prohibited",
    "icmp-host-prohibited": "icmp-host-prohibited",
    "host-prohib": "icmp-host-prohibited",
    "icmp-admin-prohibited": "icmp-admin-prohibited",
    "admin-prohib": "icmp-admin-prohibited",
}
_REJECT_6 = {
    "icmp6-no-route": "icmpv6-no-route",
    "no-route": "icmpv6-no-route",
    "icmp6-adm-prohibited": "icmpv6-admin-prohibited",
    "adm-prohibited": "icmpv6-admin-prohibited",
    "icmp6-addr-unreachable": "icmpv6-addr-unreachable",
    "addr-unreach": "icmpv6-addr-unreachable",
    "icmp6-port-unreachable": "icmpv6-port-unreachable",
    "port-unreach": "icmpv6-port-unreachable",
    "icmp6-policy-fail": "icmpv6-policy-fail",
    "policy-fail": "icmpv6-policy-fail",
    "icmp6-reject-route": "icmpv6-reject-route",
    "reject-route": "icmpv6-reject-route",
}


def _reject(options: Options, text: str, family: Family) -> list[Any]:
    with_ = options.get("--reject-with", "")
    six = family is Family.IP6
    if not with_:
        return [Verdict("reject", reject_with="icmpv6-port-unreachable" if six else "icmp-port-unreachable", text=text)]
    if with_ in ("tcp-reset", "tcp-rst"):
        return [Verdict("reject", reject_with="tcp-reset", text=text)]
    return [Verdict("reject", reject_with=(_REJECT_6 if six else _REJECT_4)[with_], text=text)]


def _queue(options: Options, text: str, family: Family) -> list[Any]:
    return [Verdict("queue", bypass="--queue-bypass" in options, text=text)]


def _masked(text: str) -> tuple[int, int]:
    value, slash, mask = text.partition("/")
    return values.number(value), values.number(mask) if slash else 0xFFFFFFFF


def _marked(source: Any, clear: int, flip: int) -> Any:
    """(source & ~clear) ^ flip, the one operation behind all of MARK's options."""
    return Bits("^", Bits("&", source, ~clear & 0xFFFFFFFF), flip)


def _new_mark(options: Options, source: Any) -> Any:
    if "--set-xmark" in options:
        value, mask = _masked(options["--set-xmark"])
        return _marked(source, mask, value)
    if "--set-mark" in options:
        value, mask = _masked(options["--set-mark"])
        return _marked(source, mask | value, value)
    if "--and-mark" in options:
        return Bits("&", source, values.number(options["--and-mark"]))
    if "--or-mark" in options:
        return Bits("|", source, values.number(options["--or-mark"]))
    return Bits("^", source, values.number(options["--xor-mark"]))


def _mark(options: Options, text: str, family: Family) -> list[Any]:
    return [SetField("meta mark", _new_mark(options, Field("meta mark")), text)]


def _connmark(options: Options, text: str, family: Family) -> list[Any]:
    packet, connection = Field("meta mark"), Field("ct mark")
    if "--save-mark" not in options and "--restore-mark" not in options:
        return [SetField("ct mark", _new_mark(options, connection), text)]
    mask = values.number(options["--mask"]) if "--mask" in options else 0xFFFFFFFF
    to_clear = values.number(options["--ctmask"]) if "--ctmask" in options else mask
    from_packet = values.number(options["--nfmask"]) if "--nfmask" in options else mask
    if "--save-mark" in options:
        new = Bits("^", Bits("&", connection, ~to_clear & 0xFFFFFFFF), Bits("&", packet, from_packet))
        return [SetField("ct mark", new, text)]
    new = Bits("^", Bits("&", packet, ~from_packet & 0xFFFFFFFF), Bits("&", connection, to_clear))
    return [SetField("meta mark", new, text)]


def _flags(options: Options) -> tuple[str, ...]:
    return tuple(name[2:] for name in ("--random", "--random-fully", "--persistent") if name in options)


def _endpoint(text: str) -> tuple[Span | None, Span | None, bool]:
    """`10.0.0.5:80`, `10.0.0.5-10.0.0.9`, `:80-90`, `[fd00::5]:80`, `1.2.3.4:1000-2000/5000` as addresses, ports, shifted."""
    hosts, ports = text, ""
    if text.startswith("["):
        hosts, _, rest = text[1:].partition("]")
        ports = rest.removeprefix(":")
    elif text.count(":") == 1:
        hosts, _, ports = text.partition(":")
    shifted = "/" in ports
    return _span(hosts, values.address), _span(ports.partition("/")[0], values.port), shifted


def _span(text: str, reader: Callable[[str], int]) -> Span | None:
    if not text:
        return None
    low, _, high = text.partition("-")
    return Span(reader(low), reader(high or low))


def _translate(kind: str, option: str) -> Callable[[Options, str, Family], list[Any]]:
    def reader(options: Options, text: str, family: Family) -> list[Any]:
        address, port, shifted = _endpoint(options[option])
        flags = _flags(options) + (("shifted",) if shifted else ())
        return [Nat(kind, address, port, flags, text, str(family))]

    return reader


def _redirect(options: Options, text: str, family: Family) -> list[Any]:
    port = _span(options.get("--to-ports", options.get("--to-port", "")), values.port)
    return [Nat("redirect", None, port, _flags(options), text, str(family))]


def _masquerade(options: Options, text: str, family: Family) -> list[Any]:
    return [
        Nat("masquerade", None, _span(options.get("--to-ports", ""), values.port), _flags(options), text, str(family))
    ]


def _netmap(options: Options, text: str, family: Family) -> list[Any]:
    return [Nat("netmap", values.network(options["--to"]), None, (), text, str(family))]


def _tproxy(options: Options, text: str, family: Family) -> list[Any]:
    mark, mask = _masked(options.get("--tproxy-mark", "0/0"))
    address = values.address(options["--on-ip"]) if "--on-ip" in options else None
    port = int(options.get("--on-port", "0")) or None
    return [TransparentProxy(address or None, port, mark, mask, True, text, str(family))]


def _ct(options: Options, text: str, family: Family) -> list[Any]:
    return [NoTrack(text)] if "--notrack" in options else [Nothing(text)]


def _notrack(options: Options, text: str, family: Family) -> list[Any]:
    return [NoTrack(text)]


def _nothing(options: Options, text: str, family: Family) -> list[Any]:
    return [Nothing(text)]


def _set(options: Options, text: str, family: Family) -> list[Any]:
    for option, operation in (("--add-set", "add"), ("--del-set", "delete")):
        if option in options:
            name, sides = options[option].split()[:2]
            return [ChangeIpset(operation, name, tuple(sides.split(",")), text)]
    return [SetField("meta mark", Unknowable(text), text)]


def _unknown_mark(options: Options, text: str, family: Family) -> list[Any]:
    return [SetField("meta mark", Unknowable(text), text)]


def _unsure_end(options: Options, text: str, family: Family) -> list[Any]:
    """A target that may end the packet's way, in a manner outside the model."""
    return [Opaque(text)]


_WITHOUT_INFLUENCE = (
    *(
        "LOG",
        "ULOG",
        "NFLOG",
        "TRACE",
        "AUDIT",
        "TCPMSS",
        "TCPOPTSTRIP",
        "TTL",
        "HL",
        "CHECKSUM",
        "CLASSIFY",
        "DSCP",
        "TOS",
    ),
    *("ECN", "TEE", "SECMARK", "CONNSECMARK", "IDLETIMER", "RATEEST", "LED", "ACCOUNT", "SYSRQ", "FLOWOFFLOAD", "IMQ"),
    *("IPV4OPTSSTRIP", "LOGMARK"),
)
_READERS: Mapping[str, Callable[[Options, str, Family], list[Any]]] = {
    "ACCEPT": _verdict("accept"),
    "DROP": _verdict("drop"),
    "RETURN": _verdict("return"),
    "QUEUE": _queue,
    "NFQUEUE": _queue,
    "REJECT": _reject,
    "MARK": _mark,
    "CONNMARK": _connmark,
    "DNAT": _translate("dnat", "--to-destination"),
    "SNAT": _translate("snat", "--to-source"),
    "REDIRECT": _redirect,
    "MASQUERADE": _masquerade,
    "NETMAP": _netmap,
    "TPROXY": _tproxy,
    "CT": _ct,
    "NOTRACK": _notrack,
    "SET": _set,
    "HMARK": _unknown_mark,
    "SYNPROXY": _verdict("synproxy"),
    "TARPIT": _unsure_end,
    "CLUSTERIP": _unsure_end,
    "DNPT": _unsure_end,
    "SNPT": _unsure_end,
    "ECHO": _unsure_end,
    "DELUDE": _unsure_end,
    "CHAOS": _unsure_end,
    "SAME": _unsure_end,
    "BALANCE": _unsure_end,
    "MIRROR": _unsure_end,
    "ROUTE": _unsure_end,
    **dict.fromkeys(_WITHOUT_INFLUENCE, _nothing),
}  # fmt: skip
