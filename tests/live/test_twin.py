"""The copy of a machine's network: this kernel agrees with the model before and after a plan; nothing outside changes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.live.build_fault import broken
from tests.live.conftest import skip_without
from tests.live.faults import everything
from tests.live.lab import CLIENT, SERVER, Lab

FAULTS = {fault.name: fault for fault in everything()}
_DROPS = "table inet t {\n chain c {\n  type filter hook input priority 0; policy drop;\n }\n}\n"
REHEARSED = (
    "ufw--reject-one-client",
    "firewalld--open-in-another-zone",
    "firewalld--panic-mode",
    "nft--reject-at-the-end",
    "iptables-legacy--reject",
    "ipset--ban-legacy",
    "two-firewalls--firewalld-allows-iptables-drops",
    "docker--forward-policy-drops",
    "several--raw-filter-and-loopback",
)


@pytest.mark.parametrize("name", REHEARSED)
def test_the_kernel_agrees_before_and_after_the_plan(name: str) -> None:
    fault = FAULTS[name]
    skip_without(*fault.needs, *(need for server in fault.serve for need in server.needs))
    with broken(fault) as lab:
        before = lab.snapshot()
        _, report = lab.check(fault.target, *fault.options, "--rehearse", ns=fault.ns)
        assert lab.snapshot() == before
    rehearsal = report["rehearsal"]
    assert rehearsal["agrees"], rehearsal
    assert rehearsal["opens"], rehearsal
    assert rehearsal["before"]["outcome"] in ("drop", "reject")
    assert "kernel" in report["plan"][0]["proved_by"]


def _wizard(lab: Lab, *words: str, user: tuple[str, ...] = ()) -> Any:
    argv = [*lab.enter("server"), *user, sys.executable, "-m", "wizard", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


@pytest.mark.needs("ufw")
def test_a_trace_with_its_twin_and_a_batch() -> None:
    with Lab() as lab:
        lab.start_ufw("allow 22/tcp", "reject 23/tcp")
        packets = [{"src": CLIENT, "dst": SERVER, "dport": port} for port in (22, 23, 24)]
        packets += [{"src": "fd77::2", "dst": "fd77::1", "dport": 22, "proto": "udp"}]
        file = lab.write("packets", "\n".join(map(json.dumps, packets)))
        done = _wizard(lab, "trace", "--batch", str(file), "--twin")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["twin"]["outcome"] for each in answers] == ["deliver", "reject", "drop", "drop"], done.stderr
    assert answers[1]["twin"]["reject_with"] == answers[1]["reject_with"] == "tcp-reset"
    assert all(each["twin"]["agrees"] for each in answers)


_RESETS = """table inet t {
 chain c {
  type filter hook input priority 0; policy drop;
  meta nfproto ipv6 reject with tcp reset
 }
}
"""


@pytest.mark.needs("nft")
def test_a_family_that_nft_does_not_list_is_copied_all_the_same() -> None:
    with Lab() as lab:
        lab.run(f"nft -f {lab.write('rules', _RESETS)}")
        ends = (CLIENT, SERVER), ("fd77::2", "fd77::1")
        file = lab.write("packets", "\n".join(json.dumps({"src": a, "dst": b, "dport": 22}) for a, b in ends))
        done = _wizard(lab, "trace", "--batch", str(file), "--twin")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["outcome"], each["twin"]["outcome"]) for each in told] == [("drop", "drop"), ("reject", "reject")]


@pytest.mark.needs("nft", "ufw", "setpriv")
def test_a_bundle_is_rehearsed_by_an_ordinary_user_or_it_is_said_why_not() -> None:
    with Lab() as lab:
        lab.start_ufw("allow 22/tcp")
        bundle = lab.write("nothing", "").with_name("machine.zip")
        assert _wizard(lab, "collect", "-o", str(bundle)).returncode == 0
        bundle.chmod(0o644)
        for folder in bundle.parents[:2]:
            folder.chmod(0o755)
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        line = ("trace", "--bundle", str(bundle), "--from", CLIENT, "--to", f"{SERVER}:5000", "--twin", "--json")
        done = _wizard(lab, *line, user=nobody)
    twin = json.loads(done.stdout)["twin"]
    assert twin["agrees"] is True or twin["trouble"], done


@pytest.mark.needs("nft")
def test_what_cannot_be_copied_is_said_and_the_models_answer_stands() -> None:
    with Lab() as lab:
        lab.run(f"nft -f {lab.write('rules', _DROPS)}")
        done = _wizard(lab, "trace", "--from", SERVER, "--to", f"{SERVER}:22", "--twin", "--json")
    told = json.loads(done.stdout)
    assert told["outcome"] == "deliver" or told["outcome"] == "drop"
    assert told["twin"]["agrees"] is None
    assert "another machine" in told["twin"]["trouble"]


@pytest.mark.needs("nft")
def test_ctrl_c_leaves_nothing_behind() -> None:
    with Lab() as lab:
        lab.run(f"nft -f {lab.write('rules', _DROPS)}")
        packet = json.dumps({"src": CLIENT, "dst": SERVER, "dport": 22})
        file = lab.write("packets", "\n".join([packet] * 500))
        argv = [*lab.enter("server"), sys.executable, "-m", "wizard", "trace", "--batch", str(file), "--twin"]
        running = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert running.stdout is not None
        assert running.stdout.readline().startswith("{")
        family = psutil.Process(running.pid).children(recursive=True)
        assert any("wizard.twin.worker" in each.cmdline() for each in family)
        wizard = next(each for each in family if each.cmdline()[1:4] == ["-m", "wizard", "trace"])
        wizard.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
        _, alive = psutil.wait_procs(family, timeout=60)
        assert not alive
