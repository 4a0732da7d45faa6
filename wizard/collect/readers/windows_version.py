"""Which Windows this is, as `name=value` lines: `version=10.0.26100`, `edition=Professional`, `language=de_DE`."""

from __future__ import annotations

import locale
import platform


def read() -> str:
    """What the standard library knows; empty values are left out."""
    told = {
        "system": platform.system(),
        "version": platform.version(),
        "edition": platform.win32_edition() or "" if hasattr(platform, "win32_edition") else "",
        "machine": platform.machine(),
        "hostname": platform.node(),
        "language": locale.getlocale()[0] or "",
    }
    return "".join(f"{name}={value}\n" for name, value in told.items() if value)
