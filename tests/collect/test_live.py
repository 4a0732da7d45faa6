"""LiveSource: every way in which a probe can fail becomes an Unknown with the reason, and takes nothing else with it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.collect.hostile import NAME
from wizard.collect.live import LiveSource
from wizard.collect.probes_linux import PROBES
from wizard.collect.readers import CannotLook
from wizard.model.capture import Capture, Probe, Unknown

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks a Linux machine")


def ask(*probes: Probe, seconds: float | None = None) -> dict[str, Capture | Unknown]:
    return LiveSource(seconds).gather(probes)


def shell(name: str, script: str, **more: object) -> Probe:
    return Probe(name, f"the {name}", argv=("sh", "-c", script), **more)  # type: ignore[arg-type]


def reader(monkeypatch: pytest.MonkeyPatch, name: str, read: object) -> Probe:
    """A probe whose reader is `read`."""
    module = ModuleType(f"wizard.collect.readers.{name}")
    module.read = read  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Probe(name, f"the {name}", reader=name, remedy="look yourself", seconds=0.5)


def test_an_answer_is_a_capture_with_its_source() -> None:
    answer = ask(shell("words", "echo hello; echo careful >&2"))["words"]
    assert isinstance(answer, Capture)
    assert (answer.text, answer.errors, answer.exit_code) == ("hello\n", "careful\n", 0)
    assert answer.source.startswith("sh -c")


def test_a_missing_program_is_unknown_with_the_remedy() -> None:
    answer = ask(Probe("x", "the x", argv=("no-such-program",), remedy="sudo no-such-program"))["x"]
    assert answer == Unknown("no-such-program is not installed", "sudo no-such-program", "the x")


def test_a_refusal_is_told_in_the_programs_own_words() -> None:
    answer = ask(shell("x", "echo 'Operation not permitted (you must be root)' >&2; exit 1", remedy="sudo x"))["x"]
    assert answer == Unknown('sh answered "Operation not permitted (you must be root)"', "sudo x", "the x")


def test_a_silent_failure_and_a_signal_are_told_apart() -> None:
    answers = ask(shell("code", "exit 7"), shell("signal", "kill -TERM $$"))
    assert answers["code"] == Unknown("sh ended with exit code 7 and said nothing", "", "the code")
    assert answers["signal"] == Unknown("sh was ended by signal 15", "", "the signal")


def test_a_hanging_probe_is_unknown_and_the_others_answer() -> None:
    started = time.monotonic()
    answers = ask(shell("hangs", "sleep 60", seconds=0.5, remedy="wait longer"), shell("quick", "echo ok"))
    assert answers["hangs"] == Unknown("sh gave no answer within 0.5 seconds", "wait longer", "the hangs")
    assert isinstance(answers["quick"], Capture)
    assert time.monotonic() - started < 3


def test_the_whole_is_bounded_too() -> None:
    started = time.monotonic()
    assert isinstance(ask(shell("hangs", "sleep 60", seconds=60), seconds=0.5)["hangs"], Unknown)
    assert time.monotonic() - started < 3


def test_a_hanging_reader_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = reader(monkeypatch, "sleepy", lambda: time.sleep(3))
    assert ask(probe)["sleepy"] == Unknown("sleepy gave no answer within 0.5 seconds", "look yourself", "the sleepy")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied", "/secret"), "/secret: Permission denied"),
        (CannotLook("only root may"), "only root may"),
        (ZeroDivisionError("oops"), "reading failed: ZeroDivisionError: oops"),
    ],
)
def test_a_failing_reader_is_unknown(monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str) -> None:
    def read() -> str:
        raise error

    assert ask(reader(monkeypatch, "failing", read))["failing"] == Unknown(reason, "look yourself", "the failing")


def test_an_unreadable_file_is_unknown(tmp_path: Path) -> None:
    answer = ask(Probe("x", "the x", path=str(tmp_path)), Probe("y", "the y", path=str(tmp_path / "none")))
    assert answer["x"] == Unknown(f"{tmp_path}: not a regular file", "", "the x")
    assert answer["y"] == Unknown(f"{tmp_path}/none: No such file or directory", "", "the y")


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    started = time.monotonic()
    assert isinstance(ask(Probe("x", "the x", path=str(tmp_path / "fifo")))["x"], Unknown)
    assert time.monotonic() - started < 2


def test_a_condition_that_does_not_hold_is_an_empty_answer_that_says_so(tmp_path: Path) -> None:
    answer = ask(shell("x", f"touch {tmp_path}/ran", only_if=str(tmp_path / "none")))["x"]
    assert isinstance(answer, Capture)
    assert (answer.text, answer.errors) == ("", f"not asked: {tmp_path}/none does not exist")
    assert not (tmp_path / "ran").exists()


def test_the_second_choice_is_asked_only_where_the_first_failed() -> None:
    second = shell("second", "echo second", instead_of="first")
    third = shell("third", "echo third", instead_of="second")
    assert list(ask(shell("first", "echo first"), second, third)) == ["first"]
    assert list(ask(shell("first", "exit 1"), second, third)) == ["first", "second"]
    assert list(ask(shell("first", "exit 1"), shell("second", "exit 1", instead_of="first"), third)) == [
        "first",
        "second",
        "third",
    ]


def test_answers_come_in_the_probes_order_and_are_told() -> None:
    told: list[str] = []
    probes = [shell("slow", "sleep 0.2; echo"), shell("fails", "exit 1"), shell("quick", "echo")]
    assert list(LiveSource().gather(probes, told.append)) == ["slow", "fails", "quick"]
    assert sorted(told) == [
        "the fails: sh ended with exit code 1 and said nothing",
        "the quick: read",
        "the slow: read",
    ]


def test_what_was_begun_is_not_asked_twice(tmp_path: Path) -> None:
    probe = shell("x", f"echo once >> {tmp_path}/log; echo done")
    source = LiveSource()
    source.begin([probe])
    assert isinstance(source.gather([probe])["x"], Capture)
    assert (tmp_path / "log").read_text() == "once\n"
    source.gather([probe])
    assert (tmp_path / "log").read_text() == "once\nonce\n"


def test_bytes_that_are_no_text_become_visible_and_storable() -> None:
    answer = ask(shell("x", r"printf 'a\377b\033[2J'"))["x"]
    assert isinstance(answer, Capture)
    assert answer.text == "a\\xffb\x1b[2J"
    answer.text.encode("utf-8")


@linux
def test_this_machine_answers_every_probe() -> None:
    answers = LiveSource().gather(PROBES)
    asked = {probe.name for probe in PROBES if probe.comes_first}
    assert asked <= answers.keys()
    assert all(answer.reason and answer.what for answer in answers.values() if isinstance(answer, Unknown))


@linux
def test_a_process_with_a_hostile_name_and_arguments_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    from wizard.parse import processes

    call = f"ctypes.CDLL(None).prctl(15, {NAME.encode()!r}, 0, 0, 0)"
    set_name = f"import ctypes, time; {call}; print(flush=True); time.sleep(60)"
    argv = [sys.executable, "-c", set_name, "line\nbreak", b"\xff\xfe", "", NAME]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, env={"FLASK_DEBUG": "1", "FLASK_SECRET_KEY": "hidden"}
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            answer = ask(next(probe for probe in PROBES if probe.name == "processes"))["processes"]
        finally:
            child.kill()
    assert isinstance(answer, Capture)
    assert "hidden" not in answer.text
    process = processes.parse(answer.text).value[child.pid]
    assert process.name == NAME[:15]
    assert process.argv[3:] == ("line\nbreak", "\\xff\\xfe", "", NAME)
    assert process.environment == {"FLASK_DEBUG": "1"}
    assert process.parent == os.getpid()
    assert abs((process.started or 0) - time.time()) < 60


def test_the_names_that_matter_never_hold_a_secret() -> None:
    from wizard.collect.environment import MATTERS, that_matter

    telling = ("SECRET", "KEY", "TOKEN", "PASS", "PIN", "CREDENTIAL", "AUTH")
    assert not [name for name in MATTERS if any(word in name for word in telling)]
    assert that_matter(b"PORT=80\0FLASK_SECRET_KEY=x\0HOST\0\0=odd\0") == {b"PORT": b"80", b"HOST": b""}


def test_a_condition_may_be_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(only_if: str) -> str:
        raise PermissionError(13, "Permission denied", only_if)

    monkeypatch.setattr("wizard.collect.live.conditions", SimpleNamespace(unmet=refuse))
    answer = ask(shell("x", "echo", only_if="/proc/net/ip_tables_names", remedy="sudo x"))["x"]
    assert answer == Unknown("/proc/net/ip_tables_names: Permission denied", "sudo x", "the x")


def test_a_probe_that_depends_on_an_answer_is_asked_only_after_it() -> None:
    first = shell("first", "echo netdev")
    answers = ask(
        first,
        shell("told", "echo told", only_after=("first", "netdev")),
        shell("untold", "echo untold", only_after=("first", "bridge")),
    )
    assert list(answers) == ["first", "told"]
