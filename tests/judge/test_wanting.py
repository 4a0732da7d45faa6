"""Which program wants a port: by its command line, its variables, what it is known for."""

from __future__ import annotations

import pytest

from tests.build import facts, listener, process
from wizard.judge.causes import _process as processes
from wizard.model.facts import Owner

P = "/venv/bin/python3"


@pytest.mark.parametrize(
    ("line", "port"),
    [
        (f"{P} /venv/bin/flask --app app run", 5000),
        (f"{P} /venv/bin/flask run --port 8000", 8000),
        (f"{P} -m flask run -p 81", 81),
        (f"{P} /venv/bin/gunicorn app:app", 8000),
        (f"{P} /venv/bin/gunicorn -b 0.0.0.0:5303 app:app", 5303),
        (f"{P} /venv/bin/gunicorn -b unix:/run/a.sock app:app", None),
        (f"{P} /venv/bin/uvicorn main:app --uds /run/a.sock", None),
        (f"{P} /venv/bin/uvicorn main:app --port=8080", 8080),
        (f"{P} -m http.server", 8000),
        (f"{P} -m http.server 8765 --bind ::1", 8765),
        (f"{P} manage.py runserver", 8000),
        (f"{P} manage.py runserver 0.0.0.0:81", 81),
        (f"{P} serve.py", None),
    ],
)
def test_a_known_program_states_its_port(line: str, port: int | None) -> None:
    assert processes.stated_port(process(argv=line.split())) == port


@pytest.mark.parametrize(
    ("name", "variables", "line", "port"),
    [
        ("flask", {"FLASK_RUN_PORT": "7000"}, "flask run", 7000),
        ("gunicorn", {"GUNICORN_CMD_ARGS": "--bind=127.0.0.1:7001"}, "gunicorn app:app", 7001),
        ("gunicorn", {"GUNICORN_CMD_ARGS": "--bind='broken"}, "gunicorn app:app", 8000),
    ],
)
def test_a_variable_may_state_it(name: str, variables: dict[str, str], line: str, port: int) -> None:
    running = process(argv=[P, *f"/venv/bin/{line}".split()], name=name, environment=variables)
    assert processes.stated_port(running) == port


@pytest.mark.parametrize(
    "line",
    [
        "python3 serve.py --port 5000",
        "python3 serve.py --port=5000",
        "python3 serve.py 5000",
        "python3 serve.py 0.0.0.0:5000",
        "node server.js -p 5000",
        "java -jar shop.jar --server.port=5000",
        "/opt/shop/shopd --listen 0.0.0.0:5000",
        "/opt/shop/shopd --addr :5000",
    ],
)
def test_any_program_may_name_a_port_to_listen_on(line: str) -> None:
    assert processes.names_port(process(argv=line.split(), name="x"), 5000)


@pytest.mark.parametrize(
    "line",
    [
        "curl http://127.0.0.1:5000/",
        "curl -p 5000",
        "ssh -p 5000 host",
        "ssh -L 5000:localhost:80 host",
        "sleep 5000",
        "grep 5000 log",
        "python3 client.py http://192.168.1.5:5000/",
        "bash -c python3 serve.py --port 5000",
        "sudo python3 serve.py --port 5000",
        "timeout 5000 sleep 1",
        "python3 serve.py --port 50001",
        "python3 serve.py 15000",
        "python3 -m wizard check 5000",
        "/opt/shop/shopd 5000",
        "",
    ],
)
def test_naming_a_port_to_ask_it_is_not_wanting_it(line: str) -> None:
    assert not processes.names_port(process(argv=line.split(), name="x"), 5000)


def test_a_program_that_listens_elsewhere_does_not_wait() -> None:
    """`--upstream-port 5000`-like words belong to proxies, which listen themselves."""
    proxy = process(9, ("python3", "proxy.py", "--port", "5000"), name="python3")
    busy = facts(listeners=(listener(port=80, owners=(Owner("python3", 9),)),), processes=(proxy,))
    assert processes.waiting_for(busy, 5000) == ()
    assert processes.waiting_for(facts(listeners=(), processes=(proxy,)), 5000) == (proxy,)


def test_of_a_family_the_topmost_waits() -> None:
    parent = process(9, ("python3", "serve.py", "5000"), name="python3")
    child = process(10, ("python3", "serve.py", "5000"), name="python3", parent=9)
    assert processes.waiting_for(facts(listeners=(), processes=(child, parent)), 5000) == (parent,)


@pytest.mark.parametrize("changes", [{"state": "Z"}, {"container": "0123456789ab"}, {"namespace": 4026532000}])
def test_the_dead_and_those_elsewhere_do_not_wait(changes: dict[str, object]) -> None:
    far = process(9, ("python3", "serve.py", "5000"), name="python3", **changes)
    assert processes.waiting_for(facts(listeners=(), processes=(far,)), 5000) == ()


def test_a_loop_of_parents_ends() -> None:
    one, two = process(8, parent=9), process(9, parent=8)
    assert processes.relatives(facts(processes=(one, two)), one) == {8, 9}
