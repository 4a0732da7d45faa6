"""Docker writes one policy for iptables and for nftables (../shared/data/docker-doc, where present): both mean the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import build
from wizard.firewalls.iptables import read as iptables
from wizard.firewalls.nftables import text as nft
from wizard.judge.trace import trace
from wizard.model.facts import Facts
from wizard.model.ruleset import Engine, Family, Ruleset

DATA = Path(__file__).parents[3] / "shared" / "data" / "docker-doc"
NAMES = ("new-daemon", "usernet-internal", "usernet-portmap-lo", "usernet-portmap-noproxy")
LINKS = {"eth0": "192.168.1.100/24", "docker0": "172.17.0.1/16", "bridge1": "192.0.2.1/24"}
HOSTS = {"eth0": "192.168.1.23", "docker0": "172.17.0.9", "bridge1": "192.0.2.9"}
TARGETS = ("192.168.1.100", "192.0.2.2", "192.0.2.7", "172.17.0.2", "8.8.8.8")
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the collected rulesets are not here")


def saved(text: str) -> str:
    """The blocks of `iptables -S` words as one iptables-save."""
    found = []
    for block in re.findall(r"(?:^    -[PNA] .*\n?)+", text, re.MULTILINE):
        lines = [line.strip() for line in block.splitlines()]
        chains = [line.split()[1] for line in lines if line.startswith("-P ")]
        if not chains:
            continue
        table = "nat" if "POSTROUTING" in chains else "filter" if "FORWARD" in chains else "raw"
        heads = [
            f":{line.split()[1]} {line.split()[2] if line[1] == 'P' else '-'} [0:0]" for line in lines if line[1] != "A"
        ]
        found += [f"*{table}", *heads, *(line for line in lines if line[1] == "A"), "COMMIT"]
    return "\n".join(found) + "\n"


def listed(text: str) -> str:
    """The first whole table."""
    lines = [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ") or not line.strip()]
    start = next(n for n, line in enumerate(lines) if line.startswith("table "))
    end = next(n for n, line in enumerate(lines) if n > start and line == "}")
    return "\n".join(lines[start : end + 1])


def machine(ruleset: Ruleset) -> Facts:
    links = [build.interface(name, address, index=n) for n, (name, address) in enumerate(LINKS.items(), start=2)]
    routes = [build.route(), build.local_route("127.0.0.0/8", "lo")]
    for link in links:
        own = link.addresses[0]
        routes += [build.route(str(own.network), device=link.name), build.local_route(f"{own.ip}/32", link.name)]
    sysctls = {"net.ipv4.ip_forward": "1"}
    for name in ("all", *LINKS):
        sysctls |= {f"net.ipv4.conf.{name}.{key}": "0" for key in ("rp_filter", "accept_local", "route_localnet")}
        sysctls[f"net.ipv4.conf.{name}.forwarding"] = "1"
    return build.facts(
        interfaces=(*links, build.loopback()), routes=tuple(routes), sysctls=sysctls, rulesets=(ruleset,)
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_twins_agree(name: str) -> None:
    documents = [DATA / f"moby_{kind}__{name}.md" for kind in ("ipt", "nft")]
    if not all(path.exists() for path in documents):
        pytest.skip(f"{name} is not at hand")
    one_text, other_text = saved(documents[0].read_text()), listed(documents[1].read_text())
    one = iptables.read(one_text, Family.IP, Engine.IPTABLES_LEGACY)
    other = nft.read(other_text)
    assert not one.unread
    assert not other.unread
    assert one.tables
    assert other.tables
    facts = [machine(one), machine(other)]
    compared, outcomes = 0, set()
    for device, source in HOSTS.items():
        for target in TARGETS:
            if "*raw" not in one_text and device != "bridge1" and target == "192.0.2.2":
                # The document leaves out the table that stops those who dial a container itself.
                continue
            for port in (80, 8080, 22):
                asked = build.packet(source, target, port, interface=device)
                mine, theirs = (trace(each, asked, explain=False) for each in facts)
                assert (mine.outcome, mine.to) == (theirs.outcome, theirs.to), f"{asked}: {mine.path} {theirs.path}"
                compared += 1
                outcomes.add(mine.outcome)
    assert compared >= 30
    assert len(outcomes) > 1
