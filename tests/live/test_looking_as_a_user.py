"""The live source as an ordinary user, and into other network namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from wizard.collect.bundle import BundleSource
from wizard.collect.live import LiveSource
from wizard.collect.probes_linux import PROBES
from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts
from wizard.parse import assemble

PROJECT = Path(__file__).resolve().parents[2]
NOBODY = 65534
SAVE = """
import sys
from wizard.collect.bundle import save
from wizard.collect.live import LiveSource
from wizard.collect.probes_linux import PROBES
source = LiveSource()
save(sys.argv[1], source, source.gather(PROBES))
"""
SERVE = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def runs(python: str) -> bool:
    """Whether an ordinary user may run this Python, and it is of this version (msgspec is compiled for one)."""
    check = [python, "-c", f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"]
    try:
        return subprocess.run(check, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/").returncode == 0
    except OSError:
        return False


def asked_as_a_user() -> BundleSource:
    """What an ordinary user's own wizard reads on this machine; collecting needs msgspec and the standard library."""
    python = next(filter(runs, (sys.executable, "/usr/bin/python3")), None)
    if python is None:
        pytest.skip("needs a Python of this version that an ordinary user may run")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PROJECT / "wizard", f"{folder}/code/wizard", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(Path(msgspec.__file__).parent, f"{folder}/code/msgspec")
        for each in (Path(folder), *Path(folder).rglob("*")):
            os.chown(each, NOBODY, NOBODY)
        environment = {"PYTHONPATH": f"{folder}/code", "PATH": "/usr/bin:/bin"}
        command = [python, "-c", SAVE, f"{folder}/b.zip"]
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        run = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, **who)  # type: ignore[call-overload]
        assert run.returncode == 0, run.stderr
        return BundleSource(f"{folder}/b.zip")


def facts(source: BundleSource | LiveSource) -> Facts:
    return assemble.facts(source.gather(PROBES), source.platform, source.taken_at, source.privileged)


@pytest.mark.needs("ss", "ip", "nft", "iptables-save")
def test_an_ordinary_user_learns_all_that_needs_no_root() -> None:
    source = asked_as_a_user()
    assert not source.privileged
    # An ordinary user's PATH has no sbin, where ip and nft live: they are found all the same.
    assert isinstance(source.captures["ip-addresses"], Capture)
    refused = {name for name, answer in source.captures.items() if isinstance(answer, Unknown)}
    allowed = {probe.name for probe in PROBES if probe.needs_root}
    assert refused <= allowed
    assert {"nft-json", "iptables-save", "foreign-listeners"} <= refused
    for name in refused:
        answer = source.captures[name]
        assert isinstance(answer, Unknown)
        assert answer.reason and answer.remedy.startswith("sudo "), name
    read = facts(source)
    assert not isinstance(read.listeners, Unknown) and not isinstance(read.processes, Unknown)
    assert read.processes[1].argv and read.processes[1].environment is None


@pytest.mark.needs("unshare", "ip")
def test_a_listener_in_another_namespace_is_seen_with_its_owner() -> None:
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$0" -c "$1"', sys.executable, SERVE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None and server.stdin is not None
        port = int(server.stdout.readline())
        read = facts(LiveSource())
        namespace = Path(f"/proc/{server.pid}/ns/net").stat().st_ino
        server.stdin.close()
    assert not isinstance(read.foreign_listeners, Unknown) and not isinstance(read.processes, Unknown)
    found = [each for each in read.foreign_listeners if (each.port, each.namespace) == (port, namespace)]
    assert len(found) == 1
    assert str(found[0].address) == "127.0.0.1"
    assert [owner.pid for owner in found[0].owners or ()] == [server.pid]
    assert read.processes[server.pid].namespace == namespace
    assert read.processes[os.getpid()].namespace is None
