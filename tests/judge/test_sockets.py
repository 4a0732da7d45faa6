"""The kernel's choice of a listening socket (tests/live compares it with the kernel itself)."""

from __future__ import annotations

from ipaddress import ip_address

from tests.build import listener
from wizard.judge import sockets
from wizard.model.facts import Address, Listener, Proto

HERE = ip_address("192.168.1.100")
HERE6 = ip_address("fd00::100")


def taken(*listeners: Listener, address: Address = HERE, device: str = "eth0") -> tuple[Listener, ...]:
    return sockets.lookup(listeners, Proto.TCP, address, 5000, device)


def test_a_wildcard_takes_every_address_of_its_family() -> None:
    wildcard = listener(address="0.0.0.0")
    assert taken(wildcard) == (wildcard,)
    assert taken(wildcard, address=HERE6) == ()


def test_loopback_takes_nothing_from_the_network() -> None:
    assert taken(listener(address="127.0.0.1")) == ()


def test_the_specific_address_comes_before_the_wildcard() -> None:
    wildcard, specific = listener(address="0.0.0.0"), listener(address="192.168.1.100")
    assert taken(wildcard, specific) == (specific,)


def test_a_dual_stack_socket_takes_ipv4_and_a_v6only_one_does_not() -> None:
    assert taken(listener(address="::", v6only=False))
    assert not taken(listener(address="::", v6only=True))


def test_an_ipv4_wildcard_comes_before_a_dual_stack_one() -> None:
    both, four = listener(address="::", v6only=False), listener(address="0.0.0.0")
    assert taken(both, four) == (four,)


def test_a_device_bound_socket_takes_only_what_arrives_there_and_comes_first() -> None:
    bound, free = listener(address="0.0.0.0", device="eth1"), listener(address="0.0.0.0")
    assert taken(bound, free, device="eth0") == (free,)
    assert taken(bound, free, device="eth1") == (bound,)


def test_equals_share_the_port() -> None:
    one, other = listener(address="0.0.0.0", inode=1), listener(address="0.0.0.0", inode=2)
    assert set(taken(one, other)) == {one, other}


def test_another_port_and_another_protocol_are_not_meant() -> None:
    assert sockets.lookup((listener(port=5001),), Proto.TCP, HERE, 5000, "eth0") == ()
    assert sockets.lookup((listener(proto=Proto.UDP),), Proto.TCP, HERE, 5000, "eth0") == ()
