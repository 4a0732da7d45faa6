"""Causes that only a Mac has."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.build import attempt
from tests.judge.cases.case import Case, found, near_miss, unsure
from tests.macos import build
from wizard.model.capture import Unknown
from wizard.model.diagnosis import Side
from wizard.model.facts import AttemptOutcome, Facts

MAC = {"addresses": ("192.168.1.72",), "interface": "en0"}
BLOCKED = {"listapps": build.listapps((build.PYTHON, "Block"))}
UNREAD = Unknown("permission denied", "sudo wizard check", "something")


def _without(name: str, *sockets: str, **changes: Any) -> Facts:
    return replace(build.facts(*sockets, **changes), **{name: UNREAD})


def _tried(errno: str, seconds: float, address: str = "192.168.1.50") -> Facts:
    """This Mac is the one that cannot get through."""
    outcome = AttemptOutcome.UNREACHABLE
    made = attempt(address, outcome=outcome, errno=errno, seconds=seconds, banner=b"", sent="", ended="")
    return replace(build.facts(), attempts=(made,))


THERE: dict[str, Any] = {"host": "192.168.1.50", "addresses": ("192.168.1.50",), "side": Side.CLIENT, "vantage": None}
FAR: dict[str, Any] = {**THERE, "host": "10.9.0.5", "addresses": ("10.9.0.5",)}

CASES: tuple[Case, ...] = (
    found("macos-app-firewall-blocks", "an entry", build.facts(alf=BLOCKED), says="Block incoming", **MAC),
    found(
        "macos-app-firewall-blocks",
        "everything",
        build.facts(alf={"getblockall": "Block all ENABLED!"}),
        says="blocks all incoming",
        **MAC,
    ),
    near_miss("macos-app-firewall-blocks", "allowed", build.facts(), **MAC),
    near_miss(
        "macos-app-firewall-blocks",
        "pf blocks it",
        build.facts(alf=BLOCKED, pf={"pf-rules": "block drop in quick all"}),
        **MAC,
    ),
    unsure("macos-app-firewall-blocks", "not read", _without("macos"), **MAC),
    found("macos-local-network-privacy", "at once", _tried("EHOSTUNREACH", 0.002), says="at once", **THERE),
    near_miss("macos-local-network-privacy", "after seconds", _tried("EHOSTUNREACH", 3.1), **THERE),
    near_miss("macos-local-network-privacy", "far away", _tried("EHOSTUNREACH", 0.002, "10.9.0.5"), **FAR),
    unsure("macos-local-network-privacy", "not tried", _without("attempts"), **THERE),
    found(
        "airplay-holds-port",
        "alone",
        build.facts("*.5000 ControlCenter:531"),
        says="AirPlay",
        **MAC,
    ),
    near_miss("airplay-holds-port", "the user's own program", build.facts(), **MAC),
    near_miss("airplay-holds-port", "another port", build.facts("*.5001 ControlCenter:531"), port=5001, **MAC),
    unsure("airplay-holds-port", "listeners unread", _without("listeners"), **MAC),
)
