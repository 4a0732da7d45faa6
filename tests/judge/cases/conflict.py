"""Two programs want the same port."""

from __future__ import annotations

from tests.build import TAKEN_AT, attempt, connection, facts, listener, process
from tests.judge.cases.case import found, near_miss, unsure, without
from wizard.model.facts import Owner

NODE = process(70, ("node", "server.js"), name="node", cwd="/srv/other", started=TAKEN_AT - 7000)
NODES = (Owner("node", 70),)
WAITS = process(71, ("python3", "serve.py", "--port", "5000"), name="python3", cwd="/srv/mine")
TAKEN = facts(listeners=(listener(owners=NODES),), processes=(NODE, WAITS))
NEWER = process(72, process().argv, started=TAKEN_AT - 60)
CLOSED = attempt(banner=b"", ended="closed")
SHARED = facts(listeners=(listener(), listener(owners=NODES)), processes=(process(), NODE))
SHADOWED = facts(listeners=(listener("192.168.1.100", owners=NODES), listener()), processes=(process(), NODE))

CASES = (
    found("port-taken-by-another-program", "keeps-trying", TAKEN, first=False, says="wants port 5000"),
    found("port-taken-by-another-program", "closes", facts(
        listeners=(listener(owners=NODES),), processes=(NODE, WAITS), attempts=(CLOSED,))),
    found("port-taken-by-another-program", "holder-on-loopback", facts(
        listeners=(listener("127.0.0.1", owners=NODES),), processes=(NODE, WAITS))),
    near_miss("port-taken-by-another-program", "asks-the-port", facts(
        processes=(process(), process(73, ("curl", "-p", "5000"), name="curl")))),
    near_miss("port-taken-by-another-program", "its-own-child", facts(processes=(
        process(), process(74, ("node", "worker.js", "--port", "5000"), name="node", parent=4242)))),
    unsure("port-taken-by-another-program", "no-processes-known", without("processes")),
    found("stale-copy-answers", "second-terminal", facts(processes=(process(), NEWER)), first=False, says="older copy"),
    found("stale-copy-answers", "moved-on", facts(
        listeners=(listener(), listener(port=5001, owners=(Owner("flask", 72),))), processes=(process(), NEWER)),
            first=False),
    found("stale-copy-answers", "shares-the-port", facts(
        listeners=(listener(), listener(owners=(Owner("flask", 72),))), processes=(process(), NEWER))),
    near_miss("stale-copy-answers", "reloader", facts(
        processes=(process(), process(72, process().argv, parent=4242, started=TAKEN_AT - 60)))),
    near_miss("stale-copy-answers", "another-folder", facts(
        processes=(process(), process(72, process().argv, cwd="/srv/else", started=TAKEN_AT - 60)))),
    near_miss("stale-copy-answers", "in-a-container", facts(
        processes=(process(), process(72, process().argv, container="0123456789ab", started=TAKEN_AT - 60)))),
    unsure("stale-copy-answers", "no-processes-known", without("processes")),
    found("two-listeners-share-port", "strangers", SHARED, says="share the port"),
    near_miss("two-listeners-share-port", "workers", facts(
        listeners=(listener(), listener(owners=(Owner("flask", 75),))), processes=(process(), process(75, parent=4242)))),
    near_miss("two-listeners-share-port", "shadowed", SHADOWED),
    unsure("two-listeners-share-port", "no-listeners-known", without("listeners")),
    found("specific-bind-shadows-wildcard", "node-in-front", SHADOWED, says="in front of"),
    near_miss("specific-bind-shadows-wildcard", "same-program", facts(listeners=(listener("192.168.1.100"), listener()))),
    near_miss("specific-bind-shadows-wildcard", "shared", SHARED),
    unsure("specific-bind-shadows-wildcard", "no-listeners-known", without("listeners")),
    found("port-in-time-wait", "restarted", facts(listeners=(), connections=(connection(state="TIME-WAIT"),)),
        says="TIME-WAIT"),
    near_miss("port-in-time-wait", "established", facts(listeners=(), connections=(connection(),))),
    near_miss("port-in-time-wait", "other-port", facts(listeners=(), connections=(connection(state="TIME-WAIT",
        local_port=81),))),
    near_miss("port-in-time-wait", "listens-again", facts(connections=(connection(state="TIME-WAIT"),))),
    unsure("port-in-time-wait", "no-connections-known", without("connections", listeners=())),
)  # fmt: skip
