"""`wizard trace`'s lines: fields that people script against."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from wizard.model.facts import Proto
from wizard.model.journey import Decision, NearMiss, RuleReference, Translation
from wizard.present import trace_json

RULE = RuleReference("nftables", "inet", "filter", "input", "rule", "tcp dport 22 drop", 7, 2, "input")
TO = Translation(ip_address("10.77.0.1"), 22)


def test_a_line_is_a_packet() -> None:
    line = {"src": "10.77.0.2", "sport": 40001, "dst": "10.77.0.1", "dport": 5000, "proto": "udp", "iif": "veth-s"}
    found = trace_json.packet(line)
    assert (str(found.source), found.source_port, found.destination_port, found.proto) == (
        "10.77.0.2",
        40001,
        5000,
        Proto.UDP,
    )
    assert found.interface == "veth-s"


@pytest.mark.parametrize(
    "line",
    [
        {"src": "10.77.0.2", "dst": "fd77::1", "dport": 5000},
        {"src": "10.77.0.2", "dst": "10.77.0.1", "dport": 70000},
        {"src": "10.77.0.2", "dst": "10.77.0.1", "dport": 1, "proto": "sctp"},
        {"src": "here", "dst": "10.77.0.1", "dport": 1},
    ],
)
def test_nonsense_is_refused(line: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        trace_json.packet(line)


def test_a_decision_has_the_promised_fields() -> None:
    near = NearMiss(RULE, "accept", "only from 10.0.0.0/8; you come from 8.8.8.8", "source")
    told = trace_json.decision(
        Decision("drop", TO, by=RULE, path=("input ...",), near_misses=(near,), assumptions=("x",))
    )
    assert {"outcome", "reject_with", "to", "by", "path", "near_misses", "assumptions"} <= set(told)
    assert told["to"] == {"address": "10.77.0.1", "port": 22}
    by = told["by"]
    assert {key: by[key] for key in ("engine", "family", "table", "chain", "handle", "rule")} == {
        "engine": "nftables", "family": "inet", "table": "filter", "chain": "input", "handle": 7, "rule": "tcp dport 22 drop",
    }  # fmt: skip


def test_a_policy_is_told_as_such() -> None:
    policy = RuleReference("iptables-nft", "ip", "filter", "INPUT", "policy", "policy drop", hook="input")
    by = trace_json.decision(Decision("drop", TO, by=policy))["by"]
    assert by["policy"] == "drop"
    assert "rule" not in by
