"""Real servers, each as a person starts it, with the files it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from tests.live.lab import Lab, Process

PYTHON = sys.executable
BESIDE = Path(sys.executable).parent
"""Where the console scripts are: flask, gunicorn, uvicorn."""
SYSTEM_PYTHON = "/usr/bin/python3"
"""The distribution's Python: one that a user without rights can run too."""

FLASK_APP = """\
from flask import Flask

app = Flask(__name__)


@app.get("/")
def page():
    return "hello from the lab"


if __name__ == "__main__":
    app.run({arguments})
"""

ASGI_APP = """\
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello from the lab"})
"""

HANGING_APP = """\
import time

def app(environ, start_response):
    time.sleep(600)
"""

DJANGO_SETTINGS = """\
SECRET_KEY = "only-for-the-lab"
DEBUG = True
ALLOWED_HOSTS = []
ROOT_URLCONF = "site_of_the_lab.urls"
INSTALLED_APPS = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
"""

DJANGO_URLS = """\
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("hello from the lab " + request.get_host()))]
"""

DJANGO_MANAGE = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_of_the_lab.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""

NODE_APP = """\
const http = require("http");
http.createServer((request, response) => response.end("hello from the lab")).listen({arguments});
"""

# A plain HTTP server of our own with a switch for everything that a framework hides.
PLAIN = """\
import argparse, http.server, socket, sys, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = options.text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True

    def server_bind(self):
        if options.reuse_port:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if options.device:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, options.device.encode())
        super().server_bind()

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="0.0.0.0")
parser.add_argument("--port", type=int, default=5000)
parser.add_argument("--device", default="")
parser.add_argument("--text", default="hello from the lab")
parser.add_argument("--reuse-port", action="store_true")
parser.add_argument("--no-reuse-address", action="store_true")
parser.add_argument("--keep-trying", action="store_true")
options = parser.parse_args()
Server.allow_reuse_address = not options.no_reuse_address
while True:
    try:
        server = Server((options.host, options.port), Page)
        break
    except OSError as error:
        print(error, file=sys.stderr, flush=True)
        if not options.keep_trying:
            raise
        time.sleep(1)
server.serve_forever()
"""

CLOSING = """\
import socket

door = socket.create_server(("{host}", {port}), reuse_port=True)
while True:
    visitor, _ = door.accept()
    visitor.recv(4096)
    visitor.close()
"""

DEAF = """\
import socket, time

door = socket.socket()
door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
door.bind(("0.0.0.0", 5000))
door.listen({backlog})
time.sleep(600)
"""

UDP = """\
import socket

door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
door.bind(("0.0.0.0", 5000))
while True:
    data, sender = door.recvfrom(2048)
    door.sendto(data, sender)
"""


class Server(Struct, frozen=True):
    """A program and how to know that it is up: `port` (0: nothing to wait for but `ready`)."""

    argv: tuple[str, ...]
    port: int = 5000
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    ns: str = "server"
    needs: tuple[str, ...] = ()
    ready: Callable[[Lab], bool] | None = None

    def start(self, lab: Lab) -> Process:
        for name, text in self.files.items():
            lab.write(name, text)
        process = lab.spawn(self.argv, self.ns, cwd=lab.folder, env={"PYTHONUNBUFFERED": "1", **self.env})
        if self.ready is not None:
            lab.wait_until(lambda: self.ready is None or self.ready(lab), f"{self.argv} is not ready", 15, process)
        elif self.port:
            lab.wait_for_port(self.port, self.ns, process=process)
        return process

    def but(self, **changes: object) -> Server:
        return replace(self, **changes)  # type: ignore[arg-type]


def script(name: str, text: str, *options: str, port: int = 5000) -> Server:
    """`python NAME` with this source."""
    return Server((PYTHON, name, *options), port, {name: text})


def http_server(bind: str = "", port: int = 5000) -> Server:
    where = ("--bind", bind) if bind else ()
    return Server((PYTHON, "-m", "http.server", str(port), *where), port, {"index.html": "hello from the lab\n"})


def plain(*options: str, port: int = 5000, python: str = PYTHON) -> Server:
    return Server((python, "serve.py", *options), port, {"serve.py": PLAIN})


def flask_run(*options: str, port: int = 5000, debug: bool = False) -> Server:
    flags = ("--debug",) if debug else ()
    return Server(
        (PYTHON, "-m", "flask", "--app", "app", "run", *flags, *options), port,
        {"app.py": FLASK_APP.format(arguments="")}, needs=("module:flask",),
    )  # fmt: skip


def flask_text(text: str, port: int = 5000) -> Server:
    """`python app.py` with this source behind the application."""
    start = FLASK_APP.partition("if __name__")[0]
    return Server((PYTHON, "app.py"), port, {"app.py": start + text}, needs=("module:flask",))


def flask_file(arguments: str = "", port: int = 5000) -> Server:
    """`python app.py` with `app.run(ARGUMENTS)` at its end."""
    return Server(
        (PYTHON, "app.py"), port, {"app.py": FLASK_APP.format(arguments=arguments)}, needs=("module:flask",)
    )  # fmt: skip


def gunicorn(*options: str, port: int = 5000) -> Server:
    return Server(
        (PYTHON, "-m", "gunicorn", *options, "app:app"), port,
        {"app.py": FLASK_APP.format(arguments="")}, needs=("module:gunicorn", "module:flask"),
    )  # fmt: skip


def uvicorn(*options: str, port: int = 5000) -> Server:
    return Server(
        (PYTHON, "-m", "uvicorn", "main:app", "--port", str(port), *options), port,
        {"main.py": ASGI_APP}, needs=("module:uvicorn",),
    )  # fmt: skip


def django(bind: str = "127.0.0.1:5000", *options: str, hosts: str = "[]") -> Server:
    files = {
        "manage.py": DJANGO_MANAGE,
        "site_of_the_lab/__init__.py": "",
        "site_of_the_lab/settings.py": DJANGO_SETTINGS.replace("ALLOWED_HOSTS = []", f"ALLOWED_HOSTS = {hosts}"),
        "site_of_the_lab/urls.py": DJANGO_URLS,
    }
    return Server(
        (PYTHON, "manage.py", "runserver", bind, *options), 5000, files, needs=("module:django",),
    )  # fmt: skip


def node(arguments: str = "5000") -> Server:
    return Server(("node", "server.js"), 5000, {"server.js": NODE_APP.format(arguments=arguments)}, needs=("node",))


EVERYWHERE = http_server()
"""The common case behind a firewall: a server that listens on every IPv4 address."""
