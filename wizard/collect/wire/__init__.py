"""What a few single packets to one target show, as the capture `wire`: who answers, where it ends, how big one may be.

Ordinary sockets and their error queues do the asking, so it works without root; with root the answers are also read off the
wire (time to live, TCP options, link-layer sender, interface), and the neighbour is asked by ARP or neighbour discovery.
Nothing is sent to anybody but the target, but for those requests to the link on which the target or its router is. All of
it runs side by side, within `seconds`, and with at most some hundred packets.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from wizard.collect.wire import mtu, neighbours, overhearing, paths, way
from wizard.model.capture import Capture, Unknown

SECONDS = 5.0
_GRACE = 3.0
"""A machine that is kept busy may be so late; what was sent in time is still taken in."""
_NEEDS_ROOT = {
    "reason": "only root may see packets as they arrive",
    "remedy": "sudo wizard check …",
    "what": "who answered: the time to live, the TCP options and the interface of the answers",
}


def look(address: str, port: int, seconds: float = SECONDS) -> Capture | Unknown:
    """Look at the way to the target, for `seconds` at most; one JSON object (wizard.parse.wire reads it)."""
    started = time.monotonic()
    if not sys.platform.startswith("linux"):
        return Unknown("single packets are looked at on Linux only", what="the way to the target")
    found = way.toward(address)
    if found is None:
        return Unknown(f"no route to {address}", f"ip route get {address}", "the way to the target")
    told: dict[str, Any] = {"address": address, "port": port, "device": found.device, "gateway": found.gateway}
    late = started + seconds
    known = paths.Known()
    with overhearing.Overhearing(found, port) as heard:
        told |= _side_by_side(
            late,
            {
                "tcp": lambda: paths.tcp(found, port, late, known),
                "icmp": lambda: paths.icmp(found, late, known),
                "udp": lambda: paths.udp(found, late, known),
                "mtu": lambda: mtu.look(found, port, late),
                "neighbour": lambda: _neighbour(found, late, known),
            },
        )
        told |= heard.told()
    return Capture("wire", json.dumps(_arranged(told, time.monotonic() - started)) + "\n", "packets to the target",
                   seconds=time.monotonic() - started)  # fmt: skip


def _neighbour(found: way.Way, late: float, known: paths.Known) -> dict[str, Any] | None:
    told = neighbours.ask(found, late)
    known.nobody = told is not None and not told["macs"]
    return told


def _side_by_side(late: float, work: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each found, None where it failed or came too late."""
    found: dict[str, Any] = {}

    def do(name: str) -> None:
        try:
            found[name] = work[name]()
        except OSError as error:
            found[f"{name} failed"] = str(error.strerror or error)
        except Exception as error:
            # A fault in one look must not take the others with it.
            found[f"{name} failed"] = f"{type(error).__name__}: {error}"

    threads = [threading.Thread(target=do, args=(name,), name=f"wire {name}", daemon=True) for name in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.05, late + _GRACE - time.monotonic()))
    return dict(found)


def _arranged(told: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The object as it is promised, whatever of it there is."""
    made = {name: told.get(name) for name in ("address", "port", "device", "gateway", "neighbour", "mtu", "echo")}
    made["paths"] = [told[name] for name in ("tcp", "icmp", "udp") if told.get(name)]
    made["privileged"] = bool(told.get("privileged"))
    made["answers"] = told.get("answers") or _unseen_answers(told.get("tcp"))
    made["echo"] = told.get("echo") or _unseen_echo(told.get("icmp"))
    made["reversed_device"] = told.get("reversed_device", "")
    made["untold"] = ([] if made["privileged"] else [_NEEDS_ROOT]) + _failed(told)
    made["seconds"] = round(seconds, 3)
    return made


def _failed(told: dict[str, Any]) -> list[dict[str, str]]:
    names = {"tcp": "the way of TCP packets", "icmp": "the way of pings", "udp": "the way of UDP packets",
             "mtu": "the path MTU", "neighbour": "who answers on this link"}  # fmt: skip
    return [
        {"reason": told[f"{name} failed"], "remedy": "sudo wizard check …", "what": what}
        for name, what in names.items()
        if told.get(f"{name} failed")
    ]


def _unseen_answers(path: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Without root: the answer of the hop that ended the TCP path."""
    if not path:
        return []
    ended = [
        hop["answer"] for hop in path["hops"] if hop["answer"] and hop["answer"].get("type") != paths.TIME_EXCEEDED
    ]
    return ended[-1:]


def _unseen_echo(path: dict[str, Any] | None) -> dict[str, Any] | None:
    hops = path["hops"] if path else []
    return next((hop["answer"] for hop in hops if hop["answer"] and hop["answer"]["kind"] == "echo"), None)
