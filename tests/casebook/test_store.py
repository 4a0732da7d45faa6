"""A case is kept as it was told, found again by any word of it, and gone when it is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.casebook.machines import LOOPBACK, OPEN, machine
from wizard.casebook import Casebook, Diary, Outcome, open_casebook, recent
from wizard.errors import WizardError
from wizard.present import json_report


def refusal(act: object) -> WizardError:
    with pytest.raises(WizardError) as caught:
        act()  # type: ignore[operator]
    assert caught.value.what and caught.value.hint
    return caught.value


def filled(book: Casebook) -> int:
    case = book.new(
        "http://10.77.0.1:5000/", symptom="ERR_CONNECTION_REFUSED", device="Ann's phone", name="Demo at school"
    )
    report, captures, options = machine(LOOPBACK)
    book.add_run(case.id, report, captures, options=options)
    return case.id


def test_a_case_is_told_back_whole(book: Casebook) -> None:
    number = filled(book)
    book.note(number, "rang back, asks for the tunnel")
    book.mark_step(number, 2)
    book.close(number, Outcome.SOLVED)
    with open_casebook(book.path) as again:
        story = again.show(number)
        report, captures, options = machine(LOOPBACK)
        run = story.runs[0]
        assert again.captures(run) == captures
    assert (story.case.target, story.case.symptom, story.case.device, story.case.name) == (
        "http://10.77.0.1:5000/", "ERR_CONNECTION_REFUSED", "Ann's phone", "Demo at school",
    )  # fmt: skip
    assert (story.case.outcome, story.case.runs, story.case.verdict) == (Outcome.SOLVED, 1, "blocked")
    assert story.case.closed_at is not None and story.case.first_cause == "loopback-only-bind"
    assert (run.number, run.options, run.report) == (1, options, json_report.as_dict(report))
    assert (run.taken_at, run.privileged, run.platform) == (report.taken_at, True, "linux")
    assert list(run.done) == [2]
    assert [(each.kind, each.text) for each in story.notes] == [("note", "rang back, asks for the tunnel")]


def test_a_new_run_opens_a_closed_case_again(book: Casebook) -> None:
    number = filled(book)
    book.close(number, Outcome.SOLVED)
    report, captures, options = machine(OPEN)
    assert book.add_run(number, report, captures, options=options).number == 2
    story = book.show(number)
    assert story.case.outcome is None and story.case.verdict == "reachable"
    assert [each.text for each in story.notes] == ["opened again; it was closed as solved"]


def test_a_step_is_marked_and_unmarked(book: Casebook) -> None:
    number = filled(book)
    first = book.mark_step(number, 1).done[1]
    assert book.mark_step(number, 1).done[1] == first
    assert book.mark_step(number, 1, done=False).done == {}
    for wrong in (0, 99):
        assert refusal(lambda wrong=wrong: book.mark_step(number, wrong)).ref == "no-such-step"


@pytest.mark.parametrize(
    "words", ["school", "ANN'S", "loopback-only", "blocked phone", "Ünterlagen", "100%", "open", "10.77"]
)
def test_each_word_finds_it(book: Casebook, words: str) -> None:
    number = filled(book)
    book.note(number, "ünterlagen at 100% c_d")
    other = book.new("8000")
    assert [each.id for each in book.search(words)] == ([number] if words != "open" else [number, other.id][::-1])


@pytest.mark.parametrize("words", ["nowhere", "school nowhere", "%", "10%7", "c-d"])
def test_what_stands_nowhere_finds_nothing(book: Casebook, words: str) -> None:
    filled(book)
    assert book.search(words) == ()


def test_the_latest_changed_comes_first(book: Casebook) -> None:
    one, two, three = (book.new(target).id for target in ("1", "2", "3"))
    book.note(one, "x")
    assert [each.id for each in book.list()] == [one, three, two]
    assert [each.id for each in recent(2, book.path)] == [one, three]


def test_what_is_deleted_is_gone_from_the_file(book: Casebook) -> None:
    number = book.new("http://secret-host.example:5000", name="Mrs Unmistakable").id
    kept = filled(book)
    book.note(number, "Unmistakable said")
    book.delete(number)
    assert refusal(lambda: book.show(number)).ref == "no-such-case"
    assert book.show(kept).case.id == kept
    assert book.new("5").id > kept
    everything = b"".join(each.read_bytes() for each in book.path.parent.iterdir())
    assert b"Unmistakable" not in everything and b"secret-host" not in everything


def test_what_is_not_there_is_said(book: Casebook) -> None:
    number = book.new("5000").id
    assert refusal(lambda: book.run(number)).hint == f"wizard session check {number}"
    report, captures, _ = machine(LOOPBACK)
    for act in (
        lambda: book.note(99, "x"),
        lambda: book.close(99, Outcome.SOLVED),
        lambda: book.delete(99),
        lambda: book.add_run(99, report, captures),
        lambda: book.mark_step(99, 1),
    ):
        assert refusal(act).ref == "no-such-case"


def test_undecodable_bytes_are_kept_as_their_escapes(book: Casebook) -> None:
    case = book.new("5000\udcff", name="a\x00b\x1b[2J", symptom="\ud800")
    assert (case.target, case.name, case.symptom) == ("5000\\udcff", "a\x00b\x1b[2J", "\\ud800")


def test_a_diary_becomes_a_case(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite3"
    report, captures, options = machine(LOOPBACK)
    diary = Diary(path)
    diary.noted("before anything")
    diary.begin(report.target.text, "refused", "phone")
    for _ in range(3):
        diary.reported(report, captures, options)
    diary.noted("copied: sudo kill 30")
    diary.done(1)
    diary.reported(*machine(OPEN))
    diary.close(Outcome.SOLVED)
    diary.shut()
    with open_casebook(path) as book:
        cases = [book.show(each.id) for each in book.list()]
    assert diary.trouble is None
    same_target = machine(OPEN)[0].target.text == report.target.text
    assert same_target and len(cases) == 1
    story = cases[0]
    assert [run.verdict for run in story.runs] == ["blocked", "reachable"]
    assert [note.text for note in story.notes] == ["copied: sudo kill 30"]
    assert story.case.outcome is Outcome.SOLVED and story.case.device == "phone"


def test_a_diary_that_cannot_be_written_disturbs_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    diary = Diary(tmp_path / "file" / "cases.sqlite3")
    diary.reported(*machine(LOOPBACK))
    diary.noted("x")
    diary.close(Outcome.SOLVED)
    assert diary.trouble is not None and diary.trouble.ref == "casebook-not-writable"
    assert recent(3, tmp_path / "file" / "cases.sqlite3") == ()
    assert recent(3, tmp_path / "none" / "cases.sqlite3") == () and not (tmp_path / "none").exists()
