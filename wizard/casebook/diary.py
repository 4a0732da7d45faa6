"""A guided run as a case, written while it happens; and the latest cases, for a start screen.

Neither may ever disturb the guidance: what goes wrong with the file is kept as `trouble`, and the run goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from wizard.casebook import place
from wizard.casebook.records import Case, Outcome
from wizard.casebook.store import Casebook, open_casebook
from wizard.errors import WizardError
from wizard.model.capture import Capture, Unknown
from wizard.model.options import Options
from wizard.model.report import Report

_AGAIN = 60.0
"""Seconds in which a run that says the same as the last one is not worth a place of its own."""


def recent(limit: int = 5, path: Path | str | None = None) -> tuple[Case, ...]:
    """The cases that changed last; none where there is no casebook, or none that can be read. Makes no file."""
    where = Path(path) if path is not None else place.default()
    try:
        if not where.exists():
            return ()
        with open_casebook(where) as book:
            return book.list(limit=limit)
    except (WizardError, OSError):
        return ()


class Diary:
    """One guided run, kept as a case: begun with the first report, and begun anew where the target is another one.

    It may be told from any thread. Nothing is raised; `trouble` is the error that stopped the writing, or None.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.case: int | None = None
        self.trouble: WizardError | None = None
        self._path = path
        self._book: Casebook | None = None
        self._target = ""
        self._said: tuple[object, ...] = ()
        self._taken_at = 0.0
        self._lock = threading.RLock()

    def begin(self, target: str, symptom: str = "", device: str = "") -> None:
        """A new case: this target, with what was said about it."""
        with self._lock:
            self.case = None
            self._tell(lambda book: self._begin(book, target, symptom, device))

    def reported(
        self,
        report: Report,
        captures: Mapping[str, Capture | Unknown],
        options: Options | None = None,
        origin: str = "",
    ) -> None:
        """A diagnosis has been made. One that says the same as that of a moment ago is passed over."""
        with self._lock:
            if self.case is None or report.target.text != self._target:
                symptom = options.symptom if options else ""
                self.begin(report.target.text, symptom, options.vantage if options else "")
            said = (self.case, report.verdict, report.sentence, tuple(each.ref for each in report.findings))
            if said == self._said and report.taken_at - self._taken_at < _AGAIN:
                return
            self._said, self._taken_at = said, report.taken_at
            if self.case is None:
                return
            self._tell(lambda book: book.add_run(self._number(), report, captures, options=options, origin=origin))

    def noted(self, line: str) -> None:
        """Something has happened that belongs to the story: `copied: sudo ufw allow …`."""
        with self._lock:
            if self.case is not None:
                self._tell(lambda book: book.note(self._number(), line, "event"))

    def done(self, step: int) -> None:
        """A step of the latest plan was carried out (from 1, through the whole plan)."""
        with self._lock:
            if self.case is not None:
                self._tell(lambda book: book.mark_step(self._number(), step))

    def close(self, outcome: Outcome) -> None:
        """The run has ended so."""
        with self._lock:
            if self.case is not None:
                self._tell(lambda book: book.close(self._number(), outcome))

    def shut(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._book is not None:
                self._book.shut()
                self._book = None

    def _begin(self, book: Casebook, target: str, symptom: str, device: str) -> None:
        self._target = target
        self.case = book.new(target, symptom=symptom, device=device).id

    def _number(self) -> int:
        assert self.case is not None
        return self.case

    def _tell(self, write: Callable[[Casebook], object]) -> None:
        if self.trouble is not None:
            return
        try:
            if self._book is None:
                self._book = open_casebook(self._path)
            write(self._book)
        except WizardError as error:
            self.trouble = error
        except OSError as error:
            self.trouble = WizardError("casebook-not-written", "The casebook could not be written.", str(error))
