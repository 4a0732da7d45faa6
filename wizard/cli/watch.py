"""`wizard watch PORT`: another device tries, and this says within a second whether it arrived and what became of it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from threading import Event
from typing import Any

from wizard.cli import arguments
from wizard.errors import ExitCode, WizardError

_EXAMPLES = """  sudo wizard watch 5000              then reload the page on the phone
  sudo wizard watch 5000 --json --timeout 60
  wizard watch 5000 --answer          a test page instead of your program
  wizard watch --answer               the same on a free port

With root it sees the packets themselves. Without, it sees which connections
the kernel accepted, and opens a test page of its own where the port is free.

exit codes: 0 an attempt got an answer from an application (or the test page),
            1 something stood in the way, or nothing came, 2 usage,
            130 interrupted
"""
_PAGE_SECONDS = 300.0
"""A port is never left open for longer than this, unless it is asked for."""


def main(given: list[str]) -> int:
    """Watch, print, and say by the exit code whether anything got through."""
    parsed = _parser().parse_args(given)
    from wizard.diagnose.watching import watch

    wish = _wish(parsed)
    printer = _Json() if parsed.json else _Text(parsed.qr)
    stop = Event()
    interrupted = _heed(stop)
    closed = watch(wish, printer.tell, stop)
    if interrupted.is_set():
        return ExitCode.INTERRUPTED
    return ExitCode.CLEAR if closed.answered else ExitCode.BLOCKED


def _parser() -> arguments.Parser:
    parser = arguments.Parser("wizard watch", "Wait for another device to try PORT, and say what happens.", _EXAMPLES)
    parser.add_argument("port", metavar="PORT", nargs="?", default="", help="a port, or a URL with one")
    parser.add_argument("--json", action="store_true", help="a JSON object a line for each attempt")
    parser.add_argument("--timeout", type=arguments._seconds, metavar="SECONDS", help="end after so long")
    parser.add_argument(
        "--answer", action="store_true", help="open a tiny test page; ends when it has been opened once"
    )
    parser.add_argument("--count", type=_count, metavar="N", default=0, help="end after N attempts")
    parser.add_argument("--local", action="store_true", help="this machine's own attempts too (over lo)")
    parser.add_argument("--no-qr", dest="qr", action="store_false", help="no QR code")
    return parser


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:6]) >= 1:
        return int(text[:6])
    raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of attempts")


def _wish(parsed: argparse.Namespace) -> Any:
    from wizard.diagnose.watching import Wish

    port, scheme, path = 0, "http", "/"
    if parsed.port:
        from wizard.judge import target

        pasted = target.read(parsed.port)
        if pasted.port is None:
            raise WizardError("port-missing", f"{parsed.port[:60]!r} names no port.", hint="wizard watch 5000")
        port, scheme, path = pasted.port, pasted.scheme, pasted.path
    elif not parsed.answer:
        raise WizardError(
            "port-missing", "Which port shall be watched?", hint="wizard watch 5000, or wizard watch --answer"
        )
    seconds = parsed.timeout or (_PAGE_SECONDS if parsed.answer else None)
    return Wish(
        port, seconds, parsed.answer, page_without_root=True, local=parsed.local, count=parsed.count, scheme=scheme,
        path=path,
    )  # fmt: skip


def _heed(stop: Event) -> Event:
    """Ctrl-C and a polite kill end the watch in order: what is open is closed, what was seen is said."""
    heard = Event()

    def interrupt(number: int, frame: object) -> None:
        heard.set()
        stop.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, interrupt)
    return heard


class _Json:
    """Lines for programs on standard output; what to open on standard error."""

    def __init__(self) -> None:
        from wizard.model.arrival import Opened

        self._opened = Opened((), 0)

    def tell(self, told: object) -> None:
        from wizard.model.arrival import Arrival, Closed, Opened
        from wizard.present import watch_json, watch_text

        if isinstance(told, Opened):
            self._opened = told
            sys.stderr.write(watch_text.opening(told))
            sys.stderr.flush()
        elif isinstance(told, Arrival):
            self._line(watch_json.arrival(told))
        elif isinstance(told, Closed) and not told.attempts:
            self._line(watch_json.nothing(told, self._opened))

    def _line(self, told: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


class _Text:
    """Lines for a person, with a QR code where there is a terminal to show it."""

    def __init__(self, qr: bool = True) -> None:
        from wizard.model.arrival import Opened

        self._opened = Opened((), 0)
        self._qr = qr and arguments.colour() and arguments.unicode()
        self._width = arguments.width()

    def tell(self, told: object) -> None:
        from wizard.model.arrival import Arrival, Closed, Opened
        from wizard.present import watch_text

        if isinstance(told, Opened):
            self._opened = told
            self._say(watch_text.opening(told, qr=self._qr, width=self._width))
        elif isinstance(told, Arrival):
            clock = time.strftime("%H:%M:%S", time.localtime(told.attempt.at))
            self._say(watch_text.attempt(told, clock, unicode=arguments.unicode(), width=self._width))
        elif isinstance(told, Closed):
            self._say(watch_text.closing(told, self._opened, width=self._width))

    def _say(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
