"""The firewall model against this kernel: random rulesets of every engine, random first packets, and what comes back.

`WIZARD_PACKETS` sets how many packets each engine gets (10,000 before a release; a tenth of it otherwise), `WIZARD_SEED` the
first seed. A failure names its seed; a seed that once failed stands in `SEEDS`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from random import Random

import pytest

from tests.live.differential import Arena, Score, compare
from tests.live.random_rules import Iptables, Nft, packets

PACKETS = int(os.environ.get("WIZARD_PACKETS", "1000"))
PER_RULESET = 80
# Each of these once found the model wrong.
SEEDS = {
    "nftables": (0, 1),
    "iptables-nft": (6, 12, 18, 21, 27, 28, 135),
    "iptables-legacy": (6, 12, 28),
    "nftables and iptables-nft": (120, 144, 2040),
    "nftables and iptables-legacy": (106, 109, 120, 126),
}


def _nft(arena: Arena, random: Random) -> None:
    arena.on_server("nft", "-f", "-", text=Nft(random).text)


def _iptables(flavour: str) -> Callable[[Arena, Random], None]:
    def load(arena: Arena, random: Random) -> None:
        rules = Iptables(random)
        arena.on_server("ipset", "restore", text=rules.ipsets)
        arena.on_server(f"iptables{flavour}-restore", text=rules.four)
        arena.on_server(f"ip6tables{flavour}-restore", text=rules.six)

    return load


def _both(flavour: str) -> Callable[[Arena, Random], None]:
    def load(arena: Arena, random: Random) -> None:
        _nft(arena, random)
        _iptables(flavour)(arena, random)

    return load


LOADERS: dict[str, Callable[[Arena, Random], None]] = {
    "nftables": _nft,
    "iptables-nft": _iptables(""),
    "iptables-legacy": _iptables("-legacy"),
    "nftables and iptables-nft": _both(""),
    "nftables and iptables-legacy": _both("-legacy"),
}
# Which of two engines at one priority comes first, the kernel tells nobody.
MOST_UNKNOWN = {"nftables and iptables-legacy": 0.08}


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with Arena() as made:
        yield made


def _play(arena: Arena, engine: str, seed: int, score: Score) -> None:
    """One random ruleset and its packets; rules that this system cannot load are no case."""
    random = Random(seed)
    arena.clear()
    try:
        LOADERS[engine](arena, random)
    except RuntimeError:
        return
    compare(arena, packets(arena, random, PER_RULESET), score, f"seed {seed}")


@pytest.mark.needs("nft", "iptables", "ipset", "ip")
@pytest.mark.parametrize("engine", LOADERS)
@pytest.mark.timeout(900)
def test_the_model_agrees_with_the_kernel(arena: Arena, engine: str) -> None:
    score = Score()
    first = int(os.environ.get("WIZARD_SEED", time.time_ns() % 1_000_000))
    seed = first
    while score.asked < PACKETS and seed < first + 4 * PACKETS // PER_RULESET + 20:
        _play(arena, engine, seed, score)
        seed += 1
    assert not score.wrong, "\n".join(score.wrong[:20])
    assert score.asked >= PACKETS
    assert score.unknown <= MOST_UNKNOWN.get(engine, 0.01) * score.asked, f"{score.unknown} of {score.asked} unknown"


@pytest.mark.needs("nft", "iptables", "ipset", "ip")
@pytest.mark.parametrize(("engine", "seed"), [(engine, seed) for engine, seeds in SEEDS.items() for seed in seeds])
def test_what_once_was_wrong_stays_right(arena: Arena, engine: str, seed: int) -> None:
    score = Score()
    _play(arena, engine, seed, score)
    assert not score.wrong, "\n".join(score.wrong[:20])


@pytest.mark.needs("ip", "nft")
def test_routes_and_source_checks_agree(arena: Arena) -> None:
    """Martians, rp_filter in its three modes, refusing routes, broadcast: without any rule of a firewall."""
    arena.clear()
    score = Score()
    sources = ("10.77.0.2", "8.8.8.8", "10.77.0.1", "127.0.0.1", "224.0.0.1", "0.0.0.0", "0.1.2.3", "10.77.0.255", "10.78.0.9")
    targets = ("10.77.0.1", "10.78.0.1", "10.78.0.2", "127.0.0.1", "10.77.0.255", "0.0.0.0", "224.0.0.5")
    try:
        for mode in (0, 1, 2):
            arena.on_server("sysctl", "-qw", f"net.ipv4.conf.veth-s.rp_filter={mode}")
            compare(arena, [arena.packet(s, d, 22) for s in sources for d in targets], score, f"rp_filter {mode}")
        refusing = ("10.80.0.1", "10.81.0.1", "10.82.0.1")
        compare(arena, [arena.packet("10.77.0.2", d, 22) for d in refusing], score, "refusing route")
        refusing6 = ("fd80::1", "fd81::1", "fd82::1")
        compare(arena, [arena.packet("fd77::2", d, 22) for d in refusing6], score, "refusing route")
    finally:
        arena.on_server("sysctl", "-qw", "net.ipv4.conf.veth-s.rp_filter=0")
    assert not score.wrong, "\n".join(score.wrong)
    assert score.unknown == 0
