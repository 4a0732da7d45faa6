"""Which server program a process is, and which processes belong to the same start of it.

A development server with a reloader is two processes, gunicorn a master and its workers, uvicorn --reload a parent, a
spawned child and multiprocessing's resource tracker.  Only the topmost has the command line and the environment that a
person gave; the others are copies of it or helpers.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from wizard.knowledge import Framework, frameworks
from wizard.knowledge.commandline import CommandLine, Form, base_name, read
from wizard.model.facts import Process

_HELPER = "from multiprocessing."
_TRACKER = "from multiprocessing.resource_tracker"


class Recognised(Struct, frozen=True):
    """A framework, and where in `line.argv` its own options may stand: after `word_at` (the subcommand, or the program)."""

    framework: Framework
    line: CommandLine
    word_at: int

    @property
    def word(self) -> str:
        """The subcommand, or the program's own word."""
        return self.line.argv[self.word_at]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the subcommand."""
        return self.line.argv[self.word_at + 1 :]


class Launch(Struct, frozen=True):
    """One start of a program: `root` is the process that a person (or a service manager) started, `family` all of its
    processes, the root first, without multiprocessing's resource tracker, which ends by itself."""

    root: Process
    family: tuple[Process, ...]
    recognised: Recognised | None
    line: CommandLine | None

    @property
    def pids(self) -> tuple[int, ...]:
        """The pids of the family, the root's first."""
        return tuple(process.pid for process in self.family)


def recognise(argv: tuple[str, ...]) -> Recognised | None:
    """The first framework whose program, and subcommand if it needs one, `argv` starts; None if there is none."""
    line = read(argv)
    if line is None or line.form is Form.INLINE:
        return None
    for framework in frameworks():
        at = _word_at(framework, line)
        if at is not None:
            return Recognised(framework, line, at)
    return None


def recognise_title(argv: tuple[str, ...]) -> Framework | None:
    """The framework whose process writes such a title over its command line (`gunicorn: master [app:app]`)."""
    text = " ".join(argv)
    return next((entry for entry in frameworks() if any(text.startswith(title) for title in entry.titles)), None)


def launch(processes: Mapping[int, Process], pid: int) -> Launch | None:
    """The start that `pid` belongs to; None if the process is not known."""
    root = processes.get(pid)
    if root is None:
        return None
    seen = {pid}
    while (parent := processes.get(root.parent or 0)) and parent.pid not in seen and same_start(parent, root):
        root = parent
        seen.add(root.pid)
    return Launch(root, _family(processes, root), recognise(root.argv), read(root.argv))


def same_start(parent: Process, child: Process) -> bool:
    """Whether `child` is a copy or a helper of `parent`, rather than a program that the parent was asked to run."""
    if _is_helper(child):
        return parent.pid > 1
    above, below = read(parent.argv), read(child.argv)
    if above is None or below is None:
        return False
    if recognise(child.argv) is None and (entry := recognise_title(child.argv)):
        mine = recognise(parent.argv)
        return (
            parent.argv == child.argv
            or (mine is not None and mine.framework is entry)
            or (recognise_title(parent.argv) is entry)
        )
    return _program_path(parent, above) == _program_path(child, below) and above.arguments == below.arguments


def _program_path(process: Process, line: CommandLine) -> tuple[str, str]:
    """Enough to tell two programs apart; a reloader may write its script's path in full (`app.py`, `/srv/app.py`)."""
    return (line.form, line.program) if line.form is not Form.COMMAND else (line.form, base_name(line.path))


def _family(processes: Mapping[int, Process], root: Process) -> tuple[Process, ...]:
    found = [root]
    for member in found:
        children = (process for process in processes.values() if process.parent == member.pid)
        found += [child for child in children if child not in found and same_start(member, child)]
    return tuple(process for process in found if not any(_TRACKER in word for word in process.argv))


def _is_helper(process: Process) -> bool:
    line = read(process.argv)
    return line is not None and line.form is Form.INLINE and line.program.startswith(_HELPER)


def _word_at(framework: Framework, line: CommandLine) -> int | None:
    """The index of the subcommand (of the program's word where none is needed), or None if this is another program."""
    if line.program not in framework.programs:
        return None
    if not framework.words:
        return line.at
    index = line.at + 1
    while index < len(line.argv):
        word = line.argv[index]
        if word in framework.words:
            return index
        if not word.startswith("-"):
            return None
        index += 2 if word in framework.value_options else 1
    return None
