"""The way in which Windows runs commands, tried here: it does what the loop over pipes does."""

from __future__ import annotations

from wizard.collect.commands import Command, Ended
from wizard.collect.commands_in_threads import ThreadedBatch


def run(*wanted: Command) -> dict[str, Ended]:
    results: dict[str, Ended] = {}
    ThreadedBatch(wanted).wait(lambda ended: results.update({ended.command.name: ended}))
    return results


def test_output_errors_and_exit_code_are_kept() -> None:
    ended = run(Command("both", ("sh", "-c", "echo out; echo err >&2; exit 3"), 20))["both"]
    assert (ended.output, ended.errors, ended.exit_code, ended.trouble) == (b"out\n", b"err\n", 3, "")


def test_many_are_all_answered_also_those_that_wait_for_room() -> None:
    results = run(*(Command(str(number), ("sh", "-c", f"echo {number}"), 30) for number in range(20)))
    assert {name: ended.output for name, ended in results.items()} == {str(n): b"%d\n" % n for n in range(20)}


def test_a_missing_program_and_a_hanging_one_are_said_to_be() -> None:
    results = run(Command("missing", ("no-such-program-of-anybody",), 5), Command("hangs", ("sleep", "60"), 0.2))
    assert results["missing"].trouble == "missing"
    assert results["hangs"].trouble == "timeout"


def test_none_at_all_is_over_at_once() -> None:
    assert run() == {}
