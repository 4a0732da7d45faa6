"""What was acknowledged stays, however the writer ends; two writers do not harm each other; nobody else can read it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.casebook.machines import LOOPBACK, machine
from wizard.casebook import open_casebook, place, schema
from wizard.errors import ExitCode, WizardError

PROJECT = Path(__file__).parents[2]


def writer(path: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.casebook.writer", str(path)]
    return subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def killed_after(path: Path, lines: int) -> list[tuple[str, int, int]]:
    """Starts a writer, kills it after so many acknowledgements; everything that it has said until then."""
    process = writer(path)
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if len(told) == lines:
            process.kill()
    process.wait()
    assert process.returncode == -9 or sys.platform == "win32"
    # The last line may have been cut in the middle of its writing.
    whole = [line.split() for line in told if line.endswith("\n") and line != "ready\n"]
    return [(words[0], int(words[1]), int(words[2]) if len(words) > 2 else 0) for words in whole]


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite3"
    told: list[tuple[str, int, int]] = []
    for lines in (2, 3, 4, 6, 16):
        told += killed_after(path, lines)
        with open_casebook(path) as book:
            assert book._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert book._connection.execute("PRAGMA foreign_key_check").fetchall() == []
            stories = {each.id: book.show(each.id) for each in book.list()}
            for kind, case, number in told:
                story = stories[case]
                if kind == "run":
                    assert book.captures(story.runs[number - 1]) == machine(LOOPBACK)[1]
                elif kind == "step":
                    assert number in story.runs[0].done
                elif kind == "note":
                    assert story.notes[number].text == f"note {number}"
    assert {kind for kind, _, _ in told} == {"case", "run", "step", "note"}


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite3"
    told: dict[str, list[tuple[str, int, int]]] = {}
    threads = [
        threading.Thread(target=lambda name=name: told.update({name: killed_after(path, 30)}))
        for name in ("one", "other")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cases = [{case for kind, case, _ in lines if kind == "case"} for lines in told.values()]
    assert len(cases) == 2 and all(cases) and not cases[0] & cases[1]
    with open_casebook(path) as book:
        assert cases[0] | cases[1] <= {each.id for each in book.list()}
        assert book._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_many_threads_share_one_casebook(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "cases.sqlite3") as book:
        case = book.new("5000").id
        threads = [threading.Thread(target=lambda: [book.note(case, "x") for _ in range(10)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(book.show(case).notes) == 40


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "one" / "two" / "cases.sqlite3"
    earlier = os.umask(0)
    try:
        with open_casebook(path) as book:
            book.new("5000")
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    finally:
        os.umask(earlier)
    assert "cases.sqlite3-wal" in modes
    assert set(modes.values()) == {0o600}
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path.parent.parent)] == [0o700, 0o700]
    path.chmod(0o644)
    with open_casebook(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def refused(path: Path) -> WizardError:
    with pytest.raises(WizardError) as caught:
        open_casebook(path)
    assert caught.value.what and caught.value.hint and caught.value.code is not ExitCode.FAULT
    return caught.value


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite3"
    with open_casebook(path) as book:
        book.new("5000")
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    error = refused(path)
    assert error.ref == "casebook-newer" and str(len(schema.MIGRATIONS) + 1) in error.why
    assert path.read_bytes() == before


def test_an_older_file_is_brought_up_with_all_that_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cases.sqlite3"
    report, captures, options = machine(LOOPBACK)
    with open_casebook(path) as book:
        case = book.new("5000", name="kept").id
        book.add_run(case, report, captures, options=options)
        book.note(case, "kept too")
    later = (
        *schema.MIGRATIONS,
        "ALTER TABLE cases ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'; CREATE TABLE more (x)",
    )
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    with open_casebook(path) as book:
        assert book._connection.execute("PRAGMA user_version").fetchone()[0] == len(later)
        assert book._connection.execute("SELECT colour FROM cases").fetchone()[0] == "blue"
        story = book.show(case)
        assert (story.case.name, story.notes[0].text, book.captures(story.runs[0])) == ("kept", "kept too", captures)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cases.sqlite3"
    with open_casebook(path) as book:
        book.new("5000")
    broken = (*schema.MIGRATIONS, "ALTER TABLE cases ADD COLUMN colour TEXT; CREATE TABLE cases (x)")
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        open_casebook(path)
    monkeypatch.setattr(schema, "MIGRATIONS", broken[:-1])
    with open_casebook(path) as book:
        assert [each.target for each in book.list()] == ["5000"]


def test_what_is_no_casebook_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_text("my thesis, which is long enough to be looked at as a database header " * 20)
    assert refused(path).ref == "casebook-damaged"
    assert path.read_text().startswith("my thesis")
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    assert refused(path).ref == "casebook-not-ours"
    (tmp_path / "file").write_text("")
    assert refused(tmp_path / "file" / "cases.sqlite3").ref == "casebook-not-writable"
    assert refused(tmp_path).ref == "casebook-not-writable"


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's /proc, where not even root may make a file")
def test_a_folder_where_one_may_not_write() -> None:
    assert refused(Path("/proc/cases.sqlite3")).ref == "casebook-not-writable"
    assert refused(Path("/proc/more/cases.sqlite3")).ref == "casebook-not-writable"


def test_another_program_that_keeps_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cases.sqlite3"
    monkeypatch.setattr(schema, "PATIENCE", 0.05)
    with open_casebook(path) as book:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(WizardError) as caught:
            book.new("5000")
        other.execute("ROLLBACK")
        other.close()
        assert caught.value.ref == "casebook-busy"
        assert book.new("5000").target == "5000"


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "cases.sqlite3") as book:
        case = book.new("5000").id
        pages = book._connection.execute("PRAGMA page_count").fetchone()[0]
        book._connection.execute(f"PRAGMA max_page_count = {pages}")
        report, captures, options = machine(LOOPBACK)
        with pytest.raises(WizardError) as caught:
            book.add_run(case, report, captures, options=options)
        assert caught.value.ref == "casebook-not-written"
        book._connection.execute("PRAGMA max_page_count = 100000")
        assert book.add_run(case, report, captures, options=options).number == 1


def test_under_sudo_it_is_that_of_who_typed_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.delenv(place.VARIABLE, raising=False)
    monkeypatch.setenv("SUDO_UID", "4321")
    monkeypatch.setenv("SUDO_GID", "1234")
    monkeypatch.setattr(place.os, "geteuid", lambda: 0)
    monkeypatch.setattr(place.os, "chown", lambda _, user, group: given.append((user, group)))
    monkeypatch.setattr(place.os, "fchown", lambda _, user, group: given.append((user, group)))
    monkeypatch.setattr(place, "_home", lambda user: tmp_path / str(user))
    assert place.default().is_relative_to(tmp_path / "4321")
    with open_casebook() as book:
        book.new("5000")
    assert set(given) == {(4321, 1234)} or tmp_path.stat().st_uid != 0
    monkeypatch.setenv(place.VARIABLE, str(tmp_path / "named.sqlite3"))
    assert place.default() == tmp_path / "named.sqlite3"
