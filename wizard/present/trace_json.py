"""One packet's decision as the line that `wizard trace` promises (CONTRACT: fields are added, never renamed).

{"outcome": "drop", "reject_with": null, "to": {"address": "10.77.0.1", "port": 5000},
 "by": {"engine": "nftables", "family": "inet", "table": "filter", "chain": "input", "handle": 7, "rule": "..."},
 "path": [...], "near_misses": [...], "assumptions": [...]}
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from wizard.model.facts import Proto
from wizard.model.journey import Decision, NearMiss, RuleReference
from wizard.model.packet import Packet


def packet(line: dict[str, Any]) -> Packet:
    """The packet of a batch's line: src, sport, dst, dport, proto, iif. Raises ValueError where one makes no sense."""
    if not isinstance(line, dict):
        raise ValueError("not an object")
    source, destination = ip_address(str(line["src"])), ip_address(str(line["dst"]))
    if source.version != destination.version:
        raise ValueError("src and dst are of different families")
    given = (line["dport"], line.get("sport") or 40000)
    if any(isinstance(each, (bool, float)) for each in given):
        raise ValueError("a port is a whole number")
    port, sport = (int(each) for each in given)
    if not (0 <= port <= 65535 and 0 <= sport <= 65535):
        raise ValueError("a port lies beyond 65535")
    return Packet(source, destination, port, Proto(str(line.get("proto") or "tcp")), sport, str(line.get("iif") or ""))


def decision(found: Decision) -> dict[str, Any]:
    """The decision as plain values."""
    return {
        "outcome": found.outcome,
        "reject_with": found.reject_with,
        "to": {"address": str(found.to.address), "port": found.to.port},
        "by": reference(found.by),
        "path": list(found.path),
        "near_misses": [near_miss(each) for each in found.near_misses],
        "assumptions": list(found.assumptions),
        "stage": found.stage,
        "reason": found.reason,
        "out_interface": found.out_interface,
    }


def reference(by: RuleReference | None) -> dict[str, Any] | None:
    """What decided; None where no rule did (a route, the reverse path filter, or nothing at all stands in the way)."""
    if by is None:
        return None
    told: dict[str, Any] = {"engine": by.engine, "family": by.family, "table": by.table, "chain": by.chain}
    if by.what == "policy":
        told["policy"] = by.rule.removeprefix("policy ")
    else:
        if by.handle is not None:
            told["handle"] = by.handle
        if by.index is not None:
            told["index"] = by.index
        told["rule"] = by.rule
    told["hook"] = by.hook
    if by.front_end:
        told["front_end"] = by.front_end
        told["front_end_words"] = by.front_end_words
    return told


def near_miss(near: NearMiss) -> dict[str, Any]:
    """A rule that nearly decided otherwise."""
    return {"rule": reference(near.rule), "verdict": near.verdict, "differs": near.differs, "condition": near.condition}
