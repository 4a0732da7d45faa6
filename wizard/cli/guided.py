"""What the guided screens call: each call asks anew, so that "check again" sees what has changed.

The screens know reports only; what was captured for each is kept here, for a rehearsal, a ticket and the casebook.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from wizard.cli import arguments
from wizard.errors import WizardError
from wizard.model.capture import Capture, Unknown
from wizard.model.options import Options
from wizard.tui import calls

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from wizard.casebook import Case, Diary
    from wizard.model.report import Report
    from wizard.present.listening import Row

_KEPT = 8
_LATELY = 4
Kept = tuple["Report", Mapping[str, Capture | Unknown], Options]


class LazyDiary:
    """The casebook's diary, written beside the screens, so that no key waits for a disk, and in the order of telling.

    It is loaded with the first thing that it is told: not before the first picture.
    """

    def __init__(self) -> None:
        self._diary: Diary | None = None
        self._writer: ThreadPoolExecutor | None = None

    def tell(self, write: Callable[[Diary], None]) -> None:
        """Have it written soon."""
        from concurrent.futures import ThreadPoolExecutor

        self._writer = self._writer or ThreadPoolExecutor(1, "wizard-diary")
        self._writer.submit(lambda: write(self._open()))

    def _open(self) -> Diary:
        if self._diary is None:
            from wizard.casebook import Diary

            self._diary = Diary()
        return self._diary

    def shut(self) -> None:
        """Write what is left, and let go of the file."""
        if self._writer is not None:
            self._writer.shutdown(wait=True)
        if self._diary is not None:
            self._diary.shut()


class Caller:
    """One guided run. With a bundle, nothing is asked of this machine."""

    def __init__(self, bundle: str, options: Options, diary: LazyDiary | None = None) -> None:
        self._bundle = bundle
        self._options = options
        self._diary = diary
        self._kept: list[Kept] = []
        self._lock = threading.Lock()

    def more(self) -> calls.More:
        """Everything that can be done here."""
        from wizard.cli.handover import bring, script_path

        live = not self._bundle
        return calls.More(
            recent=recent,
            glance=self.glance if live else None,
            watch=watch if live else None,
            rehearse=self.rehearse,
            ticket=self.ticket,
            hand_over=_hand_over if live and not arguments.is_root() else None,
            bring=bring,
            noted=self.noted,
            script=script_path(),
        )

    def diagnose(self, target: str, said: calls.Options, tell: calls.Tell) -> Report:
        """One diagnosis, with what the person said on the way laid over the command line's options."""
        options = _lenient(
            replace(
                self._options,
                symptom=said.symptom or self._options.symptom,
                port=said.port or self._options.port,
                heard=said.heard or self._options.heard,
                vantage=self._options.vantage or _vantage(said.device),
            )
        )
        source = arguments.source(said.bundle or self._bundle, options.seconds)
        from wizard.diagnose import diagnose_and_keep

        report, captures = diagnose_and_keep(target, source, options, tell)
        self._keep((report, captures, options))
        return report

    def _keep(self, kept: Kept) -> None:
        with self._lock:
            self._kept = [*self._kept[1 - _KEPT :], kept]
        if self._diary is not None:
            self._diary.tell(lambda diary: diary.reported(*kept))

    def _kept_of(self, report: Report) -> Kept:
        with self._lock:
            for kept in reversed(self._kept):
                if kept[0] is report or kept[0] == replace(report, rehearsal=kept[0].rehearsal, plan=kept[0].plan):
                    return kept
        raise WizardError("nothing-kept", "What this verdict rests on is not at hand any more.", hint="check again")

    def listening(self) -> Sequence[Row]:
        """What listens here now, the likeliest first."""
        from wizard.diagnose import collect_and_parse
        from wizard.present.listening import rows

        facts = collect_and_parse(arguments.source(self._bundle)).facts
        listeners = () if isinstance(facts.listeners, Unknown) else facts.listeners
        processes = {} if isinstance(facts.processes, Unknown) else facts.processes
        return rows(listeners, processes, home=str(Path.home()))

    def glance(self, report: Report) -> str:
        """Has anything changed that the verdict rests on?"""
        from wizard.collect.live import LiveSource
        from wizard.diagnose.glance import glance

        return glance(LiveSource(self._options.seconds))

    def rehearse(self, report: Report) -> Report:
        """Ask this kernel, on a copy of the network."""
        from wizard.diagnose.rehearsal import rehearse

        return rehearse(report, self._kept_of(report)[1])

    def ticket(self, report: Report) -> str:
        """Save what was found; the path of the file."""
        from wizard.casebook import save_ticket

        _, captures, options = self._kept_of(report)
        return str(save_ticket(report, captures, options=options))

    def noted(self, words: str, report: Report | None) -> None:
        """Tell the case's diary; a page that was reached ends the case well."""
        if self._diary is None:
            return
        self._diary.tell(lambda diary: _note(diary, words))


def _note(diary: Diary, words: str) -> None:
    diary.noted(words)
    if words.startswith(calls.REACHED):
        from wizard.casebook import Outcome

        diary.close(Outcome.SOLVED)


def explain(ref: str) -> str:
    """The page of a root cause."""
    from wizard.cli.explain import page_text

    return page_text(ref, _UNBROKEN)


_UNBROKEN = 10_000


def recent() -> Sequence[calls.Lately]:
    """What was asked for lately; nothing where there is no casebook yet."""
    from wizard import casebook

    return tuple(calls.Lately(case.target, _became(case, datetime.now())) for case in casebook.recent(_LATELY))


def _became(case: Case, now: datetime) -> str:
    """`solved yesterday (loopback-only-bind)`"""
    outcome = case.outcome.value.replace("-", " ") if case.outcome else (case.verdict or "not checked")
    cause = f" ({case.first_cause})" if case.first_cause else ""
    return f"{outcome} {_day(datetime.fromtimestamp(case.changed_at), now)}{cause}"


def _day(when: datetime, now: datetime) -> str:
    days = (now.date() - when.date()).days
    return {0: f"at {when:%H:%M}", 1: "yesterday"}.get(days, f"on {when:%Y-%m-%d}")


def watch(report: Report, tell: Callable[[calls.Arrival | calls.Watching], None], stop: threading.Event) -> None:
    """Packets of other devices to the target's port, as they arrive."""
    from wizard.diagnose import watching

    def told(news: Any) -> None:
        for each in _told(news):
            tell(each)

    target = report.target
    watching.watch(watching.Wish(target.port, scheme=target.scheme, path=target.path), told, stop)


def _told(news: Any) -> Sequence[calls.Arrival | calls.Watching]:
    from wizard.model.arrival import Arrival, Opened
    from wizard.present.watch_text import headline

    if isinstance(news, Opened):
        return (calls.Watching(news.limits),)
    if isinstance(news, Arrival):
        clock = f"{datetime.fromtimestamp(news.attempt.at):%H:%M:%S}"
        return (calls.Arrival(clock, headline(news), news.more, news.good, str(news.attempt.number)),)
    return ()


def _hand_over(report: Report) -> calls.Handover:
    from wizard.cli.handover import RootsFile

    return RootsFile(report.target)


def _vantage(device: str) -> str:
    """The address that stands for the device chosen: this machine itself, a stranger's (RFC 5737), or as typed."""
    return {"lan": "", "here": "127.0.0.1", "outside": "203.0.113.77"}.get(device, device)


def _lenient(options: Options) -> Options:
    """Words that name no known symptom are no error here: the person typed what they saw."""
    from wizard.judge import symptoms

    return options if not options.symptom or symptoms.read(options.symptom) else replace(options, symptom="")
