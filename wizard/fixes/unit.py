"""Programs that systemd keeps running: what changes is a drop-in of the unit, as `systemctl edit` would make it."""

from __future__ import annotations

import re
import shlex

from wizard.fixes.start import Start
from wizard.knowledge.recognise import Launch
from wizard.model.remedy import Instruction, Run

_FOLDER = "/etc/systemd/system"
_FILE = "connection-wizard.conf"
_NOT_ITS_OWN = re.compile(
    r"(?:ssh|sshd|ssh@.*|sshd@.*|cron|crond|atd|user@.*|getty@.*|serial-getty@.*|console-getty|tmux.*|"
    r"docker|containerd|gdm|lightdm|sddm|display-manager|init)\.service"
)
"""Units in whose control group people start programs by hand."""
_PLAIN = re.compile(r"[\w@+=:,./-]+")


def unit_of(launch: Launch) -> str:
    """The system service whose own process this is, or empty."""
    unit = launch.root.unit
    if not unit.endswith(".service") or _NOT_ITS_OWN.fullmatch(unit):
        return ""
    return unit


def is_main_process(launch: Launch) -> bool:
    """Whether systemd itself started the root, so that its words are those of ExecStart."""
    return launch.root.parent == 1


def drop_in(unit: str, launch: Launch, before: Start, after: Start) -> tuple[Instruction, ...]:
    """The commands that give the unit another command line, and restart it."""
    path = f"{_FOLDER}/{unit}.d"
    changed = [pair for pair in after.environment if pair not in before.environment]
    lines = ["[Service]"]
    lines += [f"Environment={quoted(f'{name}={value}')}" for name, value in changed]
    argv = after.argv if after.argv[0].startswith("/") else (launch.root.exe or after.argv[0], *after.argv[1:])
    if after.argv != before.argv:
        lines += ["ExecStart=", "ExecStart=" + " ".join(quoted(word) for word in argv)]
    written = " ".join(shlex.quote(line) for line in lines)
    return (
        Run(("mkdir", "-p", path), root=True),
        Run(script=f"printf '%s\\n' {written} > {shlex.quote(f'{path}/{_FILE}')}", root=True,
            note="A drop-in: the unit's own file stays as it is."),
        *restart(unit, reload=True),
    )  # fmt: skip


def undo_drop_in(unit: str) -> tuple[Instruction, ...]:
    """The commands that take the drop-in away again."""
    path = f"{_FOLDER}/{unit}.d"
    return (
        Run(("rm", f"{path}/{_FILE}"), root=True),
        Run(("rmdir", "--ignore-fail-on-non-empty", path), root=True),
        *restart(unit, reload=True),
    )


def restart(unit: str, *, reload: bool = False) -> tuple[Instruction, ...]:
    """`systemctl restart`, after `daemon-reload` where a unit's text has changed."""
    again = Run(("systemctl", "restart", unit), root=True)
    return (Run(("systemctl", "daemon-reload"), root=True), again) if reload else (again,)


def quoted(word: str) -> str:
    """One word of a unit's command line (systemd.service(5), COMMAND LINES): `%` and `$` are doubled, so that nothing is
    put in for them; a word with other characters goes in double quotes."""
    text = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
