"""Reads texts of one JSON object a line, as the Python readers of `collect` write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wizard.model.capture import Origin


def objects(text: str, source: str) -> Iterator[tuple[Origin, dict[str, Any] | None]]:
    """Each line that is not blank, with its origin; None where it is no JSON object."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        origin = Origin(source, number, line)
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        yield origin, value if isinstance(value, dict) else None
