"""A watch as lines of JSON: one for each attempt (CONTRACT: fields are added, never renamed), one if nothing came.

{"from": "192.168.1.23", "to": "192.168.1.100", "port": 5000, "arrived": true, "interface": "wlan0", "answered": "synack",
 "by": "flask run (pid 4242)", "conclusion": "It reached flask run (pid 4242), which answered: HTTP 200.", ...}
"""

from __future__ import annotations

from typing import Any

from wizard.model.arrival import Arrival, Closed, Opened
from wizard.present.trace_json import reference


def arrival(found: Arrival) -> dict[str, Any]:
    """One attempt. `attempt` numbers it; with `revises` it takes the place of the earlier line of that number."""
    seen = found.attempt
    told: dict[str, Any] = {
        "from": str(seen.source),
        "to": str(seen.destination),
        "port": seen.port,
        "arrived": True,
        "interface": seen.interface or None,
        "answered": str(seen.answered),
        "by": found.by or None,
        "conclusion": found.conclusion,
        "attempt": seen.number,
        "revises": seen.revises,
        "time": round(seen.at, 6),
        "from_port": seen.source_port,
        "mac": seen.mac or None,
        "seen_by": str(seen.how),
        "own": seen.own,
        "retransmissions": seen.retransmitted,
        "good": found.good,
        "reached": found.reached,
        "passed": list(found.passed),
        "rule": reference(found.rule),
        "program": found.program or None,
        "reply": found.reply or None,
        "http_status": found.status,
        "ref": found.ref or None,
        "doubt": found.doubt or None,
        "counted": list(seen.lost),
    }
    if seen.icmp is not None:
        told["icmp"] = {"type": seen.icmp[0], "code": seen.icmp[1]}
    if seen.forwarded is not None:
        told["forwarded_to"] = {"address": str(seen.forwarded.address), "port": seen.forwarded.port}
    return told


def nothing(closed: Closed, opened: Opened) -> dict[str, Any]:
    """The one line where no attempt came, with what that proves."""
    return {
        "from": None,
        "to": None,
        "port": opened.port,
        "arrived": False,
        "interface": None,
        "answered": None,
        "by": None,
        "conclusion": closed.conclusion,
        "seen_by": [str(each) for each in opened.how],
        "seconds": round(closed.seconds, 3),
        "open": [each.url for each in opened.places],
        "page": opened.page_url or None,
        "elsewhere": [{"from": str(source), "port": port, "count": count} for source, port, count in closed.elsewhere],
        "limits": list(opened.limits),
        "more": list(closed.more),
    }
