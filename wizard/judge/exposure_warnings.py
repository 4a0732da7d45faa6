"""What a person should know about a port that others can reach: a database, a debugger, a way past the firewall."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.judge import answers
from wizard.judge.alike import EPHEMERAL, tables
from wizard.judge.counterfactual import without_translation
from wizard.judge.doors import Door
from wizard.judge.intervals import classes
from wizard.judge.mentioned import Entangled, Reader, Unit
from wizard.judge.trace import reply, trace
from wizard.knowledge import service_of
from wizard.knowledge.debugger import DebuggerState, debugger_state
from wizard.model.exposure import Exposed, From, Reach, Treatment
from wizard.model.facts import Facts
from wizard.model.packet import Packet
from wizard.model.ruleset import Field

_KINDS = ("database", "control")
_MOST_PORTS = 8
_SOURCE_PORTS = ("tcp sport", "udp sport", "th sport")


def _source_ports(facts: Facts) -> tuple[int, ...]:
    """One port for each manner in which rules tell senders' ports apart, but for that of the usual one."""
    units: list[Unit] = []
    for table in tables(facts):
        read = Reader(table, lambda each: isinstance(each, Field) and each.name in _SOURCE_PORTS, 16, ())
        for statement in (each for chain in table.chains.values() for rule in chain.rules for each in rule.statements):
            try:
                units.extend(read.of_statement(statement))
            except Entangled:
                continue
    pieces = classes(((unit.spans, unit.label) for unit in units), (1, 65535)) if units else []
    others = [piece[0][0] for piece in pieces if not any(low <= EPHEMERAL <= high for low, high in piece)]
    return tuple(others[-_MOST_PORTS:])


class Warnings:
    """Asks about each port; the facts without any translation are made once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._untranslated: Facts | None = None

        self._source_ports = _source_ports(facts)

    def of(self, found: Exposed, door: Door) -> tuple[str, ...]:
        """The warnings for one port; none where nobody else reaches it."""
        outside = [
            (reach, each)
            for reach in found.reach
            if reach.place is not From.MACHINE
            for each in reach.treatments
            if each.verdict == "open"
        ]
        by_port = list(self._by_source_port(found, door))
        if not outside:
            return tuple(by_port)
        return tuple(
            dict.fromkeys([*self._past(door, outside), *self._service(door, outside), *self._debugger(door), *by_port])
        )

    def _past(self, door: Door, outside: list[tuple[Reach, Treatment]]) -> Iterator[str]:
        """The firewall's input rules would stop it, and are never asked: Docker's published ports."""
        for reach, each in outside:
            if each.to is None or not each.sources:
                continue
            if self._untranslated is None:
                self._untranslated = without_translation(self._facts)
            sender = each.sources[0].network_address
            packet = Packet(sender, each.dialled, door.port, door.proto, EPHEMERAL, reach.interface)
            otherwise = trace(self._untranslated, packet, explain=False)
            if otherwise.outcome in ("drop", "reject") and otherwise.by is not None:
                by = otherwise.by
                yield f"open past the firewall: “{by.front_end_words or by.rule}” would stop it, and is never asked"
                return

    def _service(self, door: Door, outside: list[tuple[Reach, Treatment]]) -> Iterator[str]:
        inner = [each.to.port for _, each in outside if each.to is not None]
        for port in (*inner, door.port):
            service = service_of(port, door.proto)
            if service is not None and service.kind in _KINDS and service.exposing:
                yield f"{service.name}: {service.exposing}"
                return

    def _by_source_port(self, found: Exposed, door: Door) -> Iterator[str]:
        """A sender may choose its own port: `--sport 53 -j ACCEPT` lets in whoever does. One sender of each treatment that
        a rule stops is asked again with the ports that rules name."""
        for reach in found.reach if self._source_ports else ():
            for each in reach.treatments:
                if reach.place is From.MACHINE or each.verdict != "closed" or each.by is None or not each.sources:
                    continue
                for port in self._source_ports:
                    if self._lets_in(door, reach, each, port):
                        where = f"{reach.interface} {reach.network}" if reach.network else "elsewhere"
                        yield f"who chooses {port} as the port to send from gets through, from {where}"
                        return

    def _lets_in(self, door: Door, reach: Reach, treatment: Treatment, port: int) -> bool:
        sender = treatment.sources[0].network_address
        packet = Packet(sender, treatment.dialled, door.port, door.proto, port, reach.interface)
        decision = trace(self._facts, packet, explain=False)
        if decision.outcome != "deliver" or (decision.to.address, decision.to.port) != (treatment.dialled, door.port):
            return False
        return door.proto == "udp" or reply(self._facts, packet, decision).outcome == "deliver"

    def _debugger(self, door: Door) -> Iterator[str]:
        process = answers.owner(self._facts, door.listener)
        if process is not None and debugger_state(process, self._facts).state is DebuggerState.ON:
            yield "Werkzeug's debugger is on: who opens a page with an error can run any code here"
