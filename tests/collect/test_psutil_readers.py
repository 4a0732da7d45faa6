"""psutil's readers answer on any platform, this one included, in the form that the parsers read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from wizard.collect.readers import psutil_interfaces, psutil_processes, windows_variables, windows_version
from wizard.parse import processes
from wizard.parse import psutil_interfaces as parse_interfaces


def test_this_process_is_among_the_processes() -> None:
    found = processes.parse(psutil_processes.read())
    assert not found.unread
    own = found.value[os.getpid()]
    assert own.argv and own.cwd == str(Path.cwd())
    assert own.started == pytest.approx(psutil.Process().create_time(), abs=1)


def test_only_variables_that_matter_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"PORT": "5000", "port": "1", "FLASK_SECRET_KEY": "x"}
    process = psutil.Process()
    monkeypatch.setattr(psutil.Process, "environ", lambda self: told)
    assert psutil_processes._environment(process) == {"PORT": "5000"}
    monkeypatch.setattr(sys, "platform", "win32")
    assert psutil_processes._environment(process) == {"PORT": "1"}


def test_what_may_not_be_read_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: psutil.Process) -> None:
        raise psutil.AccessDenied(self.pid)

    for name in ("exe", "cwd", "environ", "username"):
        monkeypatch.setattr(psutil.Process, name, refuse)
    told = psutil_processes._told(psutil.Process())
    assert [told[name] for name in ("exe", "cwd", "environment", "user")] == [None] * 4


def test_every_interface_is_one() -> None:
    found = parse_interfaces.parse(psutil_interfaces.read())
    assert not found.unread
    assert {each.name for each in found.value} == set(psutil.net_if_addrs())


def test_loopback_is_known_by_its_addresses() -> None:
    text = json.dumps({"name": "Loopback Pseudo-Interface 1", "addresses": ["127.0.0.1/8", "::1/128"], "up": True})
    (interface,) = parse_interfaces.parse(text).value
    assert interface.loopback and interface.carrier


def test_masks_become_lengths() -> None:
    assert psutil_interfaces._length("255.255.255.0") == "255.255.255.0"
    assert psutil_interfaces._length("ffff:ffff:ffff:ffff::") == "64"


def test_an_interface_that_is_not_understood_is_returned_unread() -> None:
    text = json.dumps({"name": "x", "addresses": ["nonsense"]}) + "\n[]\n"
    found = parse_interfaces.parse(text)
    assert not found.value
    assert len(found.unread) == 2


def test_folders_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SystemRoot", r"C:\Windows")
    assert "SystemRoot=C:\\Windows\n" in windows_variables.read()
    assert "system=" in windows_version.read()
