"""Command lines rewritten so that they listen elsewhere: the word that decides is replaced, the rest stays."""

from __future__ import annotations

import shlex
from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from tests.build import facts, interface, listener, process
from wizard.fixes.rebind import rebind
from wizard.fixes.written import Written
from wizard.model.facts import Facts, Listener, Owner, Process
from wizard.model.remedy import Do, Rebind, Run

PID = 4242


def machine(line: str, environment: str = "", at: str = "127.0.0.1", port: int = 8000, **changes: object) -> Facts:
    """A machine on which `line` runs and listens at `at`:`port`."""
    variables = dict(word.split("=", 1) for word in shlex.split(environment))
    one = process(argv=shlex.split(line), cwd="/srv/site", environment=variables, user="alex", **changes)
    door = listener(at, port, owners=(Owner("server", PID),))
    return facts(processes={PID: one}, listeners=(door,), interfaces=(interface("eth0", "192.168.1.5/24"),))


def moved(known: Facts, to: str = "0.0.0.0", port: int = 8000, move_to: int | None = None) -> Written:
    piece = rebind(Rebind(PID, ip_address(to), port, move_to), known)
    assert piece is not None
    return piece


def again(piece: Written) -> str:
    """The line that starts it again, as words and variables."""
    last = piece.steps[-1]
    assert isinstance(last, Run) and last.background and last.cwd == "/srv/site", piece.steps
    return " ".join([*(f"{name}={value}" for name, value in last.environment), *last.argv])


PY = "/venv/bin/python3"
REWRITTEN = [
    # flask: the last option wins, then the variable, then the default; the debugger never comes along
    ("flask run", "", "FLASK_DEBUG=0 flask run --host 0.0.0.0 --no-debugger"),
    (f"{PY} /venv/bin/flask run -p 8000", "", f"FLASK_DEBUG=0 {PY} /venv/bin/flask run -p 8000 --host 0.0.0.0 --no-debugger"),
    ("flask run --host=127.0.0.1", "", "FLASK_DEBUG=0 flask run --host=0.0.0.0 --no-debugger"),
    ("flask run -h127.0.0.1", "", "FLASK_DEBUG=0 flask run -h0.0.0.0 --no-debugger"),
    ("flask run -h ::1 -h localhost", "", "FLASK_DEBUG=0 flask run -h ::1 -h 0.0.0.0 --no-debugger"),
    ("flask --app run run", "", "FLASK_DEBUG=0 flask --app run run --host 0.0.0.0 --no-debugger"),
    ("flask run --debug", "", "flask run --no-debug --host 0.0.0.0 --no-debugger"),
    ("flask --debug run", "FLASK_APP=shop", "FLASK_APP=shop flask --no-debug run --host 0.0.0.0 --no-debugger"),
    ("flask run --debugger", "FLASK_DEBUG=1", "FLASK_DEBUG=0 flask run --no-debugger --host 0.0.0.0"),
    ("flask run", "FLASK_RUN_HOST=localhost", "FLASK_RUN_HOST=0.0.0.0 FLASK_DEBUG=0 flask run --no-debugger"),
    ("flask run --host 127.0.0.1", "FLASK_RUN_HOST=::1",
     "FLASK_RUN_HOST=::1 FLASK_DEBUG=0 flask run --host 0.0.0.0 --no-debugger"),
    ("python -m flask run", "WERKZEUG_RUN_MAIN=true WERKZEUG_SERVER_FD=5",
     "FLASK_DEBUG=0 python -m flask run --host 0.0.0.0 --no-debugger"),
    ("python -m flask run", "VIRTUAL_ENV=/venv", "FLASK_DEBUG=0 /venv/bin/python -m flask run --host 0.0.0.0 --no-debugger"),
    # gunicorn: every -b counts, the one that makes this listener is replaced
    ("gunicorn app:app", "", "gunicorn app:app --bind 0.0.0.0:8000"),
    ("gunicorn -b 127.0.0.1 app:app", "", "gunicorn -b 0.0.0.0:8000 app:app"),
    ("gunicorn -b127.0.0.1:8000 app:app", "", "gunicorn -b0.0.0.0:8000 app:app"),
    ("gunicorn --bin localhost:8000 app:app", "", "gunicorn --bin 0.0.0.0:8000 app:app"),
    ("gunicorn --bind=127.0.0.1:8000 --bind=unix:/run/a.sock app:app", "",
     "gunicorn --bind=0.0.0.0:8000 --bind=unix:/run/a.sock app:app"),
    ("gunicorn -b 127.0.0.1:9000 -b 127.0.0.1:8000 app:app", "", "gunicorn -b 127.0.0.1:9000 -b 0.0.0.0:8000 app:app"),
    ("gunicorn -b 127.0.0.1:8000 -b [::1]:8000 app:app", "", "gunicorn -b 0.0.0.0:8000 app:app"),
    ("gunicorn a:b", "GUNICORN_CMD_ARGS='-w 2 -b 127.0.0.1:8000'", "GUNICORN_CMD_ARGS=-w 2 -b 0.0.0.0:8000 gunicorn a:b"),
    ("gunicorn -b localhost:8000 app:app", "GUNICORN_CMD_ARGS=-b1.2.3.4:1",
     "GUNICORN_CMD_ARGS=-b1.2.3.4:1 gunicorn -b 0.0.0.0:8000 app:app"),
    # others
    ("uvicorn main:app", "UVICORN_HOST=127.0.0.1", "UVICORN_HOST=0.0.0.0 uvicorn main:app"),
    ("uvicorn main:app --reload", "", "uvicorn main:app --reload --host 0.0.0.0"),
    ("hypercorn -b 127.0.0.1:8000 main:app", "", "hypercorn -b 0.0.0.0:8000 main:app"),
    ("daphne -b 127.0.0.1 site.asgi:application", "", "daphne -b 0.0.0.0 site.asgi:application"),
    ("waitress-serve --listen=127.0.0.1:8000 app:app", "", "waitress-serve --listen=0.0.0.0:8000 app:app"),
    ("waitress-serve --host=127.0.0.1 --port 8000 app:app", "", "waitress-serve --host=0.0.0.0 --port 8000 app:app"),
    ("fastapi dev main.py", "", "fastapi dev main.py --host 0.0.0.0"),
    ("python manage.py runserver", "", "python manage.py runserver 0.0.0.0:8000"),
    ("python manage.py runserver 8000", "", "python manage.py runserver 0.0.0.0:8000"),
    ("python manage.py runserver -v 3 [::1]:8000 --noreload", "", "python manage.py runserver -v 3 0.0.0.0:8000 --noreload"),
    ("python manage.py runserver --settings shop.web", "", "python manage.py runserver 0.0.0.0:8000 --settings shop.web"),
    ("python -m http.server --bind 127.0.0.1 8000", "", "python -m http.server --bind 0.0.0.0 8000"),
    ("python -m http.server -d 'my files' -b localhost", "", "python -m http.server -d my files -b 0.0.0.0"),
    ("node /n/node_modules/.bin/vite --host --port 8000", "", "node /n/node_modules/.bin/vite --host 0.0.0.0 --port 8000"),
    ("node /n/node_modules/.bin/next dev -H localhost", "", "node /n/node_modules/.bin/next dev -H 0.0.0.0"),
    ("node /n/node_modules/.bin/react-scripts start", "HOST=localhost",
     "HOST=0.0.0.0 node /n/node_modules/.bin/react-scripts start"),
    ("php -S localhost:8000 -t public", "", "php -S 0.0.0.0:8000 -t public"),
    ("ollama serve", "OLLAMA_HOST=127.0.0.1:8000", "OLLAMA_HOST=0.0.0.0:8000 ollama serve"),
    ("ollama serve", "", "OLLAMA_HOST=0.0.0.0 ollama serve"),
    ("kubectl port-forward svc/shop 8000:80", "", "kubectl port-forward svc/shop 8000:80 --address 0.0.0.0"),
    # nobody knows these: the one word that names the address
    ("/opt/shop/server --listen 127.0.0.1:8000", "", "/opt/shop/server --listen 0.0.0.0:8000"),
    ("/opt/shop/server -listen=localhost", "", "/opt/shop/server -listen=0.0.0.0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "environment", "expected"), REWRITTEN, ids=[f"{row[0]} {row[1]}" for row in REWRITTEN]
)
def test_rewrites(line: str, environment: str, expected: str) -> None:
    known = machine(line, environment)
    piece = moved(known)
    assert again(piece) == expected
    assert [each.address for each in _listeners(piece.facts)] == [ip_address("0.0.0.0")]
    back = piece.undo[-1]
    assert isinstance(back, Run)
    original = shlex.split(line)
    assert [word.rpartition("/")[2] for word in back.argv] == [word.rpartition("/")[2] for word in original]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flask run -p 8000", "FLASK_DEBUG=0 flask run -p 8080 --host 0.0.0.0 --no-debugger"),
        ("gunicorn -b 127.0.0.1:8000 app:app", "gunicorn -b 0.0.0.0:8080 app:app"),
        ("uvicorn main:app", "uvicorn main:app --host 0.0.0.0 --port 8080"),
        ("python -m http.server -b 127.0.0.1", "python -m http.server 8080 -b 0.0.0.0"),
        ("python -m http.server 8000 -d 1", "python -m http.server 8080 -d 1 --bind 0.0.0.0"),
        ("python manage.py runserver 8000", "python manage.py runserver 0.0.0.0:8080"),
    ],
)
def test_moves_to_another_port(line: str, expected: str) -> None:
    piece = moved(machine(line), move_to=8080)
    assert again(piece) == expected
    assert [each.port for each in _listeners(piece.facts)] == [8080]


@pytest.mark.parametrize(
    ("line", "expected", "v6only", "warns"),
    [
        ("gunicorn app:app", "gunicorn app:app --bind [::]:8000", False, False),
        ("uvicorn main:app", "uvicorn main:app --host ::", True, True),
        ("python manage.py runserver", "python manage.py runserver [::]:8000", False, False),
        ("python -m http.server -b 127.0.0.1", "python -m http.server -b ::", False, False),
    ],
)
def test_the_ipv6_wildcard_is_what_the_program_makes_of_it(line: str, expected: str, v6only: bool, warns: bool) -> None:
    piece = moved(machine(line), to="::")
    assert again(piece) == expected
    assert _listeners(piece.facts)[0].v6only is v6only
    assert any("IPv6 only" in warning for warning in piece.warnings) is warns


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("gunicorn: master [app:app]", "--bind"),
        ("python manage.py runserver_plus", "runserver 0.0.0.0:8000"),
        ("/usr/bin/redis-server 127.0.0.1:8000", "requirepass"),
        ("/opt/shop/server", "`127.0.0.1` or `localhost`"),
        ("/opt/shop/server --from 127.0.0.1 --listen 127.0.0.1", "look for"),
        ("ssh -N -L 8000:localhost:80 host", "ssh -L 0.0.0.0:8000"),
        ("python -c print(1)", "look for"),
    ],
)
def test_what_cannot_be_rewritten_is_said_and_nothing_is_claimed(line: str, says: str) -> None:
    known = machine("x") if not line else machine(line)
    if ": master" in line:
        known = facts(processes={PID: process(argv=(line,))}, listeners=known.listeners)
    piece = moved(known)
    assert [type(each) for each in piece.steps] == [Do] and piece.undo == ()
    assert says in piece.steps[0].text  # type: ignore[union-attr]
    assert piece.facts == known


@pytest.mark.parametrize(
    "keeper",
    ["/usr/bin/python3 /usr/bin/supervisord -n", "PM2 v5.3.0: God Daemon (/root/.pm2)", "node /usr/bin/nodemon x.js"],
)
def test_what_somebody_keeps_running_is_not_stopped_behind_their_back(keeper: str) -> None:
    above = process(pid=900, argv=shlex.split(keeper), name=keeper.split()[0], parent=1)
    known = machine("gunicorn app:app")
    known = facts(processes={PID: process(argv=("gunicorn", "app:app")), 900: above}, listeners=known.listeners)
    piece = moved(known)
    assert [type(each) for each in piece.steps] == [Do]
    assert "configuration" in piece.steps[0].text  # type: ignore[union-attr]


def test_in_a_container_it_is_advice_with_the_option() -> None:
    piece = moved(machine("uvicorn main:app", container="0123456789abcdef"))
    assert [type(each) for each in piece.steps] == [Do]
    assert "container 0123456789ab" in piece.steps[0].text and "--host" in piece.steps[0].text  # type: ignore[union-attr]


def test_the_whole_family_is_stopped_and_waited_for() -> None:
    child = process(
        pid=4243, parent=PID, argv=("flask", "run", "--debug"), environment={"WERKZEUG_RUN_MAIN": "true"}, state="T"
    )
    known = machine("flask run --debug")
    both = {PID: process(argv=("flask", "run", "--debug"), cwd="/srv/site"), 4243: child}
    piece = rebind(Rebind(4243, ip_address("0.0.0.0"), 8000), facts(processes=both, listeners=known.listeners))
    assert piece is not None
    stop, resume, wait = piece.steps[:3]
    assert isinstance(stop, Run) and stop.argv == ("kill", "4242")
    assert isinstance(resume, Run) and resume.argv == ("kill", "-CONT", "4242", "4243")
    assert isinstance(wait, Run) and "/proc/4242/exe /proc/4243/exe" in wait.script
    assert not isinstance(piece.facts.processes, type(None)) and 4243 not in piece.facts.processes  # type: ignore[operator]
    assert any("debugger" in warning for warning in piece.warnings)


def test_an_unknown_process_is_nobodys_plan() -> None:
    assert rebind(Rebind(99, ip_address("0.0.0.0"), 8000), machine("flask run")) is None


def _owned_by(known: Facts, user: str, uid: int) -> Facts:
    doors = tuple(replace(each, uid=uid) for each in _listeners(known))
    return replace(known, processes={PID: replace(_process(known), user=user)}, listeners=doors)


def test_root_stops_roots_and_a_service_user_is_served_through_runuser() -> None:
    roots = moved(_owned_by(machine("uvicorn main:app"), "root", 0))
    assert all(each.root for each in roots.steps if isinstance(each, Run))
    service = moved(_owned_by(machine("uvicorn main:app", "UVICORN_HOST=::1"), "www-data", 33))
    last = service.steps[-1]
    assert isinstance(last, Run) and last.root
    assert last.argv[:6] == ("runuser", "-u", "www-data", "--", "env", "UVICORN_HOST=0.0.0.0")
    persons = moved(machine("uvicorn main:app"))
    assert not any(each.root for each in persons.steps if isinstance(each, Run))


def _listeners(known: Facts) -> tuple[Listener, ...]:
    assert isinstance(known.listeners, tuple)
    return known.listeners


def _process(known: Facts) -> Process:
    assert isinstance(known.processes, dict)
    return known.processes[PID]


def test_a_bind_already_wider_keeps_its_place_in_the_facts() -> None:
    """The listener that is replaced is the program's own on that port; others stay."""
    other = listener("127.0.0.1", 9000, owners=(Owner("server", PID),))
    known = machine("uvicorn main:app")
    known = facts(processes=known.processes, listeners=(*_listeners(known), other))
    piece = moved(known)
    assert {(str(each.address), each.port) for each in _listeners(piece.facts)} == {
        ("0.0.0.0", 8000),
        ("127.0.0.1", 9000),
    }
    assert _process(piece.facts).argv == ("uvicorn", "main:app", "--host", "0.0.0.0")


def test_a_supervisor_behind_a_shell_is_seen_and_a_persons_shell_is_not() -> None:
    chain = {
        PID: process(argv=("gunicorn", "app:app"), parent=901),
        901: process(pid=901, argv=("/bin/sh", "-c", "gunicorn app:app"), name="sh", parent=900),
        900: process(pid=900, argv=("/usr/bin/python3", "/usr/bin/honcho", "start"), name="honcho", parent=1),
    }
    door = listener("127.0.0.1", 8000, owners=(Owner("gunicorn", PID),))
    assert isinstance(moved(facts(processes=chain, listeners=(door,))).steps[0], Do)
    chain[901] = process(pid=901, argv=("-bash",), name="bash", parent=900)
    assert isinstance(moved(facts(processes=chain, listeners=(door,))).steps[0], Run)


@pytest.mark.parametrize("folder", [None, "/srv/site (deleted)"])
def test_where_it_was_started_has_to_be_known(folder: str | None) -> None:
    known = machine("uvicorn main:app")
    piece = moved(replace(known, processes={PID: replace(_process(known), cwd=folder)}))
    assert [type(each) for each in piece.steps] == [Do]
    assert ("root" if folder is None else "gone") in piece.steps[0].text  # type: ignore[union-attr]


def test_a_published_port_is_published_anew() -> None:
    line = "/usr/bin/docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port 8000 -container-ip 172.17.0.2 -container-port 80"
    piece = moved(machine(line))
    assert isinstance(piece.steps[0], Do) and "docker run -p 0.0.0.0:8000:80 ..." in piece.steps[0].text


def test_a_value_stands_behind_an_equals_sign_where_the_program_wants_it_so() -> None:
    assert again(moved(machine("/venv/bin/python /venv/bin/jupyter-lab"))).endswith("jupyter-lab --ip=0.0.0.0")
