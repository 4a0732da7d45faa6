"""The program is not there, not yet, somewhere else, or does not answer."""

from __future__ import annotations

from tests.build import TAKEN_AT, attempt, facts, listener, process
from tests.judge.cases.case import found, near_miss, unsure, without
from wizard.model.capture import Origin
from wizard.model.facts import Owner, Proto, UnixListener

YOUNG = {"started": TAKEN_AT - 3}
UVICORN = process(60, ("/venv/bin/python3", "/venv/bin/uvicorn", "main:app", "--port", "5000"), name="uvicorn", **YOUNG)
GUNICORN = process(
    61, ("/venv/bin/python3", "/venv/bin/gunicorn", "--bind", "unix:app.sock", "app:app"), name="gunicorn"
)
SOCKET = UnixListener("/srv/app.sock", (Owner("gunicorn", 61),), Origin("ss -H -xlp", 1, "/srv/app.sock"))
CONTROL = UnixListener("/root/.gunicorn/gunicorn.ctl", (Owner("gunicorn", 61),))
VITE = process(62, ("node", "/srv/shop/node_modules/.bin/vite"), name="node")
ON_5001 = listener(port=5001)
SILENT = attempt(banner=b"", ended="open")


def stopped(**changes: object) -> object:
    return facts(processes=(process(state="T"),), **changes)


CASES = (
    found("nothing-listening", "nobody", facts(listeners=(), processes=())),
    found("nothing-listening", "other-programs", facts(listeners=(listener(port=22, owners=(Owner("sshd", 1),)),),
        processes=())),
    near_miss("nothing-listening", "loopback", facts(listeners=(listener("127.0.0.1"),)), says="127.0.0.1"),
    near_miss("nothing-listening", "healthy", facts()),
    unsure("nothing-listening", "no-listeners-known", without("listeners")),
    found("still-starting", "uvicorn", facts(listeners=(), processes=(UVICORN,)), says="3 s ago"),
    near_miss(
        "still-starting", "an-hour-old",
        facts(listeners=(), processes=(process(60, UVICORN.argv, name="uvicorn", started=TAKEN_AT - 3600),)),
            says="longer",
    ),
    near_miss("still-starting", "asks-rather-than-serves", facts(
        listeners=(), processes=(process(60, ("curl", "--port", "5000"), name="curl", **YOUNG),))),
    unsure("still-starting", "no-processes-known", without("processes", listeners=())),
    found("listens-on-another-port", "flask-5001", facts(listeners=(ON_5001,)), says="port 5001"),
    found("listens-on-another-port", "vite-moved-on", facts(
        listeners=(listener(port=5174, owners=(Owner("node", 62),)),), processes=(VITE,)), port=5173, says="5174"),
    near_miss("listens-on-another-port", "database", facts(
        listeners=(listener(port=5432, owners=(Owner("postgres", 9),)),),
        processes=(process(9, ("/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib"), name="postgres"),))),
    near_miss("listens-on-another-port", "healthy", facts()),
    unsure("listens-on-another-port", "no-processes-known", without("processes", listeners=())),
    found("listens-on-unix-socket", "gunicorn", facts(
        listeners=(), processes=(GUNICORN,), unix_listeners=(SOCKET,)), says="/srv/app.sock"),
    found("listens-on-unix-socket", "control-socket-beside-it", facts(
        listeners=(), processes=(GUNICORN,), unix_listeners=(CONTROL, SOCKET)), says="/srv/app.sock"),
    found("listens-on-unix-socket", "owner-not-shown", facts(
        listeners=(), processes=(GUNICORN,), unix_listeners=(UnixListener("/srv/app.sock"),))),
    near_miss("listens-on-unix-socket", "has-a-port-too", facts(
        listeners=(listener(port=9000, owners=(Owner("gunicorn", 61),)),), processes=(GUNICORN,), unix_listeners=(
            SOCKET,))),
    unsure("listens-on-unix-socket", "no-sockets-known", without("unix_listeners", listeners=())),
    found("listens-on-udp-only", "udp", facts(listeners=(listener(proto=Proto.UDP),)), says="over UDP"),
    near_miss("listens-on-udp-only", "both", facts(listeners=(listener(proto=Proto.UDP), listener()))),
    unsure("listens-on-udp-only", "no-listeners-known", without("listeners")),
    found("process-stopped", "ctrl-z", stopped(), says="is stopped"),
    found("process-stopped", "full-queue", stopped(listeners=(listener(accept_queue=6, backlog=5),))),
    near_miss("process-stopped", "hung", facts(attempts=(SILENT,)), says="not stopped"),
    unsure("process-stopped", "no-processes-known", without("processes", attempts=(SILENT,))),
    found("process-hung", "says-nothing", facts(attempts=(SILENT,)), says="does not answer"),
    near_miss("process-hung", "answers", facts(attempts=(attempt(),))),
    unsure("process-hung", "no-listeners-known", without("listeners")),
    found("accept-queue-full", "deaf", facts(listeners=(listener(accept_queue=6, backlog=5),)), says="6 wait"),
    near_miss("accept-queue-full", "just-full", facts(listeners=(listener(accept_queue=5, backlog=5),))),
    unsure("accept-queue-full", "no-listeners-known", without("listeners")),
)  # fmt: skip
