"""What was typed on the other device leads elsewhere."""

from __future__ import annotations

from ipaddress import ip_address

from tests.build import SERVER, facts, listener
from tests.judge.cases.case import found, near_miss, unsure, without
from wizard.model.capture import Origin
from wizard.model.diagnosis import Side, Symptom
from wizard.model.facts import HostsEntry, ProxySettings, Resolution

LINE = HostsEntry(ip_address("10.0.0.9"), ("shop.lan",), Origin("/etc/hosts", 3, "10.0.0.9 shop.lan"))
NXDOMAIN = Resolution("shop.lan", (), "Name or service not known", Origin("getaddrinfo", 0, "shop.lan: NXDOMAIN"))
LOCALHOST = (
    HostsEntry(ip_address("::1"), ("localhost", "ip6-localhost"), Origin("/etc/hosts", 1, "::1 localhost")),
    HostsEntry(ip_address("127.0.0.1"), ("localhost",), Origin("/etc/hosts", 2, "127.0.0.1 localhost")),
)
PROXY = ProxySettings({"http": "http://proxy.corp:3128"}, ("localhost", ".corp", "10.0.0.0/8"), Origin("environment"))
HERE = {"vantage": SERVER}
IRC = facts(listeners=(listener(port=6667),))

CASES = (
    found("wildcard-address-in-url", "zero", facts(), host="0.0.0.0", says="0.0.0.0"),
    near_miss("wildcard-address-in-url", "loopback", facts(), host="127.0.0.1"),
    near_miss("wildcard-address-in-url", "right-address", facts(), host=SERVER),
    unsure("wildcard-address-in-url", "no-addresses-known", without("interfaces"), host="0.0.0.0"),
    found("loopback-address-in-url", "localhost", facts(), host="localhost", says="means that device"),
    near_miss("loopback-address-in-url", "on-the-machine-itself", facts(), host="localhost", vantage=SERVER),
    near_miss("loopback-address-in-url", "wildcard", facts(), host="0.0.0.0"),
    unsure("loopback-address-in-url", "no-addresses-known", without("interfaces"), host="localhost"),
    found("address-not-of-this-machine", "old-lease", facts(), host="192.168.1.77", addresses=("192.168.1.77",)),
    near_miss("address-not-of-this-machine", "a-name", facts(hosts=(LINE,)), host="shop.lan", addresses=("10.0.0.9",)),
    near_miss("address-not-of-this-machine", "own", facts(), host=SERVER),
    unsure("address-not-of-this-machine", "no-addresses-known", without("interfaces"), host="192.168.1.77",
           addresses=("192.168.1.77",)),
    found("name-resolves-elsewhere", "hosts-line", facts(hosts=(LINE,), resolution=Resolution(
        "shop.lan", (ip_address("10.0.0.9"),))), host="shop.lan", addresses=("10.0.0.9",), says="/etc/hosts line 3"),
    near_miss("name-resolves-elsewhere", "literal", facts(), host="10.0.0.9", addresses=("10.0.0.9",)),
    near_miss("name-resolves-elsewhere", "here", facts(resolution=Resolution("shop.lan", (ip_address(SERVER),))),
        host="shop.lan"),
    unsure("name-resolves-elsewhere", "no-addresses-known", without("interfaces"), host="shop.lan"),
    found("name-does-not-resolve", "nxdomain", facts(resolution=NXDOMAIN), host="shop.lan", addresses=(),
        says="not known"),
    near_miss("name-does-not-resolve", "resolves", facts(
        resolution=Resolution("shop.lan", (ip_address(SERVER),))), host="shop.lan"),
    near_miss("name-does-not-resolve", "no-name", facts()),
    unsure("name-does-not-resolve", "not-asked", without("resolution"), host="shop.lan"),
    found("localhost-other-family", "ipv6-first", facts(listeners=(listener("127.0.0.1"),), hosts=LOCALHOST),
          host="localhost", first=False, says="::1 first"),
    found("localhost-other-family", "on-the-machine-itself", facts(listeners=(listener("127.0.0.1"),), hosts=LOCALHOST),
          host="localhost", addresses=("::1",), vantage="::1"),
    near_miss("localhost-other-family", "ipv4-first", facts(listeners=(listener("127.0.0.1"),), hosts=LOCALHOST[::-1]),
              host="localhost"),
    near_miss("localhost-other-family", "an-address", facts(listeners=(listener("127.0.0.1"),), hosts=LOCALHOST)),
    unsure("localhost-other-family", "no-hosts-file", without("hosts"), host="localhost"),
    found("ipv6-preferred-service-ipv4-only", "aaaa", facts(), host="shop.lan", addresses=("fd00:1::100", SERVER),
          vantage=None, first=False, says="fd00:1::100 first"),
    near_miss("ipv6-preferred-service-ipv4-only", "ipv4-first", facts(), host="shop.lan", addresses=(SERVER,
        "fd00:1::100")),
    near_miss("ipv6-preferred-service-ipv4-only", "dual-stack", facts(listeners=(listener("::", v6only=False),)),
              host="shop.lan", addresses=("fd00:1::100", SERVER), vantage=None),
    near_miss("ipv6-preferred-service-ipv4-only", "link-local", facts(), host="shop.lan", vantage=None,
              addresses=("fe80::5054:ff:fe12:3456", SERVER)),
    unsure("ipv6-preferred-service-ipv4-only", "no-listeners-known", without("listeners"), host="shop.lan",
           addresses=("fd00:1::100", SERVER)),
    found("browser-blocks-port", "irc", IRC, port=6667, says="6667"),
    near_miss("browser-blocks-port", "safe-port", facts()),
    near_miss("browser-blocks-port", "not-a-browser", IRC, port=6667, scheme="tcp"),
    unsure("browser-blocks-port", "no-listeners-known", without("listeners")),
    found("proxy-takes-lan-address", "corporate", facts(proxy=PROXY), host=SERVER, first=False, says="proxy.corp",
        **HERE),
    found("proxy-takes-lan-address", "client", facts(proxy=PROXY), host="192.168.1.50", addresses=("192.168.1.50",),
          side=Side.CLIENT, vantage=None, first=False, symptom=Symptom("proxy-error", "ERR_PROXY_CONNECTION_FAILED")),
    near_miss("proxy-takes-lan-address", "bypassed", facts(proxy=PROXY), host="10.1.2.3", addresses=("10.1.2.3",),
              side=Side.CLIENT, vantage=None),
    near_miss("proxy-takes-lan-address", "other-device", facts(proxy=PROXY), host=SERVER),
    near_miss("proxy-takes-lan-address", "other-scheme", facts(proxy=PROXY), host=SERVER, scheme="https", **HERE),
    unsure("proxy-takes-lan-address", "no-settings-known", without("proxy"), host=SERVER, **HERE),
)  # fmt: skip
