"""A JSON statement in nft's own text syntax: what a person would see in `nft list ruleset`.

{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}  ->  tcp dport 22
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def statement(raw: Any) -> str:
    """One statement; what is not known is shown by its name."""
    if not isinstance(raw, dict) or not raw:
        return str(raw)
    key, inner = next(iter(raw.items()))
    writer = _WRITERS.get(key)
    try:
        return writer(inner) if writer else f"{key} {_loose(inner)}".rstrip()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        return f"{key} {_loose(inner)}".rstrip()


def _loose(raw: Any) -> str:
    return "" if raw is None else str(raw)


def expression(raw: Any, quoted: bool = False) -> str:
    """An expression or value; `quoted` puts names of interfaces in quotation marks."""
    if isinstance(raw, bool):
        return "exists" if raw else "missing"
    if isinstance(raw, str):
        return f'"{raw}"' if quoted and not raw.startswith("@") else raw
    if isinstance(raw, list):
        return ",".join(expression(item, quoted) for item in raw)
    if not isinstance(raw, dict) or not raw:
        return str(raw)
    key, inner = next(iter(raw.items()))
    if key in ("|", "&", "^", "<<", ">>"):
        return f" {key} ".join(expression(part) for part in inner)
    writer = _EXPRESSIONS.get(key)
    return writer(inner, quoted) if writer else f"{key} {_loose(inner)}".rstrip()


def _set(raw: Any, quoted: bool) -> str:
    items = raw if isinstance(raw, list) else [raw]
    shown = [_element(item, quoted) for item in items[:64]]
    if len(items) > len(shown):
        shown.append(f"... {len(items) - len(shown)} more")
    return "{ " + ", ".join(shown) + " }"


def _element(raw: Any, quoted: bool) -> str:
    if isinstance(raw, list) and len(raw) == 2:
        return f"{expression(raw[0], quoted)} : {_data(raw[1])}"
    return expression(raw, quoted)


def _data(raw: Any) -> str:
    if isinstance(raw, dict) and set(raw) & {"accept", "drop", "continue", "return", "jump", "goto", "queue"}:
        return statement(raw)
    return expression(raw)


def _payload(raw: Mapping[str, Any], quoted: bool) -> str:
    if "base" in raw:
        return f"@{raw['base']},{raw['offset']},{raw['len']}"
    return f"{raw['protocol']} {raw['field']}"


def _meta(raw: Any, quoted: bool) -> str:
    key = raw["key"] if isinstance(raw, dict) else raw
    return str(key) if key in ("iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup") else f"meta {key}"


def _ct(raw: Any, quoted: bool) -> str:
    if not isinstance(raw, dict):
        return f"ct {raw}"
    return " ".join(str(word) for word in ("ct", raw.get("dir", ""), raw.get("family", ""), raw["key"]) if word)


def _fib(raw: Mapping[str, Any], quoted: bool) -> str:
    flags = raw.get("flags", [])
    return f"fib {' . '.join([flags] if isinstance(flags, str) else flags)} {raw['result']}"


def _named(word: str) -> Callable[[Any, bool], str]:
    def write(raw: Any, quoted: bool) -> str:
        return f"{word} {raw.get('name', '')} {raw.get('field', '')}".strip()

    return write


_EXPRESSIONS: Mapping[str, Callable[[Any, bool], str]] = {
    "payload": _payload,
    "meta": _meta,
    "ct": _ct,
    "fib": _fib,
    "set": _set,
    "concat": lambda raw, quoted: " . ".join(expression(part, quoted) for part in raw),
    "range": lambda raw, quoted: f"{expression(raw[0])}-{expression(raw[1])}",
    "prefix": lambda raw, quoted: f"{raw['addr']}/{raw['len']}",
    "elem": lambda raw, quoted: expression(raw["val"], quoted),
    "map": lambda raw, quoted: f"{expression(raw['key'])} map {expression(raw['data'], quoted)}",
    "socket": lambda raw, quoted: f"socket {raw['key']}",
    "exthdr": _named("exthdr"),
    "tcp option": _named("tcp option"),
    "ip option": _named("ip option"),
    "numgen": lambda raw, quoted: f"numgen {raw.get('mode', '')} mod {raw.get('mod', '')}",
    "jhash": lambda raw, quoted: f"jhash {expression(raw.get('expr', ''))} mod {raw.get('mod', '')}",
}


def _names_interface(raw: Any) -> bool:
    meta = raw.get("meta") if isinstance(raw, dict) else None
    return isinstance(meta, dict) and meta.get("key") in ("iif", "oif", "iifname", "oifname")


_FLAG_FIELDS: tuple[Any, ...] = (
    {"payload": {"protocol": "tcp", "field": "flags"}},
    {"ct": {"key": "state"}},
    {"ct": {"key": "status"}},
)
"""Fields of flags, for which nft means "any of these" without an operator and "exactly these" with `==`."""


def _match(raw: Mapping[str, Any]) -> str:
    left, right, operator = raw["left"], raw["right"], str(raw.get("op", "=="))
    if _is_mark(left):
        left, right = _hexadecimal(left), _hexadecimal(right)
    flags = _flags(left, right, operator)
    if flags:
        return flags
    exact = operator == "==" and left in _FLAG_FIELDS and not isinstance(right, dict)
    between = " " if operator in ("==", "in") and not exact else f" {operator} "
    return f"{expression(left)}{between}{expression(right, _names_interface(left))}"


def _flags(left: Any, right: Any, operator: str) -> str:
    """`tcp flags syn / syn,ack`, nft's way to write a masked comparison."""
    masked = left.get("&") if isinstance(left, dict) else None
    if not masked or masked[0] != {"payload": {"protocol": "tcp", "field": "flags"}} or operator not in ("==", "!="):
        return ""
    negation = "!= " if operator == "!=" else ""
    return f"tcp flags {negation}{expression(right)} / {expression(masked[1])}"


def _mangle(raw: Mapping[str, Any]) -> str:
    value = _hexadecimal(raw["value"]) if _is_mark(raw["key"]) else raw["value"]
    return f"{expression(raw['key'])} set {expression(value)}"


def _is_mark(raw: Any) -> bool:
    """Whether the expression is a mark, also behind bit arithmetic."""
    while isinstance(raw, dict) and set(raw) & {"&", "|", "^"}:
        raw = next(iter(raw.values()))[0]
    inner = (raw.get("meta") or raw.get("ct")) if isinstance(raw, dict) else None
    return isinstance(inner, dict) and inner.get("key") == "mark"


def _hexadecimal(raw: Any) -> Any:
    """Marks are printed with eight digits: 0x00000010."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return f"0x{raw:08x}"
    if isinstance(raw, list):
        return [_hexadecimal(each) for each in raw]
    if isinstance(raw, dict) and set(raw) & {"&", "|", "^", "set", "range"}:
        return {key: _hexadecimal(value) for key, value in raw.items()}
    return raw


def _limit(raw: Any) -> str:
    if not isinstance(raw, dict):
        return f'limit name "{raw}"'
    unit = "" if raw.get("rate_unit", "packets") == "packets" else f" {raw['rate_unit']}"
    over = "over " if raw.get("inv") else ""
    burst = f" burst {raw['burst']} {raw.get('burst_unit', 'packets')}" if raw.get("burst") not in (None, 0, 5) else ""
    return f"limit rate {over}{raw['rate']}{unit}/{raw['per']}{burst}"


def _counter(raw: Any) -> str:
    if isinstance(raw, dict):
        return f"counter packets {raw.get('packets', 0)} bytes {raw.get('bytes', 0)}"
    return f'counter name "{raw}"' if raw else "counter"


def _log(raw: Any) -> str:
    words = ["log"]
    for key, content in (raw or {}).items():
        words.append(f'{key} "{content}"' if key == "prefix" else f"{key} {content}")
    return " ".join(words)


def _reject(raw: Any) -> str:
    if not raw:
        return "reject"
    if raw.get("type") == "tcp reset":
        return "reject with tcp reset"
    if raw.get("type") == "icmpx" and raw.get("expr") == "port-unreachable":
        return "reject"
    return f"reject with {raw.get('type', '')} {raw.get('expr', '')}".rstrip()


def _nat(kind: str) -> Callable[[Any], str]:
    def write(raw: Any) -> str:
        raw = raw or {}
        family = f" {raw['family']}" if "family" in raw else ""
        host = expression(raw["addr"]) if "addr" in raw else ""
        if "port" in raw and ":" in host:
            host = f"[{host}]"
        port = f":{expression(raw['port'])}" if "port" in raw else ""
        flags = raw.get("flags", [])
        words = " ".join([flags] if isinstance(flags, str) else flags)
        return f"{kind}{family}{' to ' if host or port else ''}{host}{port} {words}".rstrip()

    return write


def _vmap(raw: Mapping[str, Any]) -> str:
    return f"{expression(raw['key'])} vmap {expression(raw['data'], _names_interface(raw['key']))}"


def _change(raw: Mapping[str, Any]) -> str:
    inner = " ".join(statement(part) for part in raw.get("stmt", []))
    return f"{raw['op']} {raw['set']} {{ {expression(raw['elem'])}{' ' if inner else ''}{inner} }}"


def _quota(raw: Any) -> str:
    over = "over " if raw.get("inv") else ""
    return f"quota {over}{raw['val']} {raw.get('val_unit', 'bytes')}"


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "match": _match,
    "vmap": _vmap,
    "mangle": _mangle,
    "limit": _limit,
    "counter": _counter,
    "log": _log,
    "reject": _reject,
    "set": _change,
    "map": _change,
    "quota": _quota,
    "tproxy": _nat("tproxy"),
    "jump": lambda raw: f"jump {raw['target']}",
    "goto": lambda raw: f"goto {raw['target']}",
    "ct count": lambda raw: f"ct count {'over ' if raw.get('inv') else ''}{raw['val']}",
    "flow": lambda raw: f"flow add {raw.get('flowtable', '')}",
    "xt": lambda raw: f"xt {raw.get('type', '')} {raw.get('name', '')}" if isinstance(raw, dict) else "xt",
    **{name: _nat(name) for name in ("snat", "dnat", "masquerade", "redirect")},
}
