"""The control experiment: a tiny page of the wizard's own, that the other device opens if network and firewall let it.

It serves this one text and nothing else: no path, no header, no fact of the machine, no second request. It stands on the port
that is asked about where that is free (on every address, or on those of the LAN where a program holds only 127.0.0.1), or
else on a free one.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from msgspec import Struct

_TEXT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>It works</title>
<body style="font: 1.3em sans-serif; margin: 2em; max-width: 30em"><h1>It works</h1>
<p>Network and firewall are fine: this device reaches that machine on this port.</p>
<p>This is the Connection Wizard's test page. If your own page does not open, the fault is with its program.</p>
</html>
"""
_BODY = _TEXT.encode()
_HEAD = (
    "Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
)
_MOST_VISITORS = 16
_PATIENCE = 3.0
_MOST_REQUEST = 4096


class Visit(Struct, frozen=True):
    """A connection to the page: from where to where, what was asked, and what was answered (empty: nothing)."""

    at: float
    source: str
    source_port: int
    destination: str
    port: int
    request: bytes
    response: bytes


class NoPort(OSError):
    """No port could be opened."""


class Page:
    """Open from its making until `close`. `addresses` tells those of the LAN, if the port is taken on others. `visited` is
    called, in a thread of the page's, after each visit."""

    def __init__(self, port: int, addresses: Callable[[], Iterable[str]], visited: Callable[[Visit], None]) -> None:
        self._visited = visited
        self._sockets = _asked_port(port, addresses) if port else []
        self.as_asked = bool(self._sockets)
        if not self._sockets:
            self._sockets = _everywhere(0)
        if not self._sockets:
            raise NoPort("no port could be opened for the wizard's own page")
        self._busy = threading.BoundedSemaphore(_MOST_VISITORS)
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="the wizard's page", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it is on."""
        return int(self._sockets[0].getsockname()[1])

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses it is on."""
        return tuple(str(each.getsockname()[0]) for each in self._sockets)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Nothing listens any more when this returns."""
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        self._thread.join(2 * _PATIENCE)
        for each in (*self._sockets, self._wake, self._waker):
            each.close()

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([*self._sockets, self._wake], [], [])
            if self._wake in ready:
                return
            for plug in ready:
                with contextlib.suppress(OSError):
                    self._admit(plug.accept()[0])

    def _admit(self, visitor: socket.socket) -> None:
        """A thread for each, of which there are few: whoever comes too many is closed."""
        if not self._busy.acquire(blocking=False):
            visitor.close()
            return
        threading.Thread(target=self._serve, args=(visitor,), daemon=True).start()

    def _serve(self, visitor: socket.socket) -> None:
        try:
            with visitor:
                visit = _serve(visitor)
            if visit is not None:
                self._visited(visit)
        finally:
            self._busy.release()


def _serve(visitor: socket.socket) -> Visit | None:
    at = time.time()
    try:
        source, destination = visitor.getpeername(), visitor.getsockname()
        request = _request(visitor)
        response = _response(request)
        if response:
            visitor.settimeout(_PATIENCE)
            visitor.sendall(response)
            visitor.shutdown(socket.SHUT_WR)
    except OSError:
        return None
    where = _plain(str(source[0])), int(source[1]), _plain(str(destination[0])), int(destination[1])
    return Visit(at, *where, request[:512], response[:512])


def _plain(address: str) -> str:
    """Without the zone, and an IPv4 address as such though it came through an IPv6 socket."""
    return address.partition("%")[0].removeprefix("::ffff:")


def _request(visitor: socket.socket) -> bytes:
    """Up to the blank line, as far as it comes in time."""
    late = time.monotonic() + _PATIENCE
    request = b""
    while len(request) < _MOST_REQUEST and b"\r\n\r\n" not in request and request[:1] != b"\x16":
        left = late - time.monotonic()
        if left <= 0:
            break
        visitor.settimeout(left)
        try:
            part = visitor.recv(_MOST_REQUEST - len(request))
        except TimeoutError:
            break
        if not part:
            break
        request += part
    return request


def _response(request: bytes) -> bytes:
    """The page to a GET or HEAD of anything but a browser's wish for an icon; nothing to what is no HTTP."""
    method, _, rest = request.partition(b" ")
    if method not in (b"GET", b"HEAD") or b"\r\n\r\n" not in request:
        refused = (
            b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        return refused if method.isalpha() and b" HTTP/1" in rest else b""
    if rest.startswith(b"/favicon.ico"):
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    head = f"HTTP/1.1 200 OK\r\n{_HEAD}Content-Length: {len(_BODY)}\r\n\r\n".encode()
    return head if method == b"HEAD" else head + _BODY


def is_page(visit: Visit) -> bool:
    """Whether the page itself was delivered, and not only an icon refused."""
    return visit.response.startswith(b"HTTP/1.1 200")


# Ports


def _asked_port(port: int, addresses: Callable[[], Iterable[str]]) -> list[socket.socket]:
    """The asked port on every address; where a program holds it on another address, on those given; or nothing."""
    everywhere = _everywhere(port)
    if everywhere:
        return everywhere
    return [plug for address in addresses() if (plug := _listening(address, port)) is not None]


def _everywhere(port: int) -> list[socket.socket]:
    """One socket for both families, or for IPv4 alone where there is no IPv6."""
    plug = _listening("::", port) or _listening("0.0.0.0", port)
    return [plug] if plug is not None else []


def _listening(address: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        plug = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
            raise
        return None
    try:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            plug.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        plug.bind((address, port))
        plug.listen(_MOST_VISITORS)
    except OSError:
        plug.close()
        return None
    return plug
