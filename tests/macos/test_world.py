"""The world's own texts, where they are: every file is read without an exception, and no rule is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wizard.parse.macos import ifconfig, lsof, netstat, pfctl, routes, socketfilterfw

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
here = pytest.mark.skipif(not DATA.is_dir(), reason="the captures of other people's machines are not here")


def _files(folder: str, pattern: str) -> list[Path]:
    return sorted((DATA / folder).glob(pattern))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@here
@pytest.mark.parametrize("path", _files("netstat-mac", "anv_*"), ids=lambda path: path.name)
def test_netstat_of_every_generation(path: Path) -> None:
    text = _text(path)
    listeners, connections = netstat.parse_listeners(text), netstat.parse_connections(text)
    assert not listeners.unread
    assert not connections.unread
    rows = [line for line in text.splitlines() if line.startswith("tcp")]
    assert len(listeners.value) + len(connections.value) == len(rows)
    assert all(each.owners for each in (*listeners.value, *connections.value))


@here
@pytest.mark.parametrize("path", _files("lsof", "mac_*"), ids=lambda path: path.name)
def test_lsof(path: Path) -> None:
    parsed = lsof.parse_owners(_text(path))
    assert parsed.value
    assert not parsed.unread


@here
@pytest.mark.parametrize("path", _files("mac-ifconfig", "*"), ids=lambda path: path.name)
def test_ifconfig(path: Path) -> None:
    text = _text(path)
    parsed = ifconfig.parse(text)
    assert not parsed.unread
    assert sum(len(each.addresses) for each in parsed.value) == len(re.findall(r"^\s+inet6? ", text, re.MULTILINE))


@here
@pytest.mark.parametrize("path", _files("netstat-mac", "*-r.out"), ids=lambda path: path.name)
def test_routes_by_names_are_kept_as_unread(path: Path) -> None:
    """`netstat -r` without -n shows names, which are not asked for; what is no address is told, not dropped."""
    text = _text(path)
    parsed = routes.parse(text)
    rows = [
        line for line in text.splitlines() if len(line.split()) >= 4 and not line.startswith(("Destination", "Routing"))
    ]
    assert len(parsed.value[0]) + len(parsed.value[1]) + len(parsed.unread) == len(rows)


@here
@pytest.mark.parametrize("path", _files("socketfilterfw", "listapps*"), ids=lambda path: path.name)
def test_the_application_firewalls_list(path: Path) -> None:
    text = _text(path)
    parsed = socketfilterfw.parse({"getglobalstate": "(State = 1)", "listapps": text})
    assert parsed.value is not None
    assert not parsed.unread
    verdicts = len(re.findall(r"\(\s*(?:Allow|Block) incoming connections\s*\)", text))
    assert len(parsed.value.apps) == verdicts
    counted = re.search(r"number of apps\s*=\s*(\d+)", text)
    assert parsed.value.complete is (counted is not None and int(counted[1]) == verdicts)


@here
@pytest.mark.parametrize("path", _files("pfctl", "*"), ids=lambda path: path.name)
def test_pf(path: Path) -> None:
    text = _text(path)
    found = pfctl.rules(text).value
    lines = [line.strip() for line in text.splitlines()]
    assert len([each for each in found if each.action in ("pass", "block", "anchor")]) == len(
        [line for line in lines if line.startswith(("pass ", "block ", "anchor "))]
    )
    assert not any(each.unsure for each in found if each.action in ("pass", "block", "anchor"))
    if "Status:" in text:
        assert pfctl.enabled(text) is not None
