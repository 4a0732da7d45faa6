"""What is asked of this machine when the target names none of its addresses."""

from __future__ import annotations

from ipaddress import ip_address
from unittest.mock import Mock

import pytest

from tests.build import facts, interface
from wizard.diagnose.aim import aim
from wizard.judge.target import read
from wizard.model.options import Options

TWO_LANS = facts(
    interfaces=(
        interface("eth0", "192.168.1.100/24", "fd00:1::100/64"),
        interface("wlan0", "192.168.7.1/24", "fd00:7::1/64"),
    )
)


@pytest.mark.parametrize(
    "text", ["5000", "127.0.0.1:5000", "http://0.0.0.0:5000", " * Running on http://127.0.0.1:5000"]
)
@pytest.mark.parametrize(
    ("device", "dialled"),
    [
        ("192.168.7.20", "192.168.7.1"),
        ("192.168.1.20", "192.168.1.100"),
        ("fd00:7::20", "fd00:7::1"),
        ("203.0.113.9", "192.168.1.100"),
        ("", "192.168.1.100"),
    ],
)
def test_a_device_dials_the_address_in_its_own_lan(text: str, device: str, dialled: str) -> None:
    target, _ = aim(read(text), Options(vantage=device), Mock(facts=TWO_LANS), Mock())
    assert target.addresses[0] == ip_address(dialled)
