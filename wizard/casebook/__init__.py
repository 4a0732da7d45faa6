"""The casebook: each guided run of a help desk is a case in one SQLite file: stored, searched, compared, exported.

    from wizard.casebook import open_casebook
    with open_casebook() as book:
        case = book.new("http://192.168.1.100:5000", symptom="ERR_CONNECTION_REFUSED", device="Ann's phone")
        book.add_run(case.id, report, captures)          # report and captures: wizard.diagnose.diagnose_and_keep
        book.mark_step(case.id, 1)
        book.close(case.id, Outcome.SOLVED)

It knows reports and captures, and no screens. Every method is one transaction: when it has returned, what it was told is
on the disk, and no end of this process, however sudden, takes it away again. A Casebook may be used from any thread.
"""

from __future__ import annotations

from wizard.casebook.diary import Diary, recent
from wizard.casebook.records import Case, Note, Outcome, Run, Story
from wizard.casebook.store import Casebook, open_casebook
from wizard.casebook.ticket import save_ticket

__all__ = [
    "Case",
    "Casebook",
    "Diary",
    "Note",
    "Outcome",
    "Run",
    "Story",
    "open_casebook",
    "recent",
    "save_ticket",
]
