"""Reads files as captures: bounded, decoded, and with the system's words where that is not possible."""

from __future__ import annotations

import os
import shlex
import stat
import time
from functools import cache

from wizard.model.capture import Capture, Unknown

MOST_BYTES = 4 * 1024 * 1024


_HOW = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_NOINHERIT", "O_BINARY"))
"""How files are opened; each system knows some of these."""


def text_of(data: bytes) -> str:
    """The bytes as text; a byte that is no UTF-8 becomes `\\xff`, visible and harmless, so that any capture can be stored.
    On Windows programs write in the console's code page."""
    if os.name == "nt":
        from wizard.knowledge.code_pages import decode

        return decode(data, _console_page()).replace("\r\n", "\n")
    return data.decode("utf-8", "backslashreplace")


@cache
def _console_page() -> int:
    """The OEM code page (GetOEMCP of winbase.h)."""
    import ctypes

    return int(ctypes.windll.kernel32.GetOEMCP())  # type: ignore[attr-defined,unused-ignore]


def read_text(path: str, probe: str = "", what: str = "", most: int = MOST_BYTES) -> Capture | Unknown:
    """The file as a capture named `probe` (by default `source:<path>`), or why not.

    Only regular files are read: a FIFO or a device would wait, or never end. Larger ones than `most` bytes are not read.
    """
    started = time.monotonic()
    name = probe or f"source:{path}"
    try:
        data = _bytes_of(path, most)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        remedy = f"sudo cat {shlex.quote(path)}" if isinstance(error, PermissionError) else ""
        return Unknown(f"{path}: {words}", remedy, what or path)
    return Capture(name, text_of(data), path, seconds=time.monotonic() - started)


def _bytes_of(path: str, most: int) -> bytes:
    # O_NONBLOCK: opening a FIFO without it would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | _HOW)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        parts: list[bytes] = []
        size = 0
        while part := os.read(descriptor, 1 << 16):
            size += len(part)
            if size > most:
                raise ValueError(f"larger than {most} bytes")
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
