"""The way to the machine, or back from it."""

from __future__ import annotations

from tests.build import SYSCTLS, attempt, facts, interface, loopback, neighbour, route, routes
from tests.judge.cases.case import found, near_miss, unsure, without
from wizard.model.capture import Origin
from wizard.model.diagnosis import Side
from wizard.model.facts import AttemptOutcome

FAR = {"vantage": "10.88.0.2"}
ALONE = tuple(each for each in routes() if each.gateway is None)
LOOSE_OFF = SYSCTLS | {"net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.eth0.rp_filter": "0"}
STRICT = SYSCTLS | {"net.ipv4.conf.eth0.rp_filter": "1"}
SECOND = interface("eth1", "10.66.0.1/24")
OVER_ETH1 = (
    *(each for each in routes() if each.destination.prefixlen),
    route("0.0.0.0/0", device="eth1", gateway="10.66.0.254"),
    route("10.66.0.0/24", device="eth1"),
    route("10.66.0.1/32", kind="local", table="local", device="eth1"),
)
GONE = attempt("192.168.1.50", outcome=AttemptOutcome.UNREACHABLE, errno="EHOSTUNREACH", seconds=3.06, banner=b"")
CLIENT_SIDE = {"host": "192.168.1.50", "addresses": ("192.168.1.50",), "side": Side.CLIENT, "vantage": None}

CASES = (
    found("interface-down", "switched-off", facts(interfaces=(loopback(), interface(up=False))), says="switched off"),
    found("interface-down", "no-carrier", facts(interfaces=(loopback(), interface(carrier=False))), says="no link"),
    near_miss("interface-down", "another-one", facts(interfaces=(loopback(), interface(), interface("eth1",
        "10.9.0.1/24", up=False)))),
    unsure("interface-down", "no-interfaces-known", without("interfaces")),
    found("no-route-back", "no-default-route", facts(routes=ALONE, sysctls=LOOSE_OFF), says="not sent", **FAR),
    found("no-route-back", "loose-filter-sees-it-first", facts(routes=ALONE), says="not sent", **FAR),
    found("no-route-back", "blackhole", facts(
        routes=(*routes(), route("10.88.0.0/16", kind="blackhole", device="")), sysctls=LOOSE_OFF), **FAR),
    found("no-route-back", "none-to-there", facts(attempts=(attempt(
        "192.168.1.50", outcome=AttemptOutcome.UNREACHABLE, errno="ENETUNREACH", banner=b""),)), says="no route",
            first=False, **CLIENT_SIDE),
    near_miss("no-route-back", "default-route", facts(), **FAR),
    near_miss("no-route-back", "neighbour", facts(routes=ALONE)),
    unsure("no-route-back", "no-routes-known", without("routes", sysctls=LOOSE_OFF), **FAR),
    found("reverse-path-filter", "second-cable", facts(
        interfaces=(loopback(), interface(), SECOND), routes=OVER_ETH1, sysctls=STRICT), interface="eth0",
            says="rp_filter", **FAR),
    near_miss("reverse-path-filter", "loose", facts(
        interfaces=(loopback(), interface(), SECOND), routes=OVER_ETH1), interface="eth0", **FAR),
    near_miss("reverse-path-filter", "strict-and-straight", facts(sysctls=STRICT)),
    unsure("reverse-path-filter", "no-settings-known", without("sysctls"), **FAR),
    found("host-does-not-answer", "nobody-there", facts(
        attempts=(GONE,), neighbours=(neighbour("192.168.1.50", state="FAILED", origin=Origin("ip neigh", 1,
            "FAILED")),)),
        says="nobody on this network", **CLIENT_SIDE),
    found("host-does-not-answer", "silence", facts(attempts=(attempt(
        "192.168.1.50", outcome=AttemptOutcome.TIMEOUT, errno="ETIMEDOUT", banner=b""),)), says="no answer",
            **CLIENT_SIDE),
    near_miss("host-does-not-answer", "refused", facts(attempts=(attempt(
        "192.168.1.50", outcome=AttemptOutcome.REFUSED, errno="ECONNREFUSED", banner=b""),)), **CLIENT_SIDE),
    unsure("host-does-not-answer", "not-tried", facts(), **CLIENT_SIDE),
    found("answer-takes-another-way", "second-uplink", facts(
        interfaces=(loopback(), interface(), SECOND), routes=OVER_ETH1, sysctls=LOOSE_OFF), interface="eth0",
            says="leaves by eth1", first=False, **FAR),
    near_miss("answer-takes-another-way", "one-way", facts(), **FAR),
    near_miss("answer-takes-another-way", "both-in-one-lan", facts(
        interfaces=(loopback(), interface(), interface("eth1", "192.168.1.11/24")), sysctls=LOOSE_OFF), interface="eth1"),
    unsure("answer-takes-another-way", "no-routes-known", without("routes"), **FAR),
    found("neighbour-is-silent", "failed", facts(neighbours=(neighbour("192.168.1.20", state="FAILED"),)),
        says="the mask is too wide", first=False),
    near_miss("neighbour-is-silent", "heard", facts(neighbours=(neighbour("192.168.1.20"),))),
    near_miss("neighbour-is-silent", "not-of-this-lan", facts(neighbours=(neighbour("10.88.0.2", state="FAILED"),)), **FAR),
    unsure("neighbour-is-silent", "no-neighbours-known", without("neighbours")),
)  # fmt: skip
