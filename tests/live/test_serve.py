"""`wizard serve`: who may come in, what goes when it ends, and the screens in a real browser.

Everything runs inside a lab: the browser and the server are on its server machine, and nothing else is within their reach.
"""

from __future__ import annotations

import base64
import http.client
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.chromium import START, Chromium
from tests.live.faults import servers
from tests.live.lab import PROJECT, SERVER, Lab, LabError, Process

PATIENCE = 90.0
"""Seconds in which a busy machine shows a screen."""


class Served:
    """A running `wizard serve`."""

    def __init__(self, lab: Lab, *words: str) -> None:
        self.lab = lab
        command = [sys.executable, "-m", "wizard", "serve", *words]
        self.process: Process = lab.spawn(command, env={"PYTHONPATH": str(PROJECT), "HOME": str(lab.folder)})
        lab.wait_until(lambda: bool(self._urls()), "no address was printed", PATIENCE, self.process)
        self.url = self._urls()[0]
        self.origin, self.token = re.fullmatch(r"(http://[^/]+)/([\w-]+)/", self.url).groups()  # type: ignore[union-attr]
        self.port = int(self.origin.rpartition(":")[2])

    def _urls(self) -> list[str]:
        return re.findall(r"^(http://\S+/)\n", self.process.output(), re.MULTILINE)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """(status, body) of one request from the server machine itself."""

        def answer() -> tuple[int, str]:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            link.request(method, path, headers=given)
            response = link.getresponse()
            body = b"" if response.status == 101 else response.read()
            link.close()
            return response.status, body.decode("utf-8", "replace")

        return self.lab.inside("server", answer)

    def children(self) -> list[int]:
        """The screens that run."""
        pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
        return [pid for pid in pids if b"wizard.cli.served" in _words_of(pid) and _home_of(pid) == str(self.lab.folder)]


def _words_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _home_of(pid: int) -> str:
    try:
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((each[5:].decode() for each in told if each.startswith(b"HOME=")), "")


UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "d2l6YXJkd2l6YXJkd2l6YQ==",
}  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Lab() as lab:
        servers.http_server("127.0.0.1").start(lab)
        yield Served(lab)


def test_without_the_token_nothing_is_given(served: Served) -> None:
    token = served.token
    assert len(token) >= 32
    for path in ("/", "/ws", "/static/js/textual.js", "/favicon.ico", f"/{token[:-1]}/", f"/{token}x/", "/x/ws",
                 "/x/download/1", f"/?token={token}", f"//{token}/"):  # fmt: skip
        assert served.ask(path)[0] == 403, path
    assert served.ask("/wrong/ws", **UPGRADE, Origin=served.origin)[0] == 403
    assert served.ask(f"/{token}/", "POST")[0] == 405


def test_with_it_the_page_comes_and_asks_nobody_else(served: Served) -> None:
    status, page = served.ask(f"/{served.token}/")
    assert status == 200
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//|@import|https?://""", page.replace("$websocket", ""))
    assert f"ws://127.0.0.1:{served.port}/{served.token}/ws" in page
    for name in re.findall(r'static/[^"]+', page):
        assert served.ask(f"/{served.token}/{name}")[0] == 200, name
    for name in ("static/", "static/../server.py", "static/%2e%2e/server.py", "download/1", "zz"):
        assert served.ask(f"/{served.token}/{name}")[0] in (403, 404), name


def test_a_name_that_was_rebound_and_a_foreign_page_are_kept_out(served: Served) -> None:
    path = f"/{served.token}/"
    port = served.port
    for host in (f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", f"10.77.0.1:{port}", f"[::]:{port}", ""):
        assert served.ask(path, Host=host)[0] in (400, 403), host
    for host in (f"localhost:{port}", f"127.0.0.1:{port}"):
        assert served.ask(path, Host=host)[0] == 200, host
    assert served.ask(f"{path}ws", **UPGRADE)[0] == 403
    for origin in ("null", "http://evil.example", f"http://127.0.0.1:{port + 1}", f"https://127.0.0.1:{port}"):
        assert served.ask(f"{path}ws", **UPGRADE, Origin=origin)[0] == 403, origin
    assert served.children() == []


def test_a_browser_that_leaves_takes_its_screens_with_it(served: Served) -> None:
    assert served.ask(f"/{served.token}/ws", **UPGRADE, Origin=served.origin)[0] == 101
    served.lab.wait_until(lambda: not served.children(), "the screens run on", PATIENCE)


def test_the_token_is_in_no_log(served: Served) -> None:
    said = served.process.output().replace(served.url, "")
    assert served.token not in said and "GET" not in said
    words = Path(f"/proc/{served.process.popen.pid}/cmdline").read_bytes()
    assert served.token.encode() not in words


@pytest.mark.needs("chromium")
def test_a_target_typed_into_a_real_browser_gets_its_verdict(served: Served) -> None:
    with Chromium(served.lab, ns="server", options=("--window-size=1100,700",)) as browser:
        screen = Screen(browser, served.url)
        screen.until("can't be reached?")
        screen.until_focused()
        screen.type("5000")
        screen.press("Enter")
        screen.until("Which device?")
        screen.until("listens on 127.0.0.1 only", press="Enter")
        screen.until("--bind 0.0.0.0")
        asked = screen.asked()
        assert asked and all(
            each.startswith((served.origin, f"ws://127.0.0.1:{served.port}/", "data:")) for each in asked
        )
        if folder := os.environ.get("WIZARD_PICTURES"):
            Path(folder, "serve.png").write_bytes(screen.picture())
    served.lab.wait_until(lambda: not served.children(), "the screens run on", PATIENCE)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_its_end_is_the_end_of_the_screens(end: signal.Signals) -> None:
    with Lab() as lab:
        served = Served(lab, "5000")
        held = lab.inside("server", lambda: _hold(served))
        lab.wait_until(lambda: bool(served.children()), "no screens were started", PATIENCE, served.process)
        pid = _last_of_its_line(served.process.popen.pid)
        os.kill(pid, end)
        code = served.process.popen.wait(PATIENCE)
        assert code == (130 if end is signal.SIGINT else code)
        lab.wait_until(lambda: not served.children(), "the screens outlived the server", PATIENCE)
        held.close()
        assert "Traceback" not in served.process.output()


def test_another_address_is_served_only_when_asked_and_with_a_warning() -> None:
    with Lab() as lab:
        served = Served(lab, "--host", SERVER)
        assert "reachable by other devices" in served.process.output()
        assert served.origin == f"http://{SERVER}:{served.port}"

        def status(url: str, *options: str) -> str:
            words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "30", *options, url]
            return lab.run(words, "client", check=False).stdout

        assert status(served.url) == "200"
        assert status(f"{served.origin}/") == "403"
        assert status(served.url, "-H", f"Host: evil.example:{served.port}") == "403"
        assert status(served.url, "-H", f"Host: 127.0.0.1:{served.port}") == "403"


def test_what_cannot_be_served_is_said() -> None:
    with Lab() as lab:
        for words, code in ((("--host", "evil.example"), 2), (("--port", "70000"), 2), (("--host", "10.99.99.99"), 2)):
            done = lab.wizard("serve", *words)
            assert (done.returncode, done.stdout) == (code, ""), done.stderr
            assert "error: " in done.stderr and "Traceback" not in done.stderr


def _hold(served: Served) -> http.client.HTTPConnection:
    link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    given = {name.replace("_", "-"): value for name, value in UPGRADE.items()} | {"Origin": served.origin}
    link.request("GET", f"/{served.token}/ws", headers=given)
    assert link.getresponse().status == 101
    return link


def _last_of_its_line(pid: int) -> int:
    """The program behind the words that lead into the lab (nsenter may fork)."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if b"wizard.cli.served" in _words_of(int(children[0])):
            break
        pid = int(children[0])
    return pid


class Screen:
    """The terminal in the tab: what was written to it, and keys for it."""

    def __init__(self, browser: Chromium, url: str) -> None:
        self.browser = browser
        late = time.monotonic() + START
        self.tab = browser._tab(late)
        self._do("Page.navigate", url=url)

    def _do(self, method: str, **params: object) -> dict[str, object]:
        return self.browser._answer(self.browser._send(method, self.tab, **params), time.monotonic() + PATIENCE)

    def type(self, text: str) -> None:
        for letter in text:
            self._do("Input.dispatchKeyEvent", type="char", text=letter)

    def press(self, key: str) -> None:
        code = {"Enter": 13, "Escape": 27, "Tab": 9}[key]
        for kind in ("rawKeyDown", "keyUp"):
            self._do("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def text(self) -> str:
        """Everything that was written to the terminal so far, without its control sequences."""
        frames = [
            each["params"]["response"]["payloadData"] for each in self.browser._events
            if each.get("method") == "Network.webSocketFrameReceived" and each.get("sessionId") == self.tab
            and each["params"]["response"]["opcode"] == 2
        ]  # fmt: skip
        written = b"".join(base64.b64decode(frame) for frame in frames).decode("utf-8", "replace")
        return re.sub(r"\x1b\[[0-9;?<>$]*[A-Za-z]", "", written)

    def until(self, words: str, press: str = "") -> None:
        """Wait for `words`; `press` is pressed every two seconds until then (a key may come before its screen does)."""
        late = time.monotonic() + PATIENCE
        again = 0.0
        while words not in self.text():
            if press and time.monotonic() > again:
                self.press(press)
                again = time.monotonic() + 2
            if not self.browser._read(min(late, time.monotonic() + 1)) and time.monotonic() > late:
                raise LabError(f"{words!r} is not shown:\n{self.text()[-3000:]}")

    def until_focused(self) -> None:
        """Nobody clicked: the page itself gives the keys to the terminal."""
        late = time.monotonic() + PATIENCE
        focused = "document.activeElement.className.includes('xterm')"
        while not self._do("Runtime.evaluate", expression=focused)["result"]["value"]:  # type: ignore[index]
            if time.monotonic() > late:
                raise LabError("the terminal has not got the keys")
            time.sleep(0.1)

    def asked(self) -> list[str]:
        """Every address that the tab asked for, websockets included."""
        methods = {"Network.requestWillBeSent": ("request", "url"), "Network.webSocketCreated": ("url",)}
        found = []
        for each in self.browser._events:
            if each.get("sessionId") == self.tab and (path := methods.get(each.get("method", ""))):
                value = each["params"]
                for name in path:
                    value = value[name]
                found.append(str(value))
        return found

    def picture(self) -> bytes:
        return base64.b64decode(str(self._do("Page.captureScreenshot", format="png")["data"]))
