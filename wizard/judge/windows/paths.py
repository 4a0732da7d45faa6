"""Whether a rule's program is the one that accepts: paths of Windows, with variables, in any spelling.

%SystemRoot%\\system32\\svchost.exe = C:\\Windows\\System32\\svchost.exe
System = the kernel itself
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from wizard.judge.windows.question import Program

_DEFAULTS = {
    "systemroot": r"c:\windows",
    "windir": r"c:\windows",
    "systemdrive": "c:",
    "programfiles": r"c:\program files",
    "programfiles(x86)": r"c:\program files (x86)",
    "programw6432": r"c:\program files",
    "commonprogramfiles": r"c:\program files\common files",
    "programdata": r"c:\programdata",
    "allusersprofile": r"c:\programdata",
    "public": r"c:\users\public",
}
_VARIABLE = re.compile(r"%([^%]+)%")
_SHORT = re.compile(r"~\d")


def same(written: str, program: Program, variables: Mapping[str, str]) -> bool | None:
    """Whether the rule's `written` path is `program`'s; None where one of the two is not known whole."""
    if written.casefold() == "system" or program.is_kernel:
        return written.casefold() == "system" and program.is_kernel
    wanted = expanded(written, variables)
    if not program.path:
        return None if not program.name or base(wanted) in _with_ending(program.name) else False
    real = _normal(program.path)
    if wanted == real:
        return True
    # An unknown variable, a short name (PROGRA~1) or a device path hides the folder: only the file's name can rule out.
    hidden = "%" in wanted or _SHORT.search(wanted) or wanted.startswith("\\device\\")
    return None if hidden and base(wanted) == base(real) else False


def expanded(written: str, variables: Mapping[str, str]) -> str:
    """The path in lower case, with the variables that are the same for every user put in."""

    def value(match: re.Match[str]) -> str:
        name = match[1].casefold()
        return variables.get(name) or _DEFAULTS.get(name) or match[0]

    return _normal(_VARIABLE.sub(value, written))


def base(path: str) -> str:
    """The file's name, in lower case."""
    return path.rpartition("\\")[2].casefold()


def _normal(path: str) -> str:
    text = path.strip().strip('"').replace("/", "\\").casefold()
    for prefix in ("\\\\?\\", "\\??\\"):
        text = text.removeprefix(prefix)
    return re.sub(r"(?<!^)\\{2,}", r"\\", text)


def _with_ending(name: str) -> tuple[str, ...]:
    """psutil and tasklist give `python.exe`, Get-Process `python`."""
    bare = name.casefold()
    return (bare, f"{bare}.exe")
