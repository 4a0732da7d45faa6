"""Reads what `ip -j route get ADDRESS` answered, an address a line, as collect.ways_out writes it.

{"address": "192.168.1.7", "answer": [{"dst": "192.168.1.7", "dev": "eth0", "prefsrc": "192.168.1.5", "flags": [], "uid": 0}]}
{"address": "10.9.0.1", "answer": [{"dst": "10.9.0.1", "gateway": "192.168.1.1", "dev": "eth0", "prefsrc": "192.168.1.5"}]}
{"address": "10.8.0.1", "answer": [], "error": "RTNETLINK answers: Network is unreachable"}
{"address": "10.7.0.1", "answer": [{"type": "prohibit", "dst": "10.7.0.1"}]}
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address, WayOut
from wizard.parse.json_lines import objects


def parse(text: str, source: str = "ip route get") -> Parsed[tuple[WayOut, ...]]:
    """The ways out, in the order in which they were asked for."""
    ways: list[WayOut] = []
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            ways.append(_way(told or {}, source))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            unread.append(origin)
    return Parsed(tuple(ways), tuple(unread))


def _way(told: dict[str, Any], source: str) -> WayOut:
    destination = ip_address(str(told["address"]).partition("%")[0])
    error = str(told.get("error", "")).removeprefix("RTNETLINK answers: ").strip()
    answers = told.get("answer") or []
    if not answers:
        said = error or "no answer"
        return WayOut(destination, "none", error=said, origin=Origin(f"{source} {destination}", 1, said))
    first = answers[0]
    way = WayOut(
        destination,
        str(first.get("type", "unicast")),
        str(first.get("dev", "")),
        _address(first.get("gateway") or (first.get("via") or {}).get("host")),
        _address(first.get("prefsrc")),
        str(first.get("table", "")),
        error,
        Origin(f"{source} {destination}", 1, _words(first)),
    )
    return way


def _address(text: Any) -> Address | None:
    return ip_address(str(text).partition("%")[0]) if text else None


def _words(answer: dict[str, Any]) -> str:
    """As ip prints it without -j: `192.168.1.7 via 192.168.1.1 dev eth0 src 192.168.1.5`."""
    words = [str(answer[key]) for key in ("type",) if answer.get(key, "unicast") != "unicast"]
    words.append(str(answer.get("dst", "")))
    for key, word in (("gateway", "via"), ("dev", "dev"), ("table", "table"), ("prefsrc", "src")):
        if answer.get(key):
            words += [word, str(answer[key])]
    return " ".join(words)
