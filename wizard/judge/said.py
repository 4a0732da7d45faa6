"""What the first bytes of both sides say: which protocol each speaks, and what the application answered.

GET / HTTP/1.1            -> HTTP/1.0 200 OK          HTTP 200
16 03 01 ... (RFC 8446)   -> 16 03 03 ...             TLS handshake
16 03 01 ...              -> HTTP/1.1 400 Bad Request asked over https, answers in plain HTTP
"""

from __future__ import annotations

from msgspec import Struct

_METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"CONNECT ", b"PRI ")
_HANDSHAKE, _ALERT = 0x16, 0x15
_SHOWN = 40
_OPEN_WITH_HTTP = "The device asked over https, and the program speaks plain http: open it with http://."


class Said(Struct, frozen=True):
    """The answer in a few words; `good`: a browser can make something of it. `hint` says what to try instead."""

    words: str
    good: bool
    status: int | None = None
    hint: str = ""


def read(request: bytes, response: bytes) -> Said:
    """What was answered to that request; both may be cut short."""
    if response.startswith(b"HTTP/"):
        return _http(request, response)
    if _is_tls(response):
        return _tls(request, response)
    if _is_tls(request):
        return Said("something else than TLS to a TLS handshake", False, hint=_OPEN_WITH_HTTP)
    if _is_http(request):
        return Said(f"{_shown(response)}, which is no HTTP", False, hint="Another kind of server holds this port.")
    return Said(_shown(response), True)


def _http(request: bytes, response: bytes) -> Said:
    line = response.split(b"\n", 1)[0].split()
    status = int(line[1]) if len(line) > 1 and line[1].isdigit() and len(line[1]) == 3 else None
    if _is_tls(request):
        return Said("plain HTTP to a TLS handshake", False, status, _OPEN_WITH_HTTP)
    return Said(f"HTTP {status}" if status else "HTTP", True, status)


def _tls(request: bytes, response: bytes) -> Said:
    if _is_http(request):
        hint = "The device asked over http, and the program speaks TLS: open it with https://."
        return Said("TLS to a plain HTTP request", False, hint=hint)
    if response[0] == _ALERT:
        return Said("a TLS alert: the handshake failed", False, hint="No common protocol version, cipher, or name.")
    return Said("TLS handshake", True)


def _is_tls(words: bytes) -> bool:
    """A TLS record's first bytes: its type, and the major version 3 (RFC 8446 section 5.1)."""
    return len(words) >= 2 and words[0] in (_HANDSHAKE, _ALERT) and words[1] == 3


def _is_http(words: bytes) -> bool:
    return words.startswith(_METHODS)


def _shown(words: bytes) -> str:
    line = words.split(b"\n", 1)[0].rstrip(b"\r")[:_SHOWN]
    text = line.decode("latin-1")
    return f"“{text}”" if text.isprintable() and text else f"{len(words)} bytes"
