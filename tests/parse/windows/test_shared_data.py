"""Real outputs of Windows' commands, where they lie beside the project: every row is read, and none raises."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from wizard.parse.windows import cmdlets, ipconfig, netstat, ports, route_print

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def files(folder: str, pattern: str = "*") -> list[Path]:
    return sorted((DATA / folder).glob(pattern)) if DATA.is_dir() else []


def rows(path: Path) -> list[list[str]]:
    return [
        line.split() for line in path.read_text(errors="replace").splitlines() if line.split()[:1] in (["TCP"], ["UDP"])
    ]


NETSTAT = [path for path in files("netstat-win") if path.suffix != ".json"]


@pytest.mark.parametrize("path", NETSTAT, ids=lambda path: path.name)
def test_every_row_of_netstat_is_a_socket_or_unread(path: Path) -> None:
    text = path.read_text(errors="replace")
    found, connected = netstat.parse(text), netstat.parse_connections(text)
    assert len(found.value) + len(connected.value) + len(found.unread) == len(rows(path))
    if "__netstat.out" not in path.name:  # without -n: names in place of numbers
        assert not found.unread
    assert sum(1 for row in rows(path) if row[0] == "UDP") == sum(1 for each in found.value if each.proto == "udp")


@pytest.mark.parametrize("path", files("netstat-win", "*aonb.json"), ids=lambda path: path.name)
def test_netstat_agrees_with_another_parser(path: Path) -> None:
    text = path.with_suffix(".out").read_text()
    expected = {
        (each["local_address"].strip("[]").partition("%")[0], int(each["local_port"]), each["pid"])
        for each in json.loads(path.read_text())
        if each["state"] == "LISTENING"
    }
    found = {
        (str(each.address), each.port, each.owners[0].pid)
        for each in netstat.parse(text).value
        if each.proto == "tcp" and each.owners
    }
    assert {(str(ip_address(address)), port, pid) for address, port, pid in expected} == found


@pytest.mark.parametrize("path", files("win-ipconfig"), ids=lambda path: path.name)
def test_every_interface_of_ipconfig_is_read(path: Path) -> None:
    text = path.read_text()
    found = ipconfig.parse(text).value
    headings = [line for line in text.splitlines() if line[:1].strip() and line.rstrip().endswith(":")]
    assert len(found) == len(headings)
    masks = sum(1 for line in text.splitlines() if "Subnet Mask" in line)
    assert sum(1 for each in found for address in each.addresses if address.version == 4) == masks
    assert ipconfig.gateways(text)


@pytest.mark.parametrize("path", files("win-route"), ids=lambda path: path.name)
def test_every_active_route_is_read(path: Path) -> None:
    text = path.read_text()
    found = route_print.parse(text).value
    four = [
        line.split()
        for line in text.splitlines()
        if line[:2] == "  " and line.count(".") >= 9 and len(line.split()) == 5
    ]
    six = [line for line in text.splitlines() if "/" in line and line.split()[0].isdigit()]
    assert len(found) == len(four) + len(six)


@pytest.mark.parametrize("path", files("excludedportrange"), ids=lambda path: path.name)
def test_every_reserved_range_is_read(path: Path) -> None:
    lines = [line.split() for line in path.read_text().splitlines()]
    expected = [line for line in lines if len(line) >= 2 and line[0].isdigit()]
    found = ports.excluded(path.read_text()).value
    assert [(each.first, each.last, each.administered) for each in found] == [
        (int(line[0]), int(line[1]), len(line) > 2) for line in expected
    ]


@pytest.mark.parametrize("path", files("portproxy"), ids=lambda path: path.name)
def test_every_relay_is_read(path: Path) -> None:
    lines = [line.split() for line in path.read_text().splitlines()]
    expected = [line for line in lines if len(line) == 4 and line[1].isdigit()]
    found = ports.proxies(path.read_text())
    assert len(found.value) == len(expected) > 0 and not found.unread


def test_objects_of_powershell_are_read() -> None:
    for path in files("get-nettcpconnection"):
        assert len(cmdlets.listeners(path.read_text()).value) == 2
    for path in files("win-netip"):
        adapters = (DATA / "win-netadapter" / "inspec__Get-NetAdapter").read_text()
        found = cmdlets.interfaces(path.read_text(), adapters)
        assert len(found.value) == 2 and not found.unread
        assert [each.carrier for each in found.value] == [True, False]
