"""The lab itself: it is a network of its own, and it leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.lab import CLIENT, PROJECT, SECOND_CLIENT, SERVER, SERVER6, Lab, LabError


def test_the_two_machines_reach_each_other(lab: Lab) -> None:
    server = lab.spawn([sys.executable, "-m", "http.server", "5000", "--bind", "::"])
    lab.wait_for_port(5000, process=server)
    assert lab.curl().ok
    assert lab.curl(f"http://[{SERVER6}]:5000/").ok
    assert lab.connect().result == "connected"
    assert lab.connect(source=SECOND_CLIENT).result == "connected"
    assert lab.connect(port=5001).result == "ECONNREFUSED"


def test_a_routed_client_reaches_the_server() -> None:
    with Lab(router=True) as lab:
        server = lab.spawn([sys.executable, "-m", "http.server", "5000"])
        lab.wait_for_port(5000, process=server)
        assert lab.curl().ok


@pytest.mark.needs("nft")
def test_drop_and_reject_look_as_the_catalogue_says(lab: Lab) -> None:
    lab.run("nft add table inet t; nft 'add chain inet t i { type filter hook input priority 0; }'")
    lab.run(f"nft add rule inet t i ip saddr {CLIENT} tcp dport 5000 reject with icmpx host-unreachable")
    lab.run(f"nft add rule inet t i ip saddr {SECOND_CLIENT} drop")
    assert lab.connect().result == "EHOSTUNREACH"
    assert lab.connect(source=SECOND_CLIENT, timeout=1).result == "timeout"


@pytest.mark.needs("ufw", "iptables-save")
def test_ufw_in_the_lab_is_not_the_machines_own() -> None:
    before = {path: path.read_bytes() for path in Path("/etc/ufw").glob("*.rules")}
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True).stdout
    with Lab() as lab:
        lab.start_ufw("allow 22/tcp")
        assert "22/tcp" in lab.run("ufw status").stdout
    assert {path: path.read_bytes() for path in Path("/etc/ufw").glob("*.rules")} == before
    assert "ufw" not in rules or rules == subprocess.run(["iptables-save"], capture_output=True, text=True).stdout


@pytest.mark.needs("firewalld", "firewall-cmd", "dbus-daemon")
def test_firewalld_in_the_lab_has_its_own_bus(lab: Lab) -> None:
    lab.start_firewalld()
    assert "veth-s" in lab.run("firewall-cmd --list-all").stdout
    assert lab.connect().result == "EHOSTUNREACH"


@pytest.mark.parametrize("kind", [{}, {"router": True}, {"switch": True}], ids=str)
def test_no_packet_can_leave_the_lab(kind: dict[str, bool]) -> None:
    with Lab(**kind) as lab:
        assert lab.loose_ends() == []
        lab.run("ip netns add hidden; ip link add astray type veth peer name out netns hidden")
        assert lab.loose_ends() == []
        # A namespace that has no name any more: wherever its end leads, it is not known to be in here.
        keeper = lab.spawn("ip netns exec hidden sh -c 'echo there; exec sleep 600'")
        lab.wait_until(lambda: "there" in keeper.output(), "nobody keeps the namespace", process=keeper)
        lab.run("ip netns del hidden")
        assert len(lab.loose_ends()) == 1


def test_nothing_is_left_after_a_failure() -> None:
    with pytest.raises(LabError), Lab() as lab:
        first = lab.pid
        lab.spawn("sleep 100 & sleep 100")
        folder = lab.folder
        lab.run("exit 3")
    assert not Path(f"/proc/{first}").exists()
    assert not folder.exists()
    assert os.path.lexists("/proc/self")


def test_a_lab_is_made_in_less_than_two_seconds() -> None:
    """The best of several: a busy machine says nothing about the lab."""
    for _ in range(10):
        started = time.monotonic()
        with Lab():
            pass
        if time.monotonic() - started < 2:
            return
    pytest.fail("no lab was made in less than two seconds")


def test_looking_twice_sees_the_same(lab: Lab) -> None:
    lab.run("nft add table ip x; nft 'add chain ip x y { type filter hook input priority 0; counter; }' || :")
    first = lab.snapshot()
    lab.connect(SERVER, 1)
    assert lab.snapshot() == first
    lab.run("nft add rule ip x y drop || nft add table ip z")
    assert lab.snapshot() != first


def test_a_lab_ends_with_the_process_that_made_it() -> None:
    script = (
        "import os\nfrom tests.live.lab import Lab\n"
        "with Lab() as lab:\n    lab.spawn('sleep 100')\n    print(lab.pid, flush=True)\n    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    first = Path(f"/proc/{done.stdout.strip()}")
    for _ in range(100):
        if not first.exists():
            break
        time.sleep(0.05)
    assert done.returncode == -9
    assert not first.exists()
