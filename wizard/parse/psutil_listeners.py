"""Reads the listeners as psutil tells them, one JSON object a line.

    {"proto": "tcp", "address": "127.0.0.1", "port": 5000, "pid": 4242, "name": "flask"}

`pid` null: the system did not say. Whether `::` takes IPv4 too is not known.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Listener, Owner, Proto
from wizard.parse.json_lines import objects


def parse(text: str, source: str = "psutil-listeners") -> Parsed[tuple[Listener, ...]]:
    """Every listener; the same socket in several processes becomes one listener with several owners."""
    found: dict[tuple[Proto, str, int], Listener] = {}
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            _add(found, told or {}, origin)
        except (KeyError, TypeError, ValueError):
            unread.append(origin)
    return Parsed(tuple(found.values()), tuple(unread))


def _add(found: dict[tuple[Proto, str, int], Listener], told: dict[str, Any], origin: Origin) -> None:
    bare, _, scope = str(told["address"]).partition("%")
    proto, port = Proto(told["proto"]), int(told["port"])
    key = (proto, str(told["address"]), port)
    owners = () if told.get("pid") is None else (Owner(str(told.get("name") or ""), int(told["pid"])),)
    earlier = found.get(key)
    together = tuple(dict.fromkeys((*((earlier and earlier.owners) or ()), *owners)))
    address = ip_address(bare)
    mapped = getattr(address, "ipv4_mapped", None)
    found[key] = Listener(proto, mapped or address, port, together or None, scope=scope, origin=origin)
