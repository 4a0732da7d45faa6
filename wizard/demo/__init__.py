"""Practice cases: `cases.toml` lists them, `server.py` is the small server of the live ones, `bundles/` holds the recorded
ones (each a folder as `wizard collect` writes it). A new recorded case is its folder and one entry.
"""

from __future__ import annotations

import pkgutil
import tomllib
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

BUNDLES = Path(__file__).parent / "bundles"
SERVER = str(Path(__file__).parent / "server.py")
DEFAULT = "loopback-bind"


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """One practice case; `cases.toml` says what each field is. Exactly what `kind` names is there to run it."""

    name: str
    ref: str
    story: str
    says: str
    learn: str
    target: str
    options: dict[str, str] = {}
    serve: str | None = None
    address: str = "127.0.0.1"
    port: int = 0
    stop: bool = False
    lines: tuple[str, ...] = ()
    bundle: str = ""
    needs: tuple[str, ...] = ()
    """Programs without which it cannot be live."""
    platforms: tuple[str, ...] = ()
    """Where it can be live; empty: everywhere."""
    origin: str = "recorded on Linux"
    """Where the bundle is from, in words."""

    @property
    def kind(self) -> str:
        """`live` on loopback, `namespace`, or `recorded`."""
        return "live" if self.serve is not None else "namespace" if self.lines else "recorded"


@cache
def cases() -> tuple[Case, ...]:
    """Every case, in the file's order."""
    data = pkgutil.get_data(__name__, "cases.toml") or b""
    return tuple(msgspec.convert(tomllib.loads(data.decode())["case"], list[Case]))
