"""The running containers, asked of Docker (or podman) over its socket: the JSON list of GET /containers/json.

The same as `curl --unix-socket /run/docker.sock http://localhost/containers/json`, without starting a client; see
https://docs.docker.com/reference/api/engine/ (ContainerList). The request reads; it changes nothing.
"""

from __future__ import annotations

import json
import socket

from wizard.collect.files import text_of
from wizard.collect.readers import CannotLook

SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
_REQUEST = b"GET /containers/json HTTP/1.0\r\nHost: localhost\r\nUser-Agent: connection-wizard\r\n\r\n"
_MOST_BYTES = 8 * 1024 * 1024
_SECONDS = 3.0


def read() -> str:
    """The containers of the first service that answers, as JSON text. Raises CannotLook where one is there and none does."""
    refusals = []
    for path in SOCKETS:
        try:
            return _body(_ask(path))
        except FileNotFoundError:
            continue
        except OSError as error:
            refusals.append(f"{path}: {error.strerror or error}")
    if refusals:
        raise CannotLook(refusals[0])
    return "[]\n"


def _ask(path: str) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_SECONDS)
        connection.connect(path)
        connection.sendall(_REQUEST)
        answer = bytearray()
        while (part := connection.recv(1 << 16)) and len(answer) < _MOST_BYTES:
            answer += part
    return bytes(answer)


def _body(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0]
    if b" 200 " not in status + b" ":
        raise CannotLook(f'the container service answered "{text_of(status)}"')
    if b"transfer-encoding: chunked" in head.lower():
        body = _unchunked(body)
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CannotLook(f"the container service sent no JSON: {error}") from error
    return text_of(body)


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0] or b"0", 16)
        except ValueError as error:
            raise CannotLook("the container service sent a broken answer") from error
        if length <= 0:
            break
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)
