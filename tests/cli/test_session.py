"""`wizard session`, as it is typed: what it prints, what it keeps, and how it ends."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.casebook.machines import LOOPBACK, OPEN, SCENARIOS, UFW
from wizard.cli import run
from wizard.present.json_report import SCHEMA

FIRST = ("--bundle", str(SCENARIOS / OPEN), "--from", "10.77.0.2")


@pytest.fixture(autouse=True)
def own_casebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIZARD_CASEBOOK", str(tmp_path / "book" / "cases.sqlite3"))


class Desk:
    """Types commands."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = run(["session", *words])
        told = self._captured.readouterr()
        assert "\x1b" not in told.out + told.err and "Traceback" not in told.err
        return code, told.out, told.err

    def json(self, *words: str) -> dict:  # type: ignore[type-arg]
        told: dict = json.loads(self(*words)[1])  # type: ignore[type-arg]
        return told


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(capsys)


def test_from_the_call_to_the_end(desk: Desk, tmp_path: Path) -> None:
    code, out, _ = desk("new", *FIRST, "--name", "School", "--symptom", "it hangs, says Ann", "--device", "phone")
    assert code == 0 and out.startswith("case 1, run 1\n") and "✓ reachable" in out
    code, out, _ = desk("check", "last", "--bundle", str(SCENARIOS / UFW))
    assert code == 1 and "changed since run 1" in out and "ufw rule 1: 5000/tcp ALLOW IN" in out
    assert desk("done", "1", "1") == (0, "case 1: 1 of 1 steps done\n", "Now check again: wizard session check 1\n")
    assert desk("note", "#1", "rang back, works") == (0, "case 1: noted\n", "")
    code, out, _ = desk("list", "--search", "SCHOOL ufw")
    assert code == 0 and out.splitlines()[1].split()[:2] == ["1", "open"] and "firewall-drops-port" in out
    code, out, _ = desk("show", "1")
    assert "✓ 1" in out and "“rang back, works”" in out and "seen    it hangs, says Ann" in out
    assert desk("close", "1", "--outcome", "solved")[:2] == (0, "case 1: solved\n")
    assert desk("list", "--open")[1] == ""
    path = tmp_path / "case.md"
    code, out, err = desk("export", "1", "-o", str(path))
    assert (code, out) == (0, f"{path}\n") and "replaced" in err
    assert path.read_text(encoding="utf-8").startswith("# Case 1: School\n")
    assert desk("delete", "1", "--yes")[:2] == (0, "case 1: deleted\n")
    assert desk("show", "1")[0] == 2


def test_the_code_is_the_checks_own(desk: Desk) -> None:
    assert desk("new", "--bundle", str(SCENARIOS / LOOPBACK))[0] == 1
    assert desk("check", "last", "--bundle", str(SCENARIOS / OPEN))[0] == 0


def test_what_was_said_once_holds_for_the_next_check(desk: Desk) -> None:
    desk("new", *FIRST, "--symptom", "ERR_CONNECTION_TIMED_OUT")
    told = desk.json("check", "1", "--bundle", str(SCENARIOS / UFW), "--json")
    assert told["report"]["vantage"]["from"] == "10.77.0.2"
    assert told["schema"] == "wizard.session/1" and (told["case"], told["run"]) == (1, 2)
    assert told["report"]["schema"] == SCHEMA
    assert {each["area"] for each in told["changes"]} >= {"verdict", "firewall"}
    assert (
        desk.json("check", "1", "--bundle", str(SCENARIOS / UFW), "--from", "10.77.0.9", "--json")["report"]["vantage"][
            "from"
        ]
        == "10.77.0.9"
    )


def test_everything_for_programs(desk: Desk) -> None:
    assert desk.json("new", "8000", "--no-check", "--json") == {"case": 1}
    desk("new", *FIRST)
    desk("check", "2", "--bundle", str(SCENARIOS / UFW))
    listed = json.loads(desk("list", "--json")[1])
    assert [each["id"] for each in listed] == [2, 1] and listed[1]["verdict"] is None and listed[0]["runs"] == 2
    shown = desk.json("show", "2", "--json")
    assert shown["schema"] == "wizard.case/1" and shown["redacted"] is False
    compared = desk.json("compare", "2", "1", "2", "--json")
    assert compared["schema"] == "wizard.changes/1" and compared["changes"][0]["what"] == "verdict"
    assert (compared["before"]["run"], compared["after"]["run"]) == (1, 2)
    assert desk.json("export", "2", "--format", "json")["redacted"] is True
    assert desk.json("export", "2", "--format", "json", "--no-redact")["redacted"] is False
    assert desk("export", "2")[1].startswith("<!doctype html>")


def test_what_changed_since_it_worked(desk: Desk) -> None:
    desk("new", *FIRST)
    for name in (OPEN, UFW, LOOPBACK):
        desk("check", "1", "--bundle", str(SCENARIOS / name))
    told = desk.json("compare", "1", "--json")
    assert (told["before"]["run"], told["after"]["run"]) == (2, 4)
    desk("check", "1", "--bundle", str(SCENARIOS / OPEN))
    assert "run 4 (" in desk("compare", "1")[1].splitlines()[0]


def test_notes_from_standard_input(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk("new", "5000", "--no-check")
    monkeypatch.setattr("sys.stdin", io.StringIO("two\nlines\n"))
    assert desk("note", "1", "-")[0] == 0
    assert "“two\n" in desk("show", "1")[1]


WRONG = {
    "no action": ((), 2, "usage: wizard session"),
    "an unknown action": (("frob",), 2, "There are: new, check, list"),
    "no target": (("new",), 2, "What cannot be reached?"),
    "a target that is none": (("new", "http://"), 2, "error:"),
    "a bundle that is none": (("new", "5000", "--bundle", "/nowhere/x.zip"), 2, "bundle-not-found"),
    "an empty casebook": (("show", "last"), 2, "wizard session new"),
    "a case that is none": (("show", "99"), 2, "There is no case 99."),
    "a word for a case": (("show", "foo"), 2, "'foo' is no case"),
    "no outcome": (("close", "1"), 2, "--outcome"),
    "a wrong outcome": (("close", "1", "--outcome", "fine"), 2, "invalid choice"),
    "an empty note": (("note", "1", "  "), 2, "nothing to note"),
    "one run": (("compare", "1", "2"), 2, "Two runs are compared"),
    "an unknown option": (("list", "--frob"), 2, "wizard session list --help"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_the_next_step(desk: Desk, case: str) -> None:
    words, code, part = WRONG[case]
    told = desk(*words)
    assert told[0] == code and told[1] == "" and part in told[2]
    assert "Try: " in told[2] or case == "no action"


def test_a_case_of_another_machine_is_not_checked_here(desk: Desk) -> None:
    desk("new", *FIRST)
    code, _, err = desk("check", "1")
    assert code == 2 and "case-of-another-machine" in err and "--bundle FILE" in err
    assert "1 runs" not in err and desk.json("show", "1", "--json")["runs"][-1]["number"] == 1


def test_one_run_is_not_compared(desk: Desk) -> None:
    desk("new", *FIRST)
    assert "wizard session check 1" in desk("compare", "1")[2]
    assert "has runs 1 to 1, not 7" in desk("compare", "1", "1", "7")[2]
    assert "no step 9" in desk("done", "1", "9")[2]


def test_nothing_is_deleted_or_replaced_unasked(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk("new", "5000", "--no-check")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "wizard session delete 1 --yes" in desk("delete", "1")[2]
    assert desk("show", "1")[0] == 0
    path = tmp_path / "thesis.html"
    path.write_text("my thesis")
    assert "file-exists" in desk("export", "1", "-o", str(path))[2] and path.read_text() == "my thesis"
    assert desk("export", "1", "-o", str(path), "--force")[0] == 0 and "Case 1" in path.read_text()
    assert "file-not-written" in desk("export", "1", "-o", str(tmp_path / "none" / "x.html"))[2]


@pytest.mark.parametrize(
    "action", ["new", "check", "list", "show", "note", "done", "compare", "export", "close", "delete"]
)
def test_each_action_explains_itself_with_examples(capsys: pytest.CaptureFixture[str], action: str) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["session", action, "--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0 and "examples:" in out and f"wizard session {action}" in out


def test_a_redacted_bundle_is_marked_and_checks_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from wizard.collect.bundle import BundleSource

    path = tmp_path / "machine.zip"
    assert run(["collect", "--bundle", str(SCENARIOS / UFW), "-o", str(path), "--redact"]) == 0
    assert BundleSource(path).redacted and BundleSource(path).target == "http://10.77.0.1:5000/"
    capsys.readouterr()
    assert run(["check", "http://10.77.0.1:5000/", "--bundle", str(path), "--from", "10.77.0.2", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["ref"] == "firewall-drops-port"
