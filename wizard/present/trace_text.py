"""One packet's decision for a terminal.

✗ drop: tcp from 10.77.0.2:40000 to 10.77.0.1:5000, arriving on veth-s
  by      ufw: default deny (incoming)
          iptables-nft ip filter INPUT: policy drop
  near    “-A ufw-user-input -p tcp --dport 5000 -s 192.168.1.0/24 -j ACCEPT” would let it in, but …
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.model.journey import Decision, RuleReference
from wizard.model.packet import Packet, bracketed
from wizard.present.hostile import harmless

_MARKS = {"deliver": "✓", "forward": "✓", "drop": "✗", "reject": "✗", "unknown": "?"}
_SHOWN = 5


def render(decision: Decision, packet: Packet, twin: Mapping[str, Any] | None = None) -> str:
    """The decision as text with a newline at its end; `twin` is what this kernel did in a copy (as in the JSON)."""
    lines = [*_lines(decision, packet), *(_twin(twin) if twin else ())]
    return "\n".join(harmless(line) for line in lines) + "\n"


def _twin(twin: Mapping[str, Any]) -> Iterator[str]:
    if twin.get("trouble"):
        yield f"  kernel  not asked: {twin['trouble']}; the model's answer stands"
        return
    outcome = twin["outcome"] + (f" ({twin['reject_with']})" if twin["reject_with"] else "")
    word = {True: "agrees", False: "DISAGREES", None: "decides"}[twin["agrees"]]
    yield f"  kernel  {word}: {outcome}, in a copy of this network"
    for note in twin.get("notes", ()):
        yield f"          not copied: {note}"


def _lines(decision: Decision, packet: Packet) -> Iterator[str]:
    outcome = decision.outcome + (f" ({decision.reject_with})" if decision.reject_with else "")
    yield f"{_MARKS.get(decision.outcome, '?')} {outcome}: {packet}"
    if (decision.to.address, decision.to.port) != (packet.destination, packet.destination_port):
        yield f"  to      {bracketed(decision.to.address)}:{decision.to.port}, after address translation"
    if decision.by is not None:
        yield from _by(decision.by)
    if decision.reason:
        yield f"  why     {decision.reason}"
    for step in decision.path:
        yield f"  path    {step}"
    for near in decision.near_misses[:_SHOWN]:
        words = near.rule.front_end_words or near.rule.rule
        yield f"  near    “{words}” would {near.verdict}, but {near.differs}"
    for assumption in decision.assumptions:
        yield f"  assumed {assumption}"


def _by(by: RuleReference) -> Iterator[str]:
    place = f"{by.engine} {by.family} {by.table} {by.chain}"
    rule = f"{place}: {by.rule}" if by.rule else place
    if by.front_end_words:
        yield f"  by      {by.front_end_words}"
        yield f"          {rule}"
    else:
        yield f"  by      {rule}"
