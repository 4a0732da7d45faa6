"""nft's JSON statements as the model's.

    {"match": {"op": "==", "left": ..., "right": 22}}   {"vmap": {"key": ..., "data": {"set": [...]}}}
    {"mangle": {"key": {"meta": {"key": "mark"}}, "value": 5}}   {"limit": {"rate": 5, "per": "second", "inv": true}}
    {"reject": {"type": "icmpx", "expr": "port-unreachable"}}   {"dnat": {"family": "ip", "addr": "10.0.0.5", "port": 80}}

A statement that is not understood becomes `Opaque`: the rule is kept, and a verdict that hangs on it is unsure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wizard.firewalls import values
from wizard.firewalls.nftables import types
from wizard.firewalls.nftables.expressions import expression, map_content
from wizard.firewalls.nftables.show import statement as shown
from wizard.model.ruleset import (
    ChangeSet,
    Condition,
    Constant,
    Limit,
    Nat,
    Nothing,
    NoTrack,
    Opaque,
    SetField,
    Span,
    TransparentProxy,
    Unknowable,
    Verdict,
    VerdictMap,
)

_QUOTA_UNITS = {"bytes": 1, "kbytes": 1 << 10, "mbytes": 1 << 20, "gbytes": 1 << 30}


def statement(raw: Any, family: str) -> Any:
    """One statement of a rule in a table of `family`; never raises for text from a machine."""
    if isinstance(raw, str):
        raw = {raw: None}
    try:
        key, inner = next(iter(raw.items()))
        reader = _READERS.get(key)
        if reader is None:
            return Opaque(shown(raw))
        return reader(inner, raw, family)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, StopIteration, RecursionError):
        return Opaque(shown(raw))


def verdict(raw: Mapping[str, Any]) -> Verdict:
    """A bare verdict: `{"accept": null}`, `{"jump": {"target": "c"}}`."""
    key, inner = next(iter(raw.items()))
    if key in ("jump", "goto"):
        return Verdict(key, chain=str(inner["target"]), text=f"{key} {inner['target']}")
    if key == "queue":
        return _queue(inner, raw, "")
    return Verdict(key, text=key)


def _match(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    left, kind = expression(raw["left"])
    right = _right(kind, raw["right"])
    operator = str(raw.get("op", "=="))
    if operator == "!":
        # `tcp flags ! syn`: none of the flags is set.
        operator = "!in"
    elif operator == "in" and isinstance(raw["right"], str) and raw["right"].startswith("@"):
        operator = "=="
    if operator not in ("==", "!=", "<", ">", "<=", ">=", "in", "!in"):
        raise ValueError(operator)
    return Condition(left, operator, right, shown(whole))


def _right(kind: Any, raw: Any) -> Any:
    if isinstance(raw, dict) and set(raw) & {"payload", "meta", "ct", "fib", "socket", "map", "rt", "numgen", "jhash"}:
        return expression(raw)[0]
    return types.value(kind, raw)


def _vmap(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    key, kind = expression(raw["key"])
    return VerdictMap(key, map_content(kind, raw["data"]), shown(whole))


def _mangle(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    left, kind = expression(raw["key"])
    name = getattr(left, "name", "")
    if not name:
        return Opaque(shown(whole))
    source = raw["value"]
    try:
        value = types.value(kind, source)
    except (ValueError, TypeError):
        value = expression(source)[0] if isinstance(source, dict) else Unknowable(str(source))
    return SetField(name, value, shown(whole))


def _limit(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    if isinstance(raw, str):
        return Limit(False, shown(whole))
    return Limit(bool(raw.get("inv")), shown(whole))


def _count(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    over = bool(raw.get("inv"))
    # The packet's own connection counts.
    return Constant(over, shown(whole)) if raw.get("val") == 0 else Limit(over, shown(whole), "connection limit")


def _quota(raw: Any, whole: Any, family: str) -> Any:
    if not isinstance(raw, dict):
        return Opaque(shown(whole))
    size = int(raw["val"]) * _QUOTA_UNITS[str(raw.get("val_unit", "bytes"))]
    used = int(raw.get("used", 0)) * _QUOTA_UNITS[str(raw.get("used_unit", "bytes"))]
    over = bool(raw.get("inv"))
    # A packet may take the count across the line; one this close to it stays open.
    if abs(size - used) < 1 << 16:
        return Opaque(shown(whole))
    return Constant((used > size) == over, shown(whole))


def _plain(raw: Any, whole: Any, family: str) -> Any:
    return verdict(whole)


def _queue(raw: Any, whole: Any, family: str) -> Verdict:
    flags = (raw or {}).get("flags", []) if isinstance(raw, dict) else []
    names = [flags] if isinstance(flags, str) else flags
    return Verdict("queue", bypass="bypass" in names, text=shown(whole))


def _reject(raw: Any, whole: Any, family: str) -> Any:
    usual = {"ip": "icmp", "ip6": "icmpv6"}.get(family, "icmpx")
    kind = (raw or {}).get("type") or usual
    if kind == "tcp reset":
        return Verdict("reject", reject_with="tcp-reset", text=shown(whole))
    code = (raw or {}).get("expr", "port-unreachable")
    if isinstance(code, int):
        code = _code(kind, code)
    text = "reject" if (kind, code) == (usual, "port-unreachable") else shown(whole)
    return Verdict("reject", reject_with=f"{kind}-{code}", text=text)


def _code(kind: str, code: int) -> str:
    if kind == "icmpx":
        return ("no-route", "port-unreachable", "host-unreachable", "admin-prohibited")[code]
    return (values.REJECT_CODES_6 if kind == "icmpv6" else values.REJECT_CODES_4)[code]


def _nat(kind: str) -> Callable[[Any, Any, str], Any]:
    def read(raw: Any, whole: Any, family: str) -> Any:
        raw = raw or {}
        flags = raw.get("flags", [])
        names = (flags,) if isinstance(flags, str) else tuple(str(flag) for flag in flags)
        typed = raw.get("type_flags", [])
        names += (typed,) if isinstance(typed, str) else tuple(str(flag) for flag in typed)
        address = _target(raw.get("addr"), "address")
        port = _target(raw.get("port"), "inet_service")
        return Nat(kind, address, port, names, shown(whole), str(raw.get("family", family)))

    return read


def _target(raw: Any, kind: str) -> Any:
    """Where to translate to: a `Span`, an expression (a map), or None."""
    if raw is None:
        return None
    if isinstance(raw, dict) and not set(raw) & {"range", "prefix"}:
        return expression(raw)[0]
    found = types.value(kind, raw)
    return Span(found, found) if isinstance(found, int) else found


def _tproxy(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    address = types.scalar("address", raw["addr"]) if "addr" in raw else None
    port = types.scalar("inet_service", raw["port"]) if "port" in raw else None
    return TransparentProxy(address, port, text=shown(whole), family=str(raw.get("family", "")))


def _set(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    key = raw["elem"]
    limits: tuple[Any, ...] = ()
    if isinstance(key, dict) and "elem" in key:
        key = key["elem"]["val"]
    if raw.get("stmt"):
        limits = tuple(statement(inner, family) for inner in raw["stmt"])
    return ChangeSet(str(raw["op"]), str(raw["set"]).removeprefix("@"), expression(key)[0], limits, shown(whole))


def _meter(raw: Mapping[str, Any], whole: Any, family: str) -> Any:
    return statement(raw["stmt"], family)


def _nothing(raw: Any, whole: Any, family: str) -> Any:
    return Nothing(shown(whole))


def _notrack(raw: Any, whole: Any, family: str) -> Any:
    return NoTrack()


def _synproxy(raw: Any, whole: Any, family: str) -> Any:
    return Verdict("synproxy", text=shown(whole))


def _stolen(raw: Any, whole: Any, family: str) -> Any:
    return Verdict("stolen", text=shown(whole))


def _compat(raw: Any, whole: Any, family: str) -> Any:
    """An iptables extension that nft cannot show; a comment decides nothing."""
    if isinstance(raw, dict) and raw.get("name") in ("comment", "LOG", "NFLOG", "TRACE"):
        return Nothing(shown(whole))
    return Opaque(shown(whole))


_WITHOUT_INFLUENCE = ("counter", "log", "dup", "flow", "ct helper", "ct timeout", "ct expectation", "last", "secmark")
_READERS: Mapping[str, Callable[[Any, Any, str], Any]] = {
    "match": _match,
    "vmap": _vmap,
    "mangle": _mangle,
    "limit": _limit,
    "ct count": _count,
    "quota": _quota,
    "queue": _queue,
    "reject": _reject,
    "tproxy": _tproxy,
    "set": _set,
    "map": _set,
    "meter": _meter,
    "notrack": _notrack,
    "synproxy": _synproxy,
    "fwd": _stolen,
    "xt": _compat,
    **dict.fromkeys(("accept", "drop", "continue", "return", "jump", "goto"), _plain),
    **{name: _nat(name) for name in ("snat", "dnat", "masquerade", "redirect")},
    **dict.fromkeys(_WITHOUT_INFLUENCE, _nothing),
}
