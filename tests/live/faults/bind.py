"""The program listens, but not where the packet arrives."""

from __future__ import annotations

from tests.live.faults import servers
from tests.live.faults.entry import PAGE6, Fault, Plan
from tests.live.lab import CLIENT6, Lab

REFUSED = (7, "ECONNREFUSED")
SECOND_LINK = "ip link add lan1 type bridge; ip addr add 10.99.0.1/24 dev lan1; ip link set lan1 up"


def _loopback(name: str, server: servers.Server, *behind: str, plan: Plan = Plan.RUNS) -> Fault:
    return Fault(
        f"loopback-only-bind--{name}", ("loopback-only-bind",), *REFUSED, serve=(server,), behind=behind, plan=plan
    )


def _as_nobody(server: servers.Server) -> servers.Server:
    return server.but(argv=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *server.argv))


def _other_namespace(lab: Lab) -> None:
    lab.run("ip netns add box; ip -n box link set lo up")
    servers.plain().but(ns="box").start(lab)


FAULTS = (
    _loopback("flask-run", servers.flask_run()),
    _loopback("flask-run-port-8080", servers.flask_run("--port", "5000", "--host", "localhost")),
    _loopback("flask-run-debug", servers.flask_run(debug=True)),
    _loopback("flask-app-run", servers.flask_file()),
    _loopback("flask-app-run-debug", servers.flask_file("debug=True")),
    _loopback("flask-app-run-host", servers.flask_file('host="127.0.0.1", port=5000')),
    _loopback("flask-env-debug", servers.flask_run().but(env={"FLASK_DEBUG": "1"})),
    _loopback("flask-env-host", servers.flask_run().but(env={"FLASK_RUN_HOST": "127.0.0.1"})),
    _loopback("gunicorn", servers.gunicorn("-b", "127.0.0.1:5000")),
    _loopback("gunicorn-long-option", servers.gunicorn("--bind=127.0.0.1:5000", "--workers", "2")),
    _loopback("gunicorn-env", servers.gunicorn().but(env={"GUNICORN_CMD_ARGS": "--bind=127.0.0.1:5000"})),
    _loopback("uvicorn", servers.uvicorn()),
    _loopback("uvicorn-host", servers.uvicorn("--host", "127.0.0.1")),
    _loopback("uvicorn-reload", servers.uvicorn("--reload")),
    _loopback("django", servers.django(), "host-header-refused"),
    _loopback("django-noreload", servers.django("5000", "--noreload"), "host-header-refused"),
    _loopback("django-hosts-set", servers.django(hosts='["10.77.0.1"]')),
    _loopback("http-server", servers.http_server("127.0.0.1")),
    _loopback("http-server-localhost", servers.http_server("localhost")),
    _loopback("http-server-ipv6", servers.http_server("::1")),
    _loopback("node", servers.node('5000, "127.0.0.1"')),
    _loopback("node-options", servers.node('{ port: 5000, host: "localhost" }')),
    _loopback("unknown-program", servers.plain("--host", "127.0.0.1"), plan=Plan.EITHER),
    Fault(
        "loopback-only-bind--path-with-blanks", ("loopback-only-bind",), *REFUSED,
        serve=(
            servers.http_server("127.0.0.1").but(
                argv=(servers.PYTHON, "-m", "http.server", "5000", "--bind", "127.0.0.1", "--directory", "my $files & 'co"),
                files={"my $files & 'co/index.html": "hello from the lab\n"},
            ),
        ),
    ),
    Fault(
        "loopback-only-bind--only-the-port-is-given", ("loopback-only-bind",), *REFUSED,
        serve=(servers.flask_run(),), target=":5000", options=(),
    ),
    Fault(
        "loopback-only-bind--browser-words", ("loopback-only-bind",), *REFUSED, serve=(servers.uvicorn(),),
        target="10.77.0.1 refused to connect. ERR_CONNECTION_REFUSED", options=("--port", "5000", "--from", "10.77.0.2"),
    ),
    Fault(
        "bound-to-another-address--http-server", ("bound-to-another-address",), *REFUSED,
        before=SECOND_LINK,
        serve=(servers.http_server("10.99.0.1"),),
    ),
    Fault(
        "bound-to-another-address--gunicorn", ("bound-to-another-address",), *REFUSED,
        before=SECOND_LINK,
        serve=(servers.gunicorn("-b", "10.99.0.1:5000"),),
    ),
    Fault(
        "bind-address-gone", ("bind-address-gone",), *REFUSED,
        before="ip addr add 10.77.0.9/24 dev veth-s", serve=(servers.http_server("10.77.0.9"),),
        after="ip addr del 10.77.0.9/24 dev veth-s",
    ),
    Fault("ipv6-only-bind--uvicorn", ("ipv6-only-bind",), *REFUSED, serve=(servers.uvicorn("--host", "::"),)),
    Fault(
        "ipv6-only-bind--sysctl", ("ipv6-only-bind",), *REFUSED,
        before="sysctl -qw net.ipv6.bindv6only=1", serve=(servers.gunicorn("-b", "[::]:5000"),),
    ),
    Fault(
        "ipv4-only-bind--http-server", ("ipv4-only-bind",), *REFUSED, serve=(servers.EVERYWHERE,),
        target=PAGE6, url=PAGE6, options=("--from", CLIENT6), plan=Plan.RUNS,
    ),
    Fault(
        "ipv4-only-bind--gunicorn", ("ipv4-only-bind",), *REFUSED, serve=(servers.gunicorn("-b", "0.0.0.0:5000"),),
        target=PAGE6, url=PAGE6, options=("--from", CLIENT6), plan=Plan.RUNS,
    ),
    Fault(
        "other-network-namespace", ("other-network-namespace",), *REFUSED, build=_other_namespace, plan=Plan.EITHER,
    ),
    Fault(
        "bound-to-one-device--lo", ("bound-to-one-device",), *REFUSED, serve=(servers.plain("--device", "lo"),),
        plan=Plan.EITHER,
    ),
    Fault(
        "bound-to-one-device--second-link", ("bound-to-one-device",), *REFUSED,
        before=SECOND_LINK,
        serve=(servers.plain("--device", "lan1"),), plan=Plan.EITHER,
    ),
    Fault(
        "privileged-port", ("privileged-port",), *REFUSED, target="http://10.77.0.1:80/", url="http://10.77.0.1:80/",
        serve=(_as_nobody(servers.plain("--port", "80", "--keep-trying", python=servers.SYSTEM_PYTHON)).but(port=0),),
        after="sleep 0.5", plan=Plan.EITHER, needs=("/usr/bin/python3", "setpriv"),
    ),
)  # fmt: skip
