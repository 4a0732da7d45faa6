"""What is asked where this machine is the one that cannot get through: whom, in which order, and what once more."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

from tests import build
from tests.judge.cases.case import target
from wizard.diagnose import from_here
from wizard.judge import heard, heard_code
from wizard.judge.client import happy_eyeballs, walk
from wizard.model.capture import Capture
from wizard.model.diagnosis import Side
from wizard.model.facts import AttemptOutcome, IcmpReport, ProxySettings

THERE, OTHER, SIX, SIX_TOO = (ip_address(each) for each in ("192.168.1.50", "192.168.1.51", "fd00:1::50", "fd00:1::51"))


def asked(**changes: Any) -> Any:
    values = {"host": "shop.lan", "addresses": (SIX, THERE), "side": Side.CLIENT, "vantage": None}
    return target(**values | changes)


def capture(*lines: dict[str, Any]) -> Capture:
    whole = {"address": str(THERE), "port": 5000, "outcome": "connected", "errno": "", "seconds": 0.01, "banner": ""}
    return Capture("attempts", "".join(json.dumps(whole | line) + "\n" for line in lines))


def test_the_two_families_are_tried_by_turns() -> None:
    assert happy_eyeballs((SIX, SIX_TOO, THERE, OTHER)) == (SIX, THERE, SIX_TOO, OTHER)
    assert happy_eyeballs((THERE, SIX, SIX_TOO)) == (THERE, SIX, SIX_TOO)
    assert happy_eyeballs(()) == ()


def test_every_address_is_asked_at_once_and_nobody_else() -> None:
    wishes = from_here.wanted(build.facts(), asked(), 4.0, "shop.lan:5000")
    assert [(each.address, each.port, each.send) for each in wishes] == [
        (str(SIX), 5000, "http"),
        (str(THERE), 5000, "http"),
    ]
    assert {each.host_header for each in wishes} == {"shop.lan:5000"}


def test_a_proxy_is_asked_for_the_whole_url() -> None:
    facts = build.facts(proxy=ProxySettings({"http": "http://10.0.0.1:3128"}, ("localhost",)))
    [last] = [each for each in from_here.wanted(facts, asked(path="/x"), 4.0, "shop.lan:5000") if each.through_proxy]
    assert (last.address, last.port, last.path) == ("10.0.0.1", 3128, "http://shop.lan:5000/x")
    left_out = build.facts(proxy=ProxySettings({"http": "http://10.0.0.1:3128"}, (".lan",)))
    assert not any(each.through_proxy for each in from_here.wanted(left_out, asked(), 4.0, "shop.lan:5000"))


def test_small_packets_are_asked_for_where_the_answer_hangs() -> None:
    wishes = from_here.wanted(build.facts(), asked(addresses=(THERE,)), 4.0, "shop.lan:5000")
    hangs = {"sent": "http", "ended": "open"}
    torn = {"sent": "http", "ended": "answered", "banner": "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nthe first"}
    whole = {"sent": "http", "ended": "answered", "banner": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"}
    strange = {"sent": "http", "ended": "answered", "banner": "SSH-2.0-OpenSSH_9.2\r\n"}
    refused = {"outcome": "refused", "errno": "ECONNREFUSED"}
    for line, again in ((hangs, 1), (torn, 1), (whole, 0), (strange, 0), (refused, 0)):
        asked_again = from_here.asked_for_small_packets(wishes, capture(line))
        assert len(asked_again) == again and all(each.small_segments for each in asked_again), line


def test_a_quick_host_unreachable_of_another_machine_is_tried_once_more() -> None:
    wishes = from_here.wanted(build.facts(), asked(addresses=(THERE,)), 4.0, "shop.lan:5000")
    said = {"outcome": "unreachable", "errno": "EHOSTUNREACH"}
    icmp = {"type": 3, "code": 1, "local": False}
    quick = said | {"icmp": icmp | {"offender": "192.168.1.1"}, "seconds": 0.01}
    for line, again in (
        (quick, 1),
        (quick | {"seconds": 3.06}, 0),
        (quick | {"icmp": icmp | {"offender": build.SERVER}}, 0),
        (quick | {"icmp": icmp | {"offender": "192.168.1.1", "code": 13}}, 0),
    ):
        assert len(from_here.once_more(build.facts(), wishes, capture(line))) == again, line


def test_the_client_is_known_by_its_code() -> None:
    """From the client's facts to a code, from the code to the server's vantage."""
    made = build.attempt(str(THERE), outcome=AttemptOutcome.REFUSED, errno="ECONNREFUSED", banner=b"",
                         icmp=IcmpReport(THERE, 3, 3), source=ip_address(build.SERVER))  # fmt: skip
    client = build.facts(attempts=(made,))
    told = heard.told(client, asked(addresses=(THERE,)), walk(client, asked(addresses=(THERE,))))
    assert told is not None
    server = build.facts(interfaces=(build.loopback(), build.interface("eth0", f"{THERE}/24")))
    known = heard.with_client(server, target(addresses=(THERE,)), heard_code.decode(heard_code.encode(told)))
    assert (known.transport, known.by, known.detail) == ("refused", "target", "port-unreachable")
    assert (known.client, known.prefix, known.port) == (ip_address(build.SERVER), 24, 5000)
