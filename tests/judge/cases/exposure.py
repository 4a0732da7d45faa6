"""What others can reach and perhaps should not. Warnings: none of these stands in the way."""

from __future__ import annotations

from tests.build import SYSCTLS, facts, interface, listener, loopback, process, route, routes
from tests.judge.cases.case import found, iptables, near_miss, unsure, without
from tests.judge.cases.firewall import UFW, docker_nat
from wizard.model.facts import Owner

DEBUG = process(argv=("/venv/bin/python3", "/venv/bin/flask", "--app", "app", "run", "--host", "0.0.0.0", "--debug"))
REDIS = process(80, ("/usr/bin/redis-server", "*:6379"), name="redis-server")
OF_REDIS = (Owner("redis-server", 80),)
GUNICORN = process(argv=("/venv/bin/python3", "/venv/bin/gunicorn", "-b", "0.0.0.0:5000", "app:app"))

CONTAINER_LAN = {
    "interfaces": (loopback(), interface(), interface("docker0", "172.17.0.1/16", kind="bridge")),
    "routes": (
        *routes(), route("172.17.0.0/16", device="docker0", source="172.17.0.1"),
        route("172.17.0.1/32", kind="local", table="local", device="docker0"),
    ),
    "sysctls": SYSCTLS | {"net.ipv4.ip_forward": "1", "net.ipv4.conf.all.forwarding": "1",
        "net.ipv4.conf.eth0.forwarding": "1"},
}  # fmt: skip
DENIES = iptables(UFW.replace("*filter", docker_nat(8081) + "*filter").replace(":FORWARD DROP", ":FORWARD ACCEPT"))
ALLOWS = iptables(docker_nat(8081))

CASES = (
    found("debugger-exposed", "flask-debug", facts(processes=(DEBUG,)), first=False, says="debugger"),
    found("debugger-exposed", "still-on-loopback", facts(processes=(DEBUG,), listeners=(listener("127.0.0.1"),)),
        first=False),
    near_miss("debugger-exposed", "no-debug", facts()),
    unsure("debugger-exposed", "no-processes-known", without("processes")),
    found("development-server-exposed", "flask", facts(), first=False, says="made for one developer"),
    near_miss("development-server-exposed", "gunicorn", facts(processes=(GUNICORN,))),
    near_miss("development-server-exposed", "on-loopback", facts(listeners=(listener("127.0.0.1"),))),
    unsure("development-server-exposed", "no-processes-known", without("processes")),
    found("database-exposed", "redis", facts(listeners=(listener(port=6379, owners=OF_REDIS),), processes=(REDIS,)),
          port=6379, first=False, says="0.0.0.0:6379"),
    found("database-exposed", "owner-not-shown", facts(listeners=(listener(port=6379, owners=None),)), port=6379,
        first=False),
    near_miss("database-exposed", "flask-on-its-port", facts(listeners=(listener(port=6379),)), port=6379),
    near_miss("database-exposed", "on-loopback", facts(
        listeners=(listener("127.0.0.1", 6379, owners=OF_REDIS),), processes=(REDIS,)), port=6379),
    unsure("database-exposed", "no-listeners-known", without("listeners"), port=6379),
    found("docker-bypasses-firewall", "ufw-denies", facts(rulesets=(DENIES,), **CONTAINER_LAN), port=8081, first=False,
          says="172.17.0.2:80"),
    near_miss("docker-bypasses-firewall", "no-firewall", facts(rulesets=(ALLOWS,), **CONTAINER_LAN), port=8081),
    near_miss("docker-bypasses-firewall", "no-container", facts()),
    unsure("docker-bypasses-firewall", "no-rules-known", without("rulesets")),
)  # fmt: skip
