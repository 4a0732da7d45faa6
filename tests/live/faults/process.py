"""The program is not there, not yet, somewhere else, or does not answer."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import Fault, Plan
from tests.live.faults.servers import PYTHON, Server
from tests.live.lab import SERVER, Lab, fill_queue


def _stop(lab: Lab) -> None:
    lab.run("kill -STOP $(ss -Hltnp 'sport = :5000' | sed 's/.*pid=\\([0-9]*\\).*/\\1/')")


def _fill(lab: Lab) -> None:
    lab.plugs = fill_queue(lab, SERVER, 5000, 12)  # type: ignore[attr-defined]


def _keep_busy(lab: Lab) -> None:
    lab.spawn(["curl", "-s", "--max-time", "60", f"http://{SERVER}:5000/"], "client")
    lab.wait_until(lambda: "ESTAB" in lab.run("ss -Htn 'sport = :5000'").stdout, "no visitor")


FAULTS = (
    Fault("nothing-listening", ("nothing-listening",), 7, "ECONNREFUSED", plan=Plan.ADVICE),
    Fault("nothing-listening--target-is-a-port", ("nothing-listening",), 7, "ECONNREFUSED", target="5000", plan=Plan.ADVICE),
    Fault(
        "nothing-listening--other-programs-do",
        ("nothing-listening", "listens-on-another-port"), 7, "ECONNREFUSED",
        serve=(servers.http_server(port=8765),), plan=Plan.EITHER, opens=("http://10.77.0.1:8765/",),
    ),
    Fault(
        "listens-on-another-port--flask-5001",
        ("listens-on-another-port",), 7, "ECONNREFUSED",
        serve=(servers.flask_run("--host", "0.0.0.0", "--port", "5001", port=5001),),
        plan=Plan.EITHER, opens=("http://10.77.0.1:5001/",),
    ),
    Fault(
        "listens-on-unix-socket--gunicorn",
        ("listens-on-unix-socket",), 7, "ECONNREFUSED",
        serve=(
            servers.gunicorn("--bind", "unix:app.sock").but(
                port=0, ready=lambda lab: (lab.folder / "app.sock").exists()
            ),
        ),
    ),
    Fault(
        "listens-on-udp-only",
        ("listens-on-udp-only",), 7, "ECONNREFUSED",
        serve=(
            Server(
                (PYTHON, "echo.py"), 0, {"echo.py": servers.UDP},
                ready=lambda lab: ":5000" in lab.run("ss -Huln").stdout,
            ),
        ),
        plan=Plan.ADVICE,
    ),
    Fault(
        "still-starting--uvicorn",
        ("still-starting",), 7, "ECONNREFUSED",
        serve=(
            servers.uvicorn("--host", "0.0.0.0").but(
                port=0, files={"main.py": "import time\ntime.sleep(25)\n" + servers.ASGI_APP}
            ),
        ),
        after="sleep 0.8", plan=Plan.ADVICE,
    ),
    Fault("process-stopped", ("process-stopped",), 28, serve=(servers.EVERYWHERE,), build=_stop),
    Fault(
        "process-stopped--gunicorn-worker-and-master",
        ("process-stopped",), 28, serve=(servers.gunicorn("-b", "0.0.0.0:5000"),),
        after="sleep 0.4; kill -STOP $(ss -Hltnp 'sport = :5000' | grep -o 'pid=[0-9]*' | cut -d= -f2)",
    ),
    Fault(
        "process-hung--single-worker-busy",
        ("process-hung",), 28,
        serve=(servers.gunicorn("-b", "0.0.0.0:5000", "-t", "600").but(files={"app.py": servers.HANGING_APP}),),
        build=_keep_busy, plan=Plan.EITHER,
    ),
    Fault(
        "process-hung--never-accepts",
        ("process-hung",), 28,
        serve=(Server((PYTHON, "deaf.py"), 5000, {"deaf.py": servers.DEAF.format(backlog=128)}),), plan=Plan.EITHER,
    ),
    Fault(
        "accept-queue-full",
        ("accept-queue-full",), 28, "timeout",
        serve=(Server((PYTHON, "deaf.py"), 5000, {"deaf.py": servers.DEAF.format(backlog=1)}),),
        build=_fill, plan=Plan.EITHER,
    ),
)  # fmt: skip
