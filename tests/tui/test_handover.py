"""The private folder in which root's answer is waited for: only a whole bundle that nobody else could have put there."""

from __future__ import annotations

import os
import shlex
import stat
import zipfile
from ipaddress import ip_address
from pathlib import Path

import pytest

from wizard.cli import handover
from wizard.cli.handover import RootsFile, bring
from wizard.collect.bundle import save
from wizard.errors import WizardError
from wizard.model.capture import Capture, Probe, Unknown
from wizard.model.diagnosis import Target

TARGET = Target("http://192.168.1.100:5000/a b", 5000, vantage=ip_address("192.168.1.23"))


class Nothing:
    """A source that a bundle can be saved from."""

    platform, taken_at, privileged, live = "linux", 1.0, True, True

    def gather(self, probes: object, tell: object = None) -> dict[str, Capture | Unknown]:
        return {}


def _bundle(path: Path) -> None:
    save(path, Nothing(), {"x": Capture(Probe("x", "x").name, "answer")}, target="5000")


def test_the_command_is_one_line_for_a_shell_and_names_this_very_wizard(tmp_path: Path) -> None:
    words = shlex.split(RootsFile(TARGET, tmp_path).command)
    assert words[0] == "sudo" and Path(words[1]).is_absolute()
    assert words[words.index("--target") + 1] == TARGET.text
    assert words[words.index("--from") + 1] == "192.168.1.23"


def test_a_hostile_target_is_one_word_of_the_command(tmp_path: Path) -> None:
    hostile = Target("5000'; rm -rf / #", 5000)
    assert hostile.text in shlex.split(RootsFile(hostile, tmp_path).command)


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    assert stat.S_IMODE(RootsFile(TARGET, tmp_path).folder.stat().st_mode) == 0o700


def test_nothing_then_the_whole_bundle(tmp_path: Path) -> None:
    waiting = RootsFile(TARGET, tmp_path)
    assert waiting.arrived() is None
    _bundle(waiting.folder / "machine.zip")
    brought = waiting.arrived()
    assert brought is not None and brought.privileged and brought.target == "5000"


def test_the_scripts_archive_counts_once_it_is_whole(tmp_path: Path) -> None:
    waiting = RootsFile(TARGET, tmp_path)
    path = waiting.folder / "wizard-bundle-x.tar.gz"
    path.write_bytes(b"\x1f\x8b\x08half")
    path.chmod(0o600)
    assert waiting.arrived() is None
    path.unlink()
    _bundle(path)
    assert waiting.arrived() is not None


@pytest.mark.parametrize("what", ["link", "writable", "folder"])
def test_what_another_could_have_put_there_is_refused(tmp_path: Path, what: str) -> None:
    waiting = RootsFile(TARGET, tmp_path)
    path = waiting.folder / "machine.zip"
    if what == "link":
        _bundle(tmp_path / "elsewhere.zip")
        path.symlink_to(tmp_path / "elsewhere.zip")
    elif what == "folder":
        path.mkdir()
    else:
        _bundle(path)
        path.chmod(0o666)
    with pytest.raises(WizardError, match="is not used"):
        waiting.arrived()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_refused(tmp_path: Path) -> None:
    waiting = RootsFile(TARGET, tmp_path)
    _bundle(waiting.folder / "machine.zip")
    os.chown(waiting.folder / "machine.zip", 65534, 65534)
    with pytest.raises(WizardError, match="is not used"):
        waiting.arrived()


def test_a_damaged_zip_is_said(tmp_path: Path) -> None:
    waiting = RootsFile(TARGET, tmp_path)
    with zipfile.ZipFile(waiting.folder / "machine.zip", "w") as archive:
        archive.writestr("bundle.toml", "format = 7")
    (waiting.folder / "machine.zip").chmod(0o600)
    with pytest.raises(WizardError, match="another version"):
        waiting.arrived()


def test_a_path_as_it_is_pasted(tmp_path: Path) -> None:
    _bundle(tmp_path / "a case.zip")
    assert bring(f" '{tmp_path}/a case.zip' ").target == "5000"
    with pytest.raises(WizardError, match="There is no bundle"):
        bring(str(tmp_path / "gone.zip"))


def test_the_script_for_a_machine_without_python_is_found() -> None:
    assert Path(handover.script_path()).read_text(encoding="utf-8").startswith("#!/bin/sh")
