"""Where a packet arrives, and whether the answer finds the device that sent it."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from tests.build import facts, interface, route
from wizard.judge import vantage
from wizard.model.facts import Facts

CLIENT = ip_address("192.168.1.20")


def with_second(*addresses: str, **of_the_route: object) -> Facts:
    """The healthy machine with a second interface, and a route to half of the LAN that leads there."""
    known = facts()
    assert isinstance(known.interfaces, tuple) and isinstance(known.routes, tuple)
    second = interface("tun0", *addresses)
    there = route("192.168.1.0/25", device="tun0", **of_the_route)
    return replace(known, interfaces=(*known.interfaces, second), routes=(*known.routes, there))


def test_an_overlapping_route_takes_the_answer_away() -> None:
    assert vantage.answer_goes_astray(with_second("10.8.0.2/24"), CLIENT, "eth0", "tun0")


def test_two_interfaces_in_one_lan_both_reach_it() -> None:
    assert not vantage.answer_goes_astray(with_second("192.168.1.101/24"), CLIENT, "eth0", "tun0")


def test_over_a_router_the_answer_may_come_around() -> None:
    known = with_second("10.8.0.2/24", gateway=ip_address("10.8.0.1"))
    assert not vantage.answer_goes_astray(known, CLIENT, "eth0", "tun0")


def test_the_same_interface_is_the_usual_case() -> None:
    assert not vantage.answer_goes_astray(facts(), CLIENT, "eth0", "eth0")
