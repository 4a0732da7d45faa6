"""nft's JSON expressions as the model's: `{"payload": {"protocol": "ip", "field": "saddr"}}` is `Field("ip saddr")`.

What is not understood becomes `Unknowable`: its value is open, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.firewalls.nftables import types
from wizard.model.ruleset import (
    Bits,
    Concat,
    Elements,
    Fib,
    Field,
    Lookup,
    RawPayload,
    SetReference,
    SocketKey,
    Unknowable,
)

Kind = str | tuple[str, ...]


def expression(raw: Any) -> tuple[Any, Kind]:
    """The expression and the type of its value; a plain value is read as an integer (ValueError if it is none)."""
    if not isinstance(raw, dict) or len(raw) != 1:
        return types.value("integer", raw), "integer"
    key, inner = next(iter(raw.items()))
    reader = _READERS.get(key)
    if reader is not None:
        found: tuple[Any, Kind] = reader(inner)
        return found
    if key in ("|", "&", "^", "<<", ">>"):
        return _bits(key, inner)
    if key in ("range", "prefix", "set"):
        return types.value("integer", raw), "integer"
    return Unknowable(key), "integer"


def of_field(name: str) -> tuple[Any, Kind]:
    """The field by its name, and its type (`integer` for those without one)."""
    return Field(name), types.FIELD_TYPES.get(name, "integer")


def _payload(raw: Mapping[str, Any]) -> tuple[Any, Kind]:
    if "base" in raw:
        return RawPayload(str(raw["base"]), int(raw["offset"]), int(raw["len"])), "integer"
    if "tunnel" in raw:
        return Unknowable(f"{raw['tunnel']} {raw['protocol']} {raw['field']}"), "integer"
    return of_field(f"{raw['protocol']} {raw['field']}")


def _meta(raw: Any) -> tuple[Any, Kind]:
    key = raw["key"] if isinstance(raw, dict) else str(raw)
    return of_field(f"meta {key}")


def _ct(raw: Any) -> tuple[Any, Kind]:
    if not isinstance(raw, dict):
        return of_field(f"ct {raw}")
    words = ("ct", raw.get("dir", ""), raw.get("family", ""), raw["key"])
    return of_field(" ".join(str(word) for word in words if word))


def _fib(raw: Mapping[str, Any]) -> tuple[Any, Kind]:
    flags = raw.get("flags", [])
    names = (flags,) if isinstance(flags, str) else tuple(str(flag) for flag in flags)
    result = str(raw["result"])
    kind = {"type": "fib_addrtype", "oifname": "ifname", "oif": "iface_index"}.get(result, "boolean")
    return Fib(names, result), kind


def _socket(raw: Mapping[str, Any]) -> tuple[Any, Kind]:
    return SocketKey(str(raw["key"])), "mark" if raw["key"] == "mark" else "integer"


def _exthdr(raw: Mapping[str, Any]) -> tuple[Any, Kind]:
    field = raw.get("field")
    return Field(
        f"exthdr {raw['name']} {field}" if field else f"exists exthdr {raw['name']}"
    ), "boolean" if not field else "integer"


def _option(protocol: str) -> Any:
    def read(raw: Mapping[str, Any]) -> tuple[Any, Kind]:
        field = raw.get("field")
        name = raw.get("name", raw.get("base"))
        word = f"{protocol} {name} {field}" if field else f"exists {protocol} {name}"
        return Field(word), "integer" if field else "boolean"

    return read


def _concat(raw: list[Any]) -> tuple[Any, Kind]:
    parts = [expression(part) for part in raw]
    kinds = tuple(kind if isinstance(kind, str) else "integer" for _, kind in parts)
    return Concat(tuple(part for part, _ in parts)), kinds


def _bits(operator: str, raw: list[Any]) -> tuple[Any, Kind]:
    result, kind = expression(raw[0])
    for part in raw[1:]:
        if isinstance(part, dict) and not set(part) & {"|", "&", "^", "<<", ">>"}:
            right: Any = expression(part)[0]
        elif isinstance(part, dict):
            right = _nested(kind, part)
        else:
            right = types.value(kind, part)
        result = Bits(operator, result, right)
    return result, kind


def _nested(kind: Kind, part: Mapping[str, Any]) -> Any:
    try:
        return types.value(kind, part)
    except (ValueError, TypeError):
        return expression(part)[0]


def _map(raw: Mapping[str, Any]) -> tuple[Any, Kind]:
    key, kind = expression(raw["key"])
    return Lookup(key, map_content(kind, raw["data"])), "integer"


def map_content(kind: Kind, raw: Any) -> Elements | SetReference:
    """What a map or vmap is looked up in: its own pairs, or a named one."""
    if isinstance(raw, str):
        return SetReference(raw.removeprefix("@"))
    if isinstance(raw, list) and len(raw) == 2 and raw[0] == "*":
        raw = {"set": [raw]}
    return types.elements(kind, raw["set"], data)


def data(raw: Any) -> Any:
    """A map's value: a verdict's JSON as it is, an address or number as an integer, a name as text."""
    if isinstance(raw, dict):
        if "concat" in raw:
            return tuple(data(part) for part in raw["concat"])
        if "range" in raw or "prefix" in raw:
            return types.value("address" if _has_address(raw) else "integer", raw)
        if set(raw) & set(VERDICTS):
            from wizard.firewalls.nftables.statements import verdict

            return verdict(raw)
        return types.value("integer", raw)
    return _plain(raw)


VERDICTS = ("accept", "drop", "continue", "return", "jump", "goto", "queue")


def _has_address(raw: Mapping[str, Any]) -> bool:
    inner = raw.get("range") or raw.get("prefix")
    text = str(inner[0] if isinstance(inner, list) else inner["addr"]) if inner else ""
    return "." in text or ":" in text


def _plain(raw: Any) -> Any:
    if isinstance(raw, (bool, int)):
        return int(raw)
    for kind in ("address", "integer", "inet_service"):
        try:
            return types.scalar(kind, raw)
        except ValueError:
            continue
    return str(raw)


def _unknowable(name: str) -> Any:
    def read(raw: Any) -> tuple[Any, Kind]:
        return Unknowable(name), "integer"

    return read


_READERS: Mapping[str, Any] = {
    "payload": _payload,
    "meta": _meta,
    "ct": _ct,
    "fib": _fib,
    "socket": _socket,
    "exthdr": _exthdr,
    "ip option": _option("ipoption"),
    "tcp option": _option("tcpoption"),
    "sctp chunk": _option("sctpchunk"),
    "concat": _concat,
    "map": _map,
    "numgen": _unknowable("numgen"),
    "jhash": _unknowable("jhash"),
    "symhash": _unknowable("symhash"),
    "osf": _unknowable("osf"),
    "rt": _unknowable("rt"),
    "ipsec": _unknowable("ipsec"),
}
