"""What kind of system this is, as `name=value` lines: the kernel from uname(2), the distribution from os-release(5)."""

from __future__ import annotations

import os

from wizard.collect import proc
from wizard.collect.files import text_of


def read() -> str:
    """`system=Linux`, `release=6.1.0-18-amd64`, `machine=x86_64`, `hostname=...`, `euid=0`, then the os-release lines."""
    name = os.uname()
    lines = [
        f"system={name.sysname}",
        f"release={name.release}",
        f"machine={name.machine}",
        f"hostname={name.nodename}",
    ]
    lines.append(f"euid={os.geteuid()}")
    lines += _capabilities()
    release = proc.read("/etc/os-release") or proc.read("/usr/lib/os-release") or b""
    return "\n".join(lines) + "\n" + text_of(release)


def _capabilities() -> list[str]:
    status = proc.read("/proc/self/status") or b""
    return [f"capabilities={line.split()[1].decode()}" for line in status.splitlines() if line.startswith(b"CapEff:")]
