"""The web server behind `wizard serve`: textual-serve's terminal and packets, with a door of our own in front.

Every request must name this server by an address (a name could be rebound to it: DNS rebinding) and carry the token as
the first part of its path; a websocket must come from a page of this very origin. What does not gets 403 and no reason.
The page loads nothing from anywhere else: textual-serve's own template asks for a font on the internet, so it is not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path
from secrets import token_urlsafe
from string import Template
from typing import Any

import textual_serve
from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from wizard.errors import ExitCode, WizardError

_ASSETS = Path(textual_serve.__file__).parent / "static"
_STATIC = {"serve.js": Path(__file__).parent / "serve.js"} | {
    name: _ASSETS / name
    for name in (
        "css/xterm.css",
        "js/textual.js",
        "fonts/RobotoMono-VariableFont_wght.ttf",
        "fonts/RobotoMono-Italic-VariableFont_wght.ttf",
    )
}
_SESSIONS = 8
_PATIENCE = 3.0
"""Seconds that the screens have to end by themselves."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def serve(address: str, port: int, words: list[str], say: Callable[[list[str]], None]) -> int:
    """Serve the screens (`words`: their command line) until SIGINT or SIGTERM; `say` gets the addresses to open."""
    try:
        return asyncio.run(_Server(address, words).run(port, say))
    except OSError as error:
        hint = "choose another --port, or leave it out"
        raise WizardError("cannot-listen", f"Could not listen on {address}:{port}.", str(error), hint=hint) from error


class _Session(AppService):
    """One browser's screens: a child process in a session of its own, ended with everything that it started."""

    def __init__(
        self, words: list[str], prefix: str, socket: web.WebSocketResponse, downloads: DownloadManager
    ) -> None:
        async def close() -> None:
            await socket.close()

        super().__init__(
            "", write_bytes=socket.send_bytes, write_str=socket.send_str, close=close, download_manager=downloads
        )
        self._words = words
        self._prefix = prefix

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        words = [sys.executable, "-m", "wizard.cli.served", *self._words]
        environment = self._build_environment(width=width, height=height)
        child = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=PIPE, env=environment, start_new_session=True
        )
        self._process, self._stdin = child, child.stdin
        return child

    async def run(self) -> None:
        """Pass the child's packets on until it ends or the browser has gone."""
        assert self._process is not None and self._process.stdout is not None
        out = self._process.stdout
        pass_on: dict[bytes, Callable[[bytes], Awaitable[None]]] = {
            b"D": self.on_data,
            b"M": self.on_meta,
            b"P": self.on_packed,
        }
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await out.readline() != b"__GANGLION__\n":
                if out.at_eof():
                    break
            while True:
                kind, size = await out.readexactly(1), int.from_bytes(await out.readexactly(4), "big")
                payload = await out.readexactly(size)
                await pass_on[kind](payload)
        await self.remote_close()

    async def on_meta(self, data: bytes) -> None:
        """As textual-serve does, but a file is offered below the token, where the door lets it through."""
        told = json.loads(data)
        if told["type"] != "deliver_file_start":
            await super().on_meta(data)
            return
        await self._download_manager.create_download(
            app_service=self,
            delivery_key=str(told["key"]),
            file_name=Path(told["path"]).name,
            open_method=told["open_method"],
            mime_type=told["mime_type"],
            encoding=told["encoding"],
            name=told.get("name"),
        )
        url = f"{self._prefix}/download/{told['key']}"
        await self.remote_write_str(json.dumps(["open_url", {"url": url, "new_tab": True}]))

    async def stop(self) -> None:
        """Ask the screens to end, wait a little, then end them and what they started."""
        child, task = self._process, self._task
        if child is None or task is None:
            return
        self._task = None
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        await self.send_meta({"type": "quit"})
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(child.wait(), _PATIENCE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class _Server:
    """The door and the rooms behind it."""

    def __init__(self, address: str, words: list[str]) -> None:
        self._address = address
        self._words = words
        self._token = token_urlsafe(24)
        self._port = 0
        self._sessions: dict[_Session, web.WebSocketResponse] = {}
        self._downloads = DownloadManager()

    async def run(self, port: int, say: Callable[[list[str]], None]) -> int:
        """Listen, say where, wait for a signal, end the children."""
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        _on_signals(ended)
        runner = web.AppRunner(self._application(), access_log=None, handle_signals=False, shutdown_timeout=2)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._address, port)
            await site.start()
            self._port = runner.addresses[0][1]
            say([f"http://{_literal(each)}:{self._port}/{self._token}/" for each in _reached_at(self._address)])
            return await ended
        finally:
            await asyncio.gather(*(session.stop() for session in tuple(self._sessions)))
            await runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._door])
        app.add_routes(
            [
                web.get("/{token}/", self._index),
                web.get("/{token}/ws", self._websocket),
                web.get("/{token}/static/{name:.+}", self._asset),
                web.get("/{token}/download/{key}", self._download),
            ]
        )
        app.on_response_prepare.append(_harden)
        return app

    @web.middleware
    async def _door(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        given = request.path.split("/")[1].encode("utf-8", "replace")
        if not (compare_digest(given, self._token.encode()) and self._is_ours(request.host)):
            raise web.HTTPForbidden(text="403\n")
        return await handler(request)

    def _is_ours(self, host: str) -> bool:
        """Does the Host header name this server by an address that it may have (a name only on loopback: localhost)?"""
        name, _, port = host.rpartition(":")
        if port != str(self._port):
            return False
        ours = ip_address(self._address)
        if name == "localhost":
            return ours.is_loopback or ours.is_unspecified
        try:
            named = ip_address(name.strip("[]"))
        except ValueError:
            return False
        return (
            named == ours
            or (ours.is_unspecified and named.version == ours.version)
            or (named.is_loopback and ours.is_loopback)
        )

    async def _index(self, request: web.Request) -> web.StreamResponse:
        page = Template((Path(__file__).parent / "serve.html").read_text("utf-8"))
        text = page.substitute(websocket=f"ws://{request.host}/{self._token}/ws")
        return web.Response(text=text, content_type="text/html")

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = _STATIC.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="403\n")
        if len(self._sessions) >= _SESSIONS:
            raise web.HTTPServiceUnavailable(text="Too many sessions are open.\n")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=1 << 20)
        session = _Session(self._words, f"/{self._token}", socket, self._downloads)
        self._sessions[session] = socket
        try:
            await socket.prepare(request)
            await session.start(_number(request, "width", 80), _number(request, "height", 24))
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await _pass_in(message.data, session, socket)
        finally:
            await session.stop()
            self._sessions.pop(session, None)
        return socket

    async def _download(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        try:
            told = await self._downloads.get_download_metadata(key)
        except KeyError as error:
            raise web.HTTPNotFound from error
        response = web.StreamResponse(headers={"Content-Type": told.mime_type})
        name = "".join(each for each in told.file_name if each.isalnum() or each in "._-") or "file"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        await response.prepare(request)
        async for chunk in self._downloads.download(key):
            await response.write(chunk.encode() if isinstance(chunk, str) else chunk)
        await response.write_eof()
        return response


async def _pass_in(text: str, session: _Session, socket: web.WebSocketResponse) -> None:
    """One message of the page: keys, a new size, focus; anything else is let drop."""
    try:
        kind, *rest = json.loads(text)
        given: Any = rest[0] if rest else None
        if kind == "stdin":
            # Textual takes its screens for out of focus at the start, perhaps after the page has said the contrary.
            await session.focus()
            await session.send_bytes(str(given).encode())
        elif kind == "resize":
            await session.set_terminal_size(_size(given["width"]), _size(given["height"]))
        elif kind == "ping":
            await socket.send_json(["pong", given])
        elif kind in ("focus", "blur"):
            await session.send_meta({"type": kind})
    except (ValueError, TypeError, KeyError):
        return


def _size(given: object) -> int:
    return max(1, min(int(str(given)), 1000))


def _number(request: web.Request, name: str, otherwise: int) -> int:
    try:
        return _size(request.query.get(name, otherwise))
    except ValueError:
        return otherwise


async def _harden(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers["Server"] = "wizard"


def _on_signals(ended: asyncio.Future[int]) -> None:
    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends asyncio.run
        loop.add_signal_handler(signal.SIGINT, end, ExitCode.INTERRUPTED)
        loop.add_signal_handler(signal.SIGTERM, end, ExitCode.CLEAR)


def _reached_at(address: str) -> list[str]:
    """The addresses to open: of a wildcard, this machine's own."""
    ours = ip_address(address)
    if not ours.is_unspecified:
        return [address]
    import psutil

    every = [ip_address(each.address) for each in _addresses(psutil.net_if_addrs()) if "%" not in each.address]
    return [str(each) for each in every if each.version == ours.version and not each.is_link_local]


def _addresses(of_interfaces: dict[str, list[Any]]) -> list[Any]:
    import socket

    every = [each for found in of_interfaces.values() for each in found]
    return [each for each in every if each.family in (socket.AF_INET, socket.AF_INET6)]


def _literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address
