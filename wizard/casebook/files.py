"""Files that are handed over: new ones only, for their owner's eyes, complete or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from wizard.casebook import place


def write_new(path: Path, text: str, *, replacing: bool = False) -> None:
    """Writes the text to a file that is not there yet (0600). Raises FileExistsError where it is, unless `replacing`, and
    OSError. Under sudo it belongs to the person who typed it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        with suppress(OSError):
            place.hand_over(made)
        if replacing:
            made.replace(path)
        else:
            _link(made, path)
    finally:
        made.unlink(missing_ok=True)


def _link(made: Path, path: Path) -> None:
    """Gives the file its name, unless that is taken: link(2) never replaces. Some file systems know no links."""
    try:
        path.hardlink_to(made)
    except FileExistsError:
        raise
    except OSError:
        if path.exists() or path.is_symlink():
            raise FileExistsError(17, "File exists", str(path)) from None
        made.replace(path)
