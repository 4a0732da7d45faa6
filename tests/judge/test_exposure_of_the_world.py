"""Exposure on rulesets that people have really written, where they are at hand: it reads each without an exception, and
every single address asked meets what its class was said to meet."""

from __future__ import annotations

import random
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests import build
from tests.judge.test_exposure import FORWARDS, door, iptables_save
from wizard.firewalls.nftables import read as nft_json
from wizard.firewalls.nftables import text as nft
from wizard.judge.exposure import exposure
from wizard.judge.trace import reply, trace
from wizard.model.exposure import From, Reach
from wizard.model.facts import Facts, Proto
from wizard.model.packet import Packet
from wizard.model.ruleset import Ruleset

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
FOLDERS = ("iptables-save", "nft", "nft-github-corpus", "nft-json", "docker-doc")
LARGEST = 400_000
NEAR = ("192.168.1.2", "192.168.1.5", "192.168.1.10", "192.168.1.50", "192.168.1.200", "192.168.1.254")
FAR = ("8.8.8.8", "10.1.2.3", "172.16.5.5", "1.2.3.4", "200.1.2.3", "192.168.0.7", "100.64.1.1")


def files() -> list[Path]:
    found = (path for folder in FOLDERS for path in sorted((DATA / folder).rglob("*")))
    return [path for path in found if path.is_file() and path.stat().st_size < LARGEST and "ip6tables" not in path.name]


def ruleset(path: Path) -> Ruleset:
    text = path.read_text(errors="replace")
    if path.suffix == ".json":
        return nft_json.read(text)
    return iptables_save(text) if "*filter" in text or "*nat" in text else nft.read(text)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_address_meets_what_was_said(folder: str) -> None:
    read = [path for path in files() if path.is_relative_to(DATA / folder)]
    if not read:
        pytest.skip(f"no {folder} at hand")
    listeners = (build.listener("::", 22), build.listener(port=80), build.listener("127.0.0.1", 5432))
    wrong = []
    for path in read:
        facts = build.facts(rulesets=(ruleset(path),), listeners=listeners, sysctls=FORWARDS)
        found = exposure(facts)
        for port in (22, 80):
            for reach in door(found, port).reach:
                if reach.family == 4 and reach.place is not From.MACHINE and not reach.left_out:
                    wrong += [f"{path.name} {port} {each}" for each in differing(facts, reach, port)]
    assert not wrong


def differing(facts: Facts, reach: Reach, port: int) -> list[str]:
    """The senders that meet something else when they are traced alone; where the class is unknown, nothing was said."""
    others = [str(ip_address(random.Random(port).getrandbits(27) + (11 << 24))) for _ in range(3)]
    wrong = []
    for text in NEAR if reach.place is From.NETWORK else (*FAR, *others):
        sender = ip_address(text)
        doubt = any(
            each.verdict == "unknown" and (each.left_out or any(sender in net for net in each.sources))
            for each in reach.treatments
        )
        packet = Packet(sender, ip_address(build.SERVER), port, Proto.TCP, 40000, "eth0")
        if not doubt and arrives(facts, packet) is not any(sender in each for each in reach.sources):
            wrong.append(text)
    return wrong


def arrives(facts: Facts, packet: Packet) -> bool:
    decision = trace(facts, packet, explain=False)
    to = (decision.to.address, decision.to.port)
    if decision.outcome != "deliver" or to != (packet.destination, packet.destination_port):
        return False
    return reply(facts, packet, decision).outcome == "deliver"
