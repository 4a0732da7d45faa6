"""Starts the copy, asks it, and ends it. Where no namespace may be made, it says why and nothing is known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import IO

import msgspec

from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts
from wizard.model.packet import Packet
from wizard.twin import blueprint
from wizard.twin.words import Answer, Command, Order, Question, Reply


class NoCopy(Exception):
    """The copy could not be made; in words."""


class Twin:
    """One copy; packets name the interface that they arrive by.

        with Twin(facts, captures) as twin:
            twin.ask(packet)          # Answer(outcome="reject", reject_with="icmp-port-unreachable")

    Raises NoCopy where none can be made. `notes` says what it lacks.
    """

    def __init__(self, facts: Facts, captures: Mapping[str, Capture | Unknown]) -> None:
        self._facts = facts
        self._plan = blueprint.draw(facts, captures)
        self._process: subprocess.Popen[str] | None = None
        self.notes: tuple[str, ...] = ()

    def __enter__(self) -> Twin:
        if not sys.platform.startswith("linux"):
            raise NoCopy("only Linux has network namespaces")
        self._process = _started()
        try:
            self.notes = self._order(Order(build=self._plan)).notes
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker; the kernel takes the namespaces away with it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def ask(self, packet: Packet) -> Answer:
        """What this kernel does with the packet, in the copy."""
        if packet.interface in ("", "lo"):
            return Answer(trouble="a copy is asked about packets that arrive from another machine")
        question = Question(
            packet.interface,
            str(packet.source),
            _mac(self._facts, packet),
            str(packet.destination),
            packet.proto.value,
            packet.source_port,
            packet.destination_port,
        )
        return self._order(Order(ask=question)).answer or Answer(trouble="no answer")

    def run(self, argv: tuple[str, ...], text: str = "") -> None:
        """A command in the copy; raises NoCopy with its words if it fails."""
        self._order(Order(run=Command(argv, text)))

    def _order(self, order: Order) -> Reply:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise NoCopy("the copy has ended")
        try:
            process.stdin.write(msgspec.json.encode(order).decode() + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise NoCopy(_last_words(process.stderr))
        reply = msgspec.json.decode(line, type=Reply)
        if reply.trouble:
            raise NoCopy(reply.trouble)
        return reply


def _started() -> subprocess.Popen[str]:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    own = [] if root else ["--user", "--map-root-user"]
    words = ["unshare", "--net", *own, "--fork", "--kill-child", "--", sys.executable, "-m", "wizard.twin.worker"]
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    except OSError as error:
        raise NoCopy(f"unshare: {error.strerror}") from None


def _last_words(stderr: IO[str] | None) -> str:
    said = (stderr.read() if stderr else "").strip().splitlines()
    return f"no private network namespace may be made here ({said[-1][:200] if said else 'no reason was given'})"


def _mac(facts: Facts, packet: Packet) -> str:
    known = () if isinstance(facts.neighbours, Unknown) else facts.neighbours
    return next((each.mac for each in known if each.address == packet.source and len(each.mac) == 17), "")
