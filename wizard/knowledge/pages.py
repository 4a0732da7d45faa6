"""Pages of causes that no check of this machine can find out: the router's, the provider's, the browser's own, and those
that are not diagnosed yet. Each has the sections of a cause module's docstring, and says how to find out.

A cause module with the same ref wins over a page here (`wizard explain` asks the catalogue first).
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from wizard.knowledge import entries

FILES = ("name", "program", "firewall", "windows", "macos", "containers", "network", "application", "cloud")


class KnowledgePage(Struct, frozen=True):
    """One page: its name, its stage (`Stage`'s values), CAUSES' numbers, and the text in the form of a cause's page."""

    ref: str
    stage: str
    title: str
    text: str
    catalogue: tuple[str, ...] = ()


@cache
def pages() -> tuple[KnowledgePage, ...]:
    """Every page, in the files' order."""
    return tuple(page for name in FILES for page in entries(KnowledgePage, f"pages/{name}.toml", "page"))
