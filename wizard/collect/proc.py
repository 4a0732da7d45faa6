"""Small files and links of /proc: a process that ends while it is read, or that belongs to somebody else, gives None.

Plain system calls, not pathlib: a machine with four hundred processes has thousands of such files to open.
"""

# ruff: noqa: PTH115, PTH116, PTH208

from __future__ import annotations

import os
from collections.abc import Iterator

MOST_BYTES = 1 << 20


def pids() -> Iterator[int]:
    """Every process that /proc shows."""
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def names(path: str) -> list[str] | None:
    """What is in the folder, or None."""
    try:
        return os.listdir(path)
    except OSError:
        return None


def user(pid: int) -> int | None:
    """The user id the process runs as, or None when it has ended."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def read(path: str) -> bytes | None:
    """The file's content up to MOST_BYTES, or None."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        parts = []
        size = 0
        # A file of /proc may hand out a page at a time; the end is an empty read.
        while size < MOST_BYTES and (part := os.read(descriptor, 1 << 16)):
            parts.append(part)
            size += len(part)
        return b"".join(parts)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def link(path: str) -> str | None:
    """Where the link points, or None."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def network_namespace(pid: int | str) -> int | None:
    """The inode of the process's network namespace (`net:[4026531840]`), or None where that may not be read."""
    target = link(f"/proc/{pid}/ns/net")
    return int(target[5:-1]) if target and target.startswith("net:[") else None


def name_of(stat: bytes) -> bytes:
    """The process's name in its `stat` line, which may itself contain parentheses and blanks."""
    return stat[stat.find(b"(") + 1 : stat.rfind(b")")]
