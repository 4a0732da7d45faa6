"""`wizard watch` on a real server machine: a device tries, the kernel answers, and the watch says what became of it.

No test measures time: each waits for the line it wants. Attempts that a busy machine makes look unanswered at first are
revised by a later line, so a test asks for a line that fits, not for the first one.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.live.lab import (
    _AS_NOBODY,
    CLIENT,
    CLIENT6,
    PROJECT,
    SECOND_CLIENT,
    SERVER,
    SERVER6,
    Lab,
    Process,
    fill_queue,
)

SYSTEM_PYTHON = "/usr/bin/python3"
NOBODY = tuple(_AS_NOBODY)
URL6 = f"http://[{SERVER6}]:5000/"
LONG = 40
"""Seconds to wait for a line that comes within one on a machine that has nothing else to do."""


class Watcher:
    """A watch at work in the lab, and the lines that it has written so far."""

    def __init__(self, lab: Lab, process: Process) -> None:
        self.lab, self.process = lab, process

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.process.output().splitlines() if line.startswith("{")]

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first line that fits."""
        self.lab.wait_until(lambda: any(map(wanted, self.lines())), f"no such line: {self.lines()}", LONG)
        return next(filter(wanted, self.lines()))

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        self.lab.wait_until(lambda: self.process.popen.poll() is not None, "the watch goes on", LONG)
        code: int = self.process.popen.wait()
        return code

    def signal(self, name: str) -> int:
        """Sent to the process itself, by its number in its own process namespace; its exit code."""
        pid = self.process.output().split(maxsplit=2)[1]
        self.lab.run(["kill", f"-{name}", pid])
        return self.end()


@contextlib.contextmanager
def watching(lab: Lab, *arguments: str, as_user: Sequence[str] = ()) -> Iterator[Watcher]:
    """`wizard watch ARGUMENTS --json`, from the moment on at which it misses nothing."""
    argv = [*as_user, sys.executable, "-m", "wizard", "watch", *arguments, "--json"]
    process = lab.spawn(["sh", "-c", 'echo pid $$; exec "$@"', "sh", *argv], env={"PYTHONPATH": str(PROJECT)})
    lab.wait_until(lambda: "watching" in process.output(), "the watch does not begin", LONG, process)
    try:
        yield Watcher(lab, process)
    finally:
        process.stop()


def serve(lab: Lab, port: int = 5000, bind: str = "::", ns: str = "server") -> Process:
    process = lab.spawn([SYSTEM_PYTHON, "-m", "http.server", str(port), "--bind", bind], ns)
    lab.wait_for_port(port, ns, process=process)
    return process


def nft(lab: Lab, chain: str, *rules: str, family: str = "inet") -> None:
    body = "\n".join(rules)
    lab.run(["nft", "-f", "-"], input=f"table {family} t {{\nchain c {{\n{chain}\n{body}\n}}\n}}\n")


INPUT = "type filter hook input priority 0;"


# It gets through


def test_an_attempt_that_reaches_the_program(lab: Lab) -> None:
    serve(lab)
    with watching(lab, "5000", "--count", "3") as watcher:
        assert lab.curl().ok
        assert lab.curl(URL6).ok
        assert lab.curl(options=["--interface", SECOND_CLIENT]).ok
        for source, to in ((CLIENT, SERVER), (CLIENT6, SERVER6), (SECOND_CLIENT, SERVER)):
            line = watcher.until(lambda line, source=source: line["from"] == source and line["http_status"] == 200)
            assert (line["to"], line["port"], line["arrived"]) == (to, 5000, True)
            assert (line["interface"], line["answered"], line["good"]) == ("veth-s", "synack", True)
            assert "http.server" in line["by"]
            assert line["mac"] == mac_of(lab)
        assert watcher.end() == 0


def mac_of(lab: Lab) -> str:
    (link,) = json.loads(lab.run(["ip", "-j", "link", "show", "veth-c"], "client").stdout)
    return str(link["address"])


@pytest.mark.needs("ufw")
def test_the_rule_that_lets_it_in_is_named_and_the_one_that_does_not(lab: Lab) -> None:
    serve(lab)
    serve(lab, 5001)
    lab.start_ufw("allow 22/tcp", "allow 5000/tcp")
    with watching(lab, "5000") as watcher:
        assert lab.curl().ok
        line = watcher.until(lambda line: line["http_status"] == 200)
        assert any("ufw rule 2: 5000/tcp ALLOW IN" in each for each in line["passed"])
    with watching(lab, "5001") as watcher:
        assert lab.connect(port=5001, timeout=1).result == "timeout"
        line = watcher.until(lambda line: line["answered"] == "nothing")
        assert line["by"] == "ufw default: deny (incoming)"
        assert line["ref"] == "firewall-drops-port"


# It is stopped here


@pytest.mark.needs("nft")
@pytest.mark.parametrize(
    ("chain", "rule", "family", "ref"),
    [
        (INPUT, "tcp dport 5000 drop", "inet", "firewall-drops-port"),
        ("type filter hook prerouting priority -300;", "tcp dport 5000 drop", "ip", "dropped-before-input"),
        ("type filter hook ingress device veth-s priority 0;", "tcp dport 5000 drop", "netdev", "dropped-before-input"),
        ("type filter hook output priority 0;", "tcp sport 5000 drop", "inet", "reply-blocked"),
    ],
    ids=["input", "prerouting", "ingress", "the answer"],
)
def test_a_drop_anywhere_is_named(lab: Lab, chain: str, rule: str, family: str, ref: str) -> None:
    serve(lab)
    nft(lab, chain, rule, family=family)
    before = lab.snapshot()
    with watching(lab, "5000") as watcher:
        assert lab.connect(timeout=1).result == "timeout"
        line = watcher.until(lambda line: line["answered"] == "nothing")
        assert line["by"] == f"nftables {family} t c: {rule}"
        assert (line["interface"], line["good"], line["ref"], line["doubt"]) == ("veth-s", False, ref, None)
        assert line["rule"]["rule"] == rule
    assert lab.snapshot() == before


@pytest.mark.needs("nft")
@pytest.mark.parametrize(
    ("rule", "to", "answered", "code"),
    [
        ("tcp dport 5000 reject with tcp reset", SERVER, "rst", None),
        ("tcp dport 5000 reject", SERVER, "icmp", {"type": 3, "code": 3}),
        ("tcp dport 5000 reject with icmpx admin-prohibited", SERVER6, "icmp", {"type": 1, "code": 1}),
    ],
)
def test_a_rejection_is_told_from_a_closed_port(
    lab: Lab, rule: str, to: str, answered: str, code: dict[str, int] | None
) -> None:
    serve(lab)
    nft(lab, INPUT, rule)
    with watching(lab, "5000") as watcher:
        assert lab.connect(to).result != "connected"
        line = watcher.until(lambda line: line["answered"] == answered)
        assert line["by"].startswith("nftables inet t c: tcp dport 5000 reject")
        assert line["ref"] == "firewall-rejects-port"
        assert line.get("icmp") == code


def test_a_closed_port_is_the_kernels_answer(lab: Lab) -> None:
    serve(lab, bind="127.0.0.1")
    with watching(lab, "5000") as watcher:
        assert lab.connect().result == "ECONNREFUSED"
        line = watcher.until(lambda line: line["answered"] == "rst")
        assert line["by"] == f"the kernel: nothing listens on {SERVER}:5000"
        assert (line["ref"], line["rule"]) == ("loopback-only-bind", None)


def test_a_stopped_program_and_a_full_queue(lab: Lab) -> None:
    serve(lab)
    pid = re.search(r"pid=(\d+)", lab.run("ss -Hltnp src :5000").stdout)
    assert pid
    lab.run(["kill", "-STOP", pid[1]])
    with watching(lab, "5000") as watcher:
        assert lab.curl(max_time=1).status == 0
        line = watcher.until(lambda line: line["ref"] == "process-stopped")
        assert (line["answered"], line["reached"], line["good"]) == ("synack", True, False)
        held = fill_queue(lab, SERVER, 5000, 12)
        assert lab.connect(timeout=1.5).result == "timeout"
        line = watcher.until(lambda line: line["answered"] == "nothing")
        assert "accept queue is full" in line["by"]
        for each in held:
            each.close()


def test_an_answer_that_the_device_does_not_take(lab: Lab) -> None:
    serve(lab)
    lab.run("nft add table ip t; nft 'add chain ip t i { type filter hook input priority 0; }';"
            "nft add rule ip t i tcp sport 5000 drop", "client")  # fmt: skip
    with watching(lab, "5000") as watcher:
        assert lab.connect(timeout=1.5).result == "timeout"
        line = watcher.until(lambda line: line["answered"] == "synack")
        assert (line["by"], line["good"]) == ("the way back", False)


def test_https_to_a_program_that_speaks_http(lab: Lab) -> None:
    serve(lab)
    with watching(lab, "5000") as watcher:
        assert lab.curl(f"https://{SERVER}:5000/").status == 0
        line = watcher.until(lambda line: "http://" in line["conclusion"])
        assert (line["answered"], line["good"], line["reached"]) == ("synack", False, True)


def test_retransmissions_are_one_attempt(lab: Lab) -> None:
    lab.run("nft add table ip t; nft 'add chain ip t i { type filter hook input priority 0; policy drop; }'")
    with watching(lab, "5000") as watcher:
        assert lab.connect(timeout=3.5).result == "timeout"
        watcher.until(lambda line: True)
        assert watcher.signal("INT") == 130
        (line,) = watcher.lines()
        assert line["answered"] == "nothing"


# Containers


@pytest.mark.needs("iptables")
def test_a_published_port(lab: Lab) -> None:
    """As Docker publishes it: translated in prerouting, forwarded to a bridge."""
    lab.run(
        "set -e; sysctl -qw net.ipv4.ip_forward=1; ip netns add box; ip link add docker0 type bridge;"
        "ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up;"
        "ip link add vethx type veth peer name eth0 netns box; ip link set vethx master docker0 up;"
        "ip -n box addr add 172.17.0.2/16 dev eth0; ip -n box link set eth0 up; ip -n box route add default via 172.17.0.1;"
        "iptables -t nat -A PREROUTING -p tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT --to 172.17.0.2:80"
    )
    forwarded = {"address": "172.17.0.2", "port": 80}
    with watching(lab, "8080") as watcher:
        assert f"open      http://{SERVER}:8080/ " in watcher.process.output()
        assert "172.17" not in watcher.process.output()
        assert lab.connect(port=8080).result == "ECONNREFUSED"
        line = watcher.until(lambda line: line["answered"] == "rst")
        assert (line["by"], line["forwarded_to"], line["interface"]) == ("172.17.0.2:80", forwarded, "veth-s")
        serve(lab, 80, "0.0.0.0", "box")
        assert lab.curl(f"http://{SERVER}:8080/").ok
        line = watcher.until(lambda line: line["http_status"] == 200)
        assert (line["to"], line["port"], line["forwarded_to"]) == (SERVER, 8080, forwarded)
        lab.run("iptables -P FORWARD DROP")
        assert lab.connect(port=8080, timeout=1).result == "timeout"
        line = watcher.until(lambda line: line["answered"] == "nothing")
        assert "FORWARD: policy drop" in line["by"]
        assert line["ref"] == "forward-chain-drops-container"


# The machine changes


@pytest.mark.needs("nft")
def test_a_rule_that_was_added_while_watching_is_found(lab: Lab) -> None:
    serve(lab)
    with watching(lab, "5000") as watcher:
        assert lab.curl().ok
        watcher.until(lambda line: line["http_status"] == 200)
        nft(lab, INPUT, "tcp dport 5000 drop")
        assert lab.connect(timeout=1).result == "timeout"
        line = watcher.until(lambda line: line["answered"] == "nothing")
        assert line["by"] == "nftables inet t c: tcp dport 5000 drop"


# Nothing comes


def test_nothing_came(lab: Lab) -> None:
    serve(lab)
    with watching(lab, "5000", "--timeout", "1") as watcher:
        assert lab.curl(ns="server").ok
        assert watcher.end() == 1
        (line,) = watcher.lines()
        assert (line["arrived"], line["port"], line["open"]) == (False, 5000, [f"http://{SERVER}:5000/"])
        assert "reached this machine" in line["conclusion"]


def test_the_device_opened_another_port(lab: Lab) -> None:
    with watching(lab, "5000") as watcher:
        assert lab.connect(port=5001).result == "ECONNREFUSED"
        assert watcher.signal("INT") == 130
        (line,) = watcher.lines()
        assert line["arrived"] is False
        assert line["elsewhere"] == [{"from": CLIENT, "port": 5001, "count": 1}]


def test_own_attempts_are_told_apart(lab: Lab) -> None:
    serve(lab)
    with watching(lab, "5000", "--local") as watcher:
        assert lab.curl(ns="server").ok
        line = watcher.until(lambda line: line["http_status"] == 200)
        assert (line["own"], line["interface"], line["passed"]) == (True, "lo", [])


# The page


@pytest.mark.needs("nft")
def test_the_page_shows_that_network_and_firewall_are_fine(lab: Lab) -> None:
    """Beside a program that holds only 127.0.0.1: on the very port that is asked about."""
    serve(lab, bind="127.0.0.1")
    nft(lab, INPUT + " policy drop;", "iifname lo accept", "tcp dport 5000 accept")
    with watching(lab, "5000", "--answer") as watcher:
        answer = lab.curl()
        assert answer.ok and "It works" in answer.body
        assert watcher.end() == 0
        line = watcher.until(lambda line: line["http_status"] == 200)
        assert (line["by"], line["passed"]) == ("the wizard's own page", ["nftables inet t c: tcp dport 5000 accept"])
    assert lab.connect().result == "ECONNREFUSED"


@pytest.mark.needs("nft")
def test_the_page_on_another_port_and_ctrl_c(lab: Lab) -> None:
    serve(lab)
    nft(lab, INPUT, "tcp dport 5000 accept", "iifname veth-s tcp flags syn drop")
    before = lab.snapshot()
    with watching(lab, "5000", "--answer") as watcher:
        said = watcher.process.output()
        port = int(re.search(r"test page on port (\d+)", said)[1])  # type: ignore[index]
        assert port != 5000 and f"open      http://{SERVER}:{port}/" in said
        assert lab.connect(port=port, timeout=1).result == "timeout"
        line = watcher.until(lambda line: line["port"] == port)
        assert (line["answered"], line["ref"]) == ("nothing", "firewall-drops-port")
        assert watcher.signal("INT") == 130
    assert not lab.listening(port)
    assert lab.snapshot() == before
    assert "wizard" not in lab.run(["ss", "-Hanp", "--packet"]).stdout


# Without root


@pytest.mark.needs("setpriv")
def test_an_ordinary_user_sees_who_reached_the_program(lab: Lab) -> None:
    serve(lab)
    with watching(lab, "5000", as_user=NOBODY) as watcher:
        assert "Without root" in watcher.process.output()
        # A connection that stands: one that is over between two looks may be missed.
        (held,) = fill_queue(lab, SERVER, 5000, 1)
        line = watcher.until(lambda line: line["answered"] == "synack")
        held.close()
        assert (line["from"], line["seen_by"], line["reached"], line["rule"]) == (CLIENT, "table", True, None)


@pytest.mark.needs("setpriv")
def test_an_ordinary_users_page(lab: Lab) -> None:
    with watching(lab, "5000", "--answer", as_user=NOBODY) as watcher:
        assert lab.curl(URL6).ok
        assert watcher.end() == 0
        line = watcher.until(lambda line: line["http_status"] == 200)
        assert (line["from"], line["to"], line["seen_by"]) == (CLIENT6, SERVER6, "listener")
    assert not lab.listening(5000)


@pytest.mark.needs("setpriv", "nft")
def test_what_an_ordinary_user_cannot_tell(lab: Lab) -> None:
    nft(lab, INPUT, "tcp dport 5000 drop")
    with watching(lab, "5000", "--timeout", "2", as_user=NOBODY) as watcher:
        assert lab.connect(timeout=1).result == "timeout"
        assert watcher.end() == 1
        (line,) = watcher.lines()
        assert line["arrived"] is False
        assert "cannot be told" in line["conclusion"] and line["limits"]


def test_a_polite_kill_ends_it_in_order(lab: Lab) -> None:
    with watching(lab, "5000", "--answer") as watcher:
        assert watcher.signal("TERM") == 130
    assert not lab.listening(5000)
