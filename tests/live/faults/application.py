"""The connection is made; the two programs do not understand one another."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import PAGE, Fault, Plan
from tests.live.faults.servers import PYTHON, Server
from tests.live.lab import Lab

TLS_PAGE = "https://10.77.0.1:5000/"


def _with_tls(server: Server) -> Server:
    """The same server, which finds a certificate in its folder."""
    return server.but(argv=("sh", "-c", f'{_CERTIFICATE} && exec "$@"', "sh", *server.argv))


_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=lab "
    "-addext subjectAltName=IP:10.77.0.1 2>/dev/null"
)


def _reset(lab: Lab) -> None:
    Server((PYTHON, "reset.py"), 5000, {"reset.py": _RESETS}).start(lab)


_RESETS = """\
import socket, struct

door = socket.create_server(("0.0.0.0", 5000))
while True:
    visitor, _ = door.accept()
    visitor.recv(4096)
    visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visitor.close()
"""

FAULTS = (
    Fault(
        "https-asked-of-http", ("https-asked-of-http",), 35, serve=(servers.flask_run("--host", "0.0.0.0"),),
        target=TLS_PAGE, url=TLS_PAGE, plan=Plan.EITHER, opens=(PAGE, TLS_PAGE),
    ),
    Fault(
        "https-asked-of-http--uvicorn", ("https-asked-of-http",), 35, serve=(servers.uvicorn("--host", "0.0.0.0"),),
        target=TLS_PAGE, url=TLS_PAGE, plan=Plan.EITHER, opens=(PAGE, TLS_PAGE),
    ),
    Fault(
        "http-asked-of-https--uvicorn", ("http-asked-of-https",), 52,
        serve=(_with_tls(servers.uvicorn("--host", "0.0.0.0", "--ssl-keyfile", "key.pem", "--ssl-certfile", "cert.pem")),),
        plan=Plan.EITHER, opens=(TLS_PAGE,), needs=("openssl",),
    ),
    Fault(
        "http-asked-of-https--flask", ("http-asked-of-https",), 56,
        serve=(_with_tls(servers.flask_run("--host", "0.0.0.0", "--cert", "cert.pem", "--key", "key.pem")),),
        plan=Plan.EITHER, opens=(TLS_PAGE,), needs=("openssl",),
    ),
    Fault("host-header-refused--django", ("host-header-refused",), 0, status=400, serve=(servers.django("0.0.0.0:5000"),)),
    Fault(
        "closes-without-answer", ("closes-without-answer",), 52,
        serve=(Server((PYTHON, "closing.py"), 5000, {"closing.py": servers.CLOSING.format(host="0.0.0.0", port=5000)}),),
        plan=Plan.EITHER,
    ),
    Fault("closes-without-answer--reset", ("closes-without-answer",), 56, build=_reset, plan=Plan.EITHER),
)  # fmt: skip
