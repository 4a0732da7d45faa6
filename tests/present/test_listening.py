"""What listens here, as a person would name it, the likeliest first."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from wizard.model.facts import Listener, Owner, Process, Proto
from wizard.present.listening import Row, rows


def _listener(port: int, address: str = "0.0.0.0", name: str = "", pid: int = 0, proto: Proto = Proto.TCP) -> Listener:
    return Listener(proto, ip_address(address), port, (Owner(name, pid),) if name else None)


def _row(process: Process, address: str = "127.0.0.1") -> Row:
    (row,) = rows([_listener(5000, address, process.name, process.pid)], {process.pid: process}, home="/home/ada")
    return row


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("/usr/bin/python3", "/home/ada/venv/bin/flask", "run", "--debug"), "flask run"),
        (("/usr/bin/python3", "-u", "shop/app.py"), "python3 app.py"),
        (("python3", "-m", "http.server", "8000"), "python3 -m http.server"),
        (("python3", "-c", "import x\nx()"), "python3 -c …"),
        (("node", "server.js"), "node server.js"),
        (("nginx: master process /usr/sbin/nginx",), "nginx"),
        (("/usr/sbin/sshd", "-D"), "sshd"),
    ],
)
def test_a_program_is_named_as_the_person_started_it(argv: tuple[str, ...], shown: str) -> None:
    assert _row(Process(7, "x", argv)).program == shown


def test_home_is_a_tilde_and_its_neighbour_is_not() -> None:
    assert _row(Process(7, "x", cwd="/home/ada/shop")).place == "~/shop"
    assert _row(Process(7, "x", cwd="/home/adam")).place == "/home/adam"
    assert _row(Process(7, "x", cwd="/")).place == ""


def test_how_far_it_is_reached() -> None:
    assert _row(Process(7, "x"), "127.0.0.1").reach == "this machine only"
    assert _row(Process(7, "x"), "::").reach == "every address"
    assert _row(Process(7, "x"), "192.168.1.5").reach == "192.168.1.5"


def test_one_row_for_a_port_and_none_for_udp() -> None:
    both = [_listener(80, "0.0.0.0"), _listener(80, "::"), _listener(53, proto=Proto.UDP)]
    assert [(row.port, row.reach) for row in rows(both, {})] == [(80, "every address")]


def test_a_developers_server_comes_first_and_the_systems_last() -> None:
    listeners = [_listener(22, name="sshd", pid=1), _listener(8080), _listener(5000, name="python3", pid=2)]
    assert [row.port for row in rows(listeners, {})] == [5000, 8080, 22]


def test_an_owner_that_may_not_be_seen_is_said_to_be_another_users() -> None:
    assert rows([_listener(2024)], {})[0].program == "another user's program"


def test_names_are_harmless() -> None:
    assert _row(Process(7, "x", ("\x1b[2J",), cwd="/\u202e")).program == "\\x1b[2J"
