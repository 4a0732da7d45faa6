"""Doors in one street: a lab in which each port fails in a way of its own, for a browser that opens them all.

A street is a function that furnishes a lab; its doors name the address, what Chrome shows there, and who can know it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from tests.live.lab import CLIENT, ROUTED_CLIENT, SERVER, SERVER6, Lab, fill_queue

BOTH, THERE, HERE = ("server", "client"), ("server",), ("client",)
WAITS = "(waits)"
"""Chrome shows its spinner, for as long as anybody wants to watch."""

REFUSED, TIMED_OUT, UNREACHABLE = "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_TIMED_OUT", "ERR_ADDRESS_UNREACHABLE"
NO_PROXY = "ERR_PROXY_CONNECTION_FAILED"
DENIED, EMPTY, RESET = "ERR_NETWORK_ACCESS_DENIED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET"


class Door(Struct, frozen=True):
    """`shows`: Chrome's code; None where it shows a page (whatever its status), WAITS where it never stops waiting.
    `sides`: from where the wizard can know that (a client's own fault cannot be seen from the server)."""

    name: str
    url: str
    shows: str | None
    status: int = 0
    sides: tuple[str, ...] = BOTH
    options: tuple[str, ...] = ("--from", CLIENT)
    """For the server's side."""


class Street(Struct, frozen=True):
    """A furnished lab and its doors; `env` is what the browser and the wizard have in their environment."""

    name: str
    furnish: Callable[[Lab], None]
    doors: tuple[Door, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    router: bool = False


def at(port: int, scheme: str = "http", path: str = "/", host: str = SERVER) -> str:
    return f"{scheme}://{host}:{port}{path}"


# Every kind of program in one process: a thread for each port, all on every address but for the loopback one.
_PROGRAMS = r"""
import http.server, os, signal, socket, ssl, struct, sys, threading, time

class Page(http.server.BaseHTTPRequestHandler):
    status, location = 200, ""
    def do_GET(self):
        body = b"hello from the lab"
        self.send_response(self.status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

class Encrypted(http.server.ThreadingHTTPServer):
    # The handshake is made in the visitor's own thread: one who says nothing must not keep the others waiting.
    context = property(lambda self: self.__dict__.setdefault("tls", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)))
    def get_request(self):
        visitor, address = super().get_request()
        return self.context.wrap_socket(visitor, server_side=True, do_handshake_on_connect=False), address
    def shutdown_request(self, visitor):
        # At once, with what was not read: a reset, and no orderly end before it.
        visitor.close()
    def handle_error(self, *words):
        pass

def pages(port, host="0.0.0.0", status=200, location="", certificate=None):
    handler = type("Handler", (Page,), {"status": status, "location": location})
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = type("Server", (Encrypted if certificate else http.server.ThreadingHTTPServer,), {"address_family": family})
    server = kind((host, port), handler)
    if certificate:
        server.context.load_cert_chain(certificate)
    return server.serve_forever

def visits(port, treat):
    door = socket.create_server(("0.0.0.0", port), backlog=64)
    def serve():
        while True:
            visitor, _ = door.accept()
            threading.Thread(target=treat, args=(visitor,), daemon=True).start()
    return serve

def listen(visitor):
    # All that comes, however many pieces it comes in: what is not read makes a reset of every end.
    visitor.settimeout(10)
    try:
        while visitor.recv(65536):
            visitor.settimeout(0.4)
    except OSError:
        pass

def reset(visitor):
    listen(visitor)
    visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    visitor.close()

def closed(visitor):
    listen(visitor)
    visitor.close()

def greets(visitor):
    visitor.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    listen(visitor)
    visitor.close()

def hangs(visitor):
    time.sleep(600)

def start(*servers):
    for each in servers[1:]:
        threading.Thread(target=each, daemon=True).start()
    servers[0]()
"""


def program(lab: Lab, name: str, line: str, *ports: int) -> None:
    """Start `line` (a call of `start`) in a process of its own, and wait for its ports."""
    started = lab.spawn([sys.executable, lab.write(f"{name}.py", f"{_PROGRAMS}\n{line}\n").name], cwd=lab.folder)
    for port in ports:
        lab.wait_for_port(port, process=started)


def patient(lab: Lab) -> None:
    """The client gives up on silence after 7 seconds rather than 127: later than ARP does (3), and soon enough here."""
    lab.run("sysctl -qe -w net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=3 || :", "client")
    lab.run("echo 'nameserver 127.0.0.1' > /etc/resolv.conf")


# -- closed doors: what the server's kernel and firewall say ------------------------------------------------------------

_REJECTS = {
    5003: "tcp-reset", 5004: "icmp-port-unreachable", 5007: "icmp-host-unreachable", 5008: "icmp-net-unreachable",
    5009: "icmp-host-prohibited", 5010: "icmp-admin-prohibited", 5011: "icmp-proto-unreachable",
}  # fmt: skip
_REJECTS6 = {
    5012: "icmp6-adm-prohibited", 5013: "icmp6-addr-unreachable", 5014: "icmp6-no-route", 5015: "icmp6-port-unreachable",
}  # fmt: skip


def _closed(lab: Lab) -> None:
    patient(lab)
    ports = (*_REJECTS, *_REJECTS6, 5005, 5006)
    servers = ", ".join(f'pages({port}, "::")' for port in ports)
    program(lab, "open", f"start({servers})", *ports)
    program(lab, "loopback", 'start(pages(5002, "127.0.0.1"))', 5002)
    program(lab, "full", 'door = socket.create_server(("0.0.0.0", 5017), backlog=0)\ntime.sleep(600)', 5017)
    rules = [f"iptables -A INPUT -p tcp --dport {port} -j REJECT --reject-with {how}" for port, how in _REJECTS.items()]
    rules += [
        f"ip6tables -A INPUT -p tcp --dport {port} -j REJECT --reject-with {how}" for port, how in _REJECTS6.items()
    ]
    rules += ["iptables -A INPUT -p tcp --dport 5005 -j DROP", "iptables -A OUTPUT -p tcp --sport 5006 -j DROP"]
    lab.run("set -e\n" + "\n".join(rules))
    lab.plugs = fill_queue(lab, SERVER, 5017, 4)  # type: ignore[attr-defined]
    lab.run(
        "set -e\nip link add veth-t type veth peer name veth-tc netns client\n"
        "ip addr add 10.78.0.1/24 dev veth-t\nip -n client addr add 10.78.0.2/24 dev veth-tc\n"
        "ip -n client link set veth-tc up"
    )


def _six(port: int) -> str:
    return at(port, host=f"[{SERVER6}]")


_FROM6 = ("--from", "fd77::2")
_NOT_HERE = ("--from", CLIENT, "--side", "server")

CLOSED = Street(
    "closed", _closed,
    (
        Door("nothing listens", at(5001), REFUSED),
        Door("loopback bind", at(5002), REFUSED),
        Door("reject with tcp-reset", at(5003), REFUSED),
        Door("reject with icmp-port-unreachable", at(5004), REFUSED),
        Door("drop", at(5005), TIMED_OUT),
        Door("the answer is dropped", at(5006), TIMED_OUT),
        Door("reject with icmp-host-unreachable", at(5007), UNREACHABLE),
        Door("reject with icmp-net-unreachable", at(5008), UNREACHABLE),
        Door("reject with icmp-host-prohibited", at(5009), UNREACHABLE),
        Door("reject with icmp-admin-prohibited", at(5010), UNREACHABLE),
        Door("reject with icmp-proto-unreachable", at(5011), "ERR_NOT_IMPLEMENTED"),
        Door("reject with icmpv6-admin-prohibited", _six(5012), DENIED, options=_FROM6),
        Door("reject with icmpv6-addr-unreachable", _six(5013), UNREACHABLE, options=_FROM6),
        Door("reject with icmpv6-no-route", _six(5014), UNREACHABLE, options=_FROM6),
        Door("reject with icmpv6-port-unreachable", _six(5015), REFUSED, options=_FROM6),
        Door("the accept queue is full", at(5017), TIMED_OUT),
        Door("nobody has the address", at(5000, host="10.77.0.99"), UNREACHABLE, options=_NOT_HERE),
        Door("the server's interface is down", at(5003, host="10.78.0.1"), UNREACHABLE, options=("--from", "10.78.0.2")),
        Door("0.0.0.0 in the URL", at(5003, host="0.0.0.0"), REFUSED),
        Door("no such name", at(5003, host="nowhere.lab"), "ERR_NAME_NOT_RESOLVED"),
    ),
    needs=("iptables", "ip6tables"),
)  # fmt: skip

# -- open doors: what the program says -----------------------------------------------------------------------------------

# An authority of the lab's own, and what it signed: `make NAME WHOSE FROM UNTIL` gives NAME.pem. (openssl x509 of version 3.0
# cannot set a date; openssl ca can.)
_CERTIFICATES = r"""
set -e
cat > ca.cnf <<'END'
[ca]
default_ca = lab
[lab]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
END
: > index.txt; echo 01 > serial
KEY="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $KEY -keyout ca.key -out ca.crt -days 30 -subj /CN=lab-ca
make() {
  openssl req $KEY -keyout $1.key -out $1.csr -subj /CN=lab -addext subjectAltName=$2 -addext extendedKeyUsage=serverAuth
  openssl ca -batch -notext -config ca.cnf -cert ca.crt -keyfile ca.key -in $1.csr -out $1.crt \
    -startdate $(date -u -d "$3 days" +%Y%m%d%H%M%SZ) -enddate $(date -u -d "$4 days" +%Y%m%d%H%M%SZ)
  cat $1.key $1.crt > $1.pem
}
make good IP:10.77.0.1 -1 +5
make name DNS:shop.example -1 +5
make past IP:10.77.0.1 -9 -1
make soon IP:10.77.0.1 +2 +5
openssl req -x509 $KEY -keyout self.key -out self.crt -days 2 -subj /CN=lab -addext subjectAltName=IP:10.77.0.1
cat self.key self.crt > self.pem
mkdir -p /etc/chromium/policies/managed
trusted=$(openssl x509 -in ca.crt -outform der | base64 -w 0)
echo "{\"CACertificates\": [\"$trusted\"]}" > /etc/chromium/policies/managed/lab.json
cp ca.crt /run/lab-ca.crt
"""


def _open(lab: Lab) -> None:
    patient(lab)
    lab.run(f"cd {lab.folder}\n{_CERTIFICATES}")
    pages = (
        'pages(5100), pages(5101, status=404), pages(5102, status=500), pages(5103, status=503), pages(6667), '
        'pages(5104, status=302, location="http://localhost:5199/"), pages(5110, certificate="self.pem"), '
        'pages(5111, certificate="good.pem"), pages(5112, certificate="name.pem"), pages(5113, certificate="past.pem"), '
        'pages(5114, certificate="soon.pem")'
    )  # fmt: skip
    program(lab, "pages", f"start({pages})", 5100, 5101, 5102, 5103, 5104, 5110, 5111, 5112, 5113, 5114, 6667)
    program(lab, "reset", "start(visits(5120, reset))", 5120)
    program(lab, "closes", "start(visits(5121, closed))", 5121)
    program(lab, "greets", "start(visits(5122, greets))", 5122)
    program(lab, "hangs", "start(visits(5123, hangs))", 5123)
    tls = "openssl s_server -cert good.pem -www"
    lab.spawn(f"{tls} -accept 5115 -tls1_1 -cipher ALL:@SECLEVEL=0")
    lab.spawn(f"{tls} -accept 5116 -tls1_2 -cipher ECDHE-ECDSA-AES256-CCM8")
    lab.wait_for_port(5115)
    lab.wait_for_port(5116)
    stop = "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGSTOP)).start()"
    program(lab, "stopped", f"{stop}\nstart(pages(5124))", 5124)


OPEN = Street(
    "open", _open,
    (
        Door("a page", at(5100), None, 200),
        Door("not found", at(5101), None, 404),
        Door("server error", at(5102), None, 500),
        Door("unavailable", at(5103), None, 503),
        Door("redirected to localhost", at(5104), REFUSED),
        Door("https asked of http", at(5100, "https"), "ERR_SSL_PROTOCOL_ERROR"),
        Door("http asked of https", at(5110), RESET),
        Door("certificate: nobody vouches for it", at(5110, "https"), "ERR_CERT_AUTHORITY_INVALID"),
        Door("a certificate that is believed", at(5111, "https"), None, 200),
        Door("certificate: of another name", at(5112, "https"), "ERR_CERT_COMMON_NAME_INVALID"),
        Door("certificate: out of date", at(5113, "https"), "ERR_CERT_DATE_INVALID"),
        Door("certificate: not valid yet", at(5114, "https"), "ERR_CERT_DATE_INVALID"),
        Door("speaks an old TLS", at(5115, "https"), "ERR_SSL_VERSION_OR_CIPHER_MISMATCH"),
        Door("shares no cipher", at(5116, "https"), "ERR_SSL_VERSION_OR_CIPHER_MISMATCH"),
        Door("resets", at(5120), RESET),
        Door("resets the handshake", at(5120, "https"), RESET),
        Door("closes", at(5121), EMPTY),
        Door("closes the handshake", at(5121, "https"), "ERR_CONNECTION_CLOSED"),
        Door("speaks another protocol", at(5122), "ERR_INVALID_HTTP_RESPONSE"),
        Door("speaks another protocol, https", at(5122, "https"), "ERR_SSL_PROTOCOL_ERROR"),
        Door("hangs", at(5123), WAITS),
        Door("hangs in the handshake", at(5123, "https"), WAITS),
        Door("stopped", at(5124), WAITS),
        Door("a port that browsers refuse", at(6667), "ERR_UNSAFE_PORT"),
    ),
    needs=("openssl", "base64"), private=("/etc/chromium",), env={"SSL_CERT_FILE": "/run/lab-ca.crt"},
)  # fmt: skip

# -- the client's own ----------------------------------------------------------------------------------------------------


def _own(lab: Lab) -> None:
    patient(lab)
    program(lab, "pages", "start(*[pages(port) for port in range(5200, 5207)])", *range(5200, 5207))
    lab.run(
        "set -e\nip route add blackhole 10.5.0.0/24\nip route add prohibit 10.6.0.0/24\n"
        "ip route add unreachable 10.7.0.0/24\n"
        f"iptables -A OUTPUT -d {SERVER} -p tcp --dport 5200 -j REJECT\n"
        f"iptables -A OUTPUT -d {SERVER} -p tcp --dport 5201 -j REJECT --reject-with tcp-reset\n"
        f"iptables -A OUTPUT -d {SERVER} -p tcp --dport 5202 -j REJECT --reject-with icmp-admin-prohibited\n"
        f"iptables -A OUTPUT -d {SERVER} -p tcp --dport 5203 -j DROP\n"
        f"iptables -A INPUT -s {SERVER} -p tcp --sport 5204 -j DROP\n"
        "sysctl -qw net.ipv4.ip_local_port_range='40000 40063'",
        "client",
    )
    use_up(lab, 5206, 64)


def use_up(lab: Lab, port: int, count: int) -> None:
    """Another program on the client holds every local port toward one of the server's."""
    take = f"held = [socket.create_connection(({SERVER!r}, {port}), 5) for _ in range({count})]"
    text = f"import socket, time\n{take}\nprint('held', flush=True)\ntime.sleep(600)\n"
    holder = lab.spawn([sys.executable, lab.write("holder.py", text).name], "client", cwd=lab.folder)
    lab.wait_until(lambda: "held" in holder.output(), "the ports are not used up", 15, holder)


OWN = Street(
    "own", _own,
    (
        Door("no route", at(5000, host="10.99.0.1"), UNREACHABLE, sides=HERE),
        Door("a blackhole route", at(5000, host="10.5.0.1"), "ERR_INVALID_ARGUMENT", sides=HERE),
        Door("a prohibit route", at(5000, host="10.6.0.1"), DENIED, sides=HERE),
        Door("an unreachable route", at(5000, host="10.7.0.1"), UNREACHABLE, sides=HERE),
        Door("its own firewall rejects", at(5200), REFUSED, sides=HERE),
        Door("its own firewall resets", at(5201), REFUSED, sides=HERE),
        Door("its own firewall prohibits", at(5202), UNREACHABLE, sides=HERE),
        Door("its own firewall drops", at(5203), TIMED_OUT, sides=HERE),
        Door("its own firewall drops the answer", at(5204), TIMED_OUT, sides=HERE),
        Door("no local port is left", at(5206), "ERR_ADDRESS_INVALID", sides=HERE),
        Door("localhost in the URL", at(5205, host="localhost"), REFUSED),
    ),
    needs=("iptables",),
)  # fmt: skip


def _proxied(lab: Lab) -> None:
    patient(lab)
    lab.run(f"echo '{SERVER} shop.lab' >> /etc/hosts")
    program(lab, "pages", "start(pages(5300))", 5300)


PROXIED = Street(
    "proxied", _proxied,
    (
        Door("the proxy is gone", at(5300), NO_PROXY, sides=HERE),
        Door("the proxy is gone, https", at(5300, "https"), NO_PROXY, sides=HERE),
        Door("the proxy is gone, no such name", at(5300, host="nowhere.lab"), NO_PROXY, sides=HERE),
        Door("past the proxy", at(5300, host="shop.lab"), None, 200, sides=HERE),
    ),
    env={"http_proxy": "http://10.77.0.1:3128", "https_proxy": "http://10.77.0.1:3128", "no_proxy": "shop.lab"},
)  # fmt: skip


# -- a router between ----------------------------------------------------------------------------------------------------

_ROUTER_SAYS = {
    5400: "drop", 5401: "reject with icmp port-unreachable", 5402: "reject with icmp admin-prohibited",
    5403: "reject with tcp reset", 5404: "reject with icmp net-unreachable",
}  # fmt: skip


def _routed(lab: Lab) -> None:
    patient(lab)
    program(lab, "pages", "start(*[pages(port) for port in range(5400, 5406)])", *range(5400, 5406))
    rules = [f"nft add rule ip t c tcp dport {port} {says}" for port, says in _ROUTER_SAYS.items()]
    chain = ("nft add table ip t", "nft 'add chain ip t c { type filter hook forward priority 0; }'")
    lab.run("\n".join(["set -e", *chain, *rules]), "router")


ROUTED = Street(
    "routed", _routed,
    (
        Door("past a router", at(5405), None, 200, options=("--from", ROUTED_CLIENT)),
        Door("a router drops", at(5400), TIMED_OUT, sides=HERE),
        Door("a router rejects", at(5401), REFUSED, sides=HERE),
        Door("a router prohibits", at(5402), UNREACHABLE, sides=HERE),
        Door("a router resets", at(5403), REFUSED, sides=HERE),
        Door("a router knows no way", at(5404), UNREACHABLE, sides=HERE),
        Door("nobody behind the router has the address", at(5000, host="10.77.0.99"), UNREACHABLE, sides=HERE),
    ),
    needs=("nft",), router=True,
)  # fmt: skip


def _unplugged(lab: Lab) -> None:
    lab.run("ip link set veth-c down", "client")


UNPLUGGED = Street("unplugged", _unplugged, (Door("no link", at(5000), "ERR_INTERNET_DISCONNECTED", sides=HERE),))

STREETS = (CLOSED, OPEN, OWN, PROXIED, ROUTED, UNPLUGGED)
