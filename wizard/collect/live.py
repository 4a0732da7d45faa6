"""A Source that asks this machine: read-only, speaking English, everything side by side, each with its time limit."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module

from wizard.collect import commands, conditions
from wizard.collect.files import read_text, text_of
from wizard.collect.readers import CannotLook
from wizard.collect.source import Tell
from wizard.model.capture import Capture, Probe, Unknown

Answer = Capture | Unknown
_PLATFORMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}


class LiveSource:
    """This machine. `seconds`, from now on, bound everything it is asked, whatever the probes' own limits are."""

    live = True

    def __init__(self, seconds: float | None = None) -> None:
        self.platform = _PLATFORMS.get(sys.platform, sys.platform)
        self.taken_at = time.time()
        self.privileged = os.geteuid() == 0 if hasattr(os, "geteuid") else _is_administrator()
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._begun: _Round | None = None

    def begin(self, probes: Iterable[Probe]) -> None:
        """Starts asking at once, so that the machine answers while the caller still loads what it needs for `gather`."""
        self._begun = _Round([probe for probe in probes if probe.comes_first], _Answers(), self._ends)

    def gather(self, probes: Iterable[Probe], tell: Tell | None = None) -> dict[str, Answer]:
        """Every probe's answer, in the probes' order; those that depend on another's answer where it calls for them."""
        asked = tuple(probes)
        first = [probe for probe in asked if probe.comes_first]
        begun, self._begun = self._begun, None
        if begun is None or begun.probes != first:
            begun = _Round(first, _Answers(), self._ends)
        answers = begun.answers
        begun.wait(tell)
        for probe in asked:
            if not probe.comes_first and _is_called_for(probe, answers.given):
                _Round([probe], answers, self._ends).wait(tell)
        return {probe.name: answers.given[probe.name] for probe in asked if probe.name in answers.given}


def _is_called_for(probe: Probe, given: Mapping[str, Answer]) -> bool:
    if probe.only_after is None:
        return isinstance(given.get(probe.instead_of), Unknown)
    name, text = probe.only_after
    answer = given.get(name)
    return isinstance(answer, Capture) and text in answer.text


def _is_administrator() -> bool:
    """Windows has no user ids: the shell knows whether this process has the administrators' rights (IsUserAnAdmin)."""
    import ctypes

    library = getattr(ctypes, "windll", None)
    try:
        return library is not None and bool(library.shell32.IsUserAnAdmin())
    except (AttributeError, OSError):
        return False


class _Answers:
    """The answers so far. Readers that come too late find their place taken and leave it so."""

    def __init__(self) -> None:
        self.given: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def put(self, probe: Probe, answer: Answer) -> None:
        with self._lock:
            self.given.setdefault(probe.name, answer)


class _Round:
    """Probes that are asked together: commands in one batch, files and readers in a thread each, since any may hang."""

    def __init__(self, probes: list[Probe], answers: _Answers, late: float | None) -> None:
        self.probes = probes
        self.answers = answers
        unmet = cache(conditions.unmet)
        allowed = [probe for probe in probes if _may_run(probe, answers, unmet)]
        self._by_name = {probe.name: probe for probe in allowed}
        self._limits = {probe.name: _limit(probe, late) for probe in allowed}
        self._batch = commands.batch(commands.Command(p.name, p.argv, self._limits[p.name]) for p in allowed if p.argv)
        self._threads: list[tuple[Probe, threading.Thread]] = []
        self._started = time.monotonic()
        for probe in allowed:
            if not probe.argv:
                thread = threading.Thread(target=_read, args=(probe, answers), name=f"probe {probe.name}", daemon=True)
                self._threads.append((probe, thread))
                thread.start()

    def wait(self, tell: Tell | None = None) -> None:
        """Waits for every answer, or its time limit; tells each as it comes."""

        def ended(result: commands.Ended) -> None:
            probe = self._by_name[result.command.name]
            self.answers.put(probe, answer_of(probe, result))
            if tell is not None:
                tell(_sentence(probe, self.answers.given[probe.name]))

        self._batch.wait(ended)
        for probe, thread in self._threads:
            limit = self._limits[probe.name]
            thread.join(max(0.0, self._started + limit - time.monotonic()))
            if thread.is_alive():
                self.answers.put(probe, _too_slow(probe, limit))
            if tell is not None:
                tell(_sentence(probe, self.answers.given[probe.name]))


def _sentence(probe: Probe, answer: Answer) -> str:
    return f"{probe.asks}: {answer.reason}" if isinstance(answer, Unknown) else f"{probe.asks}: read"


def _may_run(probe: Probe, answers: _Answers, unmet: Callable[[str], str]) -> bool:
    if not probe.only_if:
        return True
    try:
        missing = unmet(probe.only_if)
    except OSError as error:
        answers.put(probe, Unknown(f"{error.filename}: {error.strerror}", probe.remedy, probe.asks))
        return False
    if missing:
        answers.put(probe, Capture(probe.name, "", source_of(probe), errors=f"not asked: {missing}"))
    return not missing


def _limit(probe: Probe, late: float | None) -> float:
    return probe.seconds if late is None else max(0.0, min(probe.seconds, late - time.monotonic()))


def source_of(probe: Probe) -> str:
    """What a person would type, or open, to see the same; for a reader its name."""
    return " ".join(probe.argv) or probe.path or probe.name


def _read(probe: Probe, answers: _Answers) -> None:
    answers.put(probe, read_text(probe.path, probe.name, probe.asks) if probe.path else _reader_answer(probe))


def _reader_answer(probe: Probe) -> Answer:
    started = time.monotonic()
    try:
        text = import_module(f"wizard.collect.readers.{probe.reader}").read()
    except CannotLook as error:
        return Unknown(str(error), error.remedy or probe.remedy, probe.asks)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return Unknown(f"{where}{error.strerror or error}", probe.remedy, probe.asks)
    except Exception as error:
        # A reader's own fault must not take the other answers with it; it is reported as what could not be read.
        return Unknown(f"reading failed: {type(error).__name__}: {error}", probe.remedy, probe.asks)
    return Capture(probe.name, text, source_of(probe), seconds=time.monotonic() - started)


def answer_of(probe: Probe, result: commands.Ended) -> Answer:
    """A command's end as a capture, or in the program's own words why there is none."""
    if result.trouble == "missing":
        return Unknown(f"{probe.argv[0]} is not installed", probe.remedy, probe.asks)
    if result.trouble == "not started":
        return Unknown(f"{probe.argv[0]} could not be started: {result.detail}", probe.remedy, probe.asks)
    if result.trouble == "timeout":
        return _too_slow(probe, result.command.seconds)
    if result.trouble == "too much":
        return Unknown(f"{probe.argv[0]} printed more than {commands.MOST_OUTPUT} bytes", probe.remedy, probe.asks)
    errors = text_of(result.errors)
    if result.exit_code != 0 and result.exit_code not in ACCEPTED.get(probe.name, ()):
        return Unknown(_refusal(probe, result, errors), probe.remedy, probe.asks)
    return Capture(probe.name, text_of(result.output), source_of(probe), result.exit_code, result.seconds, errors)


ACCEPTED = {"firewalld-panic": (1,)}
"""Exit codes that are answers: `firewall-cmd --query-panic` says no with 1."""


def _refusal(probe: Probe, result: commands.Ended, errors: str) -> str:
    said = (errors.strip() or text_of(result.output).strip()).splitlines()
    if said:
        return f'{probe.argv[0]} answered "{said[0].strip()[:300]}"'
    if result.exit_code < 0:
        return f"{probe.argv[0]} was ended by signal {-result.exit_code}"
    return f"{probe.argv[0]} ended with exit code {result.exit_code} and said nothing"


def _too_slow(probe: Probe, seconds: float) -> Unknown:
    who = probe.argv[0] if probe.argv else source_of(probe)
    return Unknown(f"{who} gave no answer within {seconds:g} seconds", probe.remedy, probe.asks)
