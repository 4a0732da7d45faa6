"""Facts as plain JSON values, for golden files: what equals its default is left out, and so is the origin."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct


def plain(value: Any) -> Any:
    """The value in lists, objects, strings and numbers."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Struct):
        names = value.__struct_fields__
        told = {name: getattr(value, name) for name in names if name != "origin"}
        given = value.__struct_defaults__
        defaults = dict(zip(names[len(names) - len(given) :], given, strict=True))
        return {name: plain(each) for name, each in told.items() if name not in defaults or each != defaults[name]}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)
