"""Builds a practice case, live: a server with a fault on loopback, or a machine in a network namespace of its own.

Nothing is left behind: servers are ended with the `with` block, and a namespace goes with its first process, also after
Ctrl-C or a kill (`unshare --kill-child`).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from wizard.demo import SERVER, Case
from wizard.errors import ExitCode, WizardError

INSIDE = "WIZARD_DEMO_INSIDE"
"""Set where the wizard already runs in the namespace of its case: to the process whose network that is, as seen outside."""

_PAGE = "<!doctype html><title>It works</title><h1>It works</h1><p>The Connection Wizard's practice page.</p>\n"
# Private copies of what would speak of the real machine: firewalld's and Docker's sockets, the firewalls' own files.
_MACHINE = """
mount -t tmpfs tmpfs /run
for folder in /etc/ufw /etc/firewalld /etc/fail2ban; do
  [ ! -d "$folder" ] || mount -t tmpfs tmpfs "$folder"
done
ip link set lo up
ip link add lan0 type veth peer name device0
ip addr add 10.77.0.1/24 dev lan0
ip link set lan0 up
ip link set device0 up
"""


@contextmanager
def served(case: Case) -> Iterator[int]:
    """The case's server, and the port that it has; where `serve` is empty, a free port."""
    port = _free_port(case)
    if not case.serve:
        yield port
        return
    with tempfile.TemporaryDirectory(prefix="wizard-demo-") as folder:
        Path(folder, "index.html").write_text(_PAGE, encoding="utf-8")
        with _process(_words(case, port), folder) as server:
            _wait_for(case, port, server)
            if case.stop:
                server.send_signal(signal.SIGSTOP)
            yield port


@contextmanager
def machine(case: Case) -> Iterator[int]:
    """Inside the namespace: the links, the case's own lines, and its server; a web server on every address if it names
    none."""
    port = 5000
    script = "set -e\n" + _MACHINE + "\n".join(case.lines).replace("{port}", str(port))
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise WizardError("demo-did-not-start", "The practice machine could not be built.", done.stderr.strip()[:200])
    if case.serve is not None:
        with served(case) as own:
            yield own
        return
    with _process([sys.executable, SERVER, "page", "0.0.0.0", str(port)], "/") as server:
        _wait_until_listening(("127.0.0.1", port), server)
        yield port


def has_a_network() -> bool:
    """Whether this machine has an address that another device could dial."""
    import psutil

    addresses = [each.address for every in psutil.net_if_addrs().values() for each in every]
    return any(_is_dialled(each) for each in addresses)


def _is_dialled(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False  # a hardware address, or one that holds on its own link only
    return not (address.is_loopback or address.is_link_local)


def can_have_a_namespace(case: Case) -> bool:
    """Whether this machine lets us make one, and has the programs that the case needs."""
    if not sys.platform.startswith("linux") or not all(map(shutil.which, (*case.needs, "unshare", "ip"))):
        return False
    done = subprocess.run([*_unshare(), sys.executable, "-c", ""], capture_output=True, check=False, timeout=20)
    return done.returncode == 0


def enter_namespace(given: list[str]) -> None:
    """Run this same command line anew inside a namespace; does not come back."""
    sys.stdout.flush()
    sys.stderr.flush()
    words = [*_unshare(), sys.executable, "-m", "wizard", "demo", *given]
    os.execvpe(words[0], words, {**os.environ, INSIDE: str(os.getpid())})


def _unshare() -> list[str]:
    words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return words if os.geteuid() == 0 else [*words, "--map-root-user"]


def _words(case: Case, port: int) -> list[str]:
    if case.serve == "http.server":
        return [sys.executable, "-m", "http.server", str(port), "--bind", case.address]
    return [sys.executable, SERVER, case.serve or "", case.address, str(port)]


@contextmanager
def _process(words: list[str], folder: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(words, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        yield server
    finally:
        server.kill()
        server.wait(5)


def _free_port(case: Case) -> int:
    """The case's port; else 5000 if it is free, as in every tutorial; else any."""
    family = socket.AF_INET6 if ":" in case.address else socket.AF_INET
    for wanted in (case.port,) if case.port else (5000, 8000, 0):
        with socket.socket(family) as probe:
            if os.name == "posix":
                # A last run's connections in TIME-WAIT are no obstacle: the servers say the same. (On Windows the option
                # means that a port may be taken twice.)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((case.address, wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WizardError(
        "no-free-port",
        f"Port {case.port or 5000} is not free on {case.address}.",
        hint="end the program that has it, or choose another case: wizard demo --list",
    )


def _wait_for(case: Case, port: int, server: subprocess.Popen[bytes]) -> None:
    if case.serve == "udp":
        _wait_until(lambda: _is_taken(case.address, port, socket.SOCK_DGRAM), server)
    elif case.serve == "full":
        _wait_until(lambda: _is_taken(case.address, port, socket.SOCK_STREAM), server)
        time.sleep(0.3)
    else:
        _wait_until_listening((case.address, port), server)


def _wait_until_listening(address: tuple[str, int], server: subprocess.Popen[bytes]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET

    def answers() -> bool:
        with socket.socket(family) as probe:
            return probe.connect_ex(address) == 0

    _wait_until(answers, server)


def _is_taken(address: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


def _wait_until(is_there: Callable[[], bool], server: subprocess.Popen[bytes]) -> None:
    late = time.monotonic() + 20
    while time.monotonic() < late and server.poll() is None:
        if is_there():
            return
        time.sleep(0.05)
    hint = "wizard demo --list names other cases"
    raise WizardError("demo-did-not-start", "The practice server did not start.", hint=hint, code=ExitCode.FAULT)
