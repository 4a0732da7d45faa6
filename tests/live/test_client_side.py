"""`wizard check` on the machine that cannot get through, as root and as an ordinary user, against a real kernel at both ends;
and the code that it prints, taken to the server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec import Struct

from tests.live.lab import CLIENT, PROJECT, SERVER, Lab

URL = f"http://{SERVER}:5000/"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
ANSWERS = """
import socket, ssl, sys
kind = sys.argv[1]
said = {
    "ok": b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi",
    "redirect": b"HTTP/1.1 302 Found\\r\\nLocation: http://localhost:5000/login\\r\\nContent-Length: 0\\r\\n\\r\\n",
}[kind if kind in ("ok", "redirect") else "ok"]
listening = socket.create_server(("0.0.0.0", int(sys.argv[2])))
context = None
if kind == "tls":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
while True:
    plug, _ = listening.accept()
    try:
        if context:
            plug = context.wrap_socket(plug, server_side=True)
        plug.settimeout(2)
        plug.recv(65536)
        plug.sendall(said)
    except OSError:
        pass
    plug.close()
"""


class Fault(Struct, frozen=True):
    """What is broken, and what both users are to be told: the first cause, what a browser shows, others that are possible."""

    name: str
    break_it: Callable[[Lab], None]
    ref: str
    browser: str | None
    possible: tuple[str, ...] = ()
    url: str = URL
    only_root: str = ""
    """The first cause where only root can tell it; the other user hears `ref`."""


def _serve(lab: Lab, kind: str = "ok", port: int = 5000, *more: str) -> None:
    script = lab.write("answers.py", ANSWERS)
    process = lab.spawn([sys.executable, "-ISE", str(script), kind, str(port), *more])
    lab.wait_for_port(port, process=process)


def _filtered(hook: str, verdict: str, ns: str) -> Callable[[Lab], None]:
    def break_it(lab: Lab) -> None:
        _serve(lab)
        chain = f"type filter hook {hook} priority 0; policy accept;"
        lab.run(f"nft 'table ip t {{ chain c {{ {chain} tcp dport 5000 {verdict}; }}; }}'", ns)

    return break_it


def _route(kind: str) -> Callable[[Lab], None]:
    return lambda lab: (_serve(lab), lab.run(f"ip route add {kind} {SERVER}/32", "client"))[0]


def _self_signed(lab: Lab) -> None:
    folder = lab.folder / "tls"
    folder.mkdir()
    lab.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    )  # fmt: skip
    whole = (folder / "cert.pem").read_text() + (folder / "key.pem").read_text()
    _serve(lab, "tls", 5000, str(lab.write("both.pem", whole)))


FAULTS = (
    Fault("nothing-listens", lambda lab: None, "refused-by-other-machine", "ERR_CONNECTION_REFUSED",
          ("nothing-listening", "loopback-only-bind", "firewall-rejects-port")),
    Fault("rejected-there", _filtered("input", "reject", "server"), "firewall-rejects-port", "ERR_CONNECTION_REFUSED"),
    Fault("prohibited-there", _filtered("input", "reject with icmp admin-prohibited", "server"), "firewall-rejects-port",
          "ERR_ADDRESS_UNREACHABLE"),
    Fault("dropped-there", _filtered("input", "drop", "server"), "firewall-drops-port", "ERR_CONNECTION_TIMED_OUT"),
    Fault("rejected-here", _filtered("output", "reject", "client"), "own-firewall-blocks-outgoing",
          "ERR_CONNECTION_REFUSED"),
    Fault("dropped-here", _filtered("output", "drop", "client"), "firewall-drops-port", "ERR_CONNECTION_TIMED_OUT",
          ("own-firewall-blocks-outgoing",), only_root="own-firewall-blocks-outgoing"),
    Fault("prohibit", _route("prohibit"), "own-route-refuses", "ERR_NETWORK_ACCESS_DENIED"),
    Fault("blackhole", _route("blackhole"), "own-route-refuses", "ERR_INVALID_ARGUMENT"),
    Fault("no-route", lambda lab: None, "no-route-there", "ERR_ADDRESS_UNREACHABLE", url="http://10.99.0.1:5000/"),
    Fault("nobody-there", lambda lab: None, "host-does-not-answer", "ERR_ADDRESS_UNREACHABLE",
          ("client-isolation", "address-not-of-this-machine"), url="http://10.77.0.99:5000/"),
    Fault("unsafe-port", lambda lab: _serve(lab, "ok", 6667), "browser-blocks-port", "ERR_UNSAFE_PORT",
          url=f"http://{SERVER}:6667/"),
    Fault("redirect", lambda lab: _serve(lab, "redirect"), "redirects-to-localhost", "ERR_CONNECTION_REFUSED"),
    Fault("https-asked-of-http", _serve, "https-asked-of-http", "ERR_SSL_PROTOCOL_ERROR", url=f"https://{SERVER}:5000/"),
    Fault("self-signed", _self_signed, "certificate-not-trusted", "ERR_CERT_AUTHORITY_INVALID", url=f"https://{SERVER}:5000/"),
)  # fmt: skip


def check(
    lab: Lab, url: str, *options: str, ns: str = "client", user: str = "root", env: Any = None
) -> tuple[int, Any]:
    """`wizard check URL --json` in a namespace, as root or as nobody."""
    words = [] if user == "root" else NOBODY
    environment = {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
    done = lab.run(
        [*words, sys.executable, "-m", "wizard", "check", url, "--json", *options],
        ns,
        check=False,
        timeout=90,
        env=environment,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def both_users(lab: Lab, url: str, **more: Any) -> dict[str, tuple[int, Any]]:
    with ThreadPoolExecutor(2) as side_by_side:
        asked = {user: side_by_side.submit(check, lab, url, user=user, **more) for user in ("root", "nobody")}
    return {user: future.result() for user, future in asked.items()}


@pytest.mark.needs("nft", "setpriv")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_both_users_are_told_alike(lab: Lab, fault: Fault, request: pytest.FixtureRequest) -> None:
    if fault.name == "self-signed":
        request.getfixturevalue("with_openssl")
    fault.break_it(lab)
    for user, (code, report) in both_users(lab, fault.url).items():
        blocking = [each["ref"] for each in report["findings"] if each["severity"] == "blocking"]
        assert (code, report["verdict"]) == (1, "blocked"), report["sentence"]
        assert report["client_sees"]["browser"] == fault.browser
        assert blocking[:1] == [fault.only_root if user == "root" and fault.only_root else fault.ref], blocking
        if blocking[0] == fault.ref:
            assert set(fault.possible) <= set(blocking), blocking
        asks = [each["ask"] for each in report["findings"] if each["certainty"] == "possible"]
        assert all(ask and ask["run"] and ask["expect"] for ask in asks)
        assert report["plan"] or blocking[0] == "no-route-there"


@pytest.fixture
def with_openssl() -> None:
    from tests.live.conftest import skip_without

    skip_without("openssl")


@pytest.mark.needs("nft", "setpriv")
def test_a_page_that_is_there_is_reachable(lab: Lab) -> None:
    _serve(lab)
    for code, report in both_users(lab, URL).values():
        assert (code, report["verdict"], report["client_sees"]["transport"]) == (0, "reachable", "connected")


@pytest.mark.needs("nft", "setpriv")
def test_a_proxy_that_is_not_there_fails_the_browser(lab: Lab) -> None:
    _serve(lab)
    proxied = {"http_proxy": f"http://{SERVER}:3128"}
    for code, report in both_users(lab, URL, env=proxied).values():
        assert code == 1 and report["findings"][0]["ref"] == "proxy-takes-lan-address"
        assert report["client_sees"]["browser"] == "ERR_PROXY_CONNECTION_FAILED"
    code, report = check(lab, URL, env=proxied | {"no_proxy": "10.77.0.0/16"})
    assert (code, report["client_sees"]["transport"]) == (0, "connected")


@pytest.mark.needs("nft")
def test_no_probe_sends_nothing(lab: Lab) -> None:
    _serve(lab)
    lab.run("nft 'table ip count { chain c { type filter hook prerouting priority -300; counter; }; }'")
    code, report = check(lab, URL, "--no-probe")
    assert (code, report["verdict"], report["code"]) == (3, "undetermined", None)
    assert "packets 0 " in lab.run("nft list chain ip count c").stdout


@pytest.mark.needs("nft", "setpriv")
def test_both_ends_join(lab: Lab) -> None:
    """The server's view with the client's code: the same end, another one, another port, a slip."""
    _filtered("input", "drop", "server")(lab)
    _, there = check(lab, URL, user="nobody")
    code, here = check(lab, "5000", "--heard", there["code"].lower().replace("-", " "), ns="server")
    assert code == 1 and here["findings"][0]["ref"] == "firewall-drops-port"
    assert here["heard"]["agrees"] is True and here["vantage"]["from"] == CLIENT
    lab.run("nft flush ruleset")
    code, here = check(lab, "5000", "--heard", there["code"], ns="server")
    assert code == 3 and here["heard"]["agrees"] is False
    assert "client-saw-otherwise" in [each["ref"] for each in here["findings"]]
    code, here = check(lab, "8000", "--heard", there["code"], ns="server")
    assert here["heard"]["agrees"] is False and "port 5000" in here["heard"]["means"]
    slip = there["code"][:-1] + ("0" if there["code"][-1] != "0" else "1")
    done = lab.wizard("check", "5000", "--heard", slip)
    assert done.returncode == 2 and "bad-code" in done.stderr and "group 4" in done.stderr


@pytest.mark.needs("nft", "setpriv")
def test_an_ordinary_user_on_the_server_learns_of_the_firewall_from_the_client(lab: Lab) -> None:
    """Rules are told to root only; an ICMP error from the server's own address, heard by the client, is as good."""
    _filtered("input", "reject", "server")(lab)
    code, _ = check(lab, "5000", "--from", CLIENT, ns="server", user="nobody")
    assert code == 3
    _, there = check(lab, URL, user="nobody")
    code, here = check(lab, "5000", "--heard", there["code"], ns="server", user="nobody")
    assert code == 1 and here["findings"][0]["ref"] == "firewall-rejects-port"
    assert here["client_sees"]["browser"] == "ERR_CONNECTION_REFUSED"


OWN_RULES = {
    "nft": "nft 'table inet own { chain out { type filter hook output priority 0; tcp dport 5000 reject; }; }'",
    "iptables": "iptables -A OUTPUT -p tcp --dport 5000 -j REJECT",
    "prohibit": f"ip route add prohibit {SERVER}/32",
    "metric": "ip route add unreachable 10.77.0.0/25 metric 7",
}


@pytest.mark.needs("nft", "iptables")
@pytest.mark.parametrize("kind", OWN_RULES)
def test_the_plan_for_this_side_lets_it_out_and_its_undo_brings_back(lab: Lab, kind: str) -> None:
    _serve(lab)
    lab.run(OWN_RULES[kind], "client")
    before = _own_state(lab)
    code, report = check(lab, URL)
    assert code == 1 and report["findings"][0]["ref"] in ("own-firewall-blocks-outgoing", "own-route-refuses")
    [plan] = report["plan"]
    for step in plan["steps"]:
        assert step["where"] == "here" and step["as"] == "root"
        lab.run(step["run"], "client")
    assert lab.curl(URL).ok
    assert check(lab, URL)[0] == 0
    for step in plan["undo"]:
        lab.run(step["run"], "client")
    assert not lab.curl(URL, max_time=2).ok
    assert _own_state(lab) == before


def _own_state(lab: Lab) -> str:
    """The client's rules and routes; iptables' counters and nft's handles left out."""
    return lab.run(
        "nft -s list ruleset; iptables-save -t filter | grep -v '^[#:]'; ip -4 route show table all", "client"
    ).stdout


@pytest.mark.needs("ufw", "nft")
def test_a_way_out_through_ufw(lab: Lab) -> None:
    """ufw's files are the server machine's, so here that machine is the one that connects."""
    script = lab.write("answers.py", ANSWERS)
    lab.spawn([sys.executable, "-ISE", str(script), "ok", "5000"], "client")
    lab.wait_for_port(5000, "client")
    lab.start_ufw("default deny outgoing")
    before = lab.snapshot()
    url = f"http://{CLIENT}:5000/"
    code, report = check(lab, url, ns="server")
    assert code == 1 and report["findings"][0]["ref"] == "own-firewall-blocks-outgoing"
    [plan] = report["plan"]
    assert [step["run"] for step in plan["steps"]] == [f"ufw prepend allow out to {CLIENT} port 5000 proto tcp"]
    for step in plan["steps"]:
        lab.run(step["run"])
    assert check(lab, url, ns="server")[0] == 0
    for step in plan["undo"]:
        lab.run(step["run"])
    assert lab.snapshot() == before
