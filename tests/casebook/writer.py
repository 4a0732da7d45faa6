"""Writes into a casebook until it is killed, and says on standard output what has been acknowledged.

python -m tests.casebook.writer FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.casebook.machines import LOOPBACK, machine
from wizard.casebook import open_casebook


def main(path: Path) -> None:
    """A case with a run, a mark and a note, again and again; a line for each that was acknowledged."""
    report, captures, options = machine(LOOPBACK)
    print("ready", flush=True)
    with open_casebook(path) as book:
        while True:
            case = book.new("5000").id
            print("case", case, flush=True)
            run = book.add_run(case, report, captures, options=options)
            print("run", case, run.number, flush=True)
            book.mark_step(case, 1)
            print("step", case, 1, flush=True)
            for number in range(3):
                book.note(case, f"note {number}")
                print("note", case, number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
