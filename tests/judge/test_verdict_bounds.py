"""Rulesets with machine-proved bounds of what they accept (../shared/data/verdict_corpus, where present).

The proofs (Diekmann et al., Iptables_Semantics) say of new connections: what `lower` accepts the ruleset accepts, what
it accepts `upper` accepts. They put networks in place of interfaces, in a topology that is not told; so a packet agrees
where the model agrees for some interface that the ruleset names. A third of the files each time, `WIZARD_WORLD=all` for all.
"""

from __future__ import annotations

import os
import re
import time
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from random import Random

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests import build
from wizard.firewalls.iptables import read as iptables
from wizard.judge.filters import Ended, TooManyWays, pass_hook
from wizard.judge.machine import Machine
from wizard.judge.state import NEW, TCP, UDP, State
from wizard.model.facts import Facts
from wizard.model.ruleset import Engine, Family

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "verdict_corpus" / "iptables_semantics"
PACKETS = 60
MOST_INTERFACES = 8
HOOKS = {"FWD": ("forward", "FORWARD"), "INP": ("input", "INPUT")}
_LINE = re.compile(r"(ACCEPT|DROP)\s+(\w+)\s+--\s+(\S+)\s+(\S+)\s*(.*)")
_PORTS = re.compile(r"([sd])pts?:(\d+)(?::(\d+))?")


class Simple(Struct, frozen=True):
    """One line of a bound."""

    accepts: bool
    proto: int
    source: IPv4Network
    destination: IPv4Network
    sports: tuple[int, int] = (0, 65535)
    dports: tuple[int, int] = (0, 65535)

    def fits(self, proto: int, source: int, sport: int, destination: int, dport: int) -> bool:
        return (
            self.proto in (0, proto)
            and ip_address(source) in self.source
            and ip_address(destination) in self.destination
            and self.sports[0] <= sport <= self.sports[1]
            and self.dports[0] <= dport <= self.dports[1]
        )


def bounds() -> list[Path]:
    return sorted(DATA.glob("*.lower")) + sorted(DATA.glob("*.upper")) if DATA.exists() else []


def read(path: Path, chain: str) -> list[Simple]:
    found: list[Simple] = []
    here = False
    for line in path.read_text().splitlines():
        if line.startswith("Chain "):
            here = line.split()[1] == chain
        elif here and (match := _LINE.match(line)):
            ports = {side: (int(low), int(high or low)) for side, low, high in _PORTS.findall(match[5])}
            proto = {"tcp": TCP, "udp": UDP, "all": 0}.get(match[2], 255)
            nets = (IPv4Network(match[3]), IPv4Network(match[4]))
            found.append(
                Simple(match[1] == "ACCEPT", proto, *nets, ports.get("s", (0, 65535)), ports.get("d", (0, 65535)))
            )
    return found


def ruleset_of(bound: Path) -> Path | None:
    """`x__iptables-save` for `x__iptables.Ln.FWD.lower`."""
    stem = re.sub(r"\.(?:INP\.Ln|Ln\.(?:FWD|INP))\.(?:lower|upper)$", "", bound.name)
    if (DATA / stem).exists():
        return DATA / stem
    prefix = stem.split("__")[0]
    found = [p for p in DATA.glob(f"{prefix}__*") if ".Ln." not in p.name and "save" in p.name]
    return found[0] if len(found) == 1 else None


def asked(lines: list[Simple], random: Random) -> tuple[int, int, int, int, int]:
    line = random.choice(lines)
    proto = line.proto if line.proto in (TCP, UDP) else random.choice((TCP, UDP))
    source = int(line.source.network_address) + random.randrange(line.source.num_addresses)
    other = random.choice(lines).destination if random.random() < 0.3 else line.destination
    destination = int(other.network_address) + random.randrange(other.num_addresses)
    return proto, source, random.randint(*line.sports), destination, random.randint(*line.dports)


def answers(
    facts: Facts, machine: Machine, hook: str, names: list[str], packet: tuple[int, int, int, int, int]
) -> set[str]:
    """What the model says for each pair of interfaces: accept, deny or unknown."""
    proto, source, sport, destination, dport = packet
    found: set[str] = set()
    for arriving in names:
        for leaving in names if hook == "forward" else [""]:
            state = State(machine, 4, proto, source, sport, destination, dport, arriving)
            state.oif, state.hook, state.ct, state.after_ct = leaving, hook, NEW, True
            ended: list[Ended] = []
            try:
                passed = pass_hook(machine.hooks, machine.hooks.at(4, hook), [state], ended)
            except TooManyWays:
                return {"unknown"}
            kinds = {"accept" for each in passed if not each.exceeded}
            kinds |= {"deny" if end.verdict.kind != "unknown" else "unknown" for end in ended if not end.state.exceeded}
            found |= kinds if len(kinds) == 1 else {"unknown"}
            if any(each.exceeded for each in (*passed, *(end.state for end in ended))):
                # The proofs know no limits.
                found.add("unknown")
    return found


def chosen() -> list[Path]:
    found = bounds()
    if os.environ.get("WIZARD_WORLD") == "all":
        return found
    return Random(int(os.environ.get("WIZARD_SEED", time.time_ns()))).sample(found, len(found) // 3)


@pytest.mark.skipif(not DATA.exists(), reason="the proved bounds are not here")
def test_verdicts_lie_between_the_proved_bounds() -> None:
    compared = sure = 0
    wrong = []
    for bound in chosen():
        path = ruleset_of(bound)
        if path is None:
            continue
        hook, chain = HOOKS["FWD" if ".FWD." in bound.name else "INP"]
        text = path.read_text(errors="replace")
        ruleset = iptables.read(text, Family.IP, Engine.IPTABLES_LEGACY, path.name)
        ruleset = replace(ruleset, tables=tuple(table for table in ruleset.tables if table.name == "filter"))
        facts = build.facts(rulesets=(ruleset,))
        machine = Machine(facts)
        lines = read(bound, chain)
        if not lines:
            continue
        random = Random(bound.name)
        named = dict.fromkeys(re.findall(r" -[io] ([\w.-]+)", text))
        names = [*random.sample(list(named), min(len(named), MOST_INTERFACES)), "other0"]
        if len(named) > MOST_INTERFACES:
            # Too many to try them all: nothing can be said for sure.
            continue
        for _ in range(PACKETS):
            packet = asked(lines, random)
            first = next((line for line in lines if line.fits(*packet)), None)
            accepts = first.accepts if first is not None else True
            found = answers(facts, machine, hook, names, packet)
            compared += 1
            sure += found in ({"accept"}, {"deny"})
            lower = bound.name.endswith("lower")
            if lower and accepts and found == {"deny"}:
                wrong.append(f"{bound.name}: {packet} is proved to pass, and the model denies it")
            if not lower and not accepts and found == {"accept"}:
                wrong.append(f"{bound.name}: {packet} is proved to be stopped, and the model lets it pass")
    print(f"{compared} compared, {sure} the same by every interface")
    assert not wrong, "\n".join(wrong[:20])
    assert compared
