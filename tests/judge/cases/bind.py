"""The program listens, but not where the packet arrives."""

from __future__ import annotations

from tests.build import facts, interface, listener, loopback, process
from tests.judge.cases.case import found, near_miss, unsure, without
from wizard.model.facts import Owner

V6 = "fd00:1::100"
FROM_V6 = {"addresses": (V6,), "vantage": "fd00:1::20"}
NOBODY = facts(listeners=())

LOW = process(
    50, ("/usr/bin/python3", "serve.py", "--port", "80"), name="python3", started=1.0, cwd="/srv", user="nobody"
)

CASES = (
    found("loopback-only-bind", "127.0.0.1", facts(listeners=(listener("127.0.0.1"),)), says="127.0.0.1 only"),
    found("loopback-only-bind", "both-families", facts(listeners=(listener("127.0.0.1"), listener("::1")))),
    near_miss("loopback-only-bind", "lan-address-too", facts(listeners=(listener("127.0.0.1"), listener("192.168.1.7")))),
    near_miss("loopback-only-bind", "healthy", facts()),
    near_miss("loopback-only-bind", "nobody-at-all", NOBODY, says="No socket is bound"),
    unsure("loopback-only-bind", "no-listeners-known", without("listeners")),
    found(
        "bound-to-another-address", "second-network", facts(
            listeners=(listener("10.9.0.1"),), interfaces=(loopback(), interface(), interface("eth1", "10.9.0.1/24"))
        ), says="not on 192.168.1.100",
    ),
    near_miss("bound-to-another-address", "dialled-address", facts(listeners=(listener("192.168.1.100"),))),
    unsure("bound-to-another-address", "no-listeners-known", without("listeners")),
    found("bind-address-gone", "old-lease", facts(listeners=(listener("192.168.1.7"),)),
        says="no address of this machine"),
    found("bind-address-gone", "and-loopback", facts(listeners=(listener("192.168.1.7"), listener("127.0.0.1")))),
    near_miss(
        "bind-address-gone", "other-interface", facts(
            listeners=(listener("10.9.0.1"),), interfaces=(loopback(), interface(), interface("eth1", "10.9.0.1/24"))
        ),
    ),
    unsure("bind-address-gone", "no-addresses-known", without("interfaces")),
    found("ipv6-only-bind", "uvicorn", facts(listeners=(listener("::", v6only=True),)), says="v6only"),
    found("ipv6-only-bind", "one-address", facts(listeners=(listener(V6),))),
    near_miss("ipv6-only-bind", "dual-stack", facts(listeners=(listener("::", v6only=False),))),
    near_miss("ipv6-only-bind", "ipv4-loopback-beside", facts(listeners=(listener("::", v6only=True), listener(
        "127.0.0.1")))),
    unsure("ipv6-only-bind", "no-listeners-known", without("listeners")),
    found("ipv4-only-bind", "wildcard", facts(), **FROM_V6),
    near_miss("ipv4-only-bind", "both", facts(listeners=(listener(), listener("::", v6only=True))), **FROM_V6),
    near_miss("ipv4-only-bind", "ipv4-client", facts(listeners=(listener("192.168.1.7"),))),
    unsure("ipv4-only-bind", "no-listeners-known", without("listeners"), **FROM_V6),
    found("bound-to-one-device", "wlan0", facts(listeners=(listener(device="wlan0"),)), says="on wlan0"),
    near_miss("bound-to-one-device", "the-right-one", facts(listeners=(listener(device="eth0"),))),
    near_miss("bound-to-one-device", "loopback-address", facts(listeners=(listener("127.0.0.1", device="lo"),))),
    unsure("bound-to-one-device", "no-listeners-known", without("listeners")),
    found(
        "other-network-namespace", "sandbox",
        facts(listeners=(), foreign_listeners=(listener(namespace=4026532000, owners=(Owner("node", 77),)),)),
    ),
    near_miss("other-network-namespace", "other-port", facts(listeners=(), foreign_listeners=(listener(port=5001),))),
    near_miss("other-network-namespace", "here-too", facts(foreign_listeners=(listener(),))),
    unsure("other-network-namespace", "no-root", without("foreign_listeners", listeners=())),
    found(
        "privileged-port", "nobody", facts(listeners=(), processes=(process(), LOW)), port=80, says="runs as nobody"
    ),
    near_miss("privileged-port", "border-lowered", facts(
        listeners=(), processes=(LOW,), sysctls={"net.ipv4.ip_unprivileged_port_start": "80"}), port=80),
    near_miss("privileged-port", "nobody-asks", facts(listeners=()), port=80),
    near_miss("privileged-port", "high-port", NOBODY),
    unsure("privileged-port", "no-processes-known", without("processes", listeners=()), port=80),
)  # fmt: skip
