"""The firewall model against this kernel: random rulesets of every engine, random first packets, and what comes back.

`WIZARD_PACKETS` sets how many packets each engine gets (10,000 before a release; a tenth of it otherwise), `WIZARD_SEED` the
first seed. A failure names its seed; a seed that once failed stands in `SEEDS`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import Any

import pytest

from tests.live.differential import SERVER_LINK, Arena, Score, compare, monitored
from tests.live.random_frontends import load_firewalld, load_ufw
from tests.live.random_more import MoreIptables, more_nft_commands
from tests.live.random_rules import Iptables, Nft, packets
from wizard.firewalls.nftables import read as nft_json
from wizard.firewalls.nftables import text as nft_text
from wizard.judge.trace import trace
from wizard.model.packet import Packet
from wizard.model.ruleset import Chain

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


Load = Callable[[Arena, Random], None]


def _nft(arena: Arena, random: Random) -> None:
    arena.on_server("nft", "-f", "-", text=Nft(random).text)


def _more_nft(arena: Arena, random: Random, shift: int = 0) -> None:
    for text in more_nft_commands(random, shift):
        arena.on_server("nft", "-f", "-", text=text)


def _iptables(flavour: str, kind: type[Iptables] = Iptables) -> Load:
    def load(arena: Arena, random: Random) -> None:
        rules = kind(random)
        arena.on_server("ipset", "restore", text=rules.ipsets)
        arena.on_server(f"iptables{flavour}-restore", text=rules.four)
        arena.on_server(f"ip6tables{flavour}-restore", text=rules.six)

    return load


def _both(flavour: str) -> Load:
    def load(arena: Arena, random: Random) -> None:
        _nft(arena, random)
        _iptables(flavour)(arena, random)

    return load


def _more_of_both(flavour: str) -> Load:
    """In either order. Mostly at other priorities than legacy's, since at one priority their order may be untold."""

    def load(arena: Arena, random: Random) -> None:
        shift = random.choice((-5, -5, 5, 5, 5, 5, 0)) if flavour else 0
        steps: list[Load] = [partial(_more_nft, shift=shift), _iptables(flavour, MoreIptables)]
        for step in random.sample(steps, 2):
            step(arena, random)

    return load


# Fresh seeds; the seeds above were found with these.
LOADERS: dict[str, Load] = {
    "nftables": _nft,
    "iptables-nft": _iptables(""),
    "iptables-legacy": _iptables("-legacy"),
    "nftables and iptables-nft": _both(""),
    "nftables and iptables-legacy": _both("-legacy"),
}
# Rarer things: the same rulesets each time, fresh ones where `WIZARD_SEED` asks for them.
MORE: dict[str, Load] = {
    "nftables": _more_nft,
    "iptables-nft": _iptables("", MoreIptables),
    "iptables-legacy": _iptables("-legacy", MoreIptables),
    "nftables and iptables-nft": _more_of_both(""),
    "nftables and iptables-legacy": _more_of_both("-legacy"),
}
FIRST_MORE = 300_000


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with Arena() as made:
        yield made


def _play(arena: Arena, load: Load, seed: int, score: Score) -> None:
    """One random ruleset and its packets; rules that this system cannot load are no case."""
    random = Random(seed)
    arena.clear()
    try:
        load(arena, random)
    except RuntimeError:
        return
    compare(arena, packets(arena, random, PER_RULESET), score, f"seed {seed}")


@pytest.mark.needs("nft", "iptables", "ipset", "ip")
@pytest.mark.parametrize("engine", LOADERS)
@pytest.mark.timeout(900)
def test_the_model_agrees_with_the_kernel(arena: Arena, engine: str) -> None:
    _agrees(arena, LOADERS[engine], int(os.environ.get("WIZARD_SEED", time.time_ns() % 1_000_000)), PACKETS // 2)


@pytest.mark.needs("nft", "iptables", "ipset", "ip")
@pytest.mark.parametrize("engine", MORE)
@pytest.mark.timeout(3600)
def test_rarer_rules_agree_with_the_kernel(arena: Arena, engine: str) -> None:
    _agrees(arena, MORE[engine], int(os.environ.get("WIZARD_SEED", FIRST_MORE)), PACKETS // 2)


def _agrees(arena: Arena, load: Load, first: int, count: int) -> None:
    score, seed = Score(), first
    while score.asked < count and seed < first + 4 * count // PER_RULESET + 20:
        _play(arena, load, seed, score)
        seed += 1
    assert not score.wrong, "\n".join(score.wrong[:20])
    assert score.asked >= count
    assert score.unknown <= most_unknown(score.asked), f"{score.unknown} of {score.asked} unknown"


def most_unknown(asked: int) -> float:
    """One in a hundred; a ruleset more where few are tried, since one odd rule may leave all its packets open."""
    return 0.01 * asked + (2 * PER_RULESET if asked < 5_000 else 0)


@pytest.mark.needs("nft", "iptables", "ipset", "ip")
@pytest.mark.parametrize(("engine", "seed"), [(engine, seed) for engine, seeds in SEEDS.items() for seed in seeds])
def test_what_once_was_wrong_stays_right(arena: Arena, engine: str, seed: int) -> None:
    score = Score()
    _play(arena, LOADERS[engine], seed, score)
    assert not score.wrong, "\n".join(score.wrong[:20])


@pytest.mark.needs("ufw", "ip", "nft", "unshare")
@pytest.mark.timeout(900)
def test_what_ufw_makes_of_commands(arena: Arena) -> None:
    _front_end(arena, load_ufw, max(1, PACKETS // 400))


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon", "ip", "nft", "unshare")
@pytest.mark.timeout(900)
def test_what_firewalld_makes_of_commands(arena: Arena) -> None:
    _front_end(arena, load_firewalld, max(1, PACKETS // 400))


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon", "ip", "nft", "iptables", "ipset", "unshare")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [0, 7])
def test_firewalld_says_the_same_through_nftables_and_through_iptables(arena: Arena, seed: int) -> None:
    """One configuration, two backends: who gets in is the same (how a refusal is worded is not: host-prohibited there is
    admin-prohibited here), and each backend's rules do in this kernel what the model says."""
    outcomes = []
    score = Score()
    asked = packets(arena, Random(seed), 120)
    for backend in ("nftables", "iptables"):
        arena.clear()
        load_firewalld(arena, Random(seed), backend)
        compare(arena, asked, score, f"seed {seed}, {backend}")
        facts = arena.facts()
        outcomes.append([trace(facts, packet).outcome for packet in asked])
    assert not score.wrong, "\n".join(score.wrong[:20])
    assert outcomes[0] == outcomes[1]


def _front_end(arena: Arena, load: Load, rulesets: int) -> None:
    score = Score()
    first = int(os.environ.get("WIZARD_SEED", time.time_ns() % 1_000_000))
    for seed in (0, *range(first, first + rulesets)):
        random = Random(seed)
        arena.clear()
        load(arena, random)
        compare(arena, packets(arena, random, 200), score, f"seed {seed}")
    assert not score.wrong, "\n".join(score.wrong[:20])
    assert score.unknown <= most_unknown(score.asked)


@pytest.mark.needs("ip", "nft")
@pytest.mark.parametrize("seed", range(5))
def test_json_text_and_the_rules_own_words_say_the_same(arena: Arena, seed: int) -> None:
    """Three ways to the same model: nft's JSON, nft's text, and the text that each rule read from JSON is shown as."""
    arena.clear()
    _nft(arena, Random(seed))
    shown = nft_json.read(arena.on_server("nft", "-j", "list", "ruleset"))
    listed = nft_text.read(arena.on_server("nft", "list", "ruleset"))
    assert not shown.unread and not listed.unread
    for one, other in zip(shown.tables, listed.tables, strict=True):
        assert _meanings(one.chains) == _meanings(other.chains)
        for chain in one.chains.values():
            for rule in chain.rules:
                again = nft_json.rule_from_text(rule.text, one)
                assert [_meaning(s) for s in again.statements] == [_meaning(s) for s in rule.statements], rule.text


def _meanings(chains: Mapping[str, Chain]) -> list[Any]:
    rules = [(name, chain.base, rule) for name, chain in chains.items() for rule in chain.rules]
    # nft 1.0.6 leaves the devices of ingress chains out of its JSON.
    places = [(name, base and (base.hook, base.priority, base.type, base.policy), rule) for name, base, rule in rules]
    return [(name, place, [_meaning(s) for s in rule.statements]) for name, place, rule in places]


def _meaning(statement: Any) -> Any:
    """A statement without the words it was printed with."""
    if isinstance(statement, tuple):
        return tuple(_meaning(each) for each in statement)
    if not hasattr(statement, "__struct_fields__"):
        return statement
    names = [name for name in statement.__struct_fields__ if name != "text"]
    return (type(statement).__name__, *((name, _meaning(getattr(statement, name))) for name in names))


@pytest.mark.needs("ip", "nft", "stdbuf")
@pytest.mark.timeout(300)
def test_the_deciding_rule_is_the_one_that_the_kernel_names(arena: Arena) -> None:
    """`nft monitor trace` names the rule that ended a packet; so does the model."""
    compared = 0
    for seed in range(6):
        arena.clear()
        _nft(arena, Random(seed))
        rule = f"iif {SERVER_LINK} meta nftrace set 1"
        watched = f"table inet zz {{ chain t {{ type filter hook prerouting priority -500; {rule}; }}; }}\n"
        arena.on_server("nft", "-f", "-", text=watched)
        facts = arena.facts()
        asked = packets(arena, Random(seed), 40)
        heard: dict[Packet, tuple[str, str, str]] = {}
        for patience in (0.5, 4.0, 15.0):
            heard = heard or monitored(arena, asked, patience)
        for packet, (table, chain, words) in heard.items():
            decision = trace(facts, packet)
            if decision.by is None or decision.outcome not in ("drop", "reject") or "verdict drop" not in words:
                continue
            said = re.sub(r"packets \d+ bytes \d+", "", words.removeprefix("rule "))
            rule = re.sub(r"packets \d+ bytes \d+", "", decision.by.rule)
            assert (decision.by.table, decision.by.chain) == (table, chain), f"seed {seed}: {packet}"
            assert said.split("(verdict")[0].split() == rule.split(), f"seed {seed}: {packet}"
            compared += 1
    assert compared > 20


@pytest.mark.needs("ip", "nft")
def test_routes_and_source_checks_agree(arena: Arena) -> None:
    """Martians, rp_filter in its three modes, refusing routes, broadcast: without any rule of a firewall."""
    arena.clear()
    score = Score()
    sources = (
        "10.77.0.2",
        "8.8.8.8",
        "10.77.0.1",
        "127.0.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "10.77.0.255",
        "10.78.0.9",
    )
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
