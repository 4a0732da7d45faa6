"""The variables that paths of firewall rules are written with, `NAME=value` a line. They name folders, and nobody."""

from __future__ import annotations

import os

NAMES = (
    "SystemRoot",
    "windir",
    "SystemDrive",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "ProgramW6432",
    "CommonProgramFiles",
    "ProgramData",
    "ALLUSERSPROFILE",
    "PUBLIC",
)


def read() -> str:
    """Those that are set."""
    return "".join(f"{name}={os.environ[name]}\n" for name in NAMES if os.environ.get(name))
