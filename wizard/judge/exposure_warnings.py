"""What a person should know about a port that others can reach: a database, a debugger, a way past the firewall."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.judge import answers
from wizard.judge.alike import EPHEMERAL
from wizard.judge.counterfactual import without_translation
from wizard.judge.doors import Door
from wizard.judge.trace import trace
from wizard.knowledge import service_of
from wizard.knowledge.debugger import DebuggerState, debugger_state
from wizard.model.exposure import Exposed, From, Reach, Treatment
from wizard.model.facts import Facts
from wizard.model.packet import Packet

_KINDS = ("database", "control")


class Warnings:
    """Asks about each port; the facts without any translation are made once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._untranslated: Facts | None = None

    def of(self, found: Exposed, door: Door) -> tuple[str, ...]:
        """The warnings for one port; none where nobody else reaches it."""
        outside = [
            (reach, each)
            for reach in found.reach
            if reach.place is not From.MACHINE
            for each in reach.treatments
            if each.verdict == "open"
        ]
        if not outside:
            return ()
        return tuple(dict.fromkeys([*self._past(door, outside), *self._service(door, outside), *self._debugger(door)]))

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

    def _debugger(self, door: Door) -> Iterator[str]:
        process = answers.owner(self._facts, door.listener)
        if process is not None and debugger_state(process, self._facts).state is DebuggerState.ON:
            yield "Werkzeug's debugger is on: who opens a page with an error can run any code here"
