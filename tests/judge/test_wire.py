"""What single packets prove together, and what they do not."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from wizard.judge import wire
from wizard.model.wire import NeighbourAnswers, PathMtu, WireAnswer, WireEvidence, WireHop, WirePath

TARGET, ROUTER = ip_address("10.77.0.1"), ip_address("10.88.0.1")


def answer(kind: str = "rst", ttl: int | None = 63, source: Any = TARGET, **more: Any) -> WireAnswer:
    return WireAnswer(kind, source, ttl=ttl, **more)


def path(proto: str, *answers: WireAnswer | None, reached: bool = False) -> WirePath:
    return WirePath(proto, tuple(WireHop(number, each) for number, each in enumerate(answers, 1)), reached)


def evidence(**changes: Any) -> WireEvidence:
    return WireEvidence(TARGET, 5000, True, "eth0", ROUTER, **changes)


EXCEEDED = answer("icmp", 64, ROUTER, type=11, code=0)
PINGED = path("icmp", EXCEEDED, answer("echo"), reached=True)
SILENT = path("tcp", EXCEEDED, None)


@pytest.mark.parametrize(("ttl", "distance"), [(64, 0), (63, 1), (128, 0), (120, 8), (255, 0), (250, 5), (None, None)])
def test_a_time_to_live_tells_the_distance(ttl: int | None, distance: int | None) -> None:
    assert answer(ttl=ttl).distance == distance


@pytest.mark.parametrize(
    ("reset", "echo", "box"),
    [(64, 63, True), (255, 63, True), (63, 63, False), (127, 63, False), (62, 63, False), (64, None, False)],
)
def test_a_box_in_front_answers_from_nearer(reset: int, echo: int | None, box: bool) -> None:
    found = evidence(answers=(answer(ttl=reset),), echo=answer("echo", echo) if echo else None)
    assert (wire.answered_by_a_box(found) is not None) is box


def test_the_port_alone_is_stopped_behind_the_router() -> None:
    found = evidence(paths=(SILENT, PINGED), echo=answer("echo"))
    assert wire.only_this_port(found)
    assert wire.stopped_after(found) == ROUTER


def test_where_nothing_gets_through_the_port_is_not_to_blame() -> None:
    found = evidence(paths=(SILENT, path("icmp", EXCEEDED, None), path("udp", None)))
    assert not wire.only_this_port(found)
    assert wire.stopped_after(found) is None
    assert wire.last_before_silence(found) == SILENT.hops[0]


def test_an_answered_syn_is_no_silence() -> None:
    found = evidence(answers=(answer("synack"),), paths=(path("tcp", EXCEEDED, answer("synack"), reached=True), PINGED))
    assert wire.last_before_silence(found) is None
    assert not wire.only_this_port(found)


@pytest.mark.parametrize(
    ("address", "gateway", "macs", "duplicates"),
    [(TARGET, None, ("a", "b"), 2), (TARGET, None, ("a",), 0), (ROUTER, ROUTER, ("a", "b"), 0), (TARGET, None, (), 0)],
)
def test_two_macs_are_a_duplicate_of_the_target(
    address: Any, gateway: Any, macs: tuple[str, ...], duplicates: int
) -> None:
    found = WireEvidence(TARGET, 5000, gateway=gateway, neighbour=NeighbourAnswers(address, "eth0", macs))
    assert len(wire.duplicate(found)) == duplicates
    assert wire.nobody_on_the_link(found) is (not macs)


@pytest.mark.parametrize(
    ("mtu", "hole"),
    [
        (PathMtu(1500, 1500, 1280, 1400), (1280, 1400)),
        (PathMtu(1500, 1400, 1400, 0), None),
        (PathMtu(1500, 1400, 1280, 1480), None),
        (PathMtu(1500, 1500, 0, 576), None),
    ],
)
def test_a_hole_is_what_nobody_explains(mtu: PathMtu, hole: tuple[int, int] | None) -> None:
    assert wire.mtu_hole(evidence(mtu=mtu)) == hole


def test_no_evidence_proves_nothing() -> None:
    empty = evidence()
    assert wire.answered_by_a_box(empty) is None
    assert not wire.two_minds(empty) and not wire.duplicate(empty) and not wire.nobody_on_the_link(empty)
    assert wire.last_before_silence(empty) is None and wire.mtu_hole(empty) is None
    assert wire.asymmetric(empty) == ""


def test_two_answers_to_one_question() -> None:
    assert wire.two_minds(evidence(answers=(answer("rst"), answer("synack"))))
