"""How a program is started: its words, its folder, and the environment variables that decide how it serves."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import join

from msgspec import Struct
from msgspec.structs import replace

from wizard.knowledge.recognise import Launch

_NOT_GIVEN_AGAIN = frozenset(
    {"WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD", "RUN_MAIN", "VIRTUAL_ENV", "LISTEN_FDS", "LISTEN_PID", "HOSTNAME"}
)
"""Handed down by a reloader or a service manager, or without a say in how the program serves."""


class Start(Struct, frozen=True):
    """`argv` in `cwd` with `environment` in front; what a person would type again."""

    argv: tuple[str, ...]
    cwd: str
    environment: tuple[tuple[str, str], ...] = ()
    kept: str = ""
    """The file that holds the rest of its environment over a restart; empty where nothing would be missed."""

    def variables(self) -> Mapping[str, str]:
        """The environment by name."""
        return dict(self.environment)

    def with_variable(self, name: str, value: str) -> Start:
        """The same with one variable set, where it stands if it is there."""
        return replace(self, environment=tuple({**self.variables(), name: value}.items()))

    def with_word(self, at: int, word: str) -> Start:
        """The same with the word `argv[at]` replaced."""
        return replace(self, argv=(*self.argv[:at], word, *self.argv[at + 1 :]))

    def without_words(self, first: int, last: int) -> Start:
        """The same without `argv[first:last]`."""
        return replace(self, argv=self.argv[:first] + self.argv[last:])

    def with_words_at(self, at: int, *words: str) -> Start:
        """The same with `words` put in before `argv[at]`."""
        return replace(self, argv=(*self.argv[:at], *words, *self.argv[at:]))

    def with_options(self, *words: str) -> Start:
        """The same with options at the end, or before a `--` that ends the options."""
        return self.with_words_at(self.argv.index("--") if "--" in self.argv else len(self.argv), *words)


def start_of(launch: Launch) -> Start:
    """How the launch's root was started. A bare `python` of an active virtual environment becomes its full path, because
    the terminal that the command is pasted into may not have it active."""
    root = launch.root
    environment = dict(root.environment or {})
    argv = root.argv
    if argv and "/" not in argv[0] and argv[0].startswith("python") and environment.get("VIRTUAL_ENV"):
        argv = (join(environment["VIRTUAL_ENV"], "bin", argv[0]), *argv[1:])
    kept = tuple((name, value) for name, value in environment.items() if name not in _NOT_GIVEN_AGAIN)
    return Start(argv, root.cwd or "", kept, f"/tmp/wizard-{root.pid}.env" if root.withheld else "")
