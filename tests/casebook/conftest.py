"""A casebook of its own for each test, and a few machines to fill it with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard.casebook import Casebook, open_casebook


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Casebook]:
    with open_casebook(tmp_path / "book" / "cases.sqlite3") as book:
        yield book
