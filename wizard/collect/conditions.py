"""May this probe run? A probe's `only_if` is checked by looking at files alone, before any program is started.

/run/docker.sock                                   this path exists
/proc/net/ip_tables_names                          ... and, below /proc, has something in it
/sys/module/nf_tables                              the kernel has this module, loaded or built in
process:firewalld                                  a process of this name runs
/sys/module/nf_tables /proc/net/ip_tables_names    any of these
/sys/module/nf_tables+/sys/module/nfnetlink_hook   both of these
"""

from __future__ import annotations

import os
from pathlib import Path

from wizard.collect import proc

_MODULES = "/sys/module/"
_PROCESS = "process:"


def unmet(only_if: str) -> str:
    """Why the probe may not run, in words; empty when it may.

    Raises OSError where the condition itself may not be read.
    """
    alternatives = only_if.split()
    if not alternatives or any(_holds(each) for each in alternatives):
        return ""
    return "; ".join(_absence(each) for each in alternatives)


def _holds(alternative: str) -> bool:
    return all(_holds_one(each) for each in alternative.split("+"))


def _absence(alternative: str) -> str:
    conditions = alternative.split("+")
    return next((_absence_of_one(each) for each in conditions if not _holds_one(each)), "it changed meanwhile")


def _holds_one(condition: str) -> bool:
    if condition.startswith(_PROCESS):
        return process_runs(condition.removeprefix(_PROCESS))
    if condition.startswith(_MODULES):
        return module_present(condition.removeprefix(_MODULES))
    return _path_says_something(Path(condition))


def _absence_of_one(condition: str) -> str:
    if condition.startswith(_PROCESS):
        return f"no process called {condition.removeprefix(_PROCESS)} runs"
    if condition.startswith(_MODULES):
        return f"the kernel module {condition.removeprefix(_MODULES)} is not loaded"
    return f"{condition} is empty" if Path(condition).exists() else f"{condition} does not exist"


def _path_says_something(path: Path) -> bool:
    try:
        path.stat()
        if not path.is_relative_to("/proc"):
            return True
        # A file of /proc has size 0 whatever it says.
        with path.open("rb") as file:
            return bool(file.read(1))
    except (FileNotFoundError, NotADirectoryError):
        return False


def module_present(name: str) -> bool:
    """Whether the kernel has this module already, so that asking it will not load one.

    A built-in module without parameters has no folder in /sys/module; modules.builtin (kbuild) lists those. A kernel
    without /proc/modules cannot load any. Where the list is missing (a container) the answer is yes.
    """
    if Path(_MODULES, name).exists() or not Path("/proc/modules").exists():
        return True
    listed = Path("/lib/modules", os.uname().release, "modules.builtin")
    try:
        return f"/{name}.ko" in listed.read_text(encoding="ascii", errors="replace")
    except OSError:
        return True


def process_runs(name: str) -> bool:
    """Whether some process has this name (its `comm`, so at most 15 characters) in this network namespace.

    A daemon of a container, or of another namespace, answers for another firewall. Whose namespace may not be read counts.
    """
    here = proc.network_namespace("self")
    return any(
        proc.read(f"/proc/{pid}/comm") == name.encode() + b"\n" and proc.network_namespace(pid) in (here, None)
        for pid in proc.pids()
    )
