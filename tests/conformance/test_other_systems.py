"""The package is imported, and diagnoses a bundle, where Linux-only modules and functions are not there: Windows, macOS.

A process of its own plays the other system: `sys.platform` says so, and what it lacks is taken away before the first import.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.macos import build as build_macos
from wizard.collect.bundle import Kept, save

_PLAY = """
import sys
import psutil, socket, subprocess, tempfile, shutil, platform, zipfile, asyncio  # as they are on this system
import os
system, hidden, lacking = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",")
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
for name in hidden:
    sys.modules.pop(name, None)
for name in lacking:
    if hasattr(os, name):
        delattr(os, name)
sys.platform = system
if system == "win32":
    os.name = "nt"
import pathlib
sys.argv = ["wizard"]
"""
_EVERYTHING = (
    "import aiohttp, jinja2, platformdirs, rich, scapy.layers.all, segno\n"
    "import textual.app, textual.widgets, textual_serve.server\n"
    + _PLAY
    + """
import pkgutil, importlib, wizard
# What a system does not have is loaded by the probe table of the system that has it.
OWN = ("wizard.collect.readers.", "wizard.collect.wire", "wizard.collect.watching", "wizard.collect.proc",
       "wizard.twin.worker", "wizard.twin.wire", "wizard.__main__")
if system == "win32":
    os.name = "posix"  # pathlib and textual choose their classes by it; what is asked here is our own code
for found in pkgutil.walk_packages(wizard.__path__, "wizard."):
    if not found.name.startswith(OWN):
        importlib.import_module(found.name)
print("all")
"""
)
_CHECK = (
    _PLAY
    + """
os.name = "posix"
from wizard.cli import run
sys.exit(run(["check", "5000", "--from", "192.168.1.20", "--bundle", os.environ["BUNDLE"], "--json"]))
"""
)
SYSTEMS = {
    "win32": (
        "fcntl,termios,tty,pty,pwd,grp,resource,readline",
        "geteuid,getuid,getpgid,killpg,fork,posix_spawn,posix_spawnp,sysconf,uname,setsid,getloadavg,mkfifo,SCHED_OTHER",
    ),
    "darwin": ("_nothing", "posix_fallocate,sched_getaffinity,setns,unshare,pidfd_open,eventfd"),
}


def _played(system: str, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    hidden, lacking = SYSTEMS[system]
    return subprocess.run(
        [sys.executable, "-c", script, system, hidden, lacking],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).resolve().parents[2],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ".", **environment},
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_module_of_ours_is_imported_there(system: str) -> None:
    done = _played(system, _EVERYTHING)
    assert done.stdout == "all\n", done.stderr


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_bundle_is_diagnosed_there(system: str, tmp_path: Path) -> None:
    bundle = tmp_path / "machine.zip"
    captures = build_macos.captures("127.0.0.1.5000 Python:4242")
    save(bundle, Kept(captures, "macos", build_macos.TAKEN_AT, True), captures)
    done = _played(system, _CHECK, BUNDLE=str(bundle))
    assert done.returncode == 1, done.stderr
    assert '"loopback-only-bind"' in done.stdout
