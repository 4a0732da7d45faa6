"""Rebinding, word for word against real servers: refused before, a page after, no debugger, and bound as before by the undo.

Each case starts a server as a person does, bound to this machine only. The facts are read the way `wizard check` reads
them, the plan piece is written from them alone, and then its very lines are run.
"""

from __future__ import annotations

import base64
import pickle
import re
import sys
import time
from ipaddress import ip_address
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.live.faults import servers
from tests.live.faults.servers import PYTHON, Server
from tests.live.lab import PROJECT, SERVER, SERVER6, Lab, LabError
from wizard.fixes.rebind import accept_host, debugger_state, rebind, source_files_wanted
from wizard.fixes.written import Written
from wizard.knowledge.debugger import DebuggerState
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Listener
from wizard.model.remedy import AcceptHostHeader, Do, Edit, Instruction, Rebind, Run
from wizard.parse import assemble
from wizard.present import quoting

_GATHER = """
import base64, pickle, sys
from wizard.collect.live import LiveSource
from wizard.collect.probes_linux import PROBES
sys.stdout.write(base64.b64encode(pickle.dumps(LiveSource().gather(PROBES))).decode())
"""
PORT = 5000

FLASK_THAT_FAILS = """\
from flask import Flask

app = Flask(__name__)


@app.get("/")
def page():
    return "hello from the lab"


@app.get("/fails")
def fails():
    raise RuntimeError("secret of the source")


if __name__ == "__main__":
    app.run({arguments})
"""
CRLF_AND_TABS = "from flask import Flask\r\napp = Flask(__name__)\r\n@app.get('/')\r\ndef page():\r\n\treturn 'hello'\r\n" \
    "if __name__ == '__main__':\r\n\tapp.run(\r\n\t\tport=5000,  # the port – fünf\r\n\t\tdebug=True,\r\n\t)\r\n"  # fmt: skip
CONSTANT_HOST = """\
from flask import Flask

HOST = "127.0.0.1"
app = Flask(__name__)


@app.get("/")
def page():
    return "hello " + HOST


app.run(host=HOST, port=5000)
"""
FROM_ENVIRONMENT = """\
import os
from flask import Flask

app = Flask(__name__)


@app.get("/")
def page():
    return "hello"


app.run(host=os.environ.get("HOST", "127.0.0.1"), port=int(os.getenv("PORT", "5000")), debug=True)
"""
UVICORN_RUN = """\
import uvicorn
from main import app

if __name__ == "__main__":
    uvicorn.run("main:app", host="127.0.0.1", port=5000, reload=True)
"""
HTTP_SERVER_CLASS = """\
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")


ThreadingHTTPServer(("127.0.0.1", 5000), Page).serve_forever()
"""
WAITRESS_CALL = """\
from waitress import serve
from app import app

serve(app, host="127.0.0.1", port=5000)
"""
WRAPPED = """\
from flask import Flask
from werkzeug.debug import DebuggedApplication

app = Flask(__name__)
app.wsgi_app = DebuggedApplication(app.wsgi_app, evalex=True)
"""
RUN_SIMPLE = """\
from werkzeug.serving import run_simple
from app import app

run_simple("localhost", 5000, app, use_debugger=True, use_reloader=True)
"""
GUNICORN_CONFIG = 'workers = 2\nbind = ["127.0.0.1:5000", "unix:lab.sock"]\n'


class Case(Struct, frozen=True):
    """A server, the address to bind, the client's URL, and the line by which the plan starts it again (a piece of it)."""

    name: str
    server: Server
    starts: str
    to: str = "0.0.0.0"
    host: str = SERVER
    edits: int = 0


def flask_file(arguments: str) -> Server:
    return Server(
        (PYTHON, "app.py"), PORT, {"app.py": FLASK_THAT_FAILS.format(arguments=arguments)}, needs=("module:flask",)
    )


def script(text: str, *needs: str, **env: str) -> Server:
    files = {"serve.py": text, "app.py": FLASK_THAT_FAILS.format(arguments=""), "main.py": servers.ASGI_APP}
    return Server((PYTHON, "serve.py"), PORT, files, env, needs=needs)


def console(name: str, *words: str, **env: str) -> Server:
    """The console script beside this Python, as a shebang runs it."""
    files = {"app.py": FLASK_THAT_FAILS.format(arguments=""), "main.py": servers.ASGI_APP}
    return Server(
        (str(Path(PYTHON).parent / name), *words), PORT, files, env, needs=(f"module:{name.partition('-')[0]}",)
    )


def script_js(first: str, arguments: str) -> Server:
    return servers.node().but(files={"server.js": f"{first}\n{servers.NODE_APP.format(arguments=arguments)}"})


CASES = (
    Case("flask-run", servers.flask_run(), "-m flask --app app run --host 0.0.0.0 --no-debugger"),
    Case("flask-console-script", console("flask", "run"), "flask run --host 0.0.0.0 --no-debugger"),
    Case("flask-debug", servers.flask_run(debug=True), "--app app run --no-debug --host 0.0.0.0 --no-debugger"),
    Case("flask-debug-before-run", console("flask", "--debug", "run", "-h", "localhost"), "--no-debug run -h 0.0.0.0"),
    Case("flask-debug-variable", console("flask", "run", FLASK_DEBUG="1"), "FLASK_DEBUG=0 "),
    Case("flask-host-variable", console("flask", "run", FLASK_RUN_HOST="127.0.0.1"), "FLASK_RUN_HOST=0.0.0.0"),
    Case("flask-debugger-option", console("flask", "run", "--debugger", "--reload"), "--no-debugger --reload"),
    Case("flask-dotenv", console("flask", "run").but(
        files={"app.py": FLASK_THAT_FAILS, ".flaskenv": "FLASK_DEBUG=1\n"}), "FLASK_DEBUG=0 "),
    Case("flask-dual-stack", servers.flask_run(), "--host ::", "::", f"[{SERVER6}]"),
    Case("flask-one-address", servers.flask_run(), f"--host {SERVER}", SERVER),
    Case("app-run", flask_file(""), "app.py", edits=1),
    Case("app-run-debug", flask_file("debug=True"), "app.py", edits=1),
    Case("app-run-debug-variable", flask_file("").but(env={"FLASK_DEBUG": "1"}), "app.py", edits=1),
    Case("app-run-use-debugger", flask_file("use_debugger=True, use_reloader=True"), "app.py", edits=1),
    Case("app-run-positional", flask_file("'127.0.0.1', 5000, True"), "app.py", edits=1),
    Case("app-run-crlf", Server((PYTHON, "app.py"), PORT, {"app.py": CRLF_AND_TABS}, needs=("module:flask",)), "app.py",
         edits=2),
    Case("app-run-constant", Server((PYTHON, "app.py"), PORT, {"app.py": CONSTANT_HOST}), "app.py", edits=1),
    Case("app-run-environment", script(FROM_ENVIRONMENT, "module:flask"), "HOST=0.0.0.0", edits=1),
    Case("app-run-environment-set", script(FROM_ENVIRONMENT, "module:flask", HOST="localhost"), "HOST=0.0.0.0", edits=1),
    Case("run-simple", script(RUN_SIMPLE, "module:werkzeug"), "serve.py", edits=1),
    Case("gunicorn-default-port", servers.gunicorn("-b", "localhost:5000", "-w", "2"), "-b 0.0.0.0:5000 -w 2"),
    Case("gunicorn-console-script", console("gunicorn", "--bind=127.0.0.1:5000", "app:app"), "--bind=0.0.0.0:5000"),
    Case("gunicorn-two-binds", console("gunicorn", "-b127.0.0.1:5000", "-b", "127.0.0.1:5007", "app:app"),
         "-b0.0.0.0:5000 -b 127.0.0.1:5007"),
    Case("gunicorn-variable", servers.gunicorn().but(env={"GUNICORN_CMD_ARGS": "-w 2 --bind 127.0.0.1:5000"}),
         "-w 2 --bind 0.0.0.0:5000'"),
    Case("gunicorn-config", console("gunicorn", "app:app").but(files={
        "app.py": FLASK_THAT_FAILS.format(arguments=""), "gunicorn.conf.py": GUNICORN_CONFIG}), "gunicorn app:app", edits=1),
    Case("gunicorn-dual-stack", servers.gunicorn("-b", "127.0.0.1:5000"), "-b '[::]:5000'", "::", f"[{SERVER6}]"),
    Case("uvicorn", servers.uvicorn(), "--host 0.0.0.0"),
    Case("uvicorn-console-script", console("uvicorn", "main:app", "--port=5000", "--host=127.0.0.1"), "--host=0.0.0.0"),
    Case("uvicorn-reload", servers.uvicorn("--reload"), "--reload --host 0.0.0.0"),
    Case("uvicorn-workers", servers.uvicorn("--workers", "2"), "--workers 2 --host 0.0.0.0"),
    Case("uvicorn-variable", servers.uvicorn().but(env={"UVICORN_HOST": "127.0.0.1"}), "UVICORN_HOST=0.0.0.0"),
    Case("uvicorn-run", script(UVICORN_RUN, "module:uvicorn"), "serve.py", edits=1),
    Case("django", servers.django(), "runserver 0.0.0.0:5000", edits=1),
    Case("django-noreload", servers.django("5000", "--noreload"), "runserver 0.0.0.0:5000 --noreload", edits=1),
    Case("django-hosts-set", servers.django(hosts="['localhost']"), "runserver 0.0.0.0:5000", edits=1),
    Case("django-hosts-computed", servers.django(hosts="'localhost'.split()"), "runserver 0.0.0.0:5000", edits=1),
    Case("http-server", servers.http_server("127.0.0.1"), "http.server 5000 --bind 0.0.0.0"),
    Case("http-server-class", script(HTTP_SERVER_CLASS), "serve.py", edits=1),
    Case("waitress-call", script(WAITRESS_CALL, "module:waitress"), "serve.py", edits=1),
    Case("waitress", console("waitress-serve", "--listen=127.0.0.1:5000", "app:app"), "--listen=0.0.0.0:5000"),
    Case("waitress-host", console("waitress-serve", "--host=127.0.0.1", "--port=5000", "app:app"), "--host=0.0.0.0 --port="),
    Case("hypercorn", console("hypercorn", "-b", "127.0.0.1:5000", "main:app"), "-b 0.0.0.0:5000 main:app"),
    Case("own-argument", servers.plain("--host", "127.0.0.1"), "--host 0.0.0.0"),
    Case("node", servers.node('5000, "127.0.0.1"'), "node server.js", edits=1),
    Case("node-callback", servers.node("5000, 'localhost', () => 'at 127.0.0.1'"), "node server.js", edits=1),
    Case("node-options", servers.node('{ port: 5000, host: "localhost" }'), "node server.js", edits=1),
    Case("node-const", script_js('const PORT = 5000;', 'PORT, process.env.HOST || "127.0.0.1"'), "node server.js", edits=1),
)  # fmt: skip


def facts_of(lab: Lab) -> Facts:
    """What the wizard would know on the server machine, with the source files that a rebind wants."""
    done = lab.run([sys.executable, "-c", _GATHER], env={"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"})
    facts = assemble.facts(pickle.loads(base64.b64decode(done.stdout)), "linux", 1.0, True)
    for _ in range(3):  # what was read may name more
        wanted = [Path(path) for path in source_files_wanted(facts, listener(facts).owners[0].pid)]  # type: ignore[index]
        read = {str(path): path.read_bytes().decode() for path in wanted if path.is_file()}
        facts = replace(facts, sources={**facts.sources, **read})
    return facts


def listener(facts: Facts) -> Listener:
    assert not isinstance(facts.listeners, Unknown)
    return next(each for each in facts.listeners if each.port == PORT)


def listening(lab: Lab) -> list[str]:
    """The addresses that listen on the port, as `ss` writes them."""
    return sorted(line.split()[3] for line in lab.run(["ss", "-Hltn", f"sport = :{PORT}"]).stdout.splitlines())


def carry_out(lab: Lab, instructions: tuple[Instruction, ...]) -> list[str]:
    """Every line run as it would be pasted; the lines."""
    lines = []
    for each in instructions:
        if isinstance(each, Edit):
            path = Path(each.file)
            text = path.read_bytes().decode()
            pieces = re.split(r"(\r\n|\n)", text)
            assert pieces[2 * each.line - 2] == each.before, "the line is another one"
            pieces[2 * each.line - 2] = each.after
            path.write_bytes("".join(pieces).encode())
            lines.append(f"{each.file}:{each.line}")
        else:
            assert isinstance(each, Run), each
            lines.append(quoting.command(each))
            lab.spawn(lines[-1]) if each.background else lab.run(lines[-1], timeout=20)
    return lines


def written(facts: Facts, to: str) -> Written:
    owners = listener(facts).owners
    assert owners
    piece = rebind(Rebind(owners[0].pid, ip_address(to), PORT), facts)
    assert piece is not None
    return piece


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_opens_as_planned_and_comes_back(lab: Lab, case: Case, request: pytest.FixtureRequest) -> None:
    _skip_without(case.server.needs)
    case.server.start(lab)
    url = f"http://{case.host}:{PORT}/"
    before, files = listening(lab), _files(lab)
    assert lab.curl(url).code == 7
    facts = facts_of(lab)

    piece = written(facts, case.to)
    try:
        lines = carry_out(lab, piece.steps)
        answer = lab.wait_for_page(url)
        assert answer.ok, (answer, lines)
        assert case.starts in lines[-1]
        assert sum(isinstance(each, Edit) for each in piece.steps) == case.edits
        assert listening(lab)[0].rpartition(":")[0].strip("[]*") in {case.to, ""}
        _same_as_planned(lab, piece)
        _offers_no_debugger(lab, case.host)
        lines = carry_out(lab, piece.undo)
    except LabError as error:
        raise AssertionError(f"{error}\n" + "\n".join(p.output()[-1500:] for p in lab.processes)) from None
    lab.wait_for_port(PORT)
    assert listening(lab) == before
    assert _files(lab) == files
    page = f"http://localhost:{PORT}/"
    lab.wait_until(lambda: lab.curl(page, "server", max_time=2).ok, f"not back: {lines}")


def _same_as_planned(lab: Lab, piece: Written) -> None:
    """The facts that the plan promised are the facts that now hold."""
    now, promised = listener(facts_of(lab)), listener(piece.facts)
    assert (now.address, now.port, now.v6only) == (promised.address, promised.port, promised.v6only)


def _offers_no_debugger(lab: Lab, host: str) -> None:
    """Neither the console nor a traceback page with one, whatever the client asks."""
    for path in ("/console", "/fails", "/?__debugger__=yes&cmd=resource&f=debugger.js"):
        body = lab.curl(f"http://{host}:{PORT}{path}").body
        assert "EVALEX" not in body and "__debugger__" not in body and "secret of the source" not in body, path


@pytest.mark.parametrize("options", [(), ("--noreload",)], ids=["reloader", "noreload"])
def test_django_lets_one_more_name_in(lab: Lab, options: tuple[str, ...]) -> None:
    """The setting is edited where Django reloads itself, and it is started again where it does not."""
    _skip_without(("module:django",))
    servers.django(f"0.0.0.0:{PORT}", *options).start(lab)
    url = f"http://{SERVER}:{PORT}/"
    lab.wait_until(lambda: lab.curl(url).status == 400, "Django does not refuse the address")
    facts, files = facts_of(lab), _files(lab)
    owners = listener(facts).owners
    assert owners
    piece = accept_host(AcceptHostHeader(owners[0].pid, SERVER), facts)
    assert piece is not None
    if not options:
        time.sleep(1.5)  # the reloader looks at its files every second, and at first only to know them
    carry_out(lab, piece.steps)
    assert lab.wait_for_page(url).ok
    assert lab.curl(f"http://localhost:{PORT}/", "server").ok, "what worked before still does"
    carry_out(lab, piece.undo)
    lab.wait_until(lambda: lab.curl(url).status == 400, "the undo does not bring the refusal back")
    assert _files(lab) == files


def test_the_debugger_is_there_before(lab: Lab) -> None:
    """What the tests above look for is really what a debug server shows (the check can fail)."""
    flask_file("debug=True").start(lab)
    assert "EVALEX" in lab.curl(f"http://127.0.0.1:{PORT}/console", "server").body
    facts = facts_of(lab)
    assert not isinstance(facts.processes, Unknown)
    owners = listener(facts).owners
    assert owners
    assert debugger_state(facts.processes[owners[0].pid], facts).state is DebuggerState.ON


@pytest.mark.parametrize(
    "server",
    [
        console("flask", "run").but(files={"app.py": WRAPPED}),
        console("gunicorn", "-b", "127.0.0.1:5000", "app:app").but(files={"app.py": WRAPPED}),
        flask_file("**{'debug': True}"),
    ],
    ids=["flask-wrapped", "gunicorn-wrapped", "unpacked-options"],
)
def test_a_debugger_that_cannot_be_shown_to_be_off_is_not_bound(lab: Lab, server: Server) -> None:
    _skip_without(server.needs)
    server.start(lab)
    facts = facts_of(lab)
    piece = written(facts, "0.0.0.0")
    assert [type(each) for each in piece.steps] == [Do]
    assert "debugger" in piece.steps[0].text  # type: ignore[union-attr]
    assert piece.facts == facts and piece.undo == ()


def _files(lab: Lab) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in lab.folder.rglob("*") if path.suffix in {".py", ".js", ".env"}}


def _skip_without(needs: tuple[str, ...]) -> None:
    from tests.live.conftest import skip_without

    skip_without(*needs)
