"""The source files that a remedy may edit, read as captures named `source:<absolute path>`."""

from __future__ import annotations

import os
from collections.abc import Iterable

from wizard.collect.files import read_text
from wizard.model.capture import Capture, Unknown

PREFIX = "source:"
MOST_BYTES = 1024 * 1024
MOST_FILES = 16


def read(paths: Iterable[str]) -> dict[str, Capture | Unknown]:
    """Each file by its capture's name. Paths that are not absolute are not read, since they mean nothing later; a file
    that does not exist has no capture, since there is nothing to be known about it."""
    absolute = [path for path in dict.fromkeys(paths) if path.startswith("/") and os.path.lexists(path)][:MOST_FILES]
    return {PREFIX + path: read_text(path, PREFIX + path, f"the file {path}", MOST_BYTES) for path in absolute}
