"""A real Chromium, headless, inside a lab: which `net::ERR_…` it shows for an address.

It is spoken to over two pipes (`--remote-debugging-pipe`, the Chrome DevTools Protocol: JSON objects, each ended by a zero
byte), so that nothing listens anywhere. One process opens many addresses at once, each in a tab of its own.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from tests.live.lab import Lab, LabError

PROGRAM = "chromium"
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--disable-breakpad", "--disable-client-side-phishing-detection",
    "--disable-domain-reliability", "--metrics-recording-only", "--no-pings", "--mute-audio",
    "--remote-debugging-pipe",
)  # fmt: skip
# The program wants its pipes at 3 and 4, wherever they happen to be open here.
_MOVE = """\
import fcntl, os, sys
ends = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
for number, end in enumerate(ends, 3):
    os.dup2(end, number)
    os.close(end)
os.execvp(sys.argv[3], sys.argv[3:])
"""
START = 90.0
"""So many seconds may a Chromium take to start on a busy machine; it takes two on an idle one."""


class Page(Struct, frozen=True):
    """What the tab shows: Chrome's code for a page that did not load (None: it did), the HTTP status, where it ended.

    `waiting`: the time limit passed and Chrome still shows its spinner."""

    error: str | None = None
    status: int = 0
    url: str = ""
    waiting: bool = False


@dataclass
class Chromium:
    """A browser on one of the lab's machines; use as a context manager."""

    lab: Lab
    ns: str = "client"
    env: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()
    _number: int = 0
    _received: bytes = b""
    _events: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Chromium:
        home = self.lab.folder / f"chromium-{self.ns}-{id(self):x}"
        home.mkdir()
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        words = [PROGRAM, *_OPTIONS, f"--user-data-dir={home}", *self.options, "about:blank"]
        with (home / "log").open("wb") as log:
            self._popen = subprocess.Popen(
                [*self.lab.enter(self.ns), sys.executable, "-ISEc", _MOVE, str(theirs_in), str(theirs_out), *words],
                pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd="/",
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC", **self.env},
            )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            self._answer(self._send("Browser.getVersion"), time.monotonic() + START)
        except BaseException as error:
            self.__exit__()
            said = (home / "log").read_text(errors="replace")[-2000:]
            raise LabError(f"Chromium does not start: {error}\n{said}") from error
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._to, self._from):
            os.close(end)
        # Chromium ends when its pipe does; what is slow about it ends with the lab's process namespace.
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._popen.pid, 9)
            self._popen.wait()

    def open(self, *urls: str, seconds: float = 20) -> list[Page]:
        """What it shows for each of `urls`, all opened at once; one that shows nothing after `seconds` is `waiting`."""
        late = time.monotonic() + START
        tabs = [self._tab(late) for _ in urls]
        asked = {self._send("Page.navigate", tab, url=url): (tab, url) for tab, url in zip(tabs, urls, strict=True)}
        self._gather(asked, time.monotonic() + seconds)
        return [self._page(number, *asked[number]) for number in asked]

    def _tab(self, late: float) -> str:
        # A context of its own shares no sockets, cache or certificate decisions with the other tabs.
        context = self._answer(self._send("Target.createBrowserContext"), late)["browserContextId"]
        made = self._send("Target.createTarget", url="about:blank", browserContextId=context)
        attach = self._send("Target.attachToTarget", targetId=self._answer(made, late)["targetId"], flatten=True)
        session = str(self._answer(attach, late)["sessionId"])
        for what in ("Page.enable", "Network.enable"):
            self._answer(self._send(what, session), late)
        return session

    def _gather(self, asked: Iterable[int], late: float) -> None:
        """Read until every navigation was answered and has its response, or it is late."""
        wanted = set(asked)
        while wanted and self._read(late):
            wanted -= {each["id"] for each in self._events if "id" in each}

    def _page(self, number: int, session: str, url: str) -> Page:
        answer = next((each for each in self._events if each.get("id") == number), None)
        if answer is None:
            return Page(waiting=True, url=url)
        error = answer["result"].get("errorText")
        documents = [
            each["params"]["response"] for each in self._events
            if each.get("sessionId") == session and each.get("method") == "Network.responseReceived"
            and each["params"].get("type") == "Document"
        ]  # fmt: skip
        last = documents[-1] if documents and error is None else {}
        return Page(error.removeprefix("net::") if error else None, int(last.get("status", 0)), last.get("url", url))

    def _send(self, method: str, session: str = "", **params: object) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        return self._number

    def _answer(self, number: int, late: float) -> dict[str, Any]:
        while True:
            for each in self._events:
                if each.get("id") == number:
                    if "error" in each:
                        raise LabError(f"Chromium: {each['error']}")
                    result: dict[str, Any] = each["result"]
                    return result
            if not self._read(late):
                raise LabError(f"Chromium does not answer request {number}")

    def _read(self, late: float) -> bool:
        """Take in what comes next; False when it is late or the browser is gone."""
        left = late - time.monotonic()
        if left <= 0 or not select.select([self._from], [], [], left)[0]:
            return False
        part = os.read(self._from, 1 << 16)
        *whole, self._received = (self._received + part).split(b"\0")
        self._events += [json.loads(each) for each in whole]
        return bool(part)
