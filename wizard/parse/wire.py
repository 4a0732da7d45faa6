"""Reads what single packets to the target showed: one JSON object, as wizard.collect.wire writes it.

{"address": "192.168.1.100", "port": 5000, "privileged": true, "device": "wlan0", "gateway": null, "seconds": 2.1,
 "answers": [{"kind": "rst", "source": "192.168.1.100", "ttl": 63, "window": 0, "options": [], "seconds": 0.001}],
 "echo": {"kind": "echo", "source": "192.168.1.100", "ttl": 64, "seconds": 0.001},
 "neighbour": {"address": "192.168.1.100", "device": "wlan0", "macs": ["02:00:00:aa:bb:cc"]},
 "paths": [{"proto": "tcp", "reached": true, "hops": [{"number": 1, "answer": null}]}],
 "mtu": {"link": 1500, "told": 1500, "passed": 1400, "lost": 1500}, "reversed_device": "",
 "untold": [{"reason": "needs root", "remedy": "sudo wizard check ...", "what": "the answer's TTL"}]}
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar

from wizard.model.capture import Origin, Parsed, Unknown
from wizard.model.wire import NeighbourAnswers, PathMtu, WireAnswer, WireEvidence, WireHop, WirePath
from wizard.parse.json_lines import objects

T = TypeVar("T")
_MOST = 64
"""More hops, answers or options than this are no evidence but noise."""


def parse(text: str, source: str = "wire") -> Parsed[WireEvidence | None]:
    """The evidence, or None where the text holds none."""
    found: WireEvidence | None = None
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            found = _evidence(told or {}, origin)
        except (AttributeError, KeyError, TypeError, ValueError):
            unread.append(origin)
    return Parsed(found, tuple(unread))


def _evidence(told: dict[str, Any], origin: Origin) -> WireEvidence:
    return WireEvidence(
        address=ip_address(told["address"]),
        port=int(told["port"]),
        privileged=bool(told.get("privileged")),
        device=str(told.get("device", "")),
        gateway=_maybe(told.get("gateway"), ip_address),
        answers=_each(told.get("answers"), _answer),
        echo=_maybe(told.get("echo"), _answer),
        neighbour=_maybe(told.get("neighbour"), _neighbour),
        paths=_each(told.get("paths"), _path),
        mtu=_maybe(told.get("mtu"), _mtu),
        reversed_device=str(told.get("reversed_device", "")),
        untold=_each(told.get("untold"), _unknown),
        seconds=float(told.get("seconds", 0.0)),
        origin=Origin(origin.source, origin.line, _words(told)),
    )


def _maybe(told: Any, read: Callable[[Any], T]) -> T | None:
    return None if told is None else read(told)


def _each(told: Any, read: Callable[[Any], T]) -> tuple[T, ...]:
    return tuple(read(each) for each in (told or ())[:_MOST])


def _answer(told: dict[str, Any]) -> WireAnswer:
    return WireAnswer(
        kind=str(told["kind"]),
        source=ip_address(told["source"]),
        seconds=float(told.get("seconds", 0.0)),
        ttl=_maybe(told.get("ttl"), int),
        window=_maybe(told.get("window"), int),
        options=_each(told.get("options"), str),
        mss=_maybe(told.get("mss"), int),
        type=_maybe(told.get("type"), int),
        code=_maybe(told.get("code"), int),
        mac=str(told.get("mac", "")),
    )


def _neighbour(told: dict[str, Any]) -> NeighbourAnswers:
    return NeighbourAnswers(ip_address(told["address"]), str(told.get("device", "")), _each(told.get("macs"), str))


def _path(told: dict[str, Any]) -> WirePath:
    return WirePath(str(told["proto"]), _each(told.get("hops"), _hop), bool(told.get("reached")))


def _hop(told: dict[str, Any]) -> WireHop:
    return WireHop(int(told["number"]), _maybe(told.get("answer"), _answer))


def _mtu(told: dict[str, Any]) -> PathMtu:
    return PathMtu(int(told["link"]), int(told["told"]), int(told.get("passed", 0)), int(told.get("lost", 0)))


def _unknown(told: dict[str, Any]) -> Unknown:
    return Unknown(str(told["reason"]), str(told.get("remedy", "")), str(told.get("what", "")))


def _words(told: dict[str, Any]) -> str:
    """The evidence in one line: `to 192.168.1.100 port 5000: rst from 192.168.1.100 (ttl 63); echo ttl 64; tcp path ...`."""
    answers = [_answer_words(each) for each in (told.get("answers") or ())[:4]]
    parts = ["; ".join(answers) or "no answer to a SYN"]
    if told.get("echo"):
        parts.append(f"ping: {_answer_words(told['echo'])}")
    for path in (told.get("paths") or ())[:4]:
        parts.append(f"{path['proto']} path: {_path_words(_path(path))}")
    if neighbour := told.get("neighbour"):
        who = " and ".join(map(str, neighbour.get("macs") or ())) or "nobody"
        parts.append(f"{neighbour['address']} is at {who}")
    if mtu := told.get("mtu"):
        lost = f", {mtu['lost']} bytes are lost" if mtu.get("lost") else ""
        parts.append(f"path mtu {mtu['told']}{lost}")
    return f"to {told['address']} port {told['port']}: " + "; ".join(parts)


def _answer_words(told: dict[str, Any]) -> str:
    made = _answer(told)
    kind = f"ICMP {made.type}/{made.code}" if made.kind == "icmp" else made.kind
    return f"{kind} from {made.source}" + (f" (ttl {made.ttl})" if made.ttl is not None else "")


def _path_words(path: WirePath) -> str:
    hops = " > ".join(str(hop.answer.source) if hop.answer else "*" for hop in path.hops)
    return hops + ("" if path.reached else " (not reached)")
