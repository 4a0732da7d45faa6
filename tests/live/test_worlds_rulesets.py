"""The world's own rulesets (../shared/data, where present) in this kernel: aimed packets meet what the model says.

Of each folder a twentieth is tried, chosen anew each time; `WIZARD_WORLD=all` tries all. Interfaces get the arena's names.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from random import Random

import pytest

from tests.live.differential import (
    BACK_LINK,
    BACKEND4,
    PORTS,
    SECOND4,
    SERVER4,
    SERVER6,
    SERVER_LINK,
    Arena,
    Score,
    compare,
)
from wizard.model.packet import Packet

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
FOLDERS = ("iptables-save", "verdict_corpus", "nft", "nft-github-corpus", "nft-tests-1.0.6")
LARGEST = 400_000
PACKETS = 200
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the collected rulesets are not here")
_RULE = re.compile(r"^\s*(\[\d+:\d+\]\s*)?-A ", re.MULTILINE)
_INTERFACE = re.compile(r'(?<= -[io] )[^\s+]+\+?|(?<=[io]ifname )"?[\w.@-]+"?|(?<=[io]if )"?[\w.@-]+"?')
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\d.])")
_PORT = re.compile(r"(?:dports?|ports|--to-ports?)\s+\{?\s*(\d{1,5})")


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with Arena() as made:
        yield made


def chosen(folder: str) -> list[Path]:
    found = sorted(path for path in (DATA / folder).rglob("*") if path.is_file() and path.stat().st_size < LARGEST)
    if os.environ.get("WIZARD_WORLD") == "all":
        return found
    return Random(int(os.environ.get("WIZARD_SEED", time.time_ns()))).sample(found, len(found) // 20)


def renamed(text: str) -> str:
    """The two interfaces named most become the arena's."""
    named = Counter(
        name.strip('"') for name in _INTERFACE.findall(text) if name.strip('"') not in ("lo", "lo0", "{", "!=")
    )
    ours = dict(zip([name for name, _ in named.most_common(2)], (SERVER_LINK, BACK_LINK), strict=False))
    return _INTERFACE.sub(lambda match: ours.get(match[0].strip('"'), match[0]), text)


def load(arena: Arena, text: str, six: bool) -> bool:
    """Whether this system takes the ruleset."""
    arena.clear()
    try:
        if _RULE.search(text):
            arena.on_server(f"ip{'6' * six}tables-legacy-restore", text=text)
        else:
            arena.on_server("nft", "-f", "-", text=text)
    except RuntimeError:
        return False
    return bool(arena.on_server("nft", "list", "ruleset").strip() or _RULE.search(text))


def aimed(arena: Arena, text: str, random: Random, count: int) -> list[Packet]:
    """Packets from the ruleset's own addresses, to its own ports and translated addresses."""
    sources = [*filter(None, (_one_of(each, random) for each in _ADDRESS.findall(text))), "10.77.0.2", "8.8.8.8"]
    ports = [int(port) for port in _PORT.findall(text) if 0 < int(port) < 65536] + [22, 80, 5000]
    packets = []
    for number in range(count):
        proto = random.choice(("tcp", "tcp", "udp"))
        if number % 5 == 4:
            packets.append(
                arena.packet(random.choice(("fd77::2", "2001:db8::5")), SERVER6, random.choice(ports), proto)
            )
            continue
        target = random.choice((SERVER4, SERVER4, SECOND4, BACKEND4))
        port = random.choice(ports if proto == "tcp" else PORTS)
        packets.append(arena.packet(random.choice(sources), target, port, proto))
    return packets


def _one_of(text: str, random: Random) -> str:
    """An address of the network that a machine may send from; empty where none is."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return ""
    found = ip_address(int(network.network_address) + random.randrange(min(network.num_addresses, 1 << 16)))
    odd = found.is_multicast or found.is_loopback or int(found) >> 24 in (0, 255) or int(found) >> 28 == 15
    return "" if odd or str(found).startswith(("10.77.", "10.78.", "10.8")) else str(found)


@pytest.mark.needs("ip", "nft", "iptables")
@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.timeout(3600)
def test_the_kernel_agrees(arena: Arena, folder: str) -> None:
    score, loaded, tried = Score(), 0, chosen(folder)
    for path in tried:
        text = renamed(path.read_text(errors="replace"))
        if "\0" in text or not load(arena, text, "v6" in path.name or "ip6" in path.name):
            continue
        loaded += 1
        compare(arena, aimed(arena, text, Random(path.name), PACKETS), score, path.name)
    print(f"{folder}: {loaded} of {len(tried)} load; {score.asked} packets, {score.unknown} unknown")
    assert not score.wrong, "\n".join(score.wrong[:20])
