"""Every command for PowerShell in the plans of the recorded machines parses, by a real grammar; for cmd the quotes pair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.collect.bundle import BundleSource
from wizard.diagnose import Options, diagnose
from wizard.model.remedy import Run, Shell
from wizard.present.quoting import command

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
FOLDERS = sorted(each.parent for each in SCENARIOS.glob("*/bundle.toml") if 'platform = "windows"' in each.read_text())


def steps() -> Iterator[Run]:
    """All steps, undo steps and alternatives of all scenarios."""
    for folder in FOLDERS:
        report = diagnose("5000", BundleSource(folder), Options(vantage="192.168.1.20"))
        for plan in (*report.plan, *report.alternatives):
            yield from (each for each in (*plan.steps, *plan.undo) if isinstance(each, Run) and each.where == "here")


def parser() -> object:
    tree_sitter = pytest.importorskip("tree_sitter")
    return tree_sitter.Parser(tree_sitter.Language(pytest.importorskip("tree_sitter_pwsh").language()))


def is_one_pipeline(reader: object, line: str) -> bool:
    """Whether PowerShell reads it without an error."""
    return not reader.parse(line.encode("utf-8", "surrogatepass")).root_node.has_error  # type: ignore[attr-defined]


def test_every_step_is_for_a_shell_of_windows_and_parses() -> None:
    reader = parser()
    found = list(steps())
    assert len(found) > 50
    assert {each.shell for each in found} == {Shell.POWERSHELL, Shell.CMD}
    for step in found:
        line = command(step)
        if step.shell is Shell.POWERSHELL:
            assert is_one_pipeline(reader, line), line
        else:
            assert line.count('"') % 2 == 0
            assert line.split()[0] in ("netsh", "net"), line


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.lists(words, min_size=1, max_size=3))
def test_no_argument_ends_a_command_or_begins_another(arguments: list[str]) -> None:
    reader = parser()
    line = command(Run(("Disable-NetFirewallRule", "-Name", *arguments), shell=Shell.POWERSHELL))
    assert is_one_pipeline(reader, line), line
    assert "\n" not in line
