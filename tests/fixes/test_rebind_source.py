"""Server calls in source files, edited line by line: what the line says afterwards, and what is left alone."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tests.build import facts, listener, process
from wizard.fixes.commandline import Binding
from wizard.fixes.edits import applied, reversed_edits
from wizard.fixes.node_source import rebind_edits as node_edits
from wizard.fixes.rebind import debugger_state, rebind
from wizard.fixes.written import Written
from wizard.knowledge.debugger import DebuggerState
from wizard.model.facts import Facts, Owner
from wizard.model.remedy import Do, Edit, Rebind, Run

PID = 4242
FLASK = "from flask import Flask\napp = Flask(__name__)\n"


def running(text: str, environment: dict[str, str] | None = None, port: int = 5000, reloads: bool = False) -> Facts:
    """`python app.py` with that source, listening on 127.0.0.1:`port`."""
    argv = ("/venv/bin/python", "app.py")
    processes = {PID: process(argv=argv, cwd="/srv", environment=environment or {})}
    if reloads:
        processes[4243] = process(
            pid=4243, parent=PID, argv=argv, cwd="/srv", environment={"WERKZEUG_RUN_MAIN": "true"}
        )
    door = listener("127.0.0.1", port, owners=(Owner("python", PID),))
    return facts(processes=processes, listeners=(door,), sources={"/srv/app.py": text})


def moved(
    text: str, environment: dict[str, str] | None = None, to: str = "0.0.0.0", move_to: int | None = None
) -> Written:
    piece = rebind(Rebind(PID, ip_address(to), 5000, move_to), running(text, environment))
    assert piece is not None
    return piece


def edited(piece: Written, text: str) -> str:
    """The text after the plan's edits; going back gives the text before."""
    changes = tuple(each for each in piece.steps if isinstance(each, Edit))
    after = applied(text, changes)
    assert piece.facts.sources["/srv/app.py"] == after
    undone = tuple(each for each in piece.undo if isinstance(each, Edit))
    assert undone == reversed_edits(changes) and applied(after, undone) == text
    return after


LAST_LINES = [
    ("app.run()", 'app.run(host="0.0.0.0", debug=False)'),
    ("app.run(debug=True)", 'app.run(host="0.0.0.0", debug=False)'),
    ("app.run(port=5000)", 'app.run(host="0.0.0.0", port=5000, debug=False)'),
    ("app.run(host='127.0.0.1', debug = True)  # für uns", "app.run(host='0.0.0.0', debug = False)  # für uns"),
    ('app.run("localhost", 5000, True)', 'app.run("0.0.0.0", 5000, False)'),
    ("app.run(None, 5000)", 'app.run("0.0.0.0", 5000, debug=False)'),
    ("app.run(debug=(True))", 'app.run(host="0.0.0.0", debug=(False))'),
    ("app.run(threaded=(True))", 'app.run(host="0.0.0.0", threaded=(True), debug=False)'),
    ("app.run(use_debugger=True)", 'app.run(host="0.0.0.0", use_debugger=False, debug=False)'),
    ("app.run(debug=False)", 'app.run(host="0.0.0.0", debug=False)'),
    ("if 1: app.run(); print('ü')", 'if 1: app.run(host=\'0.0.0.0\', debug=False); print(\'ü\')'),
    ("Flask('ünï').run(port=5000)", "Flask('ünï').run(host='0.0.0.0', port=5000, debug=False)"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), LAST_LINES, ids=[row[0] for row in LAST_LINES])
def test_flask_run_in_the_source(before: str, after: str) -> None:
    piece = moved(FLASK + before + "\n")
    assert edited(piece, FLASK + before + "\n") == FLASK + after + "\n"
    edit = next(each for each in piece.steps if isinstance(each, Edit))
    assert (edit.file, edit.line, edit.before, edit.after) == ("/srv/app.py", 3, before, after)


def test_a_call_over_several_lines_changes_only_the_lines_that_must() -> None:
    text = FLASK + "app.run(\r\n\tport=5000,  # fünf\r\n\tdebug=True,\r\n)\r\n"
    assert edited(moved(text), text) == FLASK + (
        'app.run(\r\n\thost="0.0.0.0", port=5000,  # fünf\r\n\tdebug=False,\r\n)\r\n'
    )


def test_an_empty_call_over_two_lines() -> None:
    text = FLASK + "app.run(\n)\n"
    assert edited(moved(text), text) == FLASK + 'app.run(\nhost="0.0.0.0", debug=False)\n'


OTHERS = [
    ("import uvicorn\nuvicorn.run('m:app', port=5000)", "uvicorn.run('m:app', host='0.0.0.0', port=5000)"),
    ("import uvicorn\nuvicorn.run(app, host='127.0.0.1', port=5000)", "uvicorn.run(app, host='0.0.0.0', port=5000)"),
    ("from http.server import HTTPServer as H\nH(('127.0.0.1', 5000), X)", "H(('0.0.0.0', 5000), X)"),
    ("from waitress import serve\nserve(app, listen=1, host='localhost', port=5000)",
     "serve(app, listen=1, host='0.0.0.0', port=5000)"),
    ("from bottle import run\nrun(port=5000)", 'run(host="0.0.0.0", port=5000)'),
    ("import gradio as gr\ndemo = gr.Blocks()\ndemo.launch(server_port=5000)",
     'demo.launch(server_name="0.0.0.0", server_port=5000)'),
    ("from flask_socketio import SocketIO\nsocketio = SocketIO(app)\nsocketio.run(app)",
     'socketio.run(app, host="0.0.0.0", debug=False)'),
    ("import dash\napp = dash.Dash()\napp.run(debug=True, port=5000)",
     'app.run(host="0.0.0.0", debug=False, port=5000)'),
    ("from shop import create_app\ncreate_app().run(debug=True)", 'create_app().run(host="0.0.0.0", debug=False)'),
    ("from werkzeug.serving import run_simple\nrun_simple('localhost', 5000, app, use_debugger=True)",
     "run_simple('0.0.0.0', 5000, app, use_debugger=False)"),
    ("import tornado.web\napp = tornado.web.Application()\napp.listen(5000, '127.0.0.1')",
     "app.listen(5000, '0.0.0.0')"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "last"), OTHERS, ids=[row[1] for row in OTHERS])
def test_other_servers_in_the_source(text: str, last: str) -> None:
    assert edited(moved(text), text).splitlines()[-1] == last


def test_a_constant_is_left_to_its_other_readers() -> None:
    text = FLASK + 'HOST = "127.0.0.1"\nprint(HOST)\napp.run(host=HOST)\n'
    assert edited(moved(text), text).splitlines()[2:] == [
        'HOST = "127.0.0.1"', "print(HOST)", 'app.run(host="0.0.0.0", debug=False)',
    ]  # fmt: skip


def test_the_pair_of_a_constant_is_edited_where_it_stands() -> None:
    text = "import socketserver\nWHERE = ('localhost', 5000)\nsocketserver.TCPServer(WHERE, Handler)\n"
    assert edited(moved(text), text).splitlines()[1] == "WHERE = ('0.0.0.0', 5000)"


def test_a_variable_is_set_rather_than_the_source_edited() -> None:
    text = FLASK + "import os\napp.run(host=os.getenv('HOST', '::1'), port=int(os.environ['PORT']), debug=False)\n"
    piece = moved(text, {"PORT": "5000"})
    last = piece.steps[-1]
    assert isinstance(last, Run) and last.environment == (("PORT", "5000"), ("HOST", "0.0.0.0"))
    assert not any(isinstance(each, Edit) for each in piece.steps)


def test_a_call_for_another_port_is_left_alone() -> None:
    text = FLASK + "def other():\n    app.run(port=9000)\n\napp.run(port=5000)\n"
    assert edited(moved(text), text).splitlines()[3] == "    app.run(port=9000)"


def test_moves_the_port_in_the_source() -> None:
    text = FLASK + "app.run(port=5000)\n"
    assert edited(moved(text, move_to=5001), text).splitlines()[-1] == 'app.run(host="0.0.0.0", port=5001, debug=False)'
    text = FLASK + "app.run()\n"
    assert "port=5001" in edited(moved(text, move_to=5001), text)


@pytest.mark.parametrize(
    "text",
    [
        FLASK + "options = {'debug': True}\napp.run(**options)\n",
        FLASK + "from werkzeug.debug import DebuggedApplication\nDebuggedApplication(app)\napp.run()\n",
        "import something_else\nsomething_else.start()\n",
        "this is no Python(\n",
    ],
)  # fmt: skip
def test_what_may_keep_its_debugger_is_not_bound(text: str) -> None:
    known = running(text)
    piece = rebind(Rebind(PID, ip_address("0.0.0.0"), 5000), known)
    assert piece is not None
    assert [type(each) for each in piece.steps] == [Do] and piece.facts == known


STATES = [
    ("app.run()", {}, False, "off"),
    ("app.run(debug=True)", {}, True, "on"),
    ("app.run(debug=True)", {"FLASK_DEBUG": "0"}, False, "on"),
    ("app.run(debug=False)", {"FLASK_DEBUG": "1"}, False, "off"),
    ("app.run(debug=False, use_debugger=True)", {}, False, "on"),
    ("app.run()", {"FLASK_DEBUG": "1"}, True, "on"),
    ("app.run()", {"FLASK_DEBUG": "no"}, False, "off"),
    ("app.run()", {"FLASK_ENV": "development"}, True, "on"),
    ("app.run()", {}, True, "on"),
    ("app.run(use_reloader=False)", {}, False, "unknown"),
    ("app.run(use_reloader=True)", {}, True, "on"),
    ("app.debug = True\napp.run()", {}, False, "on"),
    ("app.config['DEBUG'] = True\napp.run()", {}, False, "on"),
    ("app.config.update(DEBUG=True)\napp.run()", {}, False, "on"),
    ("app.config.update(DEBUG=False)\napp.run()", {}, False, "off"),
    ("import os\napp.run(debug=os.getenv('X'))", {}, False, "unknown"),
    ("app.run(debug=settings.DEBUG)", {}, False, "unknown"),
    ("app.run(debug=None)", {"FLASK_DEBUG": "1"}, True, "on"),
]


@pytest.mark.parametrize(("text", "environment", "reloads", "state"), STATES)
def test_the_debugger_of_a_script(text: str, environment: dict[str, str], reloads: bool, state: str) -> None:
    known = running(FLASK + text + "\n", environment, reloads=reloads)
    assert isinstance(known.processes, dict)
    found = debugger_state(known.processes[PID], known)
    assert found.state is DebuggerState(state), found
    assert found.why and (found.evidence or state == "unknown")


@pytest.mark.parametrize(
    ("line", "environment", "state"),
    [
        ("flask run", {}, "off"),
        ("flask run --debug", {}, "on"),
        ("flask --debug run", {}, "on"),
        ("flask --debug run --no-debug", {}, "off"),
        ("flask run --debug --no-debugger", {}, "off"),
        ("flask run --debugger", {}, "on"),
        ("flask run", {"FLASK_DEBUG": "true"}, "on"),
        ("flask run --no-reload", {}, "unknown"),
        ("flask run", None, "unknown"),
        ("gunicorn app:app", {"FLASK_DEBUG": "1"}, "off"),
        ("gunicorn: master [app:app]", {}, "off"),
        ("python manage.py runserver", {}, "off"),
        ("python manage.py runserver_plus", {}, "on"),
        ("node server.js", {}, "off"),
        ("python -m http.server", {}, "off"),
        ("python -m somebody.s.package", {}, "unknown"),
    ],
)
def test_the_debugger_of_a_command(line: str, environment: dict[str, str] | None, state: str) -> None:
    argv = (line,) if ": master" in line else tuple(line.split())
    one = process(argv=argv, environment=environment)
    assert debugger_state(one, facts(processes={PID: one})).state is DebuggerState(state)


def test_a_dotenv_file_tells() -> None:
    one = process(argv=("flask", "run", "--no-reload"), cwd="/srv", environment={})
    known = facts(processes={PID: one}, sources={"/srv/.flaskenv": "export FLASK_DEBUG='1'\n"})
    assert debugger_state(one, known).state is DebuggerState.ON


NODE = [
    ("server.listen(3000, '127.0.0.1')", "server.listen(3000, '0.0.0.0')"),
    ("server.listen(3000)", 'server.listen(3000, "0.0.0.0")'),
    ("server.listen(3000, () => log('localhost'))", "server.listen(3000, '0.0.0.0', () => log('localhost'))"),
    ('app.listen(PORT, HOST, ready) // HOST, "x"', 'app.listen(PORT, "0.0.0.0", ready) // HOST, "x"'),
    ("app.listen({ port: 3000, host: 'localhost' })", "app.listen({ port: 3000, host: '0.0.0.0' })"),
    ("app.listen({ port: 3000, host: env.HOST || f(1, 2) }, cb)", 'app.listen({ port: 3000, host: "0.0.0.0" }, cb)'),
    ("app.listen({ port: 3000 })", 'app.listen({ host: "0.0.0.0", port: 3000 })'),
    ("http.createServer((q, r) => r.end('x')).listen(3000, 'localhost')",
     "http.createServer((q, r) => r.end('x')).listen(3000, '0.0.0.0')"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), NODE, ids=[row[0] for row in NODE])
def test_node_listen(before: str, after: str) -> None:
    binding = Binding(ip_address("127.0.0.1"), 3000, ip_address("0.0.0.0"), 3000)
    text = f"// server.listen(3000)\n{before};\n"
    changes = node_edits("/srv/server.js", text, binding)
    assert changes is not None
    assert applied(text, changes) == f"// server.listen(3000)\n{after};\n"


@pytest.mark.parametrize(
    "text",
    [
        "a.listen(3000, 'localhost'); b.listen(3000, 'localhost')",
        "a.listen(9000, 'localhost')",
        "a.listen(3000, '10.0.0.7')",
        "a.listen('/run/app.sock')",
        "a.listen({ ...options })",
        "a.listen(3000, 'localhost'",
        "// a.listen(3000, 'localhost')",
        "const text = `a.listen(3000, 'localhost')`",
        "",
    ],
)
def test_node_that_is_less_plain_is_left_to_a_person(text: str) -> None:
    binding = Binding(ip_address("127.0.0.1"), 3000, ip_address("0.0.0.0"), 3000)
    assert not node_edits("/srv/server.js", text, binding)
