"""The process inside the copy: it builds what it is told, sends first packets, and says what this kernel made of them.

    unshare --net [--user --map-root-user] -- python -m wizard.twin.worker     orders on stdin, replies on stdout

Its own network namespace is the machine's copy; a second one, held by a thread, is the world around it, into which the
other ends of the veth pairs go. Where the packet got to is counted by a table of its own at the very end of input and
postrouting; what came back is read off the wire.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Queue
from typing import Any

import msgspec

from wizard.twin import wire
from wizard.twin.words import Answer, Blueprint, Link, Load, Order, Question, Reply

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PROGRAMS = ("/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin")
_libc = ctypes.CDLL(None, use_errno=True)

_WITNESS = """table inet wizard-witness {
  counter arrived { }
  counter passed { }
  chain input { type filter hook input priority 2147483646; meta l4proto { tcp, udp } counter name arrived; }
  chain postrouting { type filter hook postrouting priority 2147483646;
    meta l4proto { tcp, udp } th dport != %d counter name passed; }
}
"""


def main() -> int:
    """Take orders until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    encode, decode = msgspec.json.encode, msgspec.json.Decoder(Order).decode
    with tempfile.TemporaryDirectory(prefix="wizard-twin-") as folder:
        # iptables-legacy's lock stays in here: the machine's own is not touched.
        os.environ["XTABLES_LOCKFILE"] = f"{folder}/xtables.lock"
        copy = Copy()
        for line in sys.stdin:
            reply = _obey(copy, decode(line))
            sys.stdout.write(encode(reply).decode() + "\n")
            sys.stdout.flush()
    return 0


def _obey(copy: Copy, order: Order) -> Reply:
    try:
        if order.build is not None:
            return Reply(notes=copy.build(order.build))
        if order.run is not None:
            _run(order.run.argv, order.run.text)
            return Reply()
        if order.ask is not None:
            return Reply(answer=copy.ask(order.ask))
    except _Failed as failed:
        return Reply(trouble=str(failed))
    except OSError as error:
        return Reply(trouble=f"{error.filename or ''} {error.strerror or error}".strip())
    return Reply(trouble="an empty order")


class _Failed(Exception):
    """A command of the copy failed; its own words."""


def _run(argv: tuple[str, ...], text: str = "") -> str:
    """A command inside the copy; raises _Failed with what it said."""
    program = shutil.which(argv[0], path=os.pathsep.join(_PROGRAMS))
    if program is None:
        raise _Failed(f"{argv[0]} is not installed")
    words = [program, *argv[1:]]
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise _Failed(f"{argv[0]}: {said[0][:300]}")
    return done.stdout


class World:
    """The thread that lives in the other network namespace: what it is handed runs there."""

    def __init__(self) -> None:
        self._work: Queue[tuple[Callable[[], Any], Queue[Any]]] = Queue()
        self.number = 0
        ready: Queue[int] = Queue()
        threading.Thread(target=self._live, args=(ready,), daemon=True).start()
        if ready.get():
            raise _Failed("no second network namespace may be made here")

    def _live(self, ready: Queue[int]) -> None:
        failed = _libc.unshare(_CLONE_NEWNET)
        self.number = threading.get_native_id()
        ready.put(ctypes.get_errno() if failed else 0)
        while not failed:
            work, answer = self._work.get()
            try:
                answer.put(work())
            except Exception as error:
                # Handed over to whoever asked: the thread itself must live on.
                answer.put(error)

    @property
    def namespace(self) -> str:
        """The file that stands for the namespace."""
        return f"/proc/{os.getpid()}/task/{self.number}/ns/net"

    def do(self, work: Callable[[], Any]) -> Any:
        """Runs `work` in there and gives what it returns."""
        answer: Queue[Any] = Queue()
        self._work.put((work, answer))
        result = answer.get()
        if isinstance(result, Exception):
            raise result
        return result


class Copy:
    """The machine's copy."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._ends: dict[str, wire.End] = {}
        self._known: set[str] = set()

    def build(self, plan: Blueprint) -> tuple[str, ...]:
        """Everything of the blueprint; gives what could not be built and does not decide. Raises _Failed otherwise."""
        self._world = World()
        notes = list(plan.left_out)
        for name in ("all", "default"):
            _write(f"net.ipv6.conf.{name}.accept_dad", "0")
            _write(f"net.ipv6.conf.{name}.addr_gen_mode", "1")
        self._world.do(_without_ipv6)
        for number, link in enumerate(plan.links):
            self._link(number, link)
        for name, value in plan.settings:
            _write(name, value)
        notes += [f"{line}: {failed}" for line in plan.routes if (failed := _tried("ip", *line.split()))]
        for device, address in plan.gateways:
            _tried("ip", "neigh", "replace", address, "lladdr", wire.FAKE_MAC, "nud", "permanent", "dev", device)
        for load in plan.loads:
            _load(load)
        # Once more: routes and tables may have set some of them anew.
        for name, value in plan.settings:
            _write(name, value)
        return tuple(notes)

    def _link(self, number: int, link: Link) -> None:
        """One look-alike interface, its other end out in the world."""
        if self._world is None:
            raise AssertionError("the world comes first")
        if link.name != "lo":
            mac = ("address", link.mac) if link.mac else ()
            end = f"world{number}"
            peer = ("peer", "name", end, "address", wire.FAKE_MAC, "netns", self._world.namespace)
            _run(("ip", "link", "add", "name", link.name, *mac, "mtu", str(link.mtu), "type", "veth", *peer))
            if link.up:
                self._ends[link.name] = self._world.do(lambda: _opened(end))
        for address in link.addresses:
            if not (link.name == "lo" and address.startswith(("127.0.0.1/", "::1/"))):
                _tried("ip", "addr", "add", address, "dev", link.name, *(["nodad"] if ":" in address else []))
        if link.up:
            _run(("ip", "link", "set", link.name, "up"))

    def ask(self, question: Question) -> Answer:
        """Sends the packet and tells what became of it."""
        if self._world is None or question.interface not in self._ends:
            return Answer(trouble=f"no interface {question.interface or 'is named'} that is up to send it into")
        mac = json.loads(_run(("ip", "-j", "link", "show", question.interface)))[0]["address"]
        self._introduce(question.source, question.source_mac or wire.FAKE_MAC)
        with suppress(_Failed):
            _run(("nft", "delete", "table", "inet", "wizard-witness"))
        _run(("nft", "-f", "-"), _WITNESS % question.source_port)
        heard = self._world.do(lambda: wire.send(self._ends, question, mac))
        counted = {each["counter"]["name"]: each["counter"]["packets"] for each in _counters()}
        _run(("nft", "delete", "table", "inet", "wizard-witness"))
        if counted.get("arrived"):
            return Answer("deliver", answered=heard is not None)
        if counted.get("passed"):
            return Answer("forward")
        return Answer("reject", heard) if heard else Answer("drop")

    def _introduce(self, address: str, mac: str) -> None:
        """Lets the copy know the sender on every link, so that no answer waits for a question to nobody."""
        if address not in self._known:
            self._known.add(address)
            for name in self._ends:
                _tried("ip", "neigh", "replace", address, "lladdr", mac, "nud", "permanent", "dev", name)


def _counters() -> list[dict[str, Any]]:
    listed = json.loads(_run(("nft", "-j", "list", "table", "inet", "wizard-witness")))
    return [each for each in listed["nftables"] if "counter" in each]


def _without_ipv6() -> None:
    """The world's own kernel says nothing by itself; runs in the world."""
    for name in ("all", "default"):
        _write(f"net.ipv6.conf.{name}.disable_ipv6", "1")


def _opened(name: str) -> wire.End:
    """The other end of a pair, up and listened on; runs in the world."""
    _run(("ip", "link", "set", name, "up"))
    return wire.End(name)


def _tried(*argv: str) -> str:
    """Runs a command that may fail; gives its words if it did."""
    try:
        _run(argv)
    except _Failed as failed:
        return str(failed)
    return ""


def _load(load: Load) -> None:
    try:
        _run(load.argv, load.text)
    except _Failed as failed:
        raise _Failed(f"{load.what} could not be copied: {failed}") from None


def _write(name: str, value: str) -> None:
    """A setting of this network namespace; those that it does not have for itself stay as they are."""
    path = Path("/proc/sys") / Path(*_parts(name))
    with suppress(OSError):
        path.write_text(value)


def _parts(name: str) -> list[str]:
    """`net.ipv4.conf.eth0.10.rp_filter` as path parts: the dots of an interface's name are its own."""
    if ".conf." not in name:
        return name.split(".")
    front, rest = name.split(".conf.", 1)
    interface, _, setting = rest.rpartition(".")
    return [*front.split("."), "conf", interface.replace("/", "."), setting]


if __name__ == "__main__":
    sys.exit(main())
