"""Real connection attempts from this machine, each written down as JSON: what the kernel said, and who said it.

An attempt is one TCP connect and, once connected, one small request: the first bytes that come back are kept. On Linux
5.9 and later the socket's error queue (ip(7), IP_RECVERR) names the sender of the ICMP error that ended a connect, also
for an ordinary user. Four seconds are the least worth waiting: an unanswered ARP request takes three to fail.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from wizard.model.capture import Capture, Unknown

MOST_BYTES = 64 * 1024
QUIET = 0.3
"""So many seconds after the last bytes an answer counts as complete, though the connection stays open."""

_IP_RECVERR = 11
_IPV6_RECVERR = 25
_ORIGIN_LOCAL = 1
_ERRQUEUE = getattr(socket, "MSG_ERRQUEUE", 0x2000)
_SMALL_SEGMENT = 536
"""What every path carries in one piece (RFC 9293, section 3.7.1)."""


class Wish(Struct, frozen=True):
    """An attempt to make. `send` is `http`, `tls` or None; `host_header` and `path` belong to the request.

    With `through_proxy` the address is a proxy's, which is asked for the target: `path` is then the whole URL (http), or the
    place to CONNECT to is `host_header` (tls). `small_segments` asks the other side for small packets only."""

    address: str
    port: int
    seconds: float = 4.0
    send: str | None = "http"
    host_header: str = ""
    path: str = "/"
    through_proxy: bool = False
    small_segments: bool = False


def tcp(
    address: str, port: int, seconds: float = 4.0, send: str | None = "http", host_header: str = "", path: str = "/"
) -> Capture:
    """One attempt, as the capture `attempts` with one JSON object."""
    return many([Wish(address, port, seconds, send, host_header, path)])


def many(wishes: Iterable[Wish], tell: Callable[[str], None] | None = None) -> Capture:
    """The attempts, side by side, as the capture `attempts`: one JSON object a line, in the order of the wishes. `tell` hears
    of each as it ends, in this thread."""
    started = time.monotonic()
    wanted = list(wishes)
    told: list[dict[str, Any] | None] = [None] * len(wanted)

    ended: queue.SimpleQueue[int] = queue.SimpleQueue()

    def make(index: int) -> None:
        told[index] = _attempt(wanted[index])
        ended.put(index)

    threads = [threading.Thread(target=make, args=(index,), daemon=True) for index in range(len(wanted))]
    for thread in threads:
        thread.start()
    # The limits inside an attempt hold; this one is for what they cannot bound.
    late = started + max((2 * wish.seconds + 1 for wish in wanted), default=0.0)
    for _ in threads:
        try:
            answer = told[ended.get(timeout=max(0.0, late - time.monotonic()))]
        except queue.Empty:
            break
        if tell is not None and answer is not None:
            tell(f"{answer['address']} port {answer['port']}: {answer['outcome']} after {answer['seconds']:.2f} s")
    lines = [json.dumps(each) for each in told if each is not None]
    return Capture("attempts", "".join(line + "\n" for line in lines), "connect()", seconds=time.monotonic() - started)


def resolve(name: str, seconds: float = 5.0) -> Capture | Unknown:
    """What this machine's resolver (getaddrinfo(3)) makes of the name, as the capture `resolution`."""
    started = time.monotonic()
    told: list[dict[str, Any]] = []

    def ask() -> None:
        told.append(_resolved(name))

    thread = threading.Thread(target=ask, name="resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not told:
        return Unknown(
            f"the resolver gave no answer within {seconds:g} seconds",
            f"getent ahosts {name}",
            f"the addresses of {name}",
        )
    return Capture(
        "resolution", json.dumps(told[0]) + "\n", f"getent ahosts {name}", seconds=time.monotonic() - started
    )


def _resolved(name: str) -> dict[str, Any]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return {"name": name, "addresses": [], "error": getattr(error, "strerror", None) or str(error)}
    return {"name": name, "addresses": list(dict.fromkeys(str(answer[4][0]) for answer in answers)), "error": ""}


def _attempt(wish: Wish) -> dict[str, Any]:
    family = socket.AF_INET6 if ":" in wish.address else socket.AF_INET
    told: dict[str, Any] = {"address": wish.address, "port": wish.port, "host_header": "", "sent": "", "banner": ""}
    told |= {name: True for name in ("through_proxy", "small_segments") if getattr(wish, name)}
    started = time.monotonic()
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            told |= _connect(connection, family, wish)
            told["seconds"] = round(time.monotonic() - started, 6)
            if told["outcome"] == "connected" and wish.send:
                told |= _ask(connection, wish)
        if told.get("certificate"):
            # The certificate is not believed; what the program says behind it is still worth knowing.
            told |= _ask_unbelieving(wish, family)
    except (OSError, ValueError, OverflowError) as error:
        number = getattr(error, "errno", None)
        told |= {"outcome": _outcome(number), "errno": _name(number) or str(error)}
        told.setdefault("seconds", round(time.monotonic() - started, 6))
    return told


def _connect(connection: socket.socket, family: int, wish: Wish) -> dict[str, Any]:
    _want_errors(connection, family)
    if wish.small_segments and hasattr(socket, "TCP_MAXSEG"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SMALL_SEGMENT)
    connection.setblocking(False)
    number = connection.connect_ex(_destination(wish, family))
    known = {"from": str(connection.getsockname()[0])} if number in (0, *_UNDER_WAY) else {}
    if number in _UNDER_WAY:
        if not _ended(connection, wish.seconds):
            return {"outcome": "timeout", "errno": "ETIMEDOUT", **known}
        number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        return {"outcome": _outcome(number), "errno": _name(number), "icmp": _error_queue(connection), **known}
    return {"outcome": "connected", "errno": "", **known}


_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK)
"""Linux and macOS answer the first, Windows the second."""


def _ended(connection: socket.socket, seconds: float) -> bool:
    """Waits until the attempt has ended one way or the other."""
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(connection, select.POLLOUT)
        return bool(poller.poll(seconds * 1000))
    # Windows tells of a failed attempt among the exceptions, and has no limit on the sockets' numbers.
    _, done, failed = select.select([], [connection], [connection], seconds)
    return bool(done or failed)


def _destination(wish: Wish, family: int) -> Any:
    if family == socket.AF_INET:
        return wish.address, wish.port
    # The zone of a link-local address is given as its interface's number.
    return socket.getaddrinfo(wish.address, wish.port, family, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)[0][4]


def _want_errors(connection: socket.socket, family: int) -> None:
    if not sys.platform.startswith("linux"):
        # The option's number means something else elsewhere; there the errno has to do.
        return
    level, option = (socket.IPPROTO_IP, _IP_RECVERR)
    if family == socket.AF_INET6:
        level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR)
    try:
        connection.setsockopt(level, option, 1)
    except OSError:
        return


def _error_queue(connection: socket.socket) -> dict[str, Any] | None:
    """The ICMP that ended the attempt: struct sock_extended_err, and behind it the sender's address (linux/errqueue.h)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        ancillary = connection.recvmsg(0, 512, _ERRQUEUE)[1]
    except OSError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) in ((socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)) and len(
            data
        ) >= 16:
            origin, icmp_type, code = struct.unpack_from("=xxxxBBB", data)
            return {"offender": _offender(data[16:]), "type": icmp_type, "code": code, "local": origin == _ORIGIN_LOCAL}
    return None


def _offender(address: bytes) -> str | None:
    """The address in a struct sockaddr_in or sockaddr_in6; None where the kernel names nobody (AF_UNSPEC)."""
    family = (
        int.from_bytes(address[:2], "little" if struct.pack("=H", 1) == b"\1\0" else "big") if len(address) >= 2 else 0
    )
    if family == socket.AF_INET and len(address) >= 8:
        return socket.inet_ntop(socket.AF_INET, address[4:8])
    if family == socket.AF_INET6 and len(address) >= 24:
        return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return None


_OUTCOMES = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EACCES: "prohibited",
    errno.EPERM: "prohibited",
    errno.ECONNRESET: "reset",
}


def _outcome(number: int | None) -> str:
    return _OUTCOMES.get(number or 0, "error")


def _name(number: int | None) -> str:
    return errno.errorcode.get(number or 0, os.strerror(number) if number else "")


def _ask(connection: socket.socket, wish: Wish) -> dict[str, Any]:
    """Sends the request and keeps the first bytes of the answer."""
    connection.setblocking(True)
    connection.settimeout(wish.seconds)
    header = wish.host_header or _authority(wish)
    told: dict[str, Any] = {"sent": wish.send, "host_header": header}
    if wish.send == "tls":
        return told | _ask_over_tls(connection, wish, header)
    return told | _exchange(connection, wish, header)


def _ask_over_tls(connection: socket.socket, wish: Wish, header: str, *, believe: bool = True) -> dict[str, Any]:
    # Imported here: loading OpenSSL takes longer than a plain attempt.
    import ssl

    name = header.rpartition(":")[0].strip("[]") if ":" in header.rpartition("]")[2] else header.strip("[]")
    context = ssl.create_default_context() if believe else _unbelieving_context()
    try:
        if wish.through_proxy and (refusal := _tunnel(connection, wish, header)):
            return refusal
        with context.wrap_socket(connection, server_hostname=name or None) as secured:
            return {"tls": "ok"} | _exchange(secured, wish, header)
    except ssl.SSLCertVerificationError as error:
        return {"tls": "ok", "certificate": _disbelief(error.verify_code), "certificate_says": error.verify_message}
    except ssl.SSLError as error:
        return {"tls": error.reason or str(error), "ended": "closed"}
    except TimeoutError:
        return {"tls": "no answer to the handshake", "ended": "open"}
    except ConnectionResetError:
        return {"tls": "connection reset during the handshake", "ended": "reset"}
    except (OSError, ValueError) as error:
        return {"tls": str(error), "ended": "closed"}


def _unbelieving_context() -> Any:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _ask_unbelieving(wish: Wish, family: int) -> dict[str, Any]:
    """The same request on a second connection, which takes any certificate."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connected = _connect(connection, family, wish)
        if connected["outcome"] != "connected":
            return {}
        connection.setblocking(True)
        connection.settimeout(wish.seconds)
        return _ask_over_tls(connection, wish, wish.host_header or _authority(wish), believe=False)


# X509_V_ERR_* of openssl/x509_vfy.h.
_DISBELIEFS = {9: "not-yet", 10: "date", 62: "name", 64: "name"} | dict.fromkeys((2, 18, 19, 20, 21, 27), "authority")


def _disbelief(code: int) -> str:
    return _DISBELIEFS.get(code, "other")


def _tunnel(connection: socket.socket, wish: Wish, header: str) -> dict[str, Any]:
    """Asks the proxy for a way to the target (RFC 9110 section 9.3.6); empty where it opens one."""
    place = _clean(header)
    connection.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode("latin-1", "replace"))
    banner, ended = _first_bytes(connection, time.monotonic() + wish.seconds)
    words = banner.split(b"\r\n", 1)[0].split()
    if len(words) >= 2 and words[1].startswith(b"2"):
        return {}
    return {"banner": banner.decode("latin-1"), "ended": "answered" if banner else ended}


def _authority(wish: Wish) -> str:
    bare = wish.address.partition("%")[0]
    return f"[{bare}]:{wish.port}" if ":" in bare else f"{bare}:{wish.port}"


def _exchange(connection: socket.socket, wish: Wish, header: str) -> dict[str, Any]:
    request = f"GET {_clean(wish.path) or '/'} HTTP/1.1\r\nHost: {_clean(header)}\r\nUser-Agent: connection-wizard\r\n"
    try:
        connection.sendall((request + "Accept: */*\r\nConnection: close\r\n\r\n").encode("latin-1", "replace"))
    except (ConnectionResetError, BrokenPipeError):
        # The answer, if any, may still be waiting.
        pass
    except OSError:
        return {"ended": "open"}
    banner, ended = _first_bytes(connection, time.monotonic() + wish.seconds)
    return {"banner": banner.decode("latin-1"), "ended": "answered" if banner else ended}


def _clean(text: str) -> str:
    """The text without what would end the line it stands in."""
    return "".join(character for character in text if character > " " and character != "\x7f")


def _first_bytes(connection: socket.socket, late: float) -> tuple[bytes, str]:
    received = b""
    ended = "open"
    while len(received) < MOST_BYTES:
        left = late - time.monotonic()
        if left <= 0:
            break
        connection.settimeout(min(left, QUIET) if received else left)
        try:
            part = connection.recv(MOST_BYTES - len(received))
        except TimeoutError:
            break
        except OSError as error:
            # TLS says `unexpected EOF` by an error of its own.
            ended = "reset" if error.errno == errno.ECONNRESET else "closed"
            break
        if not part:
            ended = "closed"
            break
        received += part
    return received, ended
