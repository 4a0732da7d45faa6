"""What type each nft expression has, and how a value of that type is written in JSON.

    {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"range": [1, 2]}}}
    {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "new"]}}

The JSON says `"ssh"`, `22`, `"10.0.0.1"` or `{"prefix": ...}`; the kernel compares integers. Types are those of nft's
src/datatype.c; a value that is not understood raises ValueError, and the rule is then kept as opaque.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wizard.firewalls import values
from wizard.model.ruleset import Elements, SetReference, Span, Wildcard

WIDTHS: Mapping[str, int] = {
    "ipv4_addr": 32,
    "ipv6_addr": 128,
    "inet_service": 16,
    "inet_proto": 8,
    "mark": 32,
    "ether_addr": 48,
    "ether_type": 16,
    "integer": 32,
}

FIELD_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("ip saddr", "ip daddr"), "ipv4_addr"),
    **dict.fromkeys(("ip6 saddr", "ip6 daddr"), "ipv6_addr"),
    **{f"{p} {f}": "inet_service" for p in ("tcp", "udp", "th", "sctp", "dccp", "udplite") for f in ("sport", "dport")},
    **dict.fromkeys(("ip protocol", "ip6 nexthdr", "meta l4proto", "ct protocol", "ct l4proto"), "inet_proto"),
    **dict.fromkeys(("meta iifname", "meta oifname", "meta ibrname", "meta obrname", "meta sdifname"), "ifname"),
    **dict.fromkeys(("meta iif", "meta oif", "meta sdif"), "iface_index"),
    **dict.fromkeys(("meta mark", "ct mark", "socket mark"), "mark"),
    **dict.fromkeys(("ether saddr", "ether daddr"), "ether_addr"),
    **dict.fromkeys(("ip dscp", "ip6 dscp"), "dscp"),
    **dict.fromkeys(("ether type", "meta protocol", "vlan type"), "ether_type"),
    **dict.fromkeys(("meta nfproto", "ct l3proto"), "nf_proto"),
    "meta pkttype": "pkt_type",
    **dict.fromkeys(("meta skuid", "meta skgid"), "user"),
    **dict.fromkeys(("meta iiftype", "meta oiftype"), "arphrd"),
    **dict.fromkeys(("meta iifkind", "meta oifkind"), "ifname"),
    "meta day": "day",
    "meta hour": "hour",
    "meta time": "time",
    "ct state": "ct_state",
    "ct status": "ct_status",
    "ct direction": "ct_dir",
    "tcp flags": "tcp_flag",
    "icmp type": "icmp_type",
    "icmpv6 type": "icmpv6_type",
    **{f"ct {d} ip {f}": "ipv4_addr" for d in ("original", "reply") for f in ("saddr", "daddr")},
    **{f"ct {d} ip6 {f}": "ipv6_addr" for d in ("original", "reply") for f in ("saddr", "daddr")},
    **{f"ct {d} {f}": "address" for d in ("original", "reply") for f in ("saddr", "daddr")},
    **{f"ct {d} {f}": "inet_service" for d in ("original", "reply") for f in ("proto-src", "proto-dst")},
    **{f"ct {d} protocol": "inet_proto" for d in ("original", "reply")},
}

ICMPV6_TYPES: Mapping[str, int] = {
    "destination-unreachable": 1,
    "packet-too-big": 2,
    "time-exceeded": 3,
    "parameter-problem": 4,
    "echo-request": 128,
    "echo-reply": 129,
    "mld-listener-query": 130,
    "mld-listener-report": 131,
    "mld-listener-done": 132,
    "mld-listener-reduction": 132,
    "nd-router-solicit": 133,
    "nd-router-advert": 134,
    "nd-neighbor-solicit": 135,
    "nd-neighbor-advert": 136,
    "nd-redirect": 137,
    "router-renumbering": 138,
    "ind-neighbor-solicit": 141,
    "ind-neighbor-advert": 142,
    "mld2-listener-report": 143,
}


def _named(table: Mapping[str, int]) -> Callable[[str], int]:
    def read(text: str) -> int:
        found = table.get(text.lower())
        return values.number(text) if found is None else found

    return read


def _hour(text: str) -> int:
    """`10:00` or `10:00:30` as seconds since midnight."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + (seconds[0] if seconds else 0)


def _interface(text: str) -> Any:
    if text.endswith("\\*"):
        return text[:-2] + "*"
    return Wildcard(text[:-1]) if text.endswith("*") else text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "ipv4_addr": values.ipv4,
    "ipv6_addr": values.ipv6,
    "address": values.address,
    "inet_service": values.port,
    "inet_proto": values.protocol,
    "ifname": _interface,
    "iface_index": str,
    "ether_addr": values.mac,
    "dscp": _named(values.DSCP),
    "ether_type": _named(values.ETHER_TYPES),
    "nf_proto": _named(values.NF_PROTO),
    "pkt_type": _named(values.PACKET_TYPES),
    "day": _named(values.DAYS),
    "hour": _hour,
    "time": str,
    "ct_state": _named(values.CT_STATES),
    "ct_status": _named(values.CT_STATUS),
    "arphrd": _named(values.LINK_TYPES),
    "user": lambda text: int(text) if text.isdigit() else text,
    "ct_dir": _named(values.DIRECTIONS),
    "tcp_flag": _named(values.TCP_FLAGS),
    "icmp_type": _named(values.ICMP_TYPES),
    "icmpv6_type": _named(ICMPV6_TYPES),
    "fib_addrtype": _named(values.ADDRESS_TYPES),
    "boolean": _named({"exists": 1, "missing": 0, "true": 1, "false": 0}),
}


def scalar(kind: str, text: Any) -> Any:
    """One value of the type; raises ValueError."""
    if isinstance(text, bool):
        return int(text)
    if isinstance(text, int):
        return text
    if not isinstance(text, str):
        raise ValueError(f"not a value of type {kind}: {text!r}")
    reader = _READERS.get(kind)
    return values.number(text) if reader is None else reader(text)


def value(kind: str | tuple[str, ...], raw: Any) -> Any:
    """Any right-hand side: a value, `Span`, tuple (concatenation), `Elements` or `SetReference`; raises ValueError."""
    if isinstance(raw, str) and raw.startswith("@"):
        return SetReference(raw[1:])
    if isinstance(raw, list):
        return _any_flag(kind, raw)
    if isinstance(raw, dict):
        return _structured(kind, raw)
    return scalar(kind if isinstance(kind, str) else "integer", raw)


def _any_flag(kind: str | tuple[str, ...], raw: list[Any]) -> int:
    flags = 0
    for item in raw:
        flags |= int(value(kind, item))
    return flags


def _structured(kind: str | tuple[str, ...], raw: Mapping[str, Any]) -> Any:
    if len(raw) != 1:
        raise ValueError(f"not a value: {raw!r}")
    key, inner = next(iter(raw.items()))
    if key == "set":
        return elements(kind, inner)
    if key == "concat":
        kinds = kind if isinstance(kind, tuple) else (kind,) * len(inner)
        if len(kinds) != len(inner):
            raise ValueError("a concatenation of another length")
        return tuple(value(k, part) for k, part in zip(kinds, inner, strict=True))
    if not isinstance(kind, str):
        kind = kind[0] if kind else "integer"
    if key == "range":
        return Span(_low(kind, inner[0]), _low(kind, inner[1]))
    if key == "prefix":
        return _prefix(kind, inner)
    if key in ("|", "&", "^", "<<", ">>"):
        return _computed(key, [value(kind, part) for part in inner])
    if key == "elem":
        return value(kind, inner["val"])
    raise ValueError(f"not a value: {key}")


def _low(kind: str, raw: Any) -> int:
    found = scalar(kind, raw)
    if not isinstance(found, int):
        raise ValueError("a range of names")
    return found


def _prefix(kind: str, raw: Mapping[str, Any]) -> Span:
    text = raw["addr"]
    width = WIDTHS.get(kind, 32)
    if kind == "address":
        width = 128 if ":" in str(text) else 32
    return values.prefix(_low(kind, text), int(raw["len"]), width)


def _computed(operator: str, parts: list[Any]) -> int:
    if not all(isinstance(part, int) for part in parts):
        raise ValueError("arithmetic on something that is no number")
    result: int = parts[0]
    for part in parts[1:]:
        result = _apply(operator, result, part)
    return result


def _apply(operator: str, left: int, right: int) -> int:
    if operator == "|":
        return left | right
    if operator == "&":
        return left & right
    if operator == "^":
        return left ^ right
    if not 0 <= right < 128:
        raise ValueError("a shift beyond any width")
    return left << right if operator == "<<" else left >> right


def _plain_addresses(raw: Any) -> tuple[int, ...] | None:
    """The addresses of a list of nothing else: blocklists have a hundred thousand of them."""
    try:
        return tuple([values.ipv4(each) for each in raw])
    except (AttributeError, ValueError):
        return None


def elements(kind: str | tuple[str, ...], raw: list[Any], data: Callable[[Any], Any] | None = None) -> Elements:
    """A set's elements, or with `data` a map's pairs."""
    if kind == "ipv4_addr" and data is None and (plain := _plain_addresses(raw)) is not None:
        return Elements(plain)
    keys: list[Any] = []
    found: list[Any] = []
    has_default, default = False, None
    for item in raw if isinstance(raw, list) else [raw]:
        key, content = (item[0], item[1]) if data is not None else (item, None)
        if isinstance(key, dict) and "elem" in key:
            key = key["elem"]["val"]
        if key == "*":
            has_default, default = True, (data(content) if data is not None else True)
            continue
        keys.append(value(kind, key))
        if data is not None:
            found.append(data(content))
    return Elements(tuple(keys), tuple(found), has_default, default)
