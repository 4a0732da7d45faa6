"""A small server with a chosen fault, for the practice cases: `python server.py silent 127.0.0.1 5000`.

page     answers every request
gate     answers only where the Host header is a name that it knows, as Django does (400 otherwise)
silent   takes connections and never says a word
full     like it, with a queue for one connection, which it fills itself
closing  takes a connection and ends it
udp      takes datagrams, no connections
tls      speaks TLS, with a certificate that openssl makes for the day
"""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

_PAGE = b"<!doctype html><title>It works</title><h1>It works</h1><p>The Connection Wizard's practice page.</p>\n"
_KNOWN = "shop.example"


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200, _PAGE)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal belongs to the wizard."""


class _Gate(_Page):
    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        if host == _KNOWN:
            self._answer(200, _PAGE)
        else:
            said = f"<h1>Bad Request (400)</h1>DisallowedHost: Invalid HTTP_HOST header. Add it to ALLOWED_HOSTS ({_KNOWN})."
            self._answer(400, said.encode())


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str, port: int, handler: type[_Page]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), handler)

    def server_bind(self) -> None:
        """Without the look-up of the machine's own name that http.server makes."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if sys.platform != "win32":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "practice", self.server_address[1]


def main(kind: str, address: str, port: int) -> None:
    """Serve until the process is ended."""
    if kind in ("page", "gate"):
        _Server(address, port, _Gate if kind == "gate" else _Page).serve_forever()
    elif kind == "tls":
        _tls(address, port)
    elif kind == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.bind((address, port))
            threading.Event().wait()
    else:
        _plain(kind, address, port)


def _plain(kind: str, address: str, port: int) -> None:
    with socket.socket() as door:
        if sys.platform != "win32":
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address, port))
        door.listen(0 if kind == "full" else 128)
        waiting = []
        if kind == "full":
            for _ in range(3):
                visitor = socket.socket()
                visitor.setblocking(False)
                visitor.connect_ex((address, port))
                waiting.append(visitor)
        while kind == "closing":
            visitor, _ = door.accept()
            visitor.recv(65536)
            visitor.close()
        threading.Event().wait()


def _tls(address: str, port: int) -> None:
    import ssl

    with tempfile.TemporaryDirectory(prefix="wizard-demo-") as folder:
        key, certificate = str(Path(folder, "key.pem")), str(Path(folder, "certificate.pem"))
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        words += ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=practice"]
        subprocess.run(words, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    server = _Server(address, port, _Page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
