"""`wizard trace` on big rulesets: against the time that `nft -j list ruleset` itself takes, and against its own size.

Ratios of medians in one run, alternating, so that a busy machine slows both sides.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest

from tests.build import facts
from tests.live.conftest import skip_without
from tests.live.lab import CLIENT, PROJECT, SERVER, Lab
from wizard.firewalls import read
from wizard.judge.trace import trace as traced
from wizard.model.capture import Capture
from wizard.model.facts import Facts
from wizard.model.packet import Packet

pytestmark = pytest.mark.bench

ROUNDS = 3
RULES, ELEMENTS, PACKETS = 20_000, 100_000, 20_000
LEAST_PER_SECOND = 2_500
"""5,000 are asked of a quiet machine, and printed; a busy one must not fail for its load."""


@pytest.fixture
def lab() -> Iterator[Lab]:
    skip_without("nft", "ufw", "iptables")
    with Lab() as made:
        yield made


def big(rules: int, elements: int) -> str:
    """A table whose rules concern other ports, with a set of addresses that the client is not in."""
    addresses = ", ".join(f"172.{16 + n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(elements))
    lines = "\n".join(
        f"    ip saddr 10.{n // 250 % 250}.{n % 250}.0/24 tcp dport {6000 + n % 9000} drop" for n in range(rules)
    )
    return (
        "table inet big {\n"
        f"  set listed {{ type ipv4_addr; elements = {{ {addresses} }}; }}\n"
        "  chain input { type filter hook input priority 0; policy accept;\n"
        f"    ip saddr @listed drop\n{lines}\n  }}\n}}\n"
    )


def load(lab: Lab, rules: int, elements: int) -> None:
    (lab.folder / "big.nft").write_text("flush ruleset\n" + big(rules, elements))
    lab.run(["nft", "-f", str(lab.folder / "big.nft")])


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def trace(lab: Lab, *words: str) -> str:
    command = [sys.executable, "-m", "wizard", "trace", *words]
    return str(lab.run(command, check=False, env={"PYTHONPATH": str(PROJECT)}).stdout)


def one(lab: Lab) -> float:
    def ask() -> None:
        told = json.loads(trace(lab, "--from", CLIENT, "--to", f"{SERVER}:5000", "--json"))
        assert told["outcome"] == "deliver", told

    return seconds(ask)


def test_a_trace_through_a_big_ruleset_costs_at_most_twice_its_listing(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    load(lab, RULES, ELEMENTS)
    one(lab)
    pairs = [(seconds(lambda: lab.run(["nft", "-j", "list", "ruleset"])), one(lab)) for _ in range(ROUNDS)]
    listing, traced = (statistics.median(side) for side in zip(*pairs, strict=True))
    with capsys.disabled():
        print(f"\n  nft -j {listing:.2f} s, wizard trace {traced:.2f} s, ratio {traced / listing:.2f}")
    assert traced / listing <= 2.0


def test_a_batch_through_ufw_is_fast(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.start_ufw(
        "allow 22/tcp", "deny from 10.77.0.77", "allow from 10.77.0.0/25 to any port 5000 proto tcp", "allow 80,443/tcp"
    )
    chance = random.Random(1)
    lines = [
        json.dumps({"src": f"10.77.0.{chance.randint(2, 250)}", "sport": chance.randint(1024, 65000), "dst": SERVER,
                    "dport": chance.choice((22, 80, 5000, chance.randint(1, 65535))), "proto": "tcp"})
        for _ in range(PACKETS)
    ]  # fmt: skip
    (lab.folder / "packets").write_text("\n".join(lines) + "\n")
    taken = min(seconds(lambda: trace(lab, "--batch", str(lab.folder / "packets"))) for _ in range(ROUNDS))
    with capsys.disabled():
        print(f"\n  {PACKETS} packets in {taken:.2f} s: {PACKETS / taken:.0f} verdicts a second, start included")
    assert PACKETS / taken >= LEAST_PER_SECOND


def test_cost_grows_linearly_with_rules_and_not_with_the_size_of_a_set(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the rules: reading them and tracing one packet. With a set: the trace alone, once it is read."""
    small, large, full = (_costs(lab, *size) for size in ((2_000, 1_000), (20_000, 1_000), (2_000, ELEMENTS)))
    rules, elements = large[0] / small[0], full[1] / small[1]
    with capsys.disabled():
        print(f"\n  ten times the rules: {rules:.1f} times; a hundred times the set: {elements:.2f} times")
    assert rules <= 15
    assert elements <= 2


def _costs(lab: Lab, rules: int, elements: int) -> tuple[float, float]:
    """Seconds for reading and the first trace, and for a later trace."""
    load(lab, rules, elements)
    names = ("iptables-save", "ip6tables-save", "ip-tables-names", "ip6-tables-names")
    listing = str(lab.run(["nft", "-j", "list", "ruleset"]).stdout)
    captures = {**{name: Capture(name, "") for name in names}, "nft-json": Capture("nft-json", listing)}
    packet = Packet(ip_address("192.168.1.20"), ip_address("192.168.1.100"), 5000, interface="eth0")

    def whole() -> Facts:
        rulesets, unread = read(captures)
        known = facts(rulesets=rulesets, unreadable_rulesets=unread)
        assert traced(known, packet, False).outcome == "deliver"
        return known

    gc.disable()  # as the one-shot commands have it, nearly
    try:
        first = min(seconds(whole) for _ in range(ROUNDS))
    finally:
        gc.enable()
    known = whole()
    return first, statistics.median(seconds(lambda: traced(known, packet, False)) for _ in range(15))
