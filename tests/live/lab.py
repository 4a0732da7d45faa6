"""A small private network to break things in: a server machine and a client machine, joined by a cable.

    with Lab() as lab:
        lab.serve(servers.flask_run())
        lab.run("ufw enable", env={})                 # the lab's own ufw: /etc/ufw in here is a copy
        answer = lab.curl("http://10.77.0.1:5000/")   # what the other device gets
        report = lab.wizard("5000")                   # what the wizard says on the server

The server machine is a mount, process and network namespace of its own (`unshare`), with its own /run, /proc, /etc/ufw,
/etc/default, /etc/firewalld, /etc/fail2ban, /etc/hosts and /var/lib; the client is a second network namespace inside it.
Nothing has a name outside, so labs run side by side (xdist), and when the first process of the lab ends the kernel
takes everything away with it: processes, namespaces, mounts, firewall rules. Also after a failure or a kill.

Addresses: server `veth-s` 10.77.0.1 and fd77::1, client `veth-c` 10.77.0.2, 10.77.0.3 and fd77::2.
With `router=True` the client sits behind a router: client 10.88.0.2, router 10.88.0.1 / 10.77.0.254.
With `switch=True` both hang on the switch of a router (`br-lan` 10.77.0.254, ports `port-s` and `port-c`), their way out.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

PROJECT = Path(__file__).resolve().parents[2]
SERVER, CLIENT = "10.77.0.1", "10.77.0.2"
SECOND_CLIENT = "10.77.0.3"
SERVER6, CLIENT6 = "fd77::1", "fd77::2"
ROUTED_CLIENT = "10.88.0.2"
SERVER_LINK, CLIENT_LINK = "veth-s", "veth-c"

_CLONE_NEWNET = 0x40000000
_T = TypeVar("_T")

# The first process of the lab: makes the private mounts, says "ready", and from then on only reaps orphans.
_INIT = r"""
import os, select, shutil, subprocess, sys
base, wanted = sys.argv[1], sys.argv[2].split(",")
def mount(*words): subprocess.run(["mount", *words], check=True)
mount("-t", "tmpfs", "tmpfs", "/run")
os.makedirs("/run/lock", exist_ok=True)
os.makedirs("/run/netns", exist_ok=True)
mount("-t", "sysfs", "sysfs", "/sys")
for path in wanted:
    if not os.path.exists(path):
        continue
    copy = base + "/copies" + path
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    if os.path.isdir(path):
        shutil.copytree(path, copy, symlinks=True)
    else:
        shutil.copy2(path, copy)
    mount("--bind", copy, path)
sys.stdout.write("ready\n"); sys.stdout.flush()
while True:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    # Standard input is a pipe that the test holds: its end means that the test is gone, and so the lab goes too.
    if select.select([0], [], [], 0.5)[0]:
        break
"""

_PRIVATE = ("/etc/ufw", "/etc/default", "/etc/firewalld", "/etc/fail2ban", "/etc/hosts", "/etc/resolv.conf",
            "/etc/iptables", "/etc/nftables.conf", "/var/lib/fail2ban", "/var/log", "/etc/sysctl.conf",
            "/etc/sysctl.d")  # fmt: skip

_AS_NOBODY = [
    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all,+dac_read_search",
    "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search", "--",
]  # fmt: skip

_libc = ctypes.CDLL(None, use_errno=True)


class Answer(Struct, frozen=True):
    """What curl got: its exit code, the HTTP status (0: none), the body, seconds, and its own words on stderr."""

    code: int
    status: int
    body: str
    seconds: float
    words: str

    @property
    def ok(self) -> bool:
        return self.code == 0 and self.status == 200


class Connect(Struct, frozen=True):
    """What connect() answered: an errno name ("ECONNREFUSED"), "timeout", or "connected"; and after how long."""

    result: str
    seconds: float


class LabError(AssertionError):
    """A command of the lab failed; the text has its output."""


@dataclass
class Process:
    """A process started inside, in a group of its own; `pid` is its number outside."""

    argv: Sequence[str]
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def why_not() -> str | None:
    """Why no lab can be made here, or None."""
    if not sys.platform.startswith("linux"):
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs root (network namespaces)"
    missing = [name for name in ("ip", "unshare", "nsenter", "mount", "curl", "ss") if shutil.which(name) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    trial = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--net", "--mount-proc", "mount", "-t", "sysfs", "sysfs", "/sys"],
        capture_output=True, text=True,
    )  # fmt: skip
    return f"cannot make namespaces here: {trial.stderr.strip()}" if trial.returncode else None


@dataclass
class Lab:
    """The two machines; use as a context manager. See the top of this file."""

    router: bool = False
    switch: bool = False
    ipv6: bool = True
    own_processes: bool = True
    """False: no process namespace; the wizard sees every program of this computer, as with `ip netns exec`."""
    private: Sequence[str] = ()
    """More files and folders of which the lab shall have its own copy."""
    processes: list[Process] = field(default_factory=list)
    _init: subprocess.Popen[str] | None = None

    # -- making and unmaking -------------------------------------------------------------------------------------

    def __enter__(self) -> Lab:
        self.folder = Path(tempfile.mkdtemp(prefix="wizard-lab-"))
        self.folder.chmod(0o755)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.stop()
        if self._init is not None:
            if not self.own_processes and hasattr(self, "pid"):
                self._end_strays()
            self._kill_init(self._init)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end_strays(self) -> None:
        """Where no process namespace does it: end what still runs in the lab's mount namespace."""
        ours = Path(f"/proc/{self.pid}/ns/mnt").readlink()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (folder / "ns/mnt").readlink() == ours:
                    os.kill(int(folder.name), signal.SIGKILL)

    def _kill_init(self, unshare: subprocess.Popen[str]) -> None:
        """Ending process 1 of a pid namespace ends all of it (pid_namespaces(7))."""
        if hasattr(self, "pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        else:
            unshare.kill()
        unshare.wait()
        for stream in (unshare.stdin, unshare.stdout, unshare.stderr):
            if stream:
                stream.close()

    def _start(self) -> None:
        wanted = ",".join([*_PRIVATE, *self.private])
        processes = ["--pid", "--fork", "--kill-child", "--mount-proc"] if self.own_processes else []
        self._init = subprocess.Popen(
            ["unshare", "--mount", *processes, "--net", "--propagation", "private",
             sys.executable, "-ISE", str(self.write("lab-init.py", _INIT)), str(self.folder), wanted],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert self._init.stdout and self._init.stderr
        if self._init.stdout.readline() != "ready\n":
            raise LabError(self._init.stderr.read())
        self.pid = self._init.pid
        if self.own_processes:
            self.pid = int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])
        self._enter = ["nsenter", "-t", str(self.pid), "-m", *(["-p"] if self.own_processes else [])]
        self._join_with_a_cable()

    def _join_with_a_cable(self) -> None:
        quiet = ("net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0", "net.ipv4.conf.all.rp_filter=0",
                 "net.ipv4.conf.default.rp_filter=0", "net.ipv6.conf.default.accept_dad=0",
                 "net.ipv6.conf.all.accept_dad=0", "net.ipv4.icmp_msgs_per_sec=100000")  # fmt: skip
        settings = " ".join(quiet)
        peer, peer_ns = self._other_end()
        lines = [
            f"sysctl -qe -w {settings} || :",
            "ip link set lo up",
            *(f"ip netns add {each}" for each in self._others()),
        ]
        lines += [
            f"ip netns exec {name} sh -c 'sysctl -qe -w {settings}; ip link set lo up'" for name in self._others()
        ]
        lines += [f"ip link add {SERVER_LINK} type veth peer name {peer} netns {peer_ns}"]
        lines += [f"ip addr add {SERVER}/24 dev {SERVER_LINK}", f"ip link set {SERVER_LINK} up"]
        if self.ipv6:
            lines += [f"ip addr add {SERVER6}/64 dev {SERVER_LINK} nodad"]
        if self.switch:
            lines += self._switch_lines()
        else:
            lines += self._client_lines(peer) if not self.router else self._router_lines()
        self.run("\n".join(["set -e", *lines]))

    def _other_end(self) -> tuple[str, str]:
        """The other end of the server's cable, and on which machine it is."""
        if self.switch:
            return "port-s", "router"
        return ("veth-r", "router") if self.router else (CLIENT_LINK, "client")

    def _others(self) -> list[str]:
        return ["client", "router"] if self.router or self.switch else ["client"]

    def _client_lines(self, link: str) -> list[str]:
        ip = "ip -n client"
        lines = [f"{ip} addr add {CLIENT}/24 dev {link}", f"{ip} addr add {SECOND_CLIENT}/24 dev {link}"]
        if self.ipv6:
            lines += [f"{ip} addr add {CLIENT6}/64 dev {link} nodad"]
        return [*lines, f"{ip} link set {link} up"]

    def _router_lines(self) -> list[str]:
        return [
            "ip -n router addr add 10.77.0.254/24 dev veth-r",
            "ip -n router link set veth-r up",
            f"ip -n router link add veth-rc type veth peer name {CLIENT_LINK} netns client",
            "ip -n router addr add 10.88.0.1/24 dev veth-rc",
            "ip -n router link set veth-rc up",
            f"ip -n client addr add {ROUTED_CLIENT}/24 dev {CLIENT_LINK}",
            f"ip -n client link set {CLIENT_LINK} up",
            "ip -n client route add default via 10.88.0.1",
            "ip netns exec router sysctl -qw net.ipv4.ip_forward=1",
            "ip route add default via 10.77.0.254",
        ]

    def _switch_lines(self) -> list[str]:
        ip = "ip -n router"
        return [
            f"{ip} link add br-lan type bridge forward_delay 0 mcast_snooping 0",
            f"{ip} link add port-c type veth peer name {CLIENT_LINK} netns client",
            *(f"{ip} link set {port} master br-lan; {ip} link set {port} up" for port in ("port-s", "port-c")),
            f"{ip} addr add 10.77.0.254/24 dev br-lan",
            f"{ip} link set br-lan up",
            *self._client_lines(CLIENT_LINK),
            # Where br_netfilter is loaded, what the switch passes on would go through the router's rules too.
            "ip netns exec router sysctl -qe -w net.bridge.bridge-nf-call-iptables=0 || :",
            "ip netns exec router sysctl -qw net.ipv4.ip_forward=1",
            "ip route add default via 10.77.0.254",
            "ip -n client route add default via 10.77.0.254",
        ]

    # -- running things inside -----------------------------------------------------------------------------------

    def enter(self, ns: str = "server") -> list[str]:
        """The words in front of a command that make it run inside (`ns`: server, client, router, or any made later)."""
        net = "-n" if ns == "server" else f"--net={self._netns(ns)}"
        return [*self._enter, net]

    def _netns(self, ns: str) -> str:
        return f"/proc/{self.pid}/root/run/netns/{ns}" if ns != "server" else f"/proc/{self.pid}/ns/net"

    def run(
        self, command: str | Sequence[str], ns: str = "server", *, check: bool = True, timeout: float = 30,
        cwd: str | Path | None = None, env: Mapping[str, str] | None = None, input: str | None = None,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """One command to its end: a list of arguments, or a line (or several) for `sh`. LabError where it fails."""
        done = subprocess.run(
            [*self.enter(ns), *_argv(command, cwd)], capture_output=True, text=True, errors="replace", timeout=timeout,
            input=input if input is not None else "", env=_environment(env),
        )  # fmt: skip
        if check and done.returncode:
            raise LabError(f"{command}\n  gave {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def spawn(
        self, command: str | Sequence[str], ns: str = "server", *, cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None, log: str = "",
    ) -> Process:  # fmt: skip
        """Start something that keeps running; it ends with the lab, or by `stop()`."""
        path = self.folder / (log or f"process-{len(self.processes)}.log")
        with path.open("wb") as out:
            popen = subprocess.Popen(
                [*self.enter(ns), *_argv(command, cwd or self.folder)], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=_environment(env), start_new_session=True,
            )  # fmt: skip
        process = Process(list(command) if not isinstance(command, str) else [command], popen, path)
        self.processes.append(process)
        return process

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """A file in the lab's own folder (the same path inside and outside)."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def inside(self, ns: str, action: Callable[[], _T]) -> _T:
        """Call `action` in a thread that has moved to the namespace: sockets it makes stay there (setns(2) is per thread)."""
        result: list[_T] = []
        trouble: list[BaseException] = []

        def work() -> None:
            try:
                with Path(self._netns(ns)).open() as handle:
                    if _libc.setns(handle.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                result.append(action())
            except BaseException as error:
                trouble.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if trouble:
            raise trouble[0]
        return result[0]

    # -- looking -------------------------------------------------------------------------------------------------

    def listening(self, port: int, ns: str = "server") -> bool:
        """Does any TCP socket listen on `port`? Read from the kernel's table; no connection is made."""

        def look() -> bool:
            text = "".join(Path(f"/proc/thread-self/net/{name}").read_text() for name in ("tcp", "tcp6"))
            return re.search(rf":{port:04X} \S+ 0A ", text) is not None

        return self.inside(ns, look)

    def wait_for_port(
        self, port: int, ns: str = "server", *, seconds: float = 15, process: Process | None = None
    ) -> None:
        """Wait until something listens; LabError with the program's output where it does not."""
        self.wait_until(lambda: self.listening(port, ns), f"nothing listens on {port}", seconds, process)

    def wait_until(
        self, ready: Callable[[], bool], what: str, seconds: float = 10, process: Process | None = None
    ) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end or (process and process.popen.poll() is not None):
                said = "\n".join(f"--- {p.argv}\n{p.output()[-2000:]}" for p in self.processes[-3:])
                raise LabError(f"{what}\n{said}")
            time.sleep(0.02)

    def curl(
        self,
        url: str = f"http://{SERVER}:5000/",
        ns: str = "client",
        *,
        max_time: float = 6,
        options: Sequence[str] = (),
    ) -> Answer:
        """What the other device gets for `url`. Proxy variables are ignored; certificates are not checked."""
        started = time.monotonic()
        done = self.run(
            ["curl", "-gsSk", "--noproxy", "*", "--max-time", str(max_time), "-w", "\n%{http_code}", *options, url],
            ns, check=False, timeout=max_time + 10,
        )  # fmt: skip
        seconds = time.monotonic() - started
        body, _, status = done.stdout.rpartition("\n")
        return Answer(done.returncode, int(status or 0), body, seconds, done.stderr.strip())

    def wait_for_page(self, url: str, ns: str = "client", *, seconds: float = 10) -> Answer:
        """Ask again and again until the page is there; the last answer either way."""
        end = time.monotonic() + seconds
        while True:
            answer = self.curl(url, ns, max_time=2)
            if answer.ok or time.monotonic() > end:
                return answer
            time.sleep(0.1)

    def connect(
        self, address: str = SERVER, port: int = 5000, ns: str = "client", *, timeout: float = 4, source: str = ""
    ) -> Connect:
        """connect() from the other device: its errno's name, and how long it took."""

        def attempt() -> Connect:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_STREAM) as plug:
                plug.settimeout(timeout)
                if source:
                    plug.bind((source, 0))
                started = time.monotonic()
                try:
                    plug.connect((address, port))
                    result = "connected"
                except TimeoutError:
                    result = "timeout"
                except OSError as error:
                    result = errno.errorcode.get(error.errno or 0, str(error.errno))
                return Connect(result, time.monotonic() - started)

        return self.inside(ns, attempt)

    def wizard(
        self, *arguments: str, ns: str = "server", timeout: float = 90, alone: bool = False,
        user: bool = False, env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """`python -m wizard ARGUMENTS` on the server machine, or another one (`ns`). `alone`: it sees no process of the
        other machines (all of the lab's share one process table). `user`: as nobody, with no right but the one to read
        this project and its Python, wherever they are."""
        words = [sys.executable, "-m", "wizard", *arguments]
        apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] if alone else []
        apart += _AS_NOBODY if user else []
        whole = {"PYTHONPATH": str(PROJECT), **(env or {})}
        return self.run([*apart, *words], ns, check=False, timeout=timeout, env=whole)

    def check(
        self, target: str, *options: str, ns: str = "server", alone: bool = False, user: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:  # fmt: skip
        """`wizard check TARGET --json` on the server machine, or another one: exit code and report.

        Asked again where a probe ran out of time: on a machine with much else to do that is honest, and no fault."""
        for _ in range(4):
            done = self.wizard("check", target, "--json", *options, ns=ns, alone=alone, user=user, env=env)
            try:
                report = json.loads(done.stdout)
            except ValueError:
                said = f"exit {done.returncode}, no JSON:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
                raise LabError(said) from None
            if not any("no answer within" in each["why"] for each in report["unread"]):
                break
        return done.returncode, report

    # -- the firewalls' own services -----------------------------------------------------------------------------

    def start_bus(self) -> Process:
        """A D-Bus system bus at /run/dbus/system_bus_socket, where every program looks for it."""
        self.run("mkdir -p /run/dbus")
        bus = self.spawn(["dbus-daemon", "--system", "--nofork", "--nopidfile"], log="dbus.log")
        self.wait_until(lambda: self.run(["test", "-S", "/run/dbus/system_bus_socket"], check=False).returncode == 0,
                        "no system bus", process=bus)  # fmt: skip
        return bus

    def start_firewalld(self, zone: str = "public") -> Process:
        """firewalld on its own bus, with the server's interface in `zone`."""
        self.start_bus()
        daemon = self.spawn(["firewalld", "--nofork", "--nopid"], log="firewalld.log")
        self.wait_until(
            lambda: self.run(["firewall-cmd", "--state"], check=False).returncode == 0, "firewalld", 30, daemon
        )
        if zone:
            self.run(["firewall-cmd", "-q", f"--zone={zone}", f"--change-interface={SERVER_LINK}"])
            self.run(["firewall-cmd", "-q", "--permanent", f"--zone={zone}", f"--change-interface={SERVER_LINK}"])
        return daemon

    def start_ufw(self, *rules: str, incoming: str = "deny") -> None:
        """ufw, enabled, with the given rules (`allow 22/tcp`)."""
        lines = [f"ufw default {incoming} incoming", *(f"ufw {rule}" for rule in rules), "ufw --force enable"]
        self.run("set -e\n" + "\n".join(f"{line} >/dev/null" for line in lines))

    def start_fail2ban(self, jail: str, *, action: str = "iptables-multiport", port: int = 5000) -> Process:
        """fail2ban with one jail that watches an empty file; `fail2ban-client set JAIL banip ADDRESS` bans."""
        watched = self.write("watched.log", "")
        self.run("rm -rf /etc/fail2ban/jail.d/* /etc/fail2ban/jail.local")
        self.write(
            "copies/etc/fail2ban/jail.local",
            f"[DEFAULT]\nbackend = polling\n[{jail}]\nenabled = true\nfilter = nginx-http-auth\nlogpath = {watched}\n"
            f"port = {port}\nbantime = 3600\nbanaction = {action}\naction = {action}[name={jail}, port={port}]\n",
        )
        self.run("mkdir -p /run/fail2ban")
        daemon = self.spawn(["fail2ban-server", "-xf", "start"], log="fail2ban.log")
        self.wait_until(
            lambda: self.run(["fail2ban-client", "status", jail], check=False).returncode == 0, "fail2ban", 20, daemon
        )
        return daemon

    def loose_ends(self) -> list[str]:
        """Interfaces by which a packet could leave the lab: all that is no loopback, no bridge, and no cable whose two ends
        are both in here. Empty is right."""
        cables: list[tuple[int, int]] = []
        loose = []
        for ns in ["server", *self.run("ls /run/netns").stdout.split()]:
            for link in json.loads(self.run("ip -j -d link", ns).stdout):
                kind = link.get("linkinfo", {}).get("info_kind", "")
                if kind == "veth":
                    cables.append((link["ifindex"], link.get("link_index") or self._peer(ns, link["link"])))
                elif kind != "bridge" and link["link_type"] != "loopback":
                    loose.append(f"{link['ifname']} of {ns}")
        # Numbers are each namespace's own, so several cables may have the same two: for each end there is another.
        ends = {tuple(sorted(pair)) for pair in cables}
        odd = [
            (a, b)
            for a, b in ends
            if (cables.count((a, a)) % 2 if a == b else cables.count((a, b)) != cables.count((b, a)))
        ]
        return loose + [f"a cable of {pair}" for pair in odd]

    def _peer(self, ns: str, name: str) -> int:
        """The number of an interface of the same machine."""
        link: dict[str, int] = json.loads(self.run(["ip", "-j", "link", "show", "dev", name], ns).stdout)[0]
        return link["ifindex"]

    # -- what must be the same afterwards ------------------------------------------------------------------------

    def snapshot(self) -> dict[str, str]:
        """Everything that a check must not change and an undo must give back, counters and handles normalised."""
        parts = _SNAPSHOT.items()
        marker = "=====wizard-lab====="
        script = "\n".join(f"echo {marker}{name}; {{ {command} ; }} 2>/dev/null || :" for name, command in parts)
        texts = self.run(script).stdout.split(marker)[1:]
        return {name: normalise(text) for name, _, text in (text.partition("\n") for text in texts)}


_SNAPSHOT = {
    "nft": "nft -a list ruleset",
    "iptables": "iptables-save",
    "ip6tables": "ip6tables-save",
    # Only where such tables exist already: the legacy programs make them by looking.
    "iptables-legacy": "for t in $(cat /proc/net/ip_tables_names); do iptables-legacy-save -t $t; done",
    "ip6tables-legacy": "for t in $(cat /proc/net/ip6_tables_names); do ip6tables-legacy-save -t $t; done",
    "ipset": "ipset save",
    "links": "ip -o link | sed 's/ qdisc.*//'",
    "addresses": "ip -o addr",
    "routes": "ip route show table all; ip -6 route show table all",
    "rules": "ip rule; ip -6 rule",
    "sysctl": "cd /proc/sys/net; grep -s . ipv4/conf/*/rp_filter ipv4/conf/*/arp_* ipv4/conf/*/forwarding ipv4/ip_* "
    "ipv4/tcp_abort* ipv4/tcp_syn* ipv4/tcp_tw* ipv4/icmp* ipv6/bindv6only ipv6/conf/*/forwarding core/somaxconn",
    "ufw-files": "cat /etc/ufw/*.rules /etc/ufw/ufw.conf /etc/default/ufw",
    "firewalld": "[ ! -S /run/dbus/system_bus_socket ] || for w in '' --permanent; do firewall-cmd $w --list-all-zones; done",
    "hosts": "cat /etc/hosts",
}  # fmt: skip


def normalise(text: str) -> str:
    """Counters, handles, remaining times and dates taken out."""
    text = re.sub(r"# (Generated by|Completed on) .*", "#", text)
    text = re.sub(r" ?# handle \d+", "", text)
    text = re.sub(r"packets \d+ bytes \d+", "packets N bytes N", text)
    text = re.sub(r"^\[\d+:\d+\]|\[\d+:\d+\]$", "[N:N]", text, flags=re.MULTILINE)
    text = re.sub(r"expires [\dhms]+", "expires N", text)
    text = re.sub(r"(timeout) \d+( |$)", r"\1 N\2", text, flags=re.MULTILINE)
    return re.sub(r"(preferred_lft|valid_lft|expires) \d+sec", r"\1 N", text)


def _argv(command: str | Sequence[str], cwd: str | Path | None) -> list[str]:
    argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
    return argv if cwd is None else ["sh", "-c", f'cd {shlex.quote(str(cwd))} && exec "$@"', "sh", *argv]


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """A clean environment: this process's proxies, flask settings and virtual environment stay outside."""
    path = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(more or {})}


def fill_queue(lab: Lab, address: str, port: int, count: int) -> list[socket.socket]:
    """Open connections that nobody accepts, until the queue is full; keep the sockets."""

    def open_all() -> list[socket.socket]:
        plugs = []
        for _ in range(count):
            plug = socket.socket()
            plug.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                plug.connect((address, port))
            plugs.append(plug)
        select.select([], plugs, [], 0.3)
        return plugs

    return lab.inside("client", open_all)
