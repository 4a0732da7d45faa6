"""Two programs want the same port."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import Fault, Plan
from tests.live.faults.servers import PYTHON, Server
from tests.live.lab import Lab

# A server that ends its connections itself leaves them in TIME-WAIT, on its own port (tcp(7)).
_LEAVES_TIME_WAIT = """\
import socket

door = socket.create_server(("0.0.0.0", 5000))
for _ in range(2):
    visitor, _ = door.accept()
    visitor.shutdown(socket.SHUT_WR)
    while visitor.recv(4096):
        pass
    visitor.close()
"""


def _time_wait(lab: Lab) -> None:
    first = Server((PYTHON, "first.py"), 5000, {"first.py": _LEAVES_TIME_WAIT}).start(lab)
    for _ in range(2):
        lab.curl(max_time=2)
    first.popen.wait(timeout=5)
    lab.wait_until(lambda: "5000" in lab.run("ss -Htn state time-wait").stdout, "nothing in TIME-WAIT")
    servers.plain("--no-reuse-address", "--keep-trying").but(port=0).start(lab)
    lab.run("sleep 0.5")


_closing = Server(
    (PYTHON, "other.py"), 5000, {"other.py": servers.CLOSING.format(host="10.77.0.1", port=5000)}
)  # fmt: skip

FAULTS = (
    Fault(
        "port-taken-by-another-program--waiting-flask", ("port-taken-by-another-program",),
        serve=(servers.node(), servers.plain("--keep-trying").but(port=0)), after="sleep 0.5",
        verdicts=("blocked", "reachable"), plan=Plan.EITHER, status=200,
    ),
    Fault(
        "stale-copy-answers", (), serve=(servers.plain("--keep-trying"), servers.plain("--keep-trying").but(port=0)),
        after="sleep 0.5", mentions=("stale-copy-answers",), verdicts=("blocked", "reachable"), plan=Plan.EITHER, status=200,
    ),
    Fault(
        "two-listeners-share-port", (), serve=(servers.plain("--reuse-port", "--text", "old"), servers.plain("--reuse-port")),
        mentions=("two-listeners-share-port",), verdicts=("blocked", "reachable"), plan=Plan.EITHER, status=200,
    ),
    Fault(
        "specific-bind-shadows-wildcard", ("specific-bind-shadows-wildcard",), 52,
        # Linux lets a wildcard and an address share a port only with SO_REUSEPORT on both (socket(7)).
        serve=(_closing, servers.plain("--reuse-port")), plan=Plan.EITHER,
    ),
    Fault("port-in-time-wait", ("port-in-time-wait",), 7, "ECONNREFUSED", build=_time_wait, plan=Plan.ADVICE),
)  # fmt: skip
