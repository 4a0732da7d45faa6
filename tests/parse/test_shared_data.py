"""The parsers over real outputs gathered elsewhere, where these lie beside the project; skipped where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.model.facts import Proto
from wizard.parse import firewalld, ss

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def texts(folder: str, pattern: str = "*") -> list[Path]:
    return sorted((DATA / folder).glob(pattern)) if DATA.is_dir() else []


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the gathered outputs in ../shared/data")
def test_the_data_is_there() -> None:
    assert texts("ss") and texts("firewalld", "*LIST_ZONES*")


@pytest.mark.parametrize("path", texts("ss"), ids=lambda path: path.name)
def test_every_listener_of_every_ss_is_read(path: Path) -> None:
    """Each TCP line in state LISTEN, and each UDP line in UNCONN, becomes a listener; nothing of them is unread."""
    text = path.read_text()
    rows = [line.split() for line in text.splitlines()]
    bound = [
        row for row in rows if row[:2] in (["tcp", "LISTEN"], ["udp", "UNCONN"]) and row[4].rpartition(":")[2].isdigit()
    ]
    parsed = ss.parse_listeners(text)
    assert [(each.proto, each.port) for each in parsed.value] == [
        (Proto(row[0]), int(row[4].rpartition(":")[2])) for row in bound
    ]
    assert bound


@pytest.mark.parametrize("path", texts("firewalld", "*LIST_ZONES*"), ids=lambda path: path.name)
def test_every_zone_is_read(path: Path) -> None:
    text = path.read_text()
    parsed = firewalld.parse(text).value
    assert parsed is not None
    assert [zone.name for zone in parsed.zones] == [line.split()[0] for line in text.splitlines() if line[:1].strip()]
