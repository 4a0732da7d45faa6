"""`wizard check` against the ten commands that a person would run by hand, one after another, on the same machine.

The machine is a lab with ufw switched on and a server that listens. Medians of several rounds in one run, alternating,
so that a busy machine slows both. `--no-probe` on the one side, a curl to 127.0.0.1 (no network wait) on the other.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator

import pytest

from tests.live.conftest import skip_without
from tests.live.faults import servers
from tests.live.lab import CLIENT, PROJECT, Lab

pytestmark = pytest.mark.bench

ROUNDS = int(os.environ.get("WIZARD_BENCH_ROUNDS", "7"))
MOST = 2.0

TEN = (
    "ss -H -ltnpe",
    "lsof -nP -iTCP -sTCP:LISTEN",
    "ufw status verbose",
    "nft -j list ruleset",
    "iptables-save",
    "ip6tables-save",
    "ip -j addr",
    f"ip route get {CLIENT}",
    "ip neigh",
    "curl -s -o /dev/null --noproxy * http://127.0.0.1:5000/",
)


@pytest.fixture
def machine() -> Iterator[Lab]:
    skip_without("ss", "lsof", "ufw", "nft", "iptables", "curl")
    with Lab() as lab:
        lab.start_ufw("allow 22/tcp", "allow 80,443/tcp", "allow from 10.77.0.0/24 to any port 5000 proto tcp")
        servers.http_server("127.0.0.1").start(lab)
        yield lab


def _ten(lab: Lab) -> float:
    started = time.perf_counter()
    for command in TEN:
        lab.run(command.split(), check=False)
    return time.perf_counter() - started


def _check(lab: Lab) -> float:
    started = time.perf_counter()
    done = lab.run(
        [sys.executable, "-m", "wizard", "check", "5000", "--no-probe", "--from", CLIENT], check=False,
        env={"PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    seconds = time.perf_counter() - started
    assert done.returncode == 1, done.stdout + done.stderr
    return seconds


def test_check_takes_at_most_twice_the_ten_commands(machine: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    _ten(machine), _check(machine)  # the first round warms the page cache and the bytecode
    pairs = [(_ten(machine), _check(machine)) for _ in range(ROUNDS)]
    by_hand = statistics.median(ten for ten, _ in pairs)
    wizard = statistics.median(check for _, check in pairs)
    with capsys.disabled():
        print(
            f"\n  ten commands {by_hand * 1000:.0f} ms, wizard check {wizard * 1000:.0f} ms, ratio {wizard / by_hand:.2f}"
        )
    assert wizard / by_hand <= MOST
