"""The watch as a function and as a command, on loopback alone: as root or not, it tells, stops when told to, and closes."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from wizard.diagnose.tally import Tally
from wizard.diagnose.watching import Told, Wish, watch
from wizard.errors import WizardError
from wizard.model.arrival import Arrival, Closed, How, Opened

LONG = 60


class Watch:
    """A watch in a thread, and what it tells."""

    def __init__(self, wish: Wish) -> None:
        self.told: queue.Queue[Told] = queue.Queue()
        self.stop = threading.Event()
        self.trouble: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(wish,))

    def _run(self, wish: Wish) -> None:
        try:
            watch(wish, self.told.put, self.stop)
        except BaseException as error:
            self.trouble.append(error)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(LONG)
        assert not self._thread.is_alive()
        assert not self.trouble

    def next(self) -> Told:
        return self.told.get(timeout=LONG)


@pytest.fixture
def opened() -> Iterator[tuple[Watch, Opened]]:
    """A watch with a page of its own on a free port."""
    with Watch(Wish(0, answer=True, local=True)) as watching:
        first = watching.next()
        assert isinstance(first, Opened)
        yield watching, first


def get(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().status


def test_it_tells_what_it_opened_and_who_came(opened: tuple[Watch, Opened]) -> None:
    watching, first = opened
    assert first.page_port == first.port and How.LISTENER in first.how
    assert get(first.port) == 200
    arrival = watching.next()
    while isinstance(arrival, Arrival) and not arrival.good:
        arrival = watching.next()
    assert isinstance(arrival, Arrival)
    assert (arrival.attempt.own, arrival.attempt.ours, arrival.status) == (True, True, 200)
    assert str(arrival.attempt.source) == "127.0.0.1"


def test_stopping_it_closes_what_it_opened(opened: tuple[Watch, Opened]) -> None:
    watching, first = opened
    watching.stop.set()
    closed = watching.next()
    assert isinstance(closed, Closed)
    assert (closed.why, closed.attempts) == ("stopped", 0)
    assert closed.conclusion
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", first.port), timeout=LONG)


def test_the_time_limit_ends_it() -> None:
    told: list[Told] = []
    closed = watch(Wish(free_port(), seconds=0.3), told.append)
    assert closed.why == "time" and told[-1] is closed
    assert isinstance(told[0], Opened) and told[0].page_port is None
    assert len(told) == 2


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        port: int = plug.getsockname()[1]
        return port


def test_own_visits_are_no_success(opened: tuple[Watch, Opened]) -> None:
    """Whoever tries the page here first has shown nothing about others: it stays open."""
    _, first = opened
    assert get(first.port) == 200
    assert get(first.port) == 200


def test_no_page_where_no_port_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    from wizard.collect.watching import page

    monkeypatch.setattr(page, "_listening", lambda *_: None)
    with pytest.raises(WizardError) as caught:
        watch(Wish(0, answer=True), lambda _: None)
    assert caught.value.ref == "no-free-port"


def test_a_tally_counts_each_attempt_once_and_remembers_the_latest_only() -> None:
    tally = Tally()
    for number in range(3 * Tally.MOST):
        key = (How.PACKETS, number)
        assert tally.number(key) == number + 1
        tally.note(key, good=False)
        tally.note(key, good=number % 2 == 0)
        assert tally.number(key) == number + 1
    assert (tally.attempts, tally.answered) == (3 * Tally.MOST, 3 * Tally.MOST // 2)
    assert len(tally._known) <= Tally.MOST


# The command


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "wizard", "watch", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=LONG, env=os.environ | more)


@pytest.mark.parametrize(
    ("arguments", "ref"),
    [((), "port-missing"), (("192.168.1.1",), "port-missing"), (("70000",), "bad-port"), (("5000", "--x"), "usage"),
     (("5000", "--timeout", "-1"), "usage"), (("5000", "--count", "0"), "usage")],
)  # fmt: skip
def test_usage_errors(arguments: tuple[str, ...], ref: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {ref}\n")


def test_no_code_and_no_colour_where_there_is_no_terminal() -> None:
    done = run(str(free_port()), "--timeout", "0.3")
    assert done.returncode == 1
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert "█" not in done.stdout and done.stdout.startswith("open ")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo terminal")
def test_a_terminal_gets_a_code_and_ctrl_c_ends_it() -> None:
    ours, theirs = os.openpty()
    env = os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "wizard", "watch", str(free_port())], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    try:
        shown = read_until(ours, "watching")
        process.send_signal(signal.SIGINT)
        shown += read_until(ours, None)
        assert process.wait(LONG) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    coded = [line for line in shown.splitlines() if line.startswith("\x1b[38;5;16;48;5;231m")]
    if "http://" in shown:
        # A machine with nothing but lo has no address to show.
        assert len(coded) > 10 and all(re.search("[▀▄█]", line) for line in coded[3:-3])
    assert "Traceback" not in shown


def read_until(descriptor: int, word: str | None) -> str:
    """What the terminal shows until `word` comes, or it is closed."""
    text, late = b"", time.monotonic() + LONG
    while time.monotonic() < late and (word is None or word.encode() not in text):
        if select.select([descriptor], [], [], 1.0)[0]:
            try:
                part = os.read(descriptor, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
    return text.decode(errors="replace")
