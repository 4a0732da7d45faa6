"""The kernel as the judge: a server, its client and a machine behind it in namespaces, and hand-made first packets.

    with Arena() as arena:
        arena.load_nft("table inet t { ... }")
        for packet, truth in arena.ask(packets): ...

`ask` sends every packet as a raw frame from the client, whatever its source address, and reads what comes back: a SYN-ACK
or an echoed datagram (the port was reached; its hop limit says whether on the server or behind it), a reset, which ICMP,
or nothing. Every port of `PORTS` has listeners, so a reset can only come from a rule.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from wizard import firewalls
from wizard.judge.filters import ORDER_DOUBT
from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts, Listener, Proto
from wizard.model.packet import Packet
from wizard.parse import ip_json

PORTS = (22, 53, 80, 443, 1000, 5000, 8080, 65535)
SERVER4, SERVER6 = "10.77.0.1", "fd77::1"
SOURCES4 = ("10.77.0.2", "10.77.0.3", "10.77.0.77", "192.168.5.5", "172.16.9.9", "8.8.8.8")
SOURCES6 = ("fd77::2", "fd77::3", "fd77::77", "2001:db8::5", "fd99:1::9")
BACKEND4, BACKEND6 = "10.78.0.2", "fd78::2"
SECOND4, SECOND6 = "10.78.0.1", "fd78::1"
SERVER_LINK, BACK_LINK, CLIENT_LINK = "veth-s", "veth-b", "veth-c"
SERVER_MAC, CLIENT_MAC = "02:77:00:00:00:01", "02:77:00:00:00:02"
BACK_MAC, BACKEND_MAC = "02:78:00:00:00:01", "02:78:00:00:00:02"
_CLONE_NEWNET = 0x40000000
_numbers = itertools.count()

# Answers on all ports, TCP and UDP; a datagram is answered with the port it reached.
_LISTENERS = """
import selectors, socket, sys
ports = [int(p) for p in sys.argv[1].split(",")]
chosen = selectors.DefaultSelector()
kept = []
for port in ports:
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", port)); s.listen(4096); kept.append(s)
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        u = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            u.setsockopt(socket.IPPROTO_IP, 8, 1)
        u.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        u.bind((address, port)); chosen.register(u, selectors.EVENT_READ, port)
sys.stdout.write("ready\\n"); sys.stdout.flush()
while True:
    for key, _ in chosen.select():
        try:
            data, ancillary, _, sender = key.fileobj.recvmsg(2048, 256)
            info = [(l, t, d if l != socket.IPPROTO_IP else d[:4] + d[4:8] + b"\\0" * 4) for l, t, d in ancillary]
            key.fileobj.sendmsg([b"port %d" % key.data], info, 0, sender)
        except OSError:
            pass
"""


class Truth(Struct, frozen=True):
    """What came back. `kind`: answered, reset, icmp, silence; `hops` tells a forwarded answer from a local one."""

    kind: str
    detail: str = ""
    forwarded: bool = False
    port: int | None = None


def run(*words: str, text: str | None = None, check: bool = True) -> str:
    """A command's output; its error text in the exception."""
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=600, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Arena:
    """Three namespaces: client - server - backend. `forwarding` as a router would have it."""

    def __init__(self, forwarding: bool = True) -> None:
        tag = f"Adiff{os.getpid()}x{next(_numbers)}"
        self.server, self.client, self.backend = f"{tag}s", f"{tag}c", f"{tag}b"
        self._forwarding = forwarding
        self._processes: list[subprocess.Popen[str]] = []
        self._sports = itertools.cycle(range(20000, 60000))
        self._wire: socket.socket | None = None

    def __enter__(self) -> Arena:
        for name in (self.server, self.client, self.backend):
            run("ip", "netns", "add", name)
        try:
            self._connect()
            self._settings()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._wire is not None:
            self._wire.close()
        for process in self._processes:
            process.kill()
            process.wait()
        for name in (self.server, self.client, self.backend):
            run("ip", "netns", "del", name, check=False)

    def on_server(self, *words: str, text: str | None = None, check: bool = True) -> str:
        """A command on the server."""
        return run("ip", "netns", "exec", self.server, *words, text=text, check=check)

    def _ip(self, where: str, *lines: str) -> None:
        run("ip", "-n", where, "-b", "-", text="\n".join(lines))

    def _connect(self) -> None:
        run("ip", "-n", self.server, "link", "add", SERVER_LINK, "address", SERVER_MAC, "type", "veth",
            "peer", "name", CLIENT_LINK, "address", CLIENT_MAC, "netns", self.client)  # fmt: skip
        run(
            "ip",
            "-n",
            self.server,
            "link",
            "add",
            BACK_LINK,
            "address",
            BACK_MAC,
            "type",
            "veth",
            "peer",
            "name",
            "veth-x",
            "address",
            BACKEND_MAC,
            "netns",
            self.backend,
        )
        for name in (self.server, self.client, self.backend):
            for setting in ("all", "default"):
                run("ip", "netns", "exec", name, "sysctl", "-qw", f"net.ipv6.conf.{setting}.accept_dad=0")
        self._ip(self.client, f"addr add 10.77.0.2/24 dev {CLIENT_LINK}", f"addr add fd77::2/64 dev {CLIENT_LINK} nodad",
                 "link set lo up", f"link set {CLIENT_LINK} up")  # fmt: skip
        neighbours = [
            f"neigh replace {each} lladdr {CLIENT_MAC} nud permanent dev {SERVER_LINK}"
            for each in ("10.77.0.2", "10.77.0.3", "10.77.0.77", "fd77::2", "fd77::3", "fd77::77")
        ]
        self._ip(
            self.server,
            "link set lo up",
            f"addr add {SERVER4}/24 dev {SERVER_LINK}", f"addr add {SERVER6}/64 dev {SERVER_LINK} nodad",
            f"addr add {SECOND4}/24 dev {BACK_LINK}", f"addr add {SECOND6}/64 dev {BACK_LINK} nodad",
            f"link set {SERVER_LINK} up", f"link set {BACK_LINK} up",
            "route add default via 10.77.0.2", "route add default via fd77::2 dev veth-s",
            "route add unreachable 10.80.0.0/24", "route add prohibit 10.81.0.0/24", "route add blackhole 10.82.0.0/24",
            "route add unreachable fd80::/64", "route add prohibit fd81::/64", "route add blackhole fd82::/64",
            *neighbours,
            *(f"neigh replace {each} lladdr {BACKEND_MAC} nud permanent dev {BACK_LINK}" for each in (BACKEND4, BACKEND6)),
        )  # fmt: skip
        self._ip(
            self.backend, "link set lo up", f"addr add {BACKEND4}/24 dev veth-x", f"addr add {BACKEND6}/64 dev veth-x nodad",
            "link set veth-x up", f"route add default via {SECOND4}", f"route add default via {SECOND6}",
            # Rules may stop neighbour discovery, which is not asked here.
            *(f"neigh replace {each} lladdr {BACK_MAC} nud permanent dev veth-x" for each in (SECOND4, SECOND6)),
        )  # fmt: skip

    def _settings(self) -> None:
        forwarding = int(self._forwarding)
        settings = [
            "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_ratemask=0", "net.ipv6.icmp.ratelimit=0",
            "net.ipv4.icmp_msgs_per_sec=1000000", "net.ipv4.icmp_msgs_burst=1000000", "net.ipv4.tcp_synack_retries=0",
            "net.ipv4.tcp_syncookies=2", "net.core.somaxconn=65535", "net.ipv4.tcp_max_syn_backlog=65535",
            f"net.ipv4.ip_forward={forwarding}", f"net.ipv6.conf.all.forwarding={forwarding}",
            "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
            f"net.ipv4.conf.{SERVER_LINK}.rp_filter=0", f"net.ipv4.conf.{BACK_LINK}.rp_filter=0",
        ]  # fmt: skip
        for setting in settings:
            self.on_server("sysctl", "-qw", setting, check=False)
        for setting in (*settings[:7], "net.core.somaxconn=65535"):
            run("ip", "netns", "exec", self.backend, "sysctl", "-qw", setting, check=False)

    def _start(self) -> None:
        for name in (self.server, self.backend):
            words = ["ip", "netns", "exec", name, sys.executable, "-c", _LISTENERS, ",".join(map(str, PORTS))]
            process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
            self._processes.append(process)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        self._wire = in_namespace(self.client, _packet_socket)

    # Rules

    def clear(self) -> None:
        """No rules, no sets, no connections."""
        self.on_server("nft", "flush", "ruleset")
        for family in ("ip", "ip6"):
            names = self.on_server("cat", f"/proc/net/{family}_tables_names", check=False).split()
            for table in names:
                tool = "iptables-legacy-restore" if family == "ip" else "ip6tables-legacy-restore"
                self.on_server(tool, text=f"*{table}\n{_builtin(table)}COMMIT\n")
        self._destroy_ipsets()
        self.on_server("conntrack", "-F", check=False)

    def in_private(self, script: str, *paths: str) -> str:
        """A shell script on the server that sees copies of `paths` and an empty /run; when it ends, its daemons are killed
        without a chance to tidy up, so the rules that they made stay."""
        with tempfile.TemporaryDirectory() as folder:
            mounts = ["mount -t tmpfs tmpfs /run", "mkdir -p /run/lock /run/dbus"]
            for number, path in enumerate(paths):
                mounts.append(f"cp -a {path} {folder}/{number} && mount --bind {folder}/{number} {path}")
            text = "set -e\n" + "\n".join([*mounts, script])
            return self.on_server("unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-s", text=text)

    def _destroy_ipsets(self) -> None:
        """The kernel lets go of a set some time after the last rule that names it is gone."""
        self.on_server("ipset", "flush", check=False)
        for _ in range(50):
            if not self.on_server("ipset", "list", "-n").strip():
                return
            self.on_server("ipset", "destroy", check=False)
            time.sleep(0.02)

    def facts(self) -> Facts:
        """What the wizard would know about the server."""
        commands = {
            "nft-json": ("nft", "-j", "list", "ruleset"),
            "nft-text": ("nft", "list", "ruleset"),
            "nft-netlink": ("nft", "--debug=netlink", "list", "ruleset"),
            "iptables-save": ("iptables-save",),
            "ip6tables-save": ("ip6tables-save",),
            "ipset-save": ("ipset", "save"),
        }
        captures: dict[str, Capture | Unknown] = {}
        for family, program in (("ip", "iptables"), ("ip6", "ip6tables")):
            names = self.on_server("cat", f"/proc/net/{family}_tables_names", check=False)
            captures[f"{family}-tables-names"] = Capture(f"{family}-tables-names", names)
            if names.strip():
                commands[f"{program}-legacy-save"] = (f"{program}-legacy-save",)
        for probe, words in commands.items():
            try:
                captures[probe] = Capture(probe, self.on_server(*words), " ".join(words))
            except RuntimeError as error:
                captures[probe] = Unknown(str(error))
        rulesets, unreadable = firewalls.read(captures)
        show = self.on_server
        routes = (
            *ip_json.parse_routes(show("ip", "-j", "-d", "-4", "route", "show", "table", "all"), 4, "").value,
            *ip_json.parse_routes(show("ip", "-j", "-d", "-6", "route", "show", "table", "all"), 6, "").value,
        )
        rules = (
            *ip_json.parse_rules(show("ip", "-j", "-4", "rule"), 4, "").value,
            *ip_json.parse_rules(show("ip", "-j", "-6", "rule"), 6, "").value,
        )
        sysctls = dict(line.split(" = ", 1) for line in show("sysctl", "-a", check=False).splitlines() if " = " in line)
        return Facts(
            "linux",
            time.time(),
            True,
            listeners=_listeners(),
            interfaces=ip_json.parse_addresses(show("ip", "-j", "-d", "addr")).value,
            neighbours=ip_json.parse_neighbours(show("ip", "-j", "neigh")).value,
            routes=routes,
            routing_rules=rules,
            sysctls=sysctls,
            rulesets=rulesets,
            unreadable_rulesets=unreadable,
            ufw=None,
            firewalld=None,
        )

    # Packets

    def packet(self, source: str, destination: str, port: int, proto: str = "tcp") -> Packet:
        """A first packet with a source port of its own."""
        return Packet(ip_address(source), ip_address(destination), port, Proto(proto), next(self._sports), SERVER_LINK)

    def again(self, packet: Packet) -> Packet:
        """The same packet of another connection."""
        return replace(packet, source_port=next(self._sports))

    def ask(self, packets: Sequence[Packet], quiet: float = 0.15) -> list[tuple[Packet, Truth]]:
        """Sends all, and gives each with what came back. Ends when nothing has come for `quiet` seconds."""
        assert self._wire is not None
        by_sport = {(p.source_port, p.proto): p for p in packets}
        found: dict[Packet, Truth] = {}
        heard = threading.Event()
        reader = threading.Thread(target=_listen, args=(self._wire, by_sport, found, quiet, heard))
        reader.start()
        for number, packet in enumerate(packets):
            self._wire.send(frame(packet))
            if number % 32 == 31:
                time.sleep(0.002)
        heard.set()
        reader.join()
        return [(packet, found.get(packet, Truth("silence"))) for packet in packets]


def _builtin(table: str) -> str:
    chains = {
        "filter": ("INPUT", "FORWARD", "OUTPUT"),
        "security": ("INPUT", "FORWARD", "OUTPUT"),
        "raw": ("PREROUTING", "OUTPUT"),
        "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
        "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    }
    return "".join(f":{name} ACCEPT [0:0]\n" for name in chains[table])


def _listeners() -> tuple[Listener, ...]:
    found = []
    for port in PORTS:
        found.append(Listener(Proto.TCP, ip_address("::"), port, v6only=False))
        found.append(Listener(Proto.UDP, ip_address("0.0.0.0"), port))
        found.append(Listener(Proto.UDP, ip_address("::"), port, v6only=True))
    return tuple(found)


def in_namespace(name: str, make: Any) -> Any:
    """What `make` gives when called inside the namespace; sockets stay where they were made."""
    made: list[Any] = []

    def work() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with Path(f"/run/netns/{name}").open("rb") as file:
            if libc.setns(file.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        made.append(make())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return made[0]


def _packet_socket() -> socket.socket:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
    wire.bind((CLIENT_LINK, 0))
    return wire


def frame(packet: Packet) -> bytes:
    """The Ethernet frame of a first packet: a plain SYN, or a datagram of four bytes."""
    source, destination = packet.source.packed, packet.destination.packed
    tcp = packet.proto is Proto.TCP
    if tcp:
        body = struct.pack("!HHIIBBHHH", packet.source_port, packet.destination_port, 1000, 0, 0x60, 2, 64240, 0, 0)
        body += b"\x02\x04\x05\xb4"
    else:
        body = struct.pack("!HHHH", packet.source_port, packet.destination_port, 12, 0) + b"ping"
    number = 6 if tcp else 17
    pseudo = (
        source
        + destination
        + (
            struct.pack("!BBH", 0, number, len(body))
            if packet.family == 4
            else struct.pack("!IHBB", len(body), 0, 0, number)
        )
    )
    place = 16 if tcp else 6
    body = body[:place] + struct.pack("!H", checksum(pseudo + body) or 0xFFFF) + body[place + 2 :]
    if packet.family == 4:
        head = (
            struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), packet.source_port, 0x4000, 64, number, 0)
            + source
            + destination
        )
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    else:
        head = struct.pack("!IHBB", 6 << 28, len(body), number, 64) + source + destination
    macs = bytes.fromhex(SERVER_MAC.replace(":", "")) + bytes.fromhex(CLIENT_MAC.replace(":", ""))
    return macs + (b"\x08\x00" if packet.family == 4 else b"\x86\xdd") + head + body


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _listen(
    wire: socket.socket, wanted: dict[Any, Packet], found: dict[Packet, Truth], quiet: float, sent: threading.Event
) -> None:
    last = time.monotonic()
    while not sent.is_set() or time.monotonic() - last < quiet:
        if not select.select([wire], [], [], 0.02)[0]:
            if not sent.is_set():
                last = time.monotonic()
            continue
        data, origin = wire.recvfrom(4096)
        if origin[2] == 4:
            # Our own frames on their way out.
            continue
        answer = _read_answer(data, wanted)
        if answer is not None:
            last = time.monotonic()
            found.setdefault(*answer)


def _read_answer(data: bytes, wanted: dict[Any, Packet]) -> tuple[Packet, Truth] | None:
    kind, data = data[12:14], data[14:]
    if kind == b"\x08\x00":
        length, number, ttl = (data[0] & 15) * 4, data[9], data[8]
    elif kind == b"\x86\xdd":
        length, number, ttl = 40, data[6], data[7]
    else:
        return None
    body = data[length:]
    if number in (6, 17) and len(body) >= 8:
        proto = Proto.TCP if number == 6 else Proto.UDP
        packet = wanted.get((int.from_bytes(body[2:4], "big"), proto))
        source = data[12:16] if kind == b"\x08\x00" else data[8:24]
        if (
            packet is None
            or source != packet.destination.packed
            or int.from_bytes(body[:2], "big") != packet.destination_port
        ):
            # An answer from another address than was asked is none, to a client.
            return None
        return packet, _transport_truth(body, number, ttl)
    return _icmp_truth(body, number, wanted)


def _transport_truth(body: bytes, number: int, ttl: int) -> Truth:
    if number == 17:
        words = body[8:].split()
        return Truth("answered", forwarded=ttl < 64, port=int(words[1]) if len(words) == 2 else None)
    flags = body[13]
    return Truth("reset") if flags & 4 else Truth("answered", forwarded=ttl < 64)


def _icmp_truth(body: bytes, number: int, wanted: dict[Any, Packet]) -> tuple[Packet, Truth] | None:
    names4 = {0: "net-unreachable", 1: "host-unreachable", 2: "proto-unreachable", 3: "port-unreachable", 9: "net-prohibited",
              10: "host-prohibited", 13: "admin-prohibited"}  # fmt: skip
    names6 = {
        0: "no-route",
        1: "admin-prohibited",
        3: "addr-unreachable",
        4: "port-unreachable",
        5: "policy-fail",
        6: "reject-route",
    }
    inner = body[8:]
    if number == 1 and body[0] == 3:
        length, proto, name = (inner[0] & 15) * 4, inner[9], f"icmp-{names4.get(body[1], body[1])}"
    elif number == 58 and body[0] == 1:
        length, proto, name = 40, inner[6], f"icmpv6-{names6.get(body[1], body[1])}"
    else:
        return None
    sport = int.from_bytes(inner[length : length + 2], "big")
    packet = wanted.get((sport, Proto.TCP if proto == 6 else Proto.UDP))
    return None if packet is None else (packet, Truth("icmp", name))


def _elsewhere(facts: Facts, packet: Packet) -> bool:
    """Whether what the server sends to the packet's source leaves by another link."""
    from wizard.judge.routing import Question
    from wizard.judge.trace import machine_of

    found = machine_of(facts).fib_tables.lookup(Question(packet.family, int(packet.source)))
    return found.device != SERVER_LINK


def expected(facts: Facts, packet: Packet, decision: Any, reply: Any) -> Truth | None:
    """What the model's answer looks like from the client; None where the model does not know."""
    if decision.outcome == "unknown" or (reply is not None and reply.outcome == "unknown"):
        return None
    if decision.outcome == "drop":
        return Truth("silence")
    if decision.outcome == "reject" and _elsewhere(facts, packet):
        return Truth("silence")
    if decision.outcome == "reject":
        return (
            Truth("reset")
            if decision.reject_with == "tcp-reset"
            else Truth("icmp", decision.reject_with.replace("prot-", "proto-"))
        )
    if reply is not None and reply.outcome != "deliver":
        return Truth("silence")
    if reply is not None and reply.out_interface != SERVER_LINK:
        # It goes to somebody else, where nobody looks.
        return Truth("silence")
    if decision.outcome == "forward" and str(decision.to.address) not in (BACKEND4, BACKEND6):
        # Nobody is there.
        return Truth("silence")
    if decision.to.port not in PORTS:
        # A closed port answers a datagram with an error, whose way back is not the answer's that the model was asked for.
        return Truth("reset") if packet.proto is Proto.TCP else None
    return Truth("answered", forwarded=decision.outcome == "forward", port=decision.to.port)


def agrees(want: Truth, got: Truth) -> bool:
    """Whether prediction and observation are the same, as far as the answer tells."""
    if want.kind != got.kind:
        return False
    if want.kind == "icmp":
        return want.detail == got.detail
    if want.kind == "answered":
        return want.forwarded == got.forwarded and (got.port is None or want.port == got.port)
    return True


@dataclass
class Score:
    """How often the model and the kernel agreed."""

    asked: int = 0
    unknown: int = 0
    unordered: int = 0
    """Unknown because this kernel does not tell which of two engines at one priority comes first."""
    wrong: list[str] | None = None


# A busy machine may answer late: what seems wrong is asked again, and waited for longer.
_PATIENCE = (0.15, 1.0, 4.0)


def compare(arena: Arena, packets: Iterable[Packet], score: Score, label: str = "") -> list[tuple[Packet, Any, Truth]]:
    """Asks the kernel and the model; gives the disagreements, and counts in `score`."""
    facts = arena.facts()
    left = [_Judged.of(facts, packet) for packet in packets]
    for judged in left:
        score.asked += 1
        score.unknown += judged.want is None and not judged.unordered
        score.unordered += judged.want is None and judged.unordered
    wrong: list[tuple[_Judged, Truth]] = []
    for patience in _PATIENCE:
        by_packet = {judged.packet: judged for judged in left}
        told = arena.ask([judged.packet for judged in left], patience)
        wrong = [(by_packet[packet], got) for packet, got in told if by_packet[packet].differs(got)]
        left = [_Judged.of(facts, arena.again(judged.packet)) for judged, _ in wrong]
        if not left:
            break
    for judged, got in wrong:
        by = judged.decision.by or judged.decision.reason
        line = f"{label}: {judged.packet}: the model says {judged.want}, the kernel {got}; {by}"
        score.wrong = [*(score.wrong or []), line]
    return [(judged.packet, judged.decision, got) for judged, got in wrong]


class _Judged(Struct, frozen=True):
    """A packet, and what the model says of it."""

    packet: Packet
    decision: Any
    want: Truth | None
    assumed: bool
    unordered: bool
    refused_going_out: bool
    """The answer is rejected on its way out; that rejection may itself be rejected, and be heard by the client."""

    @classmethod
    def of(cls, facts: Facts, packet: Packet) -> _Judged:
        from wizard.judge.trace import reply, trace

        decision = trace(facts, packet)
        back = reply(facts, packet, decision) if decision.outcome in ("deliver", "forward") else None
        # Many packets at once may exceed a limit that the model takes as not exceeded, and says so.
        told = (*decision.assumptions, *(back.assumptions if back is not None else ()))
        refused = back is not None and (back.outcome == "reject" or "it is rejected" in back.reason)
        want = expected(facts, packet, decision, back)
        return cls(packet, decision, want, bool(told), ORDER_DOUBT in told, refused)

    def differs(self, got: Truth) -> bool:
        if self.refused_going_out and got.kind in ("icmp", "reset"):
            return False
        return self.want is not None and not self.assumed and not agrees(self.want, got)


def monitored(arena: Arena, packets: Sequence[Packet], patience: float = 0.5) -> dict[Packet, tuple[str, str, str]]:
    """Sends the packets under `nft monitor trace`; for each, table, chain and words of the last rule it met.
    `patience`: the seconds that the monitor gets to begin and to end."""
    words = ["ip", "netns", "exec", arena.server, "stdbuf", "-oL", "nft", "monitor", "trace"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as monitor:
        time.sleep(patience)
        arena.ask(packets)
        time.sleep(patience)
        monitor.kill()
        printed = monitor.stdout.read() if monitor.stdout else ""
    sports: dict[str, int] = {}
    last: dict[str, tuple[str, str, str]] = {}
    for line in printed.splitlines():
        match = re.match(r"trace id (\w+) \w+ (\S+) (\S+) (.*)", line)
        if match is None:
            continue
        if sport := re.search(r"packet: .* (?:tcp|udp) sport (\d+)", line):
            sports.setdefault(match[1], int(sport[1]))
        elif " packet: " not in line:
            last[match[1]] = (match[2], match[3], match[4])
    by_sport = {packet.source_port: packet for packet in packets}
    return {by_sport[sport]: last[number] for number, sport in sports.items() if sport in by_sport and number in last}
