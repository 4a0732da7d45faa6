"""Reads what a person pasted: a port, an address, a URL, a server's own line, or a browser's whole message.

5000 · :5000 · 127.0.0.1:5000 · [::1]:5000 · http://192.168.1.100:5000/x · raspberrypi.local:8000
 * Running on http://127.0.0.1:5000
192.168.1.100 refused to connect. ERR_CONNECTION_REFUSED
curl: (7) Failed to connect to 192.168.1.100 port 5000 after 0 ms: Couldn't connect to server
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from msgspec import Struct

from wizard.errors import WizardError
from wizard.judge import answers, symptoms
from wizard.model.diagnosis import Symptom
from wizard.model.facts import Address

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_URL = re.compile(r"\b(?P<scheme>[a-z][a-z0-9+.-]*):/{1,3}(?P<rest>[^\s'\"<>]*)", re.IGNORECASE)
_BRACKETED = re.compile(r"\[(?P<host>[0-9a-fA-F:.]+(?:%25?[\w.-]+)?)\](?::(?P<port>\d+))?")
_ADDRESS4 = re.compile(r"(?<![\w.])(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?::(?P<port>\d+))?(?![\w]|\.\d)")
_NAME_PORT = re.compile(r"(?<![\w.:/-])(?P<host>[a-zA-Z_][\w-]*(?:\.[\w-]+)*):(?P<port>\d{1,6})(?!\w)")
_PORT_WORD = re.compile(r"\bport[ :=#]+(?P<port>\d{1,6})\b", re.IGNORECASE)
_DOTTED_NAME = re.compile(r"(?<![\w.@/-])(?P<host>[a-zA-Z0-9_][\w-]*(?:\.[\w-]+)*\.[a-zA-Z][\w-]+)(?![\w@])")
_HOST = re.compile(r"[a-zA-Z0-9_](?:[\w-]*[\w])?(?:\.[a-zA-Z0-9_](?:[\w-]*[\w])?)*\.?")
_FORMS = "a port (5000), an address (192.168.1.100:5000), a URL, or the browser's whole message"


class Pasted(Struct, frozen=True):
    """What the text says: `host` may be empty (only a port), `port` None (only a host)."""

    text: str
    host: str = ""
    port: int | None = None
    scheme: str = "http"
    path: str = "/"
    symptom: Symptom | None = None


def read(text: str) -> Pasted:
    """Understand `text`; a WizardError (usage) names what is wrong with it and the next step."""
    shown = text.strip()
    if not shown:
        raise _bad("target-missing", "No target was given.")
    symptom = symptoms.read(shown) if re.search(r"\s|ERR_|errno", shown, re.IGNORECASE) else None
    if symptom and symptom.text == shown.upper():
        return Pasted(text, symptom=symptom)
    for reader in (_as_port, _as_url, _as_literal, _as_prose):
        if pasted := reader(shown):
            return Pasted(text, pasted.host, pasted.port, pasted.scheme, pasted.path, symptom)
    if symptom:
        return Pasted(text, symptom=symptom)
    raise _bad("target-not-understood", f"{shown[:80]!r} is no address, port or URL.")


def _as_port(text: str) -> Pasted | None:
    match = re.fullmatch(r":?(-?\d+)(?:/tcp)?", text)
    return Pasted(text, port=_port(match[1])) if match else None


def _as_url(text: str) -> Pasted | None:
    match = _URL.search(text)
    if not match:
        return None
    scheme = match["scheme"].lower()
    if scheme not in _DEFAULT_PORTS and scheme != "tcp":
        raise _bad(
            "scheme-not-supported",
            f"{scheme}:// is not something a browser opens on a web server.",
            "use http:// or https://, or just the address and port",
        )
    authority, slash, path = match["rest"].partition("/")
    host, port = _authority(authority.rpartition("@")[2], text)
    if not host:
        raise _bad("target-without-host", f"{match[0][:80]!r} names no host.")
    if _is_servers_line(text, match, host):
        host = ""
    return Pasted(text, host, port or _DEFAULT_PORTS.get(scheme), _plain(scheme), (slash + path).rstrip(".,)") or "/")


def _is_servers_line(text: str, url: re.Match[str], host: str) -> bool:
    """` * Running on http://127.0.0.1:5000`: the server says where it listens; nobody opened that URL elsewhere."""
    around = text[: url.start()] + text[url.end() :]
    return bool(re.search(r"\w", around)) and symptoms.read(text) is None and answers.is_self(host)


def _plain(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _as_literal(text: str) -> Pasted | None:
    """One word: host, host:port, or an IPv6 address without brackets (then there is no port in it)."""
    if re.search(r"\s", text):
        return None
    word, _, path = text.partition("/")
    bare = word.partition("%")[0]
    if bare.count(":") >= 2 and not word.startswith("["):
        try:
            return Pasted(text, str(_with_zone(word)))
        except ValueError:
            raise _bad("bad-address", f"{word[:80]!r} is no IPv6 address.", "write [address]:port") from None
    host, port = _authority(word, text)
    return Pasted(text, host, port, path="/" + path) if host else None


def _authority(authority: str, text: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port` or `[v6]:port`."""
    if authority.startswith("["):
        match = _BRACKETED.match(authority)
        if not match or match.end() != len(authority.rstrip(".,;)")):
            raise _bad("bad-address", f"{authority[:80]!r} is no address in brackets.", "write [2001:db8::1]:5000")
        try:
            return str(_with_zone(match["host"].replace("%25", "%"))), _port(match["port"]) if match["port"] else None
        except ValueError:
            raise _bad("bad-address", f"{match['host']!r} is no IPv6 address.") from None
    host, colon, port = authority.rstrip(".,;)").partition(":")
    if colon and not re.fullmatch(r"-?\d+", port):
        raise _bad(
            "bad-port",
            f"{port[:40]!r} is no port number.",
            "a port is a number from 1 to 65535, as in 192.168.1.100:5000",
        )
    if host and not _HOST.fullmatch(host):
        raise _bad("target-not-understood", f"{text[:80]!r} is no address, port or URL.")
    return _checked(host), _port(port) if colon else None


def _as_prose(text: str) -> Pasted | None:
    """A message: the first thing in it that looks like an address wins; a port may stand apart (`port 5000`)."""
    apart = _PORT_WORD.search(text)
    for pattern in (_BRACKETED, _ADDRESS4, _NAME_PORT, _DOTTED_NAME):
        if not (match := pattern.search(text)):
            continue
        groups = match.groupdict()
        port = groups.get("port") or (apart["port"] if apart else None)
        return Pasted(text, _checked(groups["host"]), _port(port) if port else None)
    if re.search(r"\blocalhost\b", text):
        return Pasted(text, "localhost", _port(apart["port"]) if apart else None)
    return Pasted(text, port=_port(apart["port"])) if apart else None


def _with_zone(text: str) -> Address:
    return ip_address(text)


def _checked(host: str) -> str:
    """Only digits and dots must be an IPv4 address: `192.168.1` and `300.1.1.1` are slips, not names."""
    if re.fullmatch(r"[\d.]+", host):
        try:
            return str(ip_address(host))
        except ValueError:
            raise _bad(
                "bad-address", f"{host!r} is no IPv4 address.", "four numbers from 0 to 255, as in 192.168.1.100"
            ) from None
    return host


def _port(text: str) -> int:
    number = int(text) if len(text) < 12 else -1
    if not 1 <= number <= 65535:
        raise _bad("bad-port", f"{text[:40]} is no port number.", "a port is a number from 1 to 65535")
    return number


def _bad(ref: str, what: str, hint: str = "") -> WizardError:
    return WizardError(ref, what, hint=hint or _FORMS)
