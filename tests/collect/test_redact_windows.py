"""A redacted bundle of a Windows machine comes out as the original, and names nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.collect.bundle import BundleSource, Kept
from wizard.collect.redact import redact
from wizard.diagnose import Options, diagnose
from wizard.model.capture import Capture
from wizard.model.report import Report

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
FOLDERS = sorted(each.parent for each in SCENARIOS.glob("*/bundle.toml") if 'platform = "windows"' in each.read_text())
NAMED = (
    '[{"ProcessId": 4242, "ParentProcessId": 900, "Name": "python.exe", '
    '"ExecutablePath": "C:\\\\Users\\\\wilhelmine\\\\py\\\\python.exe", '
    '"CommandLine": "C:\\\\Users\\\\wilhelmine\\\\py\\\\python.exe app.py", "CreationDate": null}]'
)


def report(source: Kept) -> Report:
    return diagnose("5000", source, Options(vantage="192.168.1.20"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_found_stays(folder: Path) -> None:
    source = BundleSource(folder)
    captures, _ = redact(source.captures, key=b"key")
    hidden = Kept(captures, source.platform, source.taken_at, source.privileged)
    before, after = report(source), report(hidden)
    assert (after.verdict, [each.ref for each in after.findings]) == (
        before.verdict,
        [each.ref for each in before.findings],
    )
    assert [plan.proved for plan in after.plan] == [plan.proved for plan in before.plan]


def test_a_users_folder_is_nobodys() -> None:
    captures = {
        "win32-process": Capture("win32-process", NAMED),
        "windows-version": Capture("v", "hostname=WILMAS-PC\n"),
    }
    found, _ = redact(captures, key=b"key")
    texts = "".join(each.text for each in found.values() if isinstance(each, Capture))
    assert "wilhelmine" not in texts.lower()
    assert "wilmas-pc" not in texts.lower()
    assert "python.exe" in texts
