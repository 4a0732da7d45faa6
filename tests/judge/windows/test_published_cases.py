"""Decision cases that others have published: block rules win, a default that allows, one packet through one hole."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from tests import build_windows as build
from wizard.judge.trace import trace
from wizard.model.facts import Proto
from wizard.model.packet import Packet

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "netsh-rules"
HOLE = "v2.30|Action={}|Active=TRUE|Dir=In|Protocol=6|LPort=80|RA4=192.168.1.1|RPort=128|Name={}|"


def outcome(rules: tuple[str, ...], packet: Packet, *, allow: bool = False) -> str:
    """What comes of a packet, with a default that allows or blocks; the packet's port is served."""
    listener = build.listener(port=packet.destination_port, proto=packet.proto)
    windows = build.windows(*rules, profiles=build.profiles(inbound_allowed=allow))
    return trace(build.facts(listeners=(listener,), windows=windows), packet).outcome


def packet(source: str = "192.168.1.1", port: int = 80, source_port: int = 128, proto: Proto = Proto.TCP) -> Packet:
    """As the published cases have it, to this machine."""
    return Packet(ip_address(source), ip_address(build.SERVER), port, proto, source_port, "Ethernet")


def test_one_allow_rule_lets_one_packet_in() -> None:
    rules = (HOLE.format("Allow", "X"),)
    assert outcome(rules, packet()) == "deliver"
    others = [packet("192.168.1.2"), packet(port=81), packet(source_port=129), packet(proto=Proto.UDP)]
    assert [outcome(rules, each) for each in others] == ["drop"] * 4


def test_of_two_rules_that_disagree_the_block_rule_wins() -> None:
    assert outcome((HOLE.format("Allow", "X"), HOLE.format("Block", "Y")), packet()) == "drop"


def test_a_default_that_allows_leaves_what_no_rule_blocks() -> None:
    rules = (
        "v2.30|Action=Block|Active=TRUE|Dir=In|RA4=0.0.0.0-128.0.0.0|Name=X|",
        "v2.30|Action=Block|Active=TRUE|Dir=In|RA4=128.0.0.2-255.255.255.255|Name=Y|",
    )
    assert outcome(rules, packet("128.0.0.1"), allow=True) == "deliver"
    assert outcome(rules, packet("128.0.0.0"), allow=True) == "drop"
    assert outcome(rules, packet("128.0.0.2"), allow=True) == "drop"


@pytest.mark.skipif(not (DATA / "z3_wf_export_firewall1.txt").exists(), reason="needs ../shared/data")
def test_two_exported_lists_differ_where_they_are_said_to() -> None:
    """The published pair differs in the remote address of its second rule alone."""

    def rules(name: str) -> tuple[str, ...]:
        rows = [line.split("\t") for line in (DATA / name).read_text().splitlines()[1:]]
        return tuple(
            f"v2.30|Action={row[2]}|Active={'TRUE' if row[1] == 'Yes' else 'FALSE'}|Dir=In|"
            f"Protocol={ {'TCP': 6, 'UDP': 17}[row[6]] }|LPort={row[3]}|RA4={row[4]}|RPort={row[5]}|Name={row[0]}|"
            for row in rows
        )

    one, other = rules("z3_wf_export_firewall1.txt"), rules("z3_wf_export_firewall2.txt")
    asked = [packet("10.3.141.0", 100, 100, Proto.UDP), packet("10.3.141.0", 200, 200), packet("10.3.141.1", 200, 200)]
    assert [outcome(one, each) for each in asked] == ["deliver", "deliver", "drop"]
    assert [outcome(other, each) for each in asked] == ["deliver", "drop", "deliver"]
