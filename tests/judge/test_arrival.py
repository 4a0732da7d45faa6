"""What an attempt proves: the wire's answer with the model's reason beside it, and where the two do not agree."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from tests.build import CLIENT, SERVER, facts, interface, listener, loopback, process, route
from tests.judge.test_trace import input_chain, nft_rules, router
from wizard.judge import never_arrived, said, to_open
from wizard.judge.agreement import contradicts
from wizard.judge.arrival import arrival
from wizard.model.arrival import Answered, Attempted, How, Opened
from wizard.model.capture import Unknown
from wizard.model.facts import Container, Facts
from wizard.model.journey import Translation

DROP = input_chain("tcp dport 5000 drop")
NOTHING = {"answered": Answered.NOTHING}
RESET = {"answered": Answered.RST, "answered_on": "eth0"}
PAGE = b"HTTP/1.1 200 OK\r\n"
ANSWER = {
    "answered": Answered.SYN_ACK, "answered_on": "eth0", "established": True, "request": b"GET / HTTP/1.1\r\n",
    "response": PAGE,
}  # fmt: skip


def seen(**changes: Any) -> Attempted:
    values: dict[str, Any] = {
        "number": 1, "at": 1000.0, "source": ip_address(CLIENT), "source_port": 40000,
        "destination": ip_address(SERVER), "port": 5000, "interface": "eth0", "established": False,
    }  # fmt: skip
    return Attempted(**values | changes)


def test_a_drop_is_named_with_its_rule() -> None:
    found = arrival(facts(rulesets=(DROP,)), seen(**NOTHING))
    assert found.good is False
    assert found.ref == "firewall-drops-port"
    assert found.rule is not None and found.rule.rule == "tcp dport 5000 drop"
    assert "dropped here by nftables inet t i: tcp dport 5000 drop" in found.conclusion
    assert found.doubt == ""


def test_the_model_is_asked_with_that_very_packet() -> None:
    """Its real source, port and interface decide."""
    rules = input_chain("ip saddr 192.168.1.77 tcp sport 40000-40099 iifname eth0 drop")
    known = facts(rulesets=(rules,))
    assert not contradicts(known, seen(**NOTHING, source=ip_address("192.168.1.77")))
    for other in ({}, {"source_port": 41000, "source": ip_address("192.168.1.77")}):
        assert contradicts(known, seen(**NOTHING | other))


def test_a_reset_of_the_kernel_is_no_rule() -> None:
    found = arrival(facts(listeners=(listener("127.0.0.1"),)), seen(**RESET))
    assert found.ref == "loopback-only-bind"
    assert found.by == f"the kernel: nothing listens on {SERVER}:5000"
    assert found.rule is None


def test_a_reset_of_a_rule_is_the_rules() -> None:
    found = arrival(facts(rulesets=(input_chain("tcp dport 5000 reject with tcp reset"),)), seen(**RESET))
    assert found.ref == "firewall-rejects-port"
    assert found.by == "nftables inet t i: tcp dport 5000 reject with tcp reset"


def test_an_icmp_refusal_is_the_rules() -> None:
    rules = input_chain("tcp dport 5000 reject with icmpx admin-prohibited")
    found = arrival(facts(rulesets=(rules,)), seen(answered=Answered.ICMP, icmp=(3, 13)))
    assert "ICMP 3/13 by nftables inet t i" in found.conclusion


def test_a_refusal_that_did_not_get_out() -> None:
    """Worth asking the machine again; if it still says so, the refusal itself was held back."""
    rules = input_chain("tcp dport 5000 reject")
    known = facts(rulesets=(rules,))
    assert contradicts(known, seen(**NOTHING))
    assert "did not get out" in arrival(known, seen(**NOTHING)).conclusion


def test_an_answer_names_the_program_and_the_rule_that_let_it_in() -> None:
    found = arrival(facts(rulesets=(input_chain("tcp dport 5000 accept", policy="drop"),)), seen(**ANSWER))
    assert (found.good, found.status, found.reply, found.reached) == (True, 200, "HTTP 200", True)
    assert found.program == "flask run (pid 4242)"
    assert found.passed == ("nftables inet t i: tcp dport 5000 accept",)
    assert found.more == ("passed nftables inet t i: tcp dport 5000 accept, reached flask run (pid 4242), HTTP 200",)


def test_an_answer_where_the_model_says_drop_is_told_with_the_doubt() -> None:
    known = facts(rulesets=(DROP,))
    assert contradicts(known, seen(**ANSWER))
    found = arrival(known, seen(**ANSWER))
    assert found.good is True
    assert found.doubt
    assert found.passed == ()


def test_silence_where_the_model_says_accept() -> None:
    assert contradicts(facts(), seen(**NOTHING))
    found = arrival(facts(), seen(**NOTHING))
    assert (found.good, found.rule, found.ref) == (False, None, "")
    assert "eBPF" in found.doubt


def test_silence_that_the_kernel_counted() -> None:
    found = arrival(facts(), seen(**NOTHING, lost=("packets dropped by the reverse path filter: 2",)))
    assert "reverse path filter: 2" in found.doubt
    explained = arrival(facts(rulesets=(DROP,)), seen(**NOTHING, lost=("packets with a wrong checksum: 1",)))
    assert explained.doubt == "" and explained.ref == "firewall-drops-port"


def test_what_could_not_be_read_is_no_contradiction_and_no_rule() -> None:
    known = facts(rulesets=Unknown("only root may", "sudo nft list ruleset", "the nftables ruleset"))
    assert not contradicts(known, seen(**NOTHING))
    found = arrival(known, seen(**NOTHING))
    assert (found.rule, found.by) == (None, "")
    assert "only root may" in found.doubt


def test_an_answer_that_is_stopped_on_its_way_out() -> None:
    rules = nft_rules(
        "table inet t {\nchain o { type filter hook output priority 0; policy accept;\ntcp sport 5000 drop\n}\n}"
    )
    found = arrival(facts(rulesets=(rules,)), seen(**NOTHING))
    assert found.ref == "reply-blocked"
    assert found.more[0].startswith("let in, but the answer is stopped by nftables inet t o")


def test_an_answer_that_the_device_never_confirmed() -> None:
    found = arrival(facts(), seen(answered=Answered.SYN_ACK, answered_on="wlan0"))
    assert (found.good, found.by) == (False, "the way back")
    assert "left on wlan0 (it arrived on eth0)" in found.conclusion


@pytest.mark.parametrize(
    ("changes", "good", "words"),
    [
        ({"request": b"", "response": b""}, None, "has asked nothing yet"),
        ({"response": b""}, None, "has not answered"),
        ({"response": b"", "left": True}, False, "gave up waiting"),
        ({"request": b"", "response": b"", "left": True}, None, "closed it again without asking"),
        ({"response": b"", "ended": "closed"}, False, "closed it without an answer"),
        ({"response": b"", "ended": "reset"}, False, "reset it without an answer"),
        ({"request": b"\x16\x03\x01\x00"}, False, "open it with http://"),
        ({"response": b"\x15\x03\x03\x00"}, False, "open it with https://"),
        ({"response": b"SSH-2.0-OpenSSH_9.2\r\n"}, False, "no HTTP"),
    ],
)
def test_what_becomes_of_a_connection(changes: dict[str, Any], good: bool | None, words: str) -> None:
    found = arrival(facts(), seen(**ANSWER | changes))
    assert found.good is good
    assert words in found.conclusion
    assert found.reached


def test_a_stopped_program_never_answers() -> None:
    known = facts(processes=(process(state="T"),))
    found = arrival(known, seen(**ANSWER | {"response": b""}))
    assert (found.good, found.ref) == (False, "process-stopped")


def test_a_container_that_does_not_answer_or_refuses() -> None:
    to = {"forwarded": Translation(ip_address("172.17.0.2"), 80), "forwarded_on": "docker0"}
    silent, refused = arrival(facts(), seen(**NOTHING | to)), arrival(facts(), seen(**RESET | to))
    assert (silent.by, refused.by) == ("172.17.0.2:80", "172.17.0.2:80")
    assert "nothing listens there" in refused.conclusion


def test_where_it_went_is_part_of_what_was_seen() -> None:
    """A container was started, or a forward rule added, since the machine was asked."""
    to = {"forwarded": Translation(ip_address("172.17.0.2"), 80), "forwarded_on": "docker0"}
    assert contradicts(facts(), seen(**ANSWER | to))
    assert contradicts(published(), seen(**NOTHING))
    assert not contradicts(published(), seen(**NOTHING | to))
    assert not contradicts(published(), seen(**ANSWER | to))


def published() -> Facts:
    """Port 5000 leads to a container."""
    return router(rulesets=(nft_rules(
        "table ip n {\nchain p { type nat hook prerouting priority -100; policy accept;\n"
        "tcp dport 5000 dnat to 172.17.0.2:80\n}\n}"
    ),))  # fmt: skip


def test_a_full_queue_comes_and_goes() -> None:
    known = facts(listeners=(listener(accept_queue=6, backlog=5),))
    assert not contradicts(known, seen(**NOTHING)) and not contradicts(known, seen(**ANSWER))
    found = arrival(known, seen(**NOTHING))
    assert found.ref == "accept-queue-full" and found.by.startswith("the accept queue is full")


def test_the_own_page_is_not_taken_for_the_program() -> None:
    found = arrival(facts(), seen(**ANSWER, ours=True))
    assert (found.good, found.program) == (True, "the wizard's own page")
    assert "network and firewall are fine" in found.conclusion


def test_the_own_page_that_a_firewall_stops() -> None:
    assert arrival(facts(rulesets=(DROP,)), seen(**NOTHING, ours=True)).ref == "firewall-drops-port"


def test_without_root_a_connection_proves_the_way_in() -> None:
    found = arrival(facts(), seen(how=How.TABLE, interface="", answered=Answered.SYN_ACK, established=True))
    assert (found.good, found.by) == (True, "flask run (pid 4242)")
    assert found.passed == ()


# What both sides said


@pytest.mark.parametrize(
    ("request_", "response", "words", "good", "status"),
    [
        (b"GET / HTTP/1.1\r\n", b"HTTP/1.0 403 FORBIDDEN\r\n", "HTTP 403", True, 403),
        (b"GET / HTTP/1.1\r\n", b"HTTP/1.1 9999 x", "HTTP", True, None),
        (b"\x16\x03\x01\x02", b"\x16\x03\x03\x00", "TLS handshake", True, None),
        (b"\x16\x03\x01\x02", b"\x15\x03\x03\x00", "a TLS alert: the handshake failed", False, None),
        (b"\x16\x03\x01\x02", b"<!DOCTYPE HTML>", "something else than TLS to a TLS handshake", False, None),
        (b"", b"SSH-2.0-OpenSSH_9.2\r\n", "“SSH-2.0-OpenSSH_9.2”", True, None),
        (b"", b"\x00\x01\x02", "3 bytes", True, None),
        (b"", b"\x1b[2J", "4 bytes", True, None),
    ],
)
def test_first_bytes(request_: bytes, response: bytes, words: str, good: bool, status: int | None) -> None:
    found = said.read(request_, response)
    assert (found.words, found.good, found.status) == (words, good, status)


# What to open


def test_the_address_is_the_lans_and_never_a_containers_or_a_vpns() -> None:
    links = (
        loopback(),
        interface("docker0", "172.17.0.1/16", index=3, kind="bridge"),
        interface("tun0", "10.8.0.2/24", index=4, kind="tun", point_to_point=True),
        interface("wg-home", "10.9.0.2/24", index=5, kind="wireguard"),
        interface("shop", "172.20.0.1/16", index=6, kind="bridge"),
        interface("eth9", "192.168.9.9/24", index=7, up=False),
        interface("eth8", "192.168.8.8/24", index=8, carrier=False),
        interface("wlan0", "192.168.1.100/24", "fd00:1::100/64", index=2),
        interface("eth1", "10.0.0.5/24", index=9),
    )
    inside = Container("c", "shop", addresses=(ip_address("172.20.0.7"),))
    known = facts(interfaces=links, containers=(inside,), routes=(route(device="tun0"),))
    found = to_open.places(known, 5000)
    assert [(each.url, each.interface) for each in found] == [
        ("http://192.168.1.100:5000/", "wlan0"),
        ("http://10.0.0.5:5000/", "eth1"),
    ]


def test_the_address_that_the_program_listens_on_comes_first() -> None:
    links = (loopback(), interface(), interface("eth1", "10.0.0.5/24", index=3))
    known = facts(interfaces=links, listeners=(listener("10.0.0.5"),))
    assert to_open.places(known, 5000)[0].url == "http://10.0.0.5:5000/"


def test_only_virtual_addresses_are_better_than_none() -> None:
    known = facts(interfaces=(loopback(), interface("docker0", "172.17.0.1/16", kind="bridge")))
    assert [each.url for each in to_open.places(known, 80, "http", "x")] == ["http://172.17.0.1/x"]
    assert to_open.places(facts(interfaces=(loopback(),)), 80) == ()


def test_ipv6_stands_in_brackets() -> None:
    assert to_open.url("https", ip_address("fd00::1"), 8443) == "https://[fd00::1]:8443/"


# Nothing came


@pytest.mark.parametrize(
    ("how", "words"),
    [((How.PACKETS,), "No attempt of another device reached this machine"),
     ((How.PACKETS, How.LISTENER), "No attempt of another device reached this machine"),
     ((How.LISTENER,), "Without root it cannot be told"), ((How.TABLE,), "Without root it cannot be told")],
)  # fmt: skip
def test_what_it_proves_that_nothing_came(how: tuple[How, ...], words: str) -> None:
    assert words in never_arrived.conclusion(Opened(how, 5000))


def test_another_port_was_opened() -> None:
    said_ = never_arrived.conclusion(Opened((How.PACKETS,), 5000), [(ip_address(CLIENT), 8000, 3)])
    assert f"{CLIENT} tried port 8000 (3 times)" in said_
