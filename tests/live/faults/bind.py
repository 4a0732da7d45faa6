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


_UVICORN_RUN = (
    servers.ASGI_APP
    + """
if __name__ == "__main__":
    import uvicorn

    uvicorn.run("main:app", host="127.0.0.1", port=5000)
"""
)

_OWN_CLASS = """\
import http.server

http.server.HTTPServer(("localhost", 5000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""

_ON_SEVERAL_LINES = """
def main():
    app.run(
        port=5000,
        debug=False,
    )


main()
"""

# What only this process knows: a restart that forgets it brings nothing back.
_NEEDS_A_TOKEN = servers.FLASK_APP.replace("app = Flask", "import os\n\nTOKEN = os.environ['SHOP_TOKEN']\napp = Flask")

PORT_8000 = "http://10.77.0.1:8000/"


def _default(name: str, server: servers.Server, *behind: str) -> Fault:
    """Started without any option: on port 8000 of the loopback address."""
    return Fault(
        f"loopback-only-bind--default-{name}", ("loopback-only-bind",), *REFUSED, serve=(server.but(port=8000),),
        behind=behind, target=PORT_8000, url=PORT_8000,
    )  # fmt: skip


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
    _loopback("django-hosts-on-several-lines", servers.django(hosts='[\n    "localhost",\n    "shop.lan",\n]'),
              "host-header-refused"),
    _loopback("django-hosts-set", servers.django(hosts='["10.77.0.1"]')),
    _loopback("http-server", servers.http_server("127.0.0.1")),
    _loopback("http-server-localhost", servers.http_server("localhost")),
    _loopback("http-server-ipv6", servers.http_server("::1")),
    _loopback("node", servers.node('5000, "127.0.0.1"')),
    _loopback("node-options", servers.node('{ port: 5000, host: "localhost" }')),
    _loopback("flask-console-script",
              servers.flask_run().but(argv=(str(servers.BESIDE / "flask"), "run", "--no-reload"))),
    _loopback("flask-program-by-name", servers.flask_file().but(argv=("python", "app.py"))),
    _loopback("flask-debug-console-script",
              servers.flask_run().but(argv=(str(servers.BESIDE / "flask"), "--debug", "run", "-p", "5000"))),
    _loopback("flask-debug-without-reloader", servers.flask_file("debug=True, use_reloader=False")),
    _loopback("flask-call-on-several-lines", servers.flask_text(_ON_SEVERAL_LINES)),
    _loopback("flask-started-from-another-file",
              servers.flask_text("").but(argv=(servers.PYTHON, "run.py"), files={
                  "app.py": servers.FLASK_APP.format(arguments=""), "run.py": "from app import app\n\napp.run()\n"})),
    _loopback("flask-env-file-and-port", servers.flask_file("port=5000").but(env={"FLASK_ENV": "production"})),
    _loopback("gunicorn-console-script",
              servers.gunicorn().but(argv=(str(servers.BESIDE / "gunicorn"), "app:app", "-b", "localhost:5000"))),
    _loopback("gunicorn-config-file", servers.gunicorn("-c", "gunicorn.conf.py").but(files={
        "app.py": servers.FLASK_APP.format(arguments=""), "gunicorn.conf.py": 'bind = ["127.0.0.1:5000"]\nworkers = 2\n'})),
    _loopback("uvicorn-console-script",
              servers.uvicorn().but(argv=(str(servers.BESIDE / "uvicorn"), "main:app", "--port=5000"))),
    _loopback("uvicorn-run-in-source",
              servers.uvicorn().but(argv=(servers.PYTHON, "main.py"), files={"main.py": _UVICORN_RUN})),
    _loopback("http-server-class", servers.script("own.py", _OWN_CLASS), plan=Plan.EITHER),
    _loopback("node-several-lines", servers.node('5000,\n  "localhost",\n  () => console.log("up")\n')),
    _default("flask-8000", servers.flask_run("-p", "8000")),
    _default("gunicorn", servers.gunicorn()),
    _default("uvicorn", servers.uvicorn().but(argv=(servers.PYTHON, "-m", "uvicorn", "main:app"))),
    _default("django", servers.django().but(argv=(servers.PYTHON, "manage.py", "runserver")), "host-header-refused"),
    Fault(
        "loopback-only-bind--servers-own-line", ("loopback-only-bind", "loopback-address-in-url"), *REFUSED,
        serve=(servers.flask_run(),), target=" * Running on http://127.0.0.1:5000", plan=Plan.RUNS,
        verdicts=("blocked", "reachable"),
    ),
    Fault(
        "loopback-only-bind--with-symptom", ("loopback-only-bind",), *REFUSED, serve=(servers.flask_run(),),
        options=("--from", "10.77.0.2", "--symptom", "ERR_CONNECTION_REFUSED"),
    ),
    Fault(
        "loopback-only-bind--hostile-names", ("loopback-only-bind",), *REFUSED,
        serve=(
            servers.http_server("127.0.0.1").but(
                argv=(servers.PYTHON, "-m", "http.server", "5000", "-b", "127.0.0.1", "-d",
                      "[red]$(touch pwned)`id`;\x1b[2J"),
                files={"[red]$(touch pwned)`id`;\x1b[2J/index.html": "hello from the lab\n"},
            ),
        ),
    ),
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
    _loopback(
        "with-an-environment",
        servers.flask_run().but(
            files={"app.py": _NEEDS_A_TOKEN.format(arguments="")}, env={"SHOP_TOKEN": "of two words\nand lines", "EMPTY": ""}
        ),
    ),
    Fault(
        "bind-address-gone", ("bind-address-gone",), *REFUSED,
        before="ip addr add 10.77.0.9/24 dev veth-s", serve=(servers.http_server("10.77.0.9"),),
        after="ip addr del 10.77.0.9/24 dev veth-s", undo=False,
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
