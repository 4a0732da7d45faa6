"""What is shown is what the shell understands: each line is given to a real shell, and the arguments come back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.model.remedy import Run, Shell
from wizard.present.quoting import cmd, command, powershell, sh

_ECHO = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
_WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_ODD = [
    "",
    "a b",
    "it's",
    "$(x)`y`",
    "~",
    "a\nb",
    "\n\n",
    "x\n",
    "\x1b[2J",
    "\u202eab",
    "\udcff",
    "-n",
    "!x",
    'a"b',
    "é",
]


def _arguments(line: str, shell: str = "sh") -> list[bytes]:
    full = f"{sh(sys.executable)} -c {sh(_ECHO)} {line}"
    return subprocess.run([shell, "-c", full], capture_output=True, check=True).stdout.split(b"\0")


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("word", _ODD, ids=ascii)
def test_a_word_survives_the_shell(word: str, shell: str) -> None:
    assert _arguments(sh(word), shell) == [os.fsencode(word)]


@settings(max_examples=40, deadline=None)
@given(st.lists(_WORDS, min_size=1, max_size=6))
def test_any_words_survive_the_shell(words: list[str]) -> None:
    assert _arguments(" ".join(map(sh, words))) == [os.fsencode(word) for word in words]


@given(_WORDS)
def test_only_a_newline_at_the_end_is_left_for_the_terminal(word: str) -> None:
    assert sh(word).rstrip("'\n").isprintable()


def test_a_directory_and_an_environment_go_in_front(tmp_path: Path) -> None:
    place = tmp_path / "my shop"
    place.mkdir()
    shows = "import os; print(os.getcwd(), os.environ['FLASK_APP'])"
    run = Run((sys.executable, "-c", shows), cwd=str(place), environment=(("FLASK_APP", "a b"),))
    answer = subprocess.run(["sh", "-c", command(run)], capture_output=True, text=True, check=True, cwd="/")
    assert answer.stdout == f"{place} a b\n"


def test_a_script_gets_its_environment_as_a_whole() -> None:
    run = Run(script="printf %s $A | tr x y; printf %s $A", environment=(("A", "x"),))
    assert subprocess.run(["sh", "-c", command(run)], capture_output=True, check=True).stdout == b"yx"


def test_sudo_stands_in_front_only_for_a_person_who_is_not_root() -> None:
    rule = Run(("ufw", "allow", "5000/tcp"), root=True)
    assert command(rule) == "ufw allow 5000/tcp"
    assert command(rule, sudo=True) == "sudo ufw allow 5000/tcp"
    assert command(Run(("kill", "42")), sudo=True) == "kill 42"


def test_sudo_covers_the_whole_line() -> None:
    assert command(Run(script="a | b", root=True), sudo=True) == "sudo sh -c 'a | b'"
    placed = Run(("flask", "run"), cwd="/root/shop", environment=(("A", "1"),), root=True)
    assert command(placed, sudo=True) == "sudo sh -c 'cd /root/shop && A=1 flask run'"
    assert command(Run(("x",), environment=(("A", "1"),), root=True), sudo=True) == "sudo env A=1 x"


def test_powershell() -> None:
    assert powershell("it's") == "'it''s'"
    assert powershell("\u2019; calc") == "'\u2019\u2019; calc'"
    assert powershell("$env:PATH") == "'$env:PATH'"
    assert powershell("-Dserver.port=80") == "'-Dserver.port=80'"
    plain = ["-Name", "--server.port=80", "C:\\a.py"]
    assert [powershell(word) for word in plain] == plain
    run = Run(
        (r"C:\Program Files\py.exe", "-m", "flask"),
        cwd=r"C:\my shop",
        environment=(("A", "1"),),
        shell=Shell.POWERSHELL,
    )
    assert command(run) == (
        r"Set-Location -LiteralPath 'C:\my shop'; $env:A = '1'; & 'C:\Program Files\py.exe' -m flask"
    )


def test_cmd() -> None:
    assert cmd("plain") == "plain"
    assert cmd("a b&c") == '^"a b^&c^"'
    assert cmd('say "hi"') == '^"say \\^"hi\\^"^"'
    assert cmd("C:\\my dir\\") == '^"C:\\my dir\\\\^"'
    assert cmd("%PATH%") == '^"^%PATH^%^"'
    assert command(Run(("py", "-V"), cwd="C:\\x", environment=(("A", "1&2"),), shell=Shell.CMD)) == (
        "cd /d C:\\x&& set A=1^&2&& py -V"
    )
