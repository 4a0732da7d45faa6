"""`wizard demo`: a small real web server on 127.0.0.1, and the diagnosis of why no other device can reach it."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wizard.cli import arguments
from wizard.cli.check import print_report
from wizard.cli.progress import Progressing
from wizard.diagnose import diagnose
from wizard.errors import ExitCode, WizardError

_EXAMPLES = """  wizard demo                 start a server that only this machine can reach, and say why
  wizard demo --keep          leave it running until Enter is pressed, to try the plan
"""

_PAGE = "<!doctype html><title>It works</title><h1>It works</h1><p>The Connection Wizard's practice page.</p>\n"


def main(given: list[str]) -> int:
    """Serve, diagnose, print; 0 if the wizard found what was built."""
    parser = arguments.Parser("wizard demo", "A safe practice case: a server on loopback, diagnosed.", _EXAMPLES)
    parser.add_argument("--keep", action="store_true", help="leave the server running until Enter is pressed")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parsed = parser.parse_args(given)
    with _served() as port:
        print(f"A practice server listens on 127.0.0.1:{port}. Can another device reach it?\n", file=sys.stderr)
        with Progressing() as progress:
            report = diagnose(str(port), tell=progress.tell)
        print_report(report, json=parsed.json)
        sys.stdout.flush()
        if parsed.keep and sys.stdin.isatty():
            input("\nThe server still runs: try the plan in another terminal. Enter ends it. ")
    seen = any(finding.ref == "loopback-only-bind" for finding in report.findings)
    return ExitCode.CLEAR if seen else ExitCode.FAULT


@contextmanager
def _served() -> Iterator[int]:
    """A real `python -m http.server` on 127.0.0.1 with one page, ended afterwards."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="wizard-demo-") as folder:
        Path(folder, "index.html").write_text(_PAGE, encoding="utf-8")
        words = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        server = subprocess.Popen(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(5)


def _free_port() -> int:
    """5000 if it is free, as in every tutorial; else any."""
    for wanted in (5000, 8000, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WizardError("no-free-port", "No port is free on 127.0.0.1.", hint="end a program that listens, and try again")


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    late = time.monotonic() + 10
    while time.monotonic() < late and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    hint = f"{sys.executable} -m http.server {port} --bind 127.0.0.1"
    raise WizardError("demo-did-not-start", "The practice server did not start.", hint=hint, code=ExitCode.FAULT)
