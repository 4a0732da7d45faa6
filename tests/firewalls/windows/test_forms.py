"""The same rule told by the registry, by netsh and by PowerShell decides the same."""

from __future__ import annotations

import json
from itertools import product

import pytest

from tests import build_windows as build
from wizard.firewalls.windows import netsh, powershell, rule_string
from wizard.judge.trace import trace
from wizard.model.windows import ProfileName, WindowsRule

DASHES = "-" * 70


def told(
    action: str, profile: str, protocol: str, port: str, remote: str, program: str, enabled: bool
) -> tuple[WindowsRule, ...]:
    """One rule in the three forms; an empty condition is any."""
    return (
        _registry(action, profile, protocol, port, remote, program, enabled),
        _netsh(action, profile, protocol, port, remote, program, enabled),
        _powershell(action, profile, protocol, port, remote, program, enabled),
    )


def _registry(
    action: str, profile: str, protocol: str, port: str, remote: str, program: str, enabled: bool
) -> WindowsRule:
    number = {"TCP": "6", "UDP": "17", "": ""}[protocol]
    parts = [f"Action={action}", f"Active={str(enabled).upper()}", "Dir=In"]
    parts += [f"Protocol={number}"] if number else []
    parts += [f"Profile={profile}"] if profile else []
    parts += [f"LPort2_10={port}" if "-" in port else f"LPort={port}"] if port else []
    if remote == "LocalSubnet":
        parts += ["RA4=LocalSubnet", "RA6=LocalSubnet"]
    elif remote:
        parts += [f"RA4={remote}"]
    parts += [f"App={program}"] if program else []
    return rule_string.parse("site", "v2.30|" + "|".join([*parts, "Name=site", ""]))


def _netsh(
    action: str, profile: str, protocol: str, port: str, remote: str, program: str, enabled: bool
) -> WindowsRule:
    rows = [
        ("Enabled", "Yes" if enabled else "No"),
        ("Direction", "In"),
        ("Profiles", profile or "Domain,Private,Public"),
        ("Grouping", ""),
        ("LocalIP", "Any"),
        ("RemoteIP", remote or "Any"),
        ("Protocol", protocol or "Any"),
        *([("LocalPort", port or "Any"), ("RemotePort", "Any")] if protocol else []),
        ("Edge traversal", "No"),
        ("Program", program or "Any"),
        ("InterfaceTypes", "Any"),
        ("Security", "NotRequired"),
        ("Rule source", "Local Setting"),
        ("Action", action),
    ]
    lines = [f"{'Rule Name:':<38}site", DASHES, *(f"{label + ':':<38}{value}" for label, value in rows), "Ok."]
    return netsh.parse("\r\n".join(["", *lines, ""])).value[0]


def _powershell(
    action: str, profile: str, protocol: str, port: str, remote: str, program: str, enabled: bool
) -> WindowsRule:
    rule = {
        "Name": "site",
        "DisplayName": "site",
        "Enabled": str(enabled),
        "Direction": "Inbound",
        "Action": action,
        "Profile": profile or "Any",
        "Protocol": protocol or "Any",
        "LocalPort": [port] if port else "Any",
        "RemotePort": "Any",
        "LocalAddress": "Any",
        "RemoteAddress": [remote] if remote else "Any",
        "Program": program or "Any",
        "Service": "Any",
        "InterfaceAlias": "Any",
        "InterfaceType": "Any",
        "Authentication": "NotRequired",
        "Encryption": "NotRequired",
    }
    return powershell.parse(json.dumps([rule])).value[0]


PROGRAMS = ("", build.PYTHON, r"C:\node.exe")
SHAPES = [
    shape
    for shape in product(
        ("Allow", "Block"),
        ("", "Private", "Public"),
        ("TCP", "UDP", ""),
        ("", "5000", "4000-6000", "80"),
        ("", "LocalSubnet", "10.0.0.0/255.0.0.0"),
        PROGRAMS,
        (True, False),
    )
    if shape[2] or not shape[3]
]


def test_every_shape_says_the_same_in_all_forms() -> None:
    packets = [build.packet(), build.packet("10.9.9.9")]
    for shape in SHAPES:
        beside = (build.rule(),) if shape[0] == "Block" else ()
        verdicts = {
            tuple(trace(build.facts(*beside, rule), packet, explain=False).outcome for packet in packets)
            for rule in told(*shape)
        }
        assert len(verdicts) == 1, shape
    assert len(SHAPES) > 900


def test_the_forms_agree_about_every_field() -> None:
    for shape in SHAPES:
        first, second, third = told(*shape)
        for other in (second, third):
            for field in ("action", "direction", "enabled", "profiles", "protocol", "local_ports", "program", "unsure"):
                assert getattr(first, field) == getattr(other, field), (shape, field)


@pytest.mark.parametrize(
    ("number", "expected"), [(0, ()), (1, ("Domain",)), (6, ("Private", "Public")), (7, ()), (2147483647, ())]
)
def test_powershells_numbers_for_profiles(number: int, expected: tuple[str, ...]) -> None:
    rule = powershell.parse(
        json.dumps({"Name": "x", "Profile": number, "Action": 2, "Enabled": 1, "Direction": 1})
    ).value[0]
    assert rule.profiles == tuple(ProfileName(each) for each in expected)
    assert (rule.action, rule.enabled, rule.direction) == ("allow", True, "in")
