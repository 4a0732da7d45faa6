"""The casebook itself: one method for each thing that happens to a case, each of them one transaction."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import msgspec

from wizard.casebook import place, schema
from wizard.casebook.packing import Captures, as_root, pack, unpack
from wizard.casebook.records import Case, Note, Outcome, Run, Story
from wizard.errors import WizardError
from wizard.model.capture import Capture, Unknown
from wizard.model.diagnosis import Severity
from wizard.model.options import Options
from wizard.model.report import Report
from wizard.present import json_report
from wizard.version import __version__

_NOW = time.time
_CASES = """
SELECT cases.*, (SELECT count(*) FROM runs WHERE case_id = cases.id) AS runs,
       coalesce(latest.verdict, '') AS verdict, coalesce(latest.sentence, '') AS sentence,
       coalesce(latest.first_cause, '') AS first_cause
FROM cases LEFT JOIN runs AS latest ON latest.case_id = cases.id
  AND latest.number = (SELECT max(number) FROM runs WHERE case_id = cases.id)
"""
_SAID = """
fold(cases.name || ' ' || cases.target || ' ' || cases.symptom || ' ' || cases.device
  || ' ' || coalesce(cases.outcome, 'open')
  || ' ' || coalesce((SELECT group_concat(text, ' ') FROM notes WHERE case_id = cases.id), '')
  || ' ' || coalesce((SELECT group_concat(verdict || ' ' || sentence || ' ' || first_cause, ' ')
                      FROM runs WHERE case_id = cases.id), ''))
"""
_RUN = (
    "id, case_id, number, taken_at, added_at, platform, privileged, verdict, sentence, first_cause, options, report,"
    " origin, wizard"
)


def open_casebook(path: Path | str | None = None) -> Casebook:
    """The casebook of this user, or the one at `path`; made where there is none. Raises WizardError."""
    return Casebook(Path(path) if path is not None else place.default())


class Casebook:
    """Cases in one SQLite file. Close it, or use it in a `with`; every method may raise WizardError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection = schema.connect(path)
        self._connection.create_function("fold", 1, lambda text: str(text).casefold(), deterministic=True)

    def __enter__(self) -> Casebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def shut(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def new(self, target: str, *, symptom: str = "", device: str = "", name: str = "") -> Case:
        """Begin a case."""
        told = tuple(map(_storable, (target, name, symptom, device)))
        with self._writing() as write:
            now = _NOW()
            values = "target, name, symptom, device, opened_at, changed_at"
            cursor = write.execute(f"INSERT INTO cases ({values}) VALUES (?, ?, ?, ?, ?, ?)", (*told, now, now))
            number = int(cursor.lastrowid or 0)
        return self.case(number)

    def add_run(
        self,
        case: int,
        report: Report,
        captures: Captures,
        *,
        options: Options | None = None,
        privileged: bool | None = None,
        origin: str = "",
    ) -> Run:
        """Keep a diagnosis with everything that it rests on. A closed case is open again.

        `options` are those of the diagnosis: with them it can be made again. `privileged` None: as the captures tell.
        """
        row = _run_row(report, captures, options or Options(), privileged, origin)
        with self._writing() as write:
            self._open_again(write, case)
            number = write.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE case_id = ?", (case,)
            ).fetchone()[0]
            row = {"case_id": case, "number": number, **row}
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            write.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", tuple(row.values()))
            self._touch(write, case)
        return self.run(case, number)

    def mark_step(self, case: int, step: int, *, done: bool = True, run: int | None = None) -> Run:
        """A step of the plan was carried out (or was not, after all). `step` counts from 1 through the run's whole plan;
        `run` is its number, None for the latest."""
        found = self.run(case, run)
        if not 1 <= step <= len(found.steps):
            raise _no_step(found, step)
        with self._writing() as write:
            if done:
                write.execute("INSERT OR IGNORE INTO marks VALUES (?, ?, ?)", (found.id, step, _NOW()))
            else:
                write.execute("DELETE FROM marks WHERE run_id = ? AND step = ?", (found.id, step))
            self._touch(write, case)
        return self.run(case, found.number)

    def note(self, case: int, text: str, kind: str = "note") -> Note:
        """Write a line into the case's diary; `kind` is `note` (a person's words) or `event` (what happened)."""
        with self._writing() as write:
            self._known(write, case)
            return self._note(write, case, text, kind)

    def close(self, case: int, outcome: Outcome) -> Case:
        """The case has ended so."""
        with self._writing() as write:
            self._known(write, case)
            write.execute("UPDATE cases SET outcome = ?, closed_at = ? WHERE id = ?", (outcome.value, _NOW(), case))
            self._touch(write, case)
        return self.case(case)

    def delete(self, case: int) -> None:
        """The case and all that belongs to it are gone from the file, overwritten with zeros."""
        with self._writing() as write:
            self._known(write, case)
            write.execute("DELETE FROM cases WHERE id = ?", (case,))
        with self._reading() as read:
            # The log still has the old pages until it is written back.
            read.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def case(self, case: int) -> Case:
        """How the case stands."""
        with self._reading() as read:
            row = read.execute(f"{_CASES} WHERE cases.id = ?", (case,)).fetchone()
        if row is None:
            raise _no_case(case)
        return _case(row)

    def list(self, search: str = "", limit: int = 1000) -> tuple[Case, ...]:
        """The cases, what changed last first; with `search` those in which each of its words stands somewhere: in what was
        said, noted, found or decided."""
        words = [_storable(word).casefold() for word in search.split()]
        where = " AND ".join(["instr(said, ?)"] * len(words)) or "1"
        query = (
            f"SELECT * FROM ({_CASES.replace('SELECT cases.*', f'SELECT cases.*, {_SAID} AS said', 1)}) WHERE {where}"
        )
        with self._reading() as read:
            rows = read.execute(f"{query} ORDER BY changed_at DESC, id DESC LIMIT ?", (*words, limit)).fetchall()
        return tuple(map(_case, rows))

    def search(self, words: str, limit: int = 1000) -> tuple[Case, ...]:
        """The cases in which each of the words stands somewhere."""
        return self.list(words, limit)

    def show(self, case: int) -> Story:
        """The case with its runs and notes."""
        with self._reading() as read:
            read.execute("BEGIN")
            try:
                found = self.case(case)
                runs = read.execute(f"SELECT {_RUN} FROM runs WHERE case_id = ? ORDER BY number", (case,)).fetchall()
                notes = read.execute("SELECT * FROM notes WHERE case_id = ? ORDER BY id", (case,)).fetchall()
                told = tuple(_run(row, self._marks(read, row["id"])) for row in runs)
            finally:
                read.execute("COMMIT")
        return Story(found, told, tuple(Note(row["at"], row["text"], row["kind"]) for row in notes))

    def run(self, case: int, number: int | None = None) -> Run:
        """One run of the case; without a number the latest."""
        which = "number = ?" if number is not None else "? IS NULL"
        with self._reading() as read:
            row = read.execute(
                f"SELECT {_RUN} FROM runs WHERE case_id = ? AND {which} ORDER BY number DESC LIMIT 1", (case, number)
            ).fetchone()
            if row is None:
                raise _no_run(self.case(case), number)
            return _run(row, self._marks(read, row["id"]))

    def captures(self, run: Run) -> dict[str, Capture | Unknown]:
        """What the machine answered in this run, as it came."""
        with self._reading() as read:
            row = read.execute("SELECT captures FROM runs WHERE id = ?", (run.id,)).fetchone()
        if row is None:
            raise WizardError("no-such-run", f"Run {run.number} of case {run.case} is no longer there.")
        return unpack(row["captures"])

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, schema.spoken(self.path):
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors (a full disk).
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _known(self, write: sqlite3.Connection, case: int) -> sqlite3.Row:
        row: sqlite3.Row | None = write.execute("SELECT * FROM cases WHERE id = ?", (case,)).fetchone()
        if row is None:
            raise _no_case(case)
        return row

    def _open_again(self, write: sqlite3.Connection, case: int) -> None:
        row = self._known(write, case)
        if row["closed_at"] is not None:
            write.execute("UPDATE cases SET outcome = NULL, closed_at = NULL WHERE id = ?", (case,))
            self._note(write, case, f"opened again; it was closed as {row['outcome']}", "event")

    def _note(self, write: sqlite3.Connection, case: int, text: str, kind: str) -> Note:
        note = Note(_NOW(), _storable(text), kind)
        values = (case, note.at, note.kind, note.text)
        write.execute("INSERT INTO notes (case_id, at, kind, text) VALUES (?, ?, ?, ?)", values)
        self._touch(write, case)
        return note

    def _touch(self, write: sqlite3.Connection, case: int) -> None:
        write.execute("UPDATE cases SET changed_at = ? WHERE id = ?", (_NOW(), case))

    def _marks(self, read: sqlite3.Connection, run: int) -> dict[int, float]:
        rows = read.execute("SELECT step, done_at FROM marks WHERE run_id = ? ORDER BY step", (run,))
        return {row["step"]: row["done_at"] for row in rows}


def _run_row(
    report: Report, captures: Captures, options: Options, privileged: bool | None, origin: str
) -> dict[str, Any]:
    return {
        "taken_at": report.taken_at,
        "added_at": _NOW(),
        "platform": _storable(report.platform),
        "privileged": as_root(captures) if privileged is None else privileged,
        "verdict": report.verdict.value,
        "sentence": _storable(report.sentence),
        "first_cause": next((each.ref for each in report.findings if each.cause.severity is Severity.BLOCKING), ""),
        "options": _storable(msgspec.json.encode(_plain(options)).decode()),
        "report": json.dumps(json_report.as_dict(report)),
        "origin": _storable(PurePath(origin).name),
        "wizard": __version__,
        "captures": pack(captures),
    }


def _plain(options: Options) -> dict[str, Any]:
    """The options as JSON can hold them, whatever bytes the command line had."""
    told = msgspec.structs.asdict(options)
    return {name: _storable(value) if isinstance(value, str) else value for name, value in told.items()}


def _storable(text: str) -> str:
    """SQLite's texts are UTF-8: an undecodable byte of a command line is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _case(row: sqlite3.Row) -> Case:
    told = {name: row[name] for name in Case.__struct_fields__}
    return Case(**{**told, "outcome": _outcome(row["outcome"])})


def _outcome(text: str | None) -> Outcome | None:
    return Outcome(text) if text in tuple(Outcome) else None


def _run(row: sqlite3.Row, done: dict[int, float]) -> Run:
    told = {name: row[name] for name in row.keys() if name != "case_id"}  # noqa: SIM118
    told |= {
        "case": row["case_id"],
        "privileged": bool(row["privileged"]),
        "options": _options(row["options"]),
        "report": json.loads(row["report"]),
        "done": done,
    }
    return Run(**told)


def _options(text: str) -> Options:
    """A later wizard's further options are passed over."""
    return msgspec.json.decode(text, type=Options, strict=False)


def _no_case(case: int) -> WizardError:
    return WizardError("no-such-case", f"There is no case {case}.", hint="wizard session list")


def _no_run(case: Case, number: int | None) -> WizardError:
    what = (
        f"Case {case.id} has no run yet."
        if not case.runs
        else f"Case {case.id} has runs 1 to {case.runs}, not {number}."
    )
    hint = f"wizard session check {case.id}" if not case.runs else f"wizard session show {case.id}"
    return WizardError("no-such-run", what, hint=hint)


def _no_step(run: Run, step: int) -> WizardError:
    count = len(run.steps)
    what = f"The plan of run {run.number} has {count} step{'' if count == 1 else 's'}; there is no step {step}."
    hint = f"wizard session show {run.case}"
    return WizardError("no-such-step", what, hint=hint)
