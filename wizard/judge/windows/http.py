"""What a URL says that is registered with http.sys (UrlPrefix strings): `HTTP://+:80/APP/`, `http://localhost:5000:127.0.0.1/`."""

from __future__ import annotations

import re

_URL = re.compile(r"(?P<scheme>https?)://(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>\d+))?", re.IGNORECASE)
EVERY_HOST = ("+", "*")


def port_of(url: str) -> int | None:
    """The port, or the scheme's own."""
    match = _URL.match(url)
    if match is None:
        return None
    return int(match["port"] or {"http": 80, "https": 443}[match["scheme"].lower()])


def host_of(url: str) -> str:
    """The Host header that it takes: a name, an address, or `+` and `*` for all."""
    match = _URL.match(url)
    return match["host"].lower() if match else ""
