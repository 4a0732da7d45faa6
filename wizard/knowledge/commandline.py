"""Reads how a program was really started, from the words of its command line.

/venv/bin/python3 /venv/bin/flask --app shop run      the console script `flask`, run by an interpreter
python -m http.server 8000                            the module `http.server`
node /srv/shop/node_modules/vite/bin/vite.js          the package's own script `vite`
python app.py                                         the script `app.py`
next-server (v16.4.0)                                 a title that the program wrote over its command line
"""

from __future__ import annotations

import re
from enum import StrEnum

from msgspec import Struct

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*[a-z]*", re.IGNORECASE)
_OTHER = re.compile(r"(node|nodejs|bun|tsx|ts-node|ruby|perl|php)[\d.]*")
_NAMES = {"nodejs": "node", "bun": "node", "tsx": "node", "ts-node": "node"}
_PYTHON_VALUE_OPTIONS = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_NODE_VALUE_OPTIONS = frozenset(
    {"-r", "--require", "--import", "--loader", "--experimental-loader", "--env-file", "-C", "--conditions"}
)
_SCRIPT_ENDING = re.compile(r"\.(?:js|mjs|cjs|exe)$", re.IGNORECASE)


class Form(StrEnum):
    """What the word that names the program is."""

    COMMAND = "command"
    SCRIPT = "script"
    MODULE = "module"
    INLINE = "inline"


class CommandLine(Struct, frozen=True):
    """`argv[at]` names the program (`program` is its bare name); what follows are its arguments. `interpreter` is
    `python`, `node`, `ruby`, `perl`, `php`, or empty for a program of its own."""

    argv: tuple[str, ...]
    at: int
    program: str
    form: Form
    interpreter: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the program's name."""
        return self.argv[self.at + 1 :]

    @property
    def path(self) -> str:
        """The word that names the program, as it was given."""
        return self.argv[self.at]


def read(argv: tuple[str, ...]) -> CommandLine | None:
    """How `argv` starts a program; None for no words at all, or an interpreter with no program (a prompt)."""
    if not argv or not argv[0]:
        return None
    first = base_name(argv[0])
    if _PYTHON.fullmatch(first):
        return _python(argv)
    other = _OTHER.fullmatch(first)
    # `php -S localhost:8000` is php itself serving, not a script.
    if other and not (other[1] == "php" and "-S" in argv):
        return _script(argv, _NAMES.get(other[1], other[1]))
    return CommandLine(argv, 0, first, Form.COMMAND)


def base_name(path: str) -> str:
    """The last part of a path of any system, without `.exe`."""
    last = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
    return last[:-4] if last.lower().endswith(".exe") else last


def _python(argv: tuple[str, ...]) -> CommandLine | None:
    index = 1
    while index < len(argv):
        word = argv[index]
        if not word.startswith("-") or word == "-":
            return CommandLine(argv, index, _script_name(word), Form.SCRIPT, "python")
        if not word.startswith("--") and (letter := re.match(r"-[bBdEhiIOPqsSuvx]*([cm])", word)):
            return _python_code(argv, index, letter[1], attached=word[letter.end() :])
        index += 2 if word in _PYTHON_VALUE_OPTIONS else 1
    return None


def _python_code(argv: tuple[str, ...], index: int, letter: str, attached: str) -> CommandLine | None:
    """`-m module`, `-mmodule`, `-c text`: the text may hang on the letter."""
    at = index if attached else index + 1
    if at >= len(argv):
        return None
    form = Form.MODULE if letter == "m" else Form.INLINE
    return CommandLine(argv, at, attached or argv[at], form, "python")


def _script(argv: tuple[str, ...], interpreter: str) -> CommandLine | None:
    index = 1
    while index < len(argv):
        word = argv[index]
        if word in {"run", "watch"} and base_name(argv[0]) in {"bun", "tsx"}:
            index += 1
        elif not word.startswith("-"):
            return CommandLine(argv, index, _script_name(word), Form.SCRIPT, interpreter)
        else:
            index += 2 if word in _NODE_VALUE_OPTIONS else 1
    return None


def _script_name(path: str) -> str:
    """A package's own script goes by its bare name (`vite.js` in node_modules is vite); a person's keeps its ending.
    A package that is run by its `__main__.py` goes by the package's name."""
    name = base_name(path)
    if name == "__main__.py":
        return base_name(path[: -len("/__main__.py")]) or name
    return _SCRIPT_ENDING.sub("", name) if "node_modules" in path else name
