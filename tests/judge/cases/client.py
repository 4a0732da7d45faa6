"""Seen from the machine that cannot get through, and what it told the other end."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from tests.build import CLIENT, SERVER, attempt, facts, interface, loopback, neighbour, route, routes
from tests.judge.cases.case import found, near_miss, nft, unsure, without
from wizard.model.capture import Origin
from wizard.model.diagnosis import Side, Symptom
from wizard.model.facts import AttemptOutcome, Facts, IcmpReport, ProxySettings, Resolution, WayOut
from wizard.model.heard import Heard
from wizard.model.wire import NeighbourAnswers, PathMtu, WireAnswer, WireEvidence, WireHop, WirePath

THERE = "192.168.1.50"
FAR = "10.88.0.50"
PUBLIC = "9.9.9.9"
HERE = {"host": THERE, "addresses": (THERE,), "side": Side.CLIENT, "vantage": None}
OVER_THERE = {"host": FAR, "addresses": (FAR,), "side": Side.CLIENT, "vantage": None}
OUT_DROP = nft(
    "table ip f {\n chain o {\n  type filter hook output priority 0; policy accept;\n  tcp dport 5000 drop\n }\n}\n"
)
IN = "table ip f {\n chain i {\n  type filter hook input priority 0; policy drop;\n"
IN_DROP = nft(IN + " }\n}\n")
IN_DROP_BUT_ANSWERS = nft(IN + "  ct state established,related accept\n }\n}\n")
TUNNEL = interface("tun0", "10.8.0.6/24", kind="tun", mac="", point_to_point=True)


def icmp(offender: str, kind: int = 3, code: int = 3, local: bool = False) -> IcmpReport:
    return IcmpReport(ip_address(offender), kind, code, local)


def tried(outcome: AttemptOutcome = AttemptOutcome.REFUSED, errno: str = "ECONNREFUSED", **more: Any) -> Facts:
    """One attempt toward the other machine that failed."""
    address = more.pop("address", THERE)
    of_attempt = {"icmp": more.pop("icmp", None), "seconds": more.pop("seconds", 0.001)}
    made = attempt(address, outcome=outcome, errno=errno, banner=b"", sent="", ended="", **of_attempt)
    return facts(attempts=(made,), **more)


def silence(**more: Any) -> Facts:
    return tried(AttemptOutcome.TIMEOUT, "ETIMEDOUT", seconds=4.0, **more)


def answered(banner: bytes = b"HTTP/1.1 200 OK\r\n\r\n", **more: Any) -> Facts:
    return facts(attempts=(attempt(THERE, banner=banner, **more),))


def certificate(kind: str, says: str, date: bytes = b"Thu, 09 Oct 2025 08:53:20 GMT") -> Facts:
    """A TLS answer whose certificate is not believed; the builder's clock says the same day as `date`."""
    banner = b"HTTP/1.1 200 OK\r\nDate: " + date + b"\r\n\r\n"
    return answered(banner, sent="tls", tls="ok", certificate=kind, certificate_says=says)


def way(kind: str = "unicast", device: str = "eth0", address: str = THERE, **more: Any) -> WayOut:
    return WayOut(ip_address(address), kind, device, origin=Origin("ip route get", 1, f"{address} {kind}"), **more)


def told(transport: str = "timeout", by: str = "nobody", **more: Any) -> dict[str, Any]:
    """`--heard` on the server, as the device in the same network would say it."""
    values = {"family": 4, "same_network": True, "port": 5000, "target_bits": int(ip_address(SERVER)) & 0xFFF,
              "client_bits": int(ip_address(CLIENT)) & 0xFFFF, "client": ip_address(CLIENT)}  # fmt: skip
    return {"heard": Heard(transport, by, **values | more)}


PROHIBIT = route("192.168.1.50/32", kind="prohibit", device="")
HTTPS = {"scheme": "https"}
TWO_MACS = WireEvidence(
    ip_address(THERE), 5000, True, "eth0",
    neighbour=NeighbourAnswers(ip_address(THERE), "eth0", ("02:00:00:00:00:01", "02:00:00:00:00:02")),
)  # fmt: skip
ONE_MAC = WireEvidence(
    ip_address(THERE), 5000, True, "eth0",
    neighbour=NeighbourAnswers(ip_address(THERE), "eth0", ("02:00:00:00:00:01",)),
)  # fmt: skip


def _hop(number: int, address: str) -> WireHop:
    return WireHop(number, WireAnswer("icmp", ip_address(address), 0.001, type=11, code=0))


ECHO = WireAnswer("echo", ip_address(FAR), ttl=61)
PINGED = WirePath("icmp", (_hop(1, "192.168.1.1"), _hop(2, "10.9.0.1"), WireHop(3, ECHO)), reached=True)
DROPPED_EARLY = WireEvidence(
    ip_address(FAR), 5000, echo=ECHO, paths=(WirePath("tcp", (_hop(1, "192.168.1.1"), WireHop(2), WireHop(3))), PINGED)
)
DROPPED_LATE = WireEvidence(
    ip_address(FAR),
    5000,
    echo=ECHO,
    paths=(WirePath("tcp", (_hop(1, "192.168.1.1"), _hop(2, "10.9.0.1"), WireHop(3))), PINGED),
)
BOX = WireEvidence(ip_address(FAR), 5000, True, answers=(WireAnswer("rst", ip_address(FAR), ttl=63),), echo=ECHO)
HOLE = WireEvidence(ip_address(THERE), 5000, mtu=PathMtu(1500, 1500, 1300, 1400))
BLOCKED_BY_OTHERS = nft("table ip f {\n chain i {\n  type filter hook input priority 0; policy drop;\n }\n}\n")
SMALL = facts(
    attempts=(
        attempt(THERE, banner=b"", ended="open"),
        attempt(THERE, banner=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", small_segments=True),
    )
)

CASES = (
    found("own-firewall-blocks-outgoing", "drop", silence(rulesets=(OUT_DROP,), ways_out=(way(source=ip_address(SERVER)),)),
          says="own firewall drops", **HERE),
    found("own-firewall-blocks-outgoing", "rejected-by-itself", tried(icmp=icmp(SERVER)), says="own firewall rejects",
              **HERE),
    found("own-firewall-blocks-outgoing", "told-by-the-device", facts(), says="other device's own",
          **told("refused", "self", detail="port-unreachable")),
    found("own-firewall-blocks-outgoing", "the-answer", silence(
        rulesets=(IN_DROP,), ways_out=(way(source=ip_address(SERVER)),)), says="the answer of 192.168.1.50", **HERE),
    near_miss("own-firewall-blocks-outgoing", "answers-are-let-in", silence(
        rulesets=(IN_DROP_BUT_ANSWERS,), ways_out=(way(source=ip_address(SERVER)),)), **HERE),
    near_miss("own-firewall-blocks-outgoing", "rejected-there", tried(icmp=icmp(THERE)), **HERE),
    near_miss("own-firewall-blocks-outgoing", "connected-in-spite-of-the-model", facts(
        attempts=(attempt(THERE),), rulesets=(OUT_DROP,)), **HERE),
    unsure("own-firewall-blocks-outgoing", "not-tried", facts(), **HERE),
    found("own-route-refuses", "prohibit", tried(AttemptOutcome.PROHIBITED, "EACCES", routes=(*routes(), PROHIBIT),
          ways_out=(way("none", "", error="Permission denied"),)), says="prohibit", **HERE),
    found("own-route-refuses", "blackhole-not-asked", tried(AttemptOutcome.ERROR, "EINVAL",
          routes=(*routes(), route("192.168.1.48/29", kind="blackhole", device=""))), says="blackhole", **HERE),
    near_miss("own-route-refuses", "no-route", tried(AttemptOutcome.UNREACHABLE, "ENETUNREACH", address=FAR, routes=()),
              **OVER_THERE),
    unsure("own-route-refuses", "not-tried", facts(), **HERE),
    found("no-route-there", "no-default-route", tried(AttemptOutcome.UNREACHABLE, "ENETUNREACH", address=FAR, routes=()),
          says="no default route", **OVER_THERE),
    near_miss("no-route-there", "prohibit", tried(AttemptOutcome.PROHIBITED, "EACCES", routes=(*routes(), PROHIBIT)), **HERE),
    near_miss("no-route-there", "refused", tried(), **HERE),
    unsure("no-route-there", "not-tried", facts(), **HERE),
    found("hsts-forces-https", "client", facts(attempts=(attempt(THERE),)), says=".dev", **HERE | {"host": "shop.dev"}),
    found("hsts-forces-https", "server", facts(), says=".app", host="shop.app"),
    near_miss("hsts-forces-https", "another-name", facts(), host="dev.shop.lan"),
    near_miss("hsts-forces-https", "unsafe-port", facts(attempts=(attempt(THERE, 6667),)), port=6667, **HERE),
    unsure("hsts-forces-https", "not-tried", facts(), **HERE | {"host": "shop.dev"}),
    found("no-nat-loopback", "a-public-address", silence(address=PUBLIC), first=False, says="own public address",
          **OVER_THERE | {"host": PUBLIC, "addresses": (PUBLIC,)}),
    near_miss("no-nat-loopback", "a-private-one", silence(address=FAR), **OVER_THERE),
    near_miss("no-nat-loopback", "on-the-server", facts()),
    unsure("no-nat-loopback", "not-tried", facts(), **OVER_THERE),
    found("vpn-takes-the-lan", "overlap", silence(interfaces=(loopback(), interface(), TUNNEL),
          ways_out=(way(device="tun0"),)), says="into tun0", **HERE),
    near_miss("vpn-takes-the-lan", "straight", silence(interfaces=(loopback(), interface(), TUNNEL),
              ways_out=(way(device="eth0"),)), **HERE),
    near_miss("vpn-takes-the-lan", "on-the-server", facts()),
    unsure("vpn-takes-the-lan", "not-tried", facts(), **HERE),
    found("router-refuses", "icmp-of-another", tried(AttemptOutcome.UNREACHABLE, "EHOSTUNREACH", address=FAR,
          icmp=icmp("192.168.1.1", 3, 13)), says="192.168.1.1", **OVER_THERE),
    found("router-refuses", "told-by-the-device", facts(), says="between the device",
          **told("refused", "router", detail="port-unreachable", same_network=False)),
    near_miss("router-refuses", "refused-there", tried(icmp=icmp(THERE)), **HERE),
    unsure("router-refuses", "not-tried", facts(), **HERE),
    found("different-subnet", "told-by-the-device", facts(), says="another network",
          **told(same_network=False, client=ip_address("10.88.0.2"), client_bits=2)),
    near_miss("different-subnet", "same-network", facts(), **told("unreachable")),
    near_miss("different-subnet", "nothing-told", facts()),
    unsure("different-subnet", "not-tried", facts(), **HERE),
    found("client-isolation", "told-by-the-device", facts(), says="keeps them apart", **told("unreachable")),
    near_miss("client-isolation", "other-network", facts(),
              **told(same_network=False, client=ip_address("10.88.0.2"))),
    unsure("client-isolation", "not-tried", facts(), **HERE),
    found("path-mtu-black-hole", "small-packets-pass", SMALL, says="small packets", **HERE),
    near_miss("path-mtu-black-hole", "silent-either-way", facts(attempts=(attempt(THERE, banner=b"", ended="open"),)),
              **HERE),
    near_miss("path-mtu-black-hole", "whole-answer", answered(), **HERE),
    unsure("path-mtu-black-hole", "not-tried", facts(), **HERE),
    found("ephemeral-ports-exhausted", "none-left", tried(AttemptOutcome.ERROR, "EADDRNOTAVAIL"), says="no free port",
              **HERE),
    near_miss("ephemeral-ports-exhausted", "refused", tried(), **HERE),
    unsure("ephemeral-ports-exhausted", "not-tried", facts(), **HERE),
    found("redirects-to-localhost", "client-side", answered(
        b"HTTP/1.1 302 Found\r\nLocation: http://localhost:5000/login\r\n\r\n"), says="localhost:5000", **HERE),
    found("redirects-to-localhost", "server-side", facts(attempts=(attempt(
        banner=b"HTTP/1.1 301 Moved\r\nlocation: https://127.0.0.1/\r\n\r\n"),)), says="127.0.0.1"),
    near_miss("redirects-to-localhost", "by-path", answered(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n"), **HERE),
    near_miss("redirects-to-localhost", "elsewhere", answered(
        b"HTTP/1.1 302 Found\r\nLocation: http://localhost.example.com/\r\n\r\n"), **HERE),
    unsure("redirects-to-localhost", "not-tried", facts(), **HERE),
    found("certificate-not-trusted", "self-signed", certificate("authority", "self-signed certificate"), says="self-signed",
          **HERE, **HTTPS),
    near_miss("certificate-not-trusted", "expired", certificate("date", "certificate has expired"), **HERE, **HTTPS),
    near_miss("certificate-not-trusted", "plain", answered(), **HERE),
    unsure("certificate-not-trusted", "not-tried", facts(), **HERE, **HTTPS),
    found("certificate-for-another-name", "localhost", certificate("name", "IP address mismatch"), says="not for",
          **HERE, **HTTPS),
    near_miss("certificate-for-another-name", "self-signed", certificate("authority", "self-signed certificate"),
              **HERE, **HTTPS),
    unsure("certificate-for-another-name", "not-tried", facts(), **HERE, **HTTPS),
    found("certificate-out-of-date", "expired", certificate("date", "certificate has expired"), says="has expired",
          **HERE, **HTTPS),
    found("certificate-out-of-date", "not-yet", certificate("not-yet", "certificate is not yet valid"), says="not valid yet",
          **HERE, **HTTPS),
    near_miss("certificate-out-of-date", "name", certificate("name", "IP address mismatch"), **HERE, **HTTPS),
    unsure("certificate-out-of-date", "not-tried", facts(), **HERE, **HTTPS),
    found("clock-wrong", "a-year-behind", certificate("not-yet", "not yet valid", b"Fri, 09 Oct 2026 08:53:20 GMT"),
          says="365 days behind", **HERE, **HTTPS),
    near_miss("clock-wrong", "same-day", certificate("date", "certificate has expired"), **HERE, **HTTPS),
    near_miss("clock-wrong", "no-date", certificate("date", "certificate has expired", b"yesterday"), **HERE, **HTTPS),
    unsure("clock-wrong", "not-tried", facts(), **HERE, **HTTPS),
    found("client-saw-otherwise", "another-address", facts(), says="ends in", **told("refused", "target", target_bits=0x777)),
    found("client-saw-otherwise", "dropped-here-refused-there", facts(rulesets=(BLOCKED_BY_OTHERS,)), first=False,
          says="Another machine", **told("refused", "target")),
    found("client-saw-otherwise", "a-symptom", facts(rulesets=(BLOCKED_BY_OTHERS,)), first=False, says="wait in vain",
          symptom=Symptom("refused", "ERR_CONNECTION_REFUSED")),
    near_miss("client-saw-otherwise", "the-same", facts(rulesets=(BLOCKED_BY_OTHERS,)), says="just what", **told()),
    near_miss("client-saw-otherwise", "nothing-told", facts()),
    found("client-saw-otherwise", "in-vain-and-nothing-here", facts(), first=False, says="Something on the way", **told()),
    unsure("client-saw-otherwise", "too-little-known", without("routes"), **told()),
    found("router-drops-port", "two-routers", silence(address=FAR, wire=DROPPED_EARLY), says="no farther", **OVER_THERE),
    near_miss("router-drops-port", "the-last-router", silence(address=FAR, wire=DROPPED_LATE), **OVER_THERE),
    unsure("router-drops-port", "not-tried", facts(), **OVER_THERE),
    found("router-refuses", "a-box-in-its-name", tried(address=FAR, wire=BOX), says="in that machine's name", **OVER_THERE),
    found("path-mtu-black-hole", "measured", facts(attempts=(attempt(THERE, banner=b"", ended="open"),), wire=HOLE),
          says="1300 bytes pass", **HERE),
    found("duplicate-address", "two-answer", silence(wire=TWO_MACS), says="02:00:00:00:00:02", **HERE),
    near_miss("duplicate-address", "one-answers", silence(wire=ONE_MAC), **HERE),
    unsure("duplicate-address", "not-tried", facts(), **HERE),
    found("refused-by-other-machine", "reset", tried(), says="a reset", **HERE),
    near_miss("refused-by-other-machine", "silence", silence(), **HERE),
    unsure("refused-by-other-machine", "not-tried", facts(), **HERE),
    found("proxy-takes-lan-address", "unreachable-proxy", facts(
        proxy=ProxySettings({"http": "http://10.0.0.1:3128"}, (), Origin("env", 1, "http_proxy=http://10.0.0.1:3128")),
        attempts=(attempt(THERE), attempt("10.0.0.1", 3128, outcome=AttemptOutcome.REFUSED, errno="ECONNREFUSED",
                                          banner=b"", through_proxy=True))), says="cannot be reached", **HERE),
    found("host-does-not-answer", "arp", tried(AttemptOutcome.UNREACHABLE, "EHOSTUNREACH", seconds=3.06,
          icmp=icmp(SERVER, 3, 1), neighbours=(neighbour(THERE, state="FAILED", mac=""),)), says="nobody", **HERE),
    found("host-does-not-answer", "a-router-found-nobody", tried(AttemptOutcome.UNREACHABLE, "EHOSTUNREACH", address=FAR,
          seconds=3.06, icmp=icmp("192.168.1.1", 3, 1)), says="192.168.1.1, which leads there", **OVER_THERE),
    found("host-does-not-answer", "the-router-is-dead", tried(AttemptOutcome.UNREACHABLE, "EHOSTUNREACH", address=FAR,
          seconds=3.06, icmp=icmp(SERVER, 3, 1), neighbours=(neighbour("192.168.1.1", state="FAILED", mac=""),)),
          says="the router 192.168.1.1", **OVER_THERE),
    found("name-does-not-resolve", "local", facts(resolution=Resolution("box.local", (), "Name or service not known")),
          host="box.local", addresses=(), side=Side.CLIENT, vantage=None),
    found("proxy-takes-lan-address", "a-name-that-only-the-proxy-knows", facts(
        proxy=ProxySettings({"http": "http://10.0.0.1:3128"}), resolution=Resolution("shop.corp", (), "not known"),
        attempts=(attempt("10.0.0.1", 3128, outcome=AttemptOutcome.TIMEOUT, errno="ETIMEDOUT", banner=b"",
                          through_proxy=True),)), host="shop.corp", addresses=(), side=Side.CLIENT, vantage=None),
    found("proxy-takes-lan-address", "a-script", facts(proxy=ProxySettings(pac="http://p/x.pac")), first=False,
          says="a script", **HERE),
    found("browser-blocks-port", "client", facts(attempts=(attempt(THERE, 6667),)), port=6667, says="6667", **HERE),
    found("interface-down", "client", tried(AttemptOutcome.UNREACHABLE, "ENETUNREACH",
          interfaces=(loopback(), interface(carrier=False))), says="no link", **HERE),
    found("ipv6-preferred-service-ipv4-only", "client", facts(attempts=(
        attempt("fd00:1::50", outcome=AttemptOutcome.REFUSED, errno="ECONNREFUSED", banner=b""), attempt(THERE))),
        first=False, says="comes first and fails", host="shop.lan", addresses=("fd00:1::50", THERE), side=Side.CLIENT,
        vantage=None),
)  # fmt: skip
