"""Facts as plain JSON values, for golden files: what equals its default is left out, and so is the origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any


def plain(value: Any) -> Any:
    """The value in lists, objects, strings and numbers."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        told = {field.name: getattr(value, field.name) for field in fields(value) if field.name != "origin"}
        defaults = {field.name: field.default for field in fields(value) if field.default is not MISSING}
        return {name: plain(each) for name, each in told.items() if name not in defaults or each != defaults[name]}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value if isinstance(value, str | int | float | None) else str(value)
