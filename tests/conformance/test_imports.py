"""The layers hold, only `collect` touches the machine, and `wizard check` loads neither textual nor scapy.

Import contracts see imports; what they cannot see (`open`, `sys.platform`, `os.environ`, `datetime.now`) is found here
in the syntax tree.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "wizard"
PURE = ("model", "parse", "firewalls", "knowledge", "judge", "fixes", "present")
"""Packages that are functions from values to values (`knowledge` reads its own data, as package resources)."""

MODULES = frozenset((
    "subprocess", "socket", "platform", "time", "psutil", "textual", "scapy", "os", "shutil", "ctypes",
    "tempfile", "glob", "io", "select", "selectors", "asyncio", "threading", "multiprocessing", "concurrent",
    "http", "urllib.request", "requests", "getpass", "pwd", "grp", "locale", "random", "secrets", "uuid",
    "signal", "fcntl", "termios", "resource", "pathlib.Path",
))  # fmt: skip
CALLS = frozenset({"open", "input", "print", "exec", "eval", "__import__", "breakpoint"})
ATTRIBUTES = frozenset((
    "sys.platform", "sys.argv", "sys.stdin", "sys.stdout", "sys.stderr", "os.environ", "os.getenv",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.date.today",
))  # fmt: skip


def touches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what) wherever this module could learn of, or act on, the machine that it runs on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, f"import {a.name}") for a in node.names if _is_forbidden(a.name))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from ((node.lineno, f"from {name}") for name in names if _is_forbidden(name))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield node.lineno, f"{node.func.id}(...)"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ATTRIBUTES:
            yield node.lineno, ast.unparse(node)


def _is_forbidden(module: str) -> bool:
    return module in MODULES or any(module.startswith(f"{name}.") for name in MODULES)


def _pure_modules() -> list[Path]:
    return sorted(path for name in PURE for path in (PACKAGE / name).rglob("*.py"))


@pytest.mark.parametrize("path", _pure_modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_collect_touches_the_machine(path: Path) -> None:
    assert list(touches(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess",
        "from os import environ",
        "import socket as s",
        "open('/etc/hosts')",
        "import sys\nx = sys.platform",
        "from datetime import datetime\nx = datetime.now()",
        "def f():\n    import psutil",
        "from pathlib import Path",
        "import urllib.request",
    ],
)
def test_the_finder_finds(text: str) -> None:
    assert list(touches(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    ["import re", "from datetime import datetime\nx = datetime(2024, 1, 1)", "from pathlib import PurePosixPath"],
)
def test_the_finder_does_not_find(text: str) -> None:
    assert not list(touches(ast.parse(text)))


def _loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded once `code` has run, in a process of its own."""
    script = f"{code}\nimport sys\nprint('\\n' + ' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_check_imports_neither_textual_nor_scapy() -> None:
    """A whole check, with a listener that is not there, so that every step of the pipeline runs."""
    code = (
        "from wizard.cli import run\n"
        "code = run(['check', '59999', '--no-probe', '--json'])\n"
        "assert code in (0, 1, 3), code\n"
    )
    loaded = _loaded_by(code)
    assert "wizard" in loaded
    assert not loaded & {"textual", "scapy", "segno", "jinja2", "asyncio", "pydantic"}


def test_the_package_itself_imports_next_to_nothing() -> None:
    assert not _loaded_by("import wizard") & {"textual", "scapy", "rich", "psutil", "msgspec", "asyncio"}


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    program = str(linter) if linter.exists() else shutil.which("lint-imports")
    if program is None:
        pytest.skip("needs import-linter")
    done = subprocess.run([program, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
