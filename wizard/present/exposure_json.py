"""From where each port can be reached, as `wizard exposure --json` promises it (fields are added, never renamed).

schema      "wizard.exposure/1"
listeners[] {kind, proto, address, port, last_port, owner, reach[], warnings[]}    the most exposed first
            kind: socket (something listens), published (a container's port), redirect (only a translation rule answers)
            address: what it is bound to; null for a rule's port. last_port: the end of a range of ports treated alike
reach[]     {from, network, interface, family, verdict, sources[], left_out, by[]}
            from: this-machine network elsewhere; family: 4 or 6; network and interface: only from a network
            verdict: all some none unknown; sources: the prefixes that get through, `left_out` more intervals are not told
by[]        {verdict, sources[], left_out, dialled, rule, reason, client_sees, to, assumptions[]}
            one for each treatment, the one of most senders first; verdict: open closed unknown
            rule: what decided, as in `wizard trace` (null: no rule did); reason: the rest in words
            client_sees: connected arrives timeout refused unreachable prohibited, or empty where it is not known
            to: {address, port} where a translation leads, or null
unread[]    {what, why, remedy}        what could not be looked at, and the command that would
platform, taken_at
"""

from __future__ import annotations

from typing import Any

from wizard.model.exposure import Exposed, Exposure, Reach, Treatment
from wizard.present.trace_json import reference

SCHEMA = "wizard.exposure/1"


def exposure(found: Exposure) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "schema": SCHEMA,
        "listeners": [_exposed(each) for each in found.listeners],
        "unread": [{"what": each.what, "why": each.reason, "remedy": each.remedy} for each in found.unread],
        "platform": found.platform,
        "taken_at": found.taken_at,
    }


def _exposed(found: Exposed) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "proto": str(found.proto),
        "address": None if found.address is None else str(found.address),
        "port": found.port,
        "last_port": found.last_port,
        "owner": found.owner,
        "reach": [_reach(each) for each in found.reach],
        "warnings": list(found.warnings),
    }


def _reach(found: Reach) -> dict[str, Any]:
    return {
        "from": str(found.place),
        "network": None if found.network is None else str(found.network),
        "interface": found.interface or None,
        "family": found.family,
        "verdict": str(found.verdict),
        "sources": [str(each) for each in found.sources],
        "left_out": found.left_out,
        "by": [_treatment(each) for each in found.treatments],
    }


def _treatment(found: Treatment) -> dict[str, Any]:
    to = None if found.to is None else {"address": str(found.to.address), "port": found.to.port}
    return {
        "verdict": found.verdict,
        "sources": [str(each) for each in found.sources],
        "left_out": found.left_out,
        "dialled": str(found.dialled),
        "rule": reference(found.by),
        "reason": found.reason,
        "client_sees": found.sees,
        "to": to,
        "assumptions": list(found.assumptions),
    }
