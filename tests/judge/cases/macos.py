"""Causes that only a Mac has."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.judge.cases.case import Case, found, near_miss, unsure
from tests.macos import build
from wizard.model.capture import Unknown
from wizard.model.facts import Facts

MAC = {"addresses": ("192.168.1.72",), "interface": "en0"}
BLOCKED = {"listapps": build.listapps((build.PYTHON, "Block"))}
UNREAD = Unknown("permission denied", "sudo wizard check", "something")


def _without(name: str, *sockets: str, **changes: Any) -> Facts:
    return replace(build.facts(*sockets, **changes), **{name: UNREAD})


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
