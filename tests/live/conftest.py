"""Fixtures of the lab tests. Every test in this folder is marked `live`; one that names a program it needs
(`@pytest.mark.needs("ufw")`) is skipped, with the reason, where that is missing."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.live.lab import Lab, why_not

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs(*programs): programs (or `module:NAME`) without which a lab test cannot run"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@cache
def no_lab() -> str | None:
    """Why no lab can be made here; asked once a run."""
    return why_not()


def missing(program: str) -> bool:
    """Is this program (or `module:NAME`, a Python module) absent?"""
    if program.startswith("module:"):
        return importlib.util.find_spec(program.removeprefix("module:")) is None
    return shutil.which(program, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") is None


def skip_without(*programs: str) -> None:
    """Skip the running test, with the reason, where no lab can be made or a program is missing."""
    if reason := no_lab():
        pytest.skip(reason)
    if absent := [program for program in programs if missing(program)]:
        pytest.skip(f"needs {', '.join(absent)}")


@pytest.fixture(autouse=True)
def _what_the_lab_needs(request: pytest.FixtureRequest) -> None:
    skip_without(*(program for mark in request.node.iter_markers("needs") for program in mark.args))


@pytest.fixture
def lab(_what_the_lab_needs: None) -> Iterator[Lab]:
    """Two machines joined by a cable, gone after the test."""
    with Lab() as made:
        yield made
