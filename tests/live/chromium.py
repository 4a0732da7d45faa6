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
from collections.abc import Mapping, Sequence
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
    # Few processes, which is all that matters on a small machine; nothing here needs to be kept apart.
    "--no-zygote", "--in-process-gpu", "--disable-software-rasterizer", "--renderer-process-limit=2",
    "--disable-site-isolation-trials", "--disable-features=IsolateErrorPages,SpareRendererForSitePerProcess",
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
START = 180.0
"""So many seconds may a Chromium take to start on a busy machine; it takes two on an idle one."""
TABS = 6
"""So many addresses are opened side by side; the ones that keep silent take their time."""


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
        """What it shows for each of `urls`, several opened at once; one that shows nothing after `seconds` is `waiting`."""
        idle = [self._tab(time.monotonic() + START) for _ in urls[:TABS]]
        to_open = list(enumerate(urls))
        under_way: dict[int, tuple[int, str, float]] = {}
        pages: dict[int, Page] = {}
        while len(pages) < len(urls):
            while idle and to_open:
                place, url = to_open.pop(0)
                number = self._send("Page.navigate", tab := idle.pop(), url=url)
                under_way[number] = (place, tab, time.monotonic() + seconds)
            alive = self._read(min(late for _, _, late in under_way.values()))
            for number, (place, tab, late) in list(under_way.items()):
                answer = self._answered(number)
                if answer is not None or late <= time.monotonic():
                    pages[place] = self._page(urls[place], answer)
                    del under_way[number]
                    idle.append(tab)
                elif not alive and self._popen.poll() is not None:
                    raise LabError("Chromium is gone")
        return [pages[place] for place in range(len(urls))]

    def _tab(self, late: float) -> str:
        made = self._send("Target.createTarget", url="about:blank")
        attach = self._send("Target.attachToTarget", targetId=self._answer(made, late)["targetId"], flatten=True)
        session = str(self._answer(attach, late)["sessionId"])
        for what in ("Page.enable", "Network.enable"):
            self._answer(self._send(what, session), late)
        return session

    def _page(self, url: str, answer: dict[str, Any] | None) -> Page:
        if answer is None:
            return Page(waiting=True, url=url)
        error = answer["result"].get("errorText")
        if error:
            return Page(error.removeprefix("net::"), url=url)
        responses = [
            each["params"]["response"] for each in self._events
            if each.get("method") == "Network.responseReceived"
            and each["params"].get("loaderId") == answer["result"]["loaderId"]
            and each["params"].get("type") == "Document"
        ]  # fmt: skip
        last = responses[-1] if responses else {}
        return Page(None, int(last.get("status", 0)), last.get("url", url))

    def _send(self, method: str, session: str = "", **params: object) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        return self._number

    def _answered(self, number: int) -> dict[str, Any] | None:
        answer = next((each for each in self._events if each.get("id") == number), None)
        if answer is not None and "error" in answer:
            raise LabError(f"Chromium: {answer['error']}")
        return answer

    def _answer(self, number: int, late: float) -> dict[str, Any]:
        while True:
            if (answer := self._answered(number)) is not None:
                result: dict[str, Any] = answer["result"]
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
