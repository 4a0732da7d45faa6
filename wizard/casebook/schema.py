"""The file's form: its tables, how an older file becomes one of today, and the words for a file that cannot be used."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wizard.casebook import place
from wizard.errors import ExitCode, WizardError

APPLICATION = 0x57495A43
"""`WIZC`: what SQLite's file header says of whose file it is (PRAGMA application_id)."""
PATIENCE = 15.0
"""Seconds to wait for another process that writes."""

_FIRST = """
CREATE TABLE cases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  name TEXT NOT NULL,
  symptom TEXT NOT NULL,
  device TEXT NOT NULL,
  opened_at REAL NOT NULL,
  changed_at REAL NOT NULL,
  closed_at REAL,
  outcome TEXT
);
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  taken_at REAL NOT NULL,
  added_at REAL NOT NULL,
  platform TEXT NOT NULL,
  privileged INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  sentence TEXT NOT NULL,
  first_cause TEXT NOT NULL,
  options TEXT NOT NULL,
  report TEXT NOT NULL,
  origin TEXT NOT NULL,
  wizard TEXT NOT NULL,
  captures BLOB NOT NULL,
  UNIQUE (case_id, number)
);
CREATE TABLE marks (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  done_at REAL NOT NULL,
  PRIMARY KEY (run_id, step)
);
CREATE TABLE notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
  at REAL NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX notes_of_case ON notes (case_id)
"""
MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""The script at place n makes a file of version n one of version n + 1. A script that was once released is never changed."""


def connect(path: Path) -> sqlite3.Connection:
    """The file, made where it is missing and brought to today's form where it is older. Raises WizardError."""
    place.prepare(path)
    with spoken(path):
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _settle(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _settle(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    _check(connection, path)
    _keep_a_log(connection)
    # FULL: an acknowledged write outlives also the end of the power, not only of the process.
    for setting in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {setting}")
    if _version(connection) < len(MIGRATIONS):
        _migrate(connection, path)


def _check(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version; refuses one that another program, or a later wizard, has made."""
    application, version = _pragma(connection, "application_id"), _version(connection)
    if version > len(MIGRATIONS):
        why = f"It has the form {version}; this wizard knows forms up to {len(MIGRATIONS)}. Nothing in it was changed."
        hint = f"use the wizard that wrote it, or another file: {place.VARIABLE}=FILE wizard session …"
        raise WizardError("casebook-newer", f"The casebook {path} was written by a newer wizard.", why, hint)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION and (tables or version):
        hint = f"name another file: {place.VARIABLE}=FILE wizard session …"
        raise WizardError("casebook-not-ours", f"{path} is another program's database; it is left as it is.", hint=hint)
    return version


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """A write-ahead log, so that readers and a writer do not wait for each other. Switching to it does not use the time
    limit of the connection (sqlite3_busy_timeout), so two processes that begin at once would trip over each other."""
    late = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _name(error) != "SQLITE_BUSY" or time.monotonic() > late:
                raise
            time.sleep(0.02)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """All of the steps in one transaction; another process may have taken them meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_check(connection, path), len(MIGRATIONS)):
            for statement in MIGRATIONS[number].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return _pragma(connection, "user_version")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def spoken(path: Path) -> Iterator[None]:
    """SQLite's errors in words that a person can act on."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _in_words(error, path) from error


def _in_words(error: sqlite3.DatabaseError, path: Path) -> Exception:
    name, why = _name(error), f"{str(error)[:1].upper()}{str(error)[1:]}."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        hint = "end the other wizard, and try again."
        return WizardError("casebook-busy", f"Another program keeps the casebook {path} to itself.", why, hint)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return place.not_writable(path, why)
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        hint = f"make room on the disk, or name another file: {place.VARIABLE}=FILE wizard session …"
        return WizardError(
            "casebook-not-written", f"The casebook {path} could not be written.", why, hint, ExitCode.UNDETERMINED
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        hint = f"move it away, and a new one is begun: mv {path} {path}.damaged"
        return WizardError("casebook-damaged", f"{path} is not a usable casebook.", why, hint)
    return error


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))
