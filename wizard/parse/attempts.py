"""Reads connection attempts, one JSON object a line, as collect.attempts writes them.

    {"address": "192.168.1.5", "port": 8000, "outcome": "refused", "errno": "ECONNREFUSED", "seconds": 0.0002,
     "icmp": {"offender": "192.168.1.5", "type": 3, "code": 3, "local": false}, "sent": "", "host_header": "", "banner": ""}
    {"address": "127.0.0.1", "port": 5000, "outcome": "connected", "errno": "", "seconds": 0.0001, "sent": "http",
     "host_header": "127.0.0.1:5000", "banner": "HTTP/1.1 200 OK\\r\\n...", "ended": "answered"}

`banner` holds bytes, each as the character of that number (latin-1).
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Attempt, AttemptOutcome, IcmpReport
from wizard.parse.json_lines import objects


def parse(text: str, source: str = "attempts") -> Parsed[tuple[Attempt, ...]]:
    """The attempts in the order in which they were made."""
    attempts: list[Attempt] = []
    unread: list[Origin] = []
    for origin, told in objects(text, source):
        try:
            attempts.append(_attempt(told or {}, origin))
        except (AttributeError, KeyError, TypeError, ValueError):
            unread.append(origin)
    return Parsed(tuple(attempts), tuple(unread))


def _attempt(told: dict[str, Any], origin: Origin) -> Attempt:
    icmp = told.get("icmp")
    address, port = ip_address(told["address"].partition("%")[0]), int(told["port"])
    return Attempt(
        address=address,
        port=port,
        outcome=AttemptOutcome(told["outcome"]),
        errno=str(told.get("errno", "")),
        seconds=float(told.get("seconds", 0.0)),
        icmp=_icmp(icmp) if icmp else None,
        sent=str(told.get("sent", "")),
        host_header=str(told.get("host_header", "")),
        banner=str(told.get("banner", "")).encode("latin-1"),
        ended=str(told.get("ended", "")),
        tls=str(told.get("tls", "")),
        certificate=str(told.get("certificate", "")),
        certificate_says=str(told.get("certificate_says", "")),
        source=ip_address(str(told["from"]).partition("%")[0]) if told.get("from") else None,
        through_proxy=bool(told.get("through_proxy")),
        small_segments=bool(told.get("small_segments")),
        origin=Origin(origin.source, origin.line, _words(told)),
    )


def _icmp(told: dict[str, Any]) -> IcmpReport:
    offender = told.get("offender")
    return IcmpReport(
        ip_address(offender) if offender else None, int(told["type"]), int(told["code"]), bool(told.get("local"))
    )


def _words(told: dict[str, Any]) -> str:
    """The attempt in one line: `192.168.1.5 port 8000: refused (ECONNREFUSED), ICMP 3/3 from 192.168.1.5`."""
    words = f"{told['address']} port {told['port']}: {told['outcome']}"
    words += f" ({told['errno']})" if told.get("errno") else ""
    if icmp := told.get("icmp"):
        words += f", ICMP {icmp['type']}/{icmp['code']} from {icmp.get('offender') or 'this kernel'}"
    if told.get("through_proxy"):
        words = f"proxy {words}"
    if told.get("certificate"):
        words += f", certificate: {told.get('certificate_says') or told['certificate']}"
    elif told.get("tls"):
        words += f", TLS: {told['tls']}"
    banner = str(told.get("banner", "")).partition("\r\n")[0][:80]
    return (
        f"{words}, answered {banner!r}" if banner else f"{words}, then {told['ended']}" if told.get("ended") else words
    )
