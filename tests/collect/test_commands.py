"""Commands: side by side, bounded in time and size, and killed with everything that they started."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from wizard.collect import commands
from wizard.collect.commands import Batch, Command, Ended


def run(*wanted: Command) -> dict[str, Ended]:
    results: dict[str, Ended] = {}
    Batch(wanted).wait(lambda ended: results.update({ended.command.name: ended}))
    return results


def shell(name: str, script: str, seconds: float = 5.0) -> Command:
    return Command(name, ("sh", "-c", script), seconds)


def test_output_errors_and_exit_code_are_kept() -> None:
    ended = run(shell("one", "echo out; echo err >&2; exit 3"))["one"]
    assert (ended.output, ended.errors, ended.exit_code, ended.trouble) == (b"out\n", b"err\n", 3, "")


def test_commands_run_side_by_side() -> None:
    started = time.monotonic()
    results = run(*(shell(str(number), "sleep 0.4") for number in range(6)))
    assert len(results) == 6
    assert time.monotonic() - started < 1.5


def test_a_missing_program_is_said_to_be_missing() -> None:
    assert run(Command("x", ("no-such-program-anywhere",), 1))["x"].trouble == "missing"


def test_a_program_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF not really")
    broken.chmod(0o755)
    monkeypatch.setattr(commands, "program", lambda name: str(broken))
    ended = run(Command("x", ("broken",), 1))["x"]
    assert ended.trouble == "not started"
    assert ended.detail


def test_a_hanging_command_is_killed_with_its_children(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    started = time.monotonic()
    ended = run(shell("x", f"sleep 60 & echo $! > {noted}; wait", seconds=0.5))["x"]
    assert ended.trouble == "timeout"
    assert time.monotonic() - started < 3
    assert _gone(int(noted.read_text()))


def _gone(pid: int) -> bool:
    """Ended, or a zombie that nobody has fetched yet."""
    for _ in range(40):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_child_that_keeps_the_pipe_open_does_not_hold_up_the_rest() -> None:
    started = time.monotonic()
    results = run(shell("leaves a child", "sleep 60 & exit 0", seconds=0.5), shell("quick", "echo ok"))
    assert results["leaves a child"].trouble == "timeout"
    assert results["quick"].output == b"ok\n"
    assert time.monotonic() - started < 3


def test_a_command_that_closes_its_pipes_and_goes_on_is_killed() -> None:
    started = time.monotonic()
    assert run(shell("x", "exec >&- 2>&-; sleep 60", seconds=0.5))["x"].trouble == "timeout"
    assert time.monotonic() - started < 3


def test_endless_output_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MOST_OUTPUT", 1_000_000)
    ended = run(shell("x", "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", seconds=20))["x"]
    assert ended.trouble == "too much"
    assert len(ended.output) < 2_000_000


def test_nothing_is_on_standard_input_and_the_language_is_english() -> None:
    ended = run(shell("x", 'cat; echo "$LC_ALL"', seconds=5))["x"]
    assert (ended.output, ended.trouble) == (b"C\n", "")


def test_large_output_arrives_whole() -> None:
    ended = run(shell("x", "head -c 3000000 /dev/zero", seconds=20))["x"]
    assert len(ended.output) == 3_000_000


def test_system_folders_are_searched_behind_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    folders = commands.search_path().split(os.pathsep)
    assert folders[0] == "/nowhere"
    assert "/usr/sbin" in folders
    assert "" not in folders
