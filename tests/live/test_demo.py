"""The live practice cases, each in a network of its own so that no two want the same port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.lab import PROJECT
from wizard.demo import Case, cases

LIVE = [case for case in cases() if case.kind != "recorded"]
_LAN = "ip link set lo up; ip link add lan0 type veth peer name device0; ip addr add 10.78.0.1/24 dev lan0; "
_LAN += "ip link set lan0 up; ip link set device0 up; "
_SPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_ALONE = ("unshare", *_SPACES, "sh", "-e", "-c", _LAN + 'exec "$@"', "sh")
pytestmark = pytest.mark.needs("unshare", "ip", "nft", "openssl")


def demo(case: Case, *words: str) -> subprocess.Popen[str]:
    command = [*_ALONE, sys.executable, "-m", "wizard", "demo", case.name, *words]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("case", LIVE, ids=lambda case: case.name)
def test_a_live_case_is_found(case: Case) -> None:
    running = demo(case, "--json")
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert case.ref in [finding["ref"] for finding in json.loads(out)["findings"]]


def test_without_any_network_the_first_case_gets_one_of_its_own() -> None:
    lonely = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    command = [*lonely, sys.executable, "-m", "wizard", "demo"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "listens on 127.0.0.1 only" in done.stdout and "lan0" in done.stdout


def test_ctrl_c_ends_the_practice_server_too() -> None:
    case = next(case for case in cases() if case.name == "hung-app")
    running = subprocess.Popen(
        [*_ALONE, sys.executable, "-m", "wizard", "demo", case.name],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    while not (line := running.stderr.readline()).startswith("$ wizard"):
        assert line, "the case did not start"
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, ""), err
    late = time.monotonic() + 20
    while _group(running.pid) and time.monotonic() < late:
        time.sleep(0.05)
    assert not _group(running.pid)


def _group(leader: int) -> list[int]:
    """Processes of that session which still run."""
    found = []
    for name in (each.name for each in Path("/proc").iterdir() if each.name.isdigit()):
        try:
            fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(name))
    return found
