"""Which program a command line starts, and which processes belong to one start."""

from __future__ import annotations

import pytest

from tests.build import process
from wizard.knowledge.commandline import Form, read
from wizard.knowledge.recognise import launch, recognise_title
from wizard.model.facts import Process

SPAWNED = (
    "/venv/bin/python3",
    "-B",
    "-c",
    "from multiprocessing.spawn import spawn_main; spawn_main()",
    "--multiprocessing-fork",
)
TRACKER = ("/venv/bin/python3", "-B", "-c", "from multiprocessing.resource_tracker import main;main(4)")


def family(*processes: Process) -> dict[int, Process]:
    return {each.pid: each for each in processes}


def started(pid: int, parent: int, *argv: str) -> Process:
    return process(pid=pid, parent=parent, argv=argv, name=argv[0].rpartition("/")[2] if argv else "")


@pytest.mark.parametrize(
    ("argv", "program", "form", "arguments"),
    [
        ("/venv/bin/python3 /venv/bin/flask run", "flask", Form.SCRIPT, ("run",)),
        ("python -m http.server 8000", "http.server", Form.MODULE, ("8000",)),
        ("python -u -W ignore -Xdev -m flask run", "flask", Form.MODULE, ("run",)),
        ("python3.11 -um flask run", "flask", Form.MODULE, ("run",)),
        ("python -mflask run", "flask", Form.MODULE, ("run",)),
        ("python -Bu app.py --port 1", "app.py", Form.SCRIPT, ("--port", "1")),
        ("/usr/bin/python3 -c print(1)", "print(1)", Form.INLINE, ()),
        ("node --inspect -r dotenv/config server.js", "server.js", Form.SCRIPT, ()),
        ("node /srv/node_modules/vite/bin/vite.js --port 1", "vite", Form.SCRIPT, ("--port", "1")),
        ("gunicorn app:app", "gunicorn", Form.COMMAND, ("app:app",)),
        ("C:\\\\Python311\\\\python.exe app.py", "app.py", Form.SCRIPT, ()),
        ("php -S localhost:8000", "php", Form.COMMAND, ("-S", "localhost:8000")),
    ],
)
def test_reads_a_command_line(argv: str, program: str, form: Form, arguments: tuple[str, ...]) -> None:
    line = read(tuple(argv.replace("\\\\", "\\").split()))
    assert line is not None
    assert (line.program, line.form, line.arguments) == (program, form, arguments)


@pytest.mark.parametrize("argv", [(), ("",), ("python3",), ("python3", "-i"), ("python3", "-m"), ("node", "--inspect")])
def test_no_program_is_none(argv: tuple[str, ...]) -> None:
    assert read(argv) is None


def test_a_reloader_and_its_copy_are_one_start() -> None:
    processes = family(
        started(10, 1, "-bash"),
        started(20, 10, "python", "app.py"),
        started(30, 20, "/venv/bin/python", "app.py"),
    )
    found = launch(processes, 30)
    assert found is not None and found.pids == (20, 30)


def test_a_spawned_child_belongs_to_its_parent_and_the_tracker_is_left_alone() -> None:
    uvicorn = ("/venv/bin/python3", "/venv/bin/uvicorn", "main:app", "--reload")
    processes = family(started(20, 1, *uvicorn), started(21, 20, *TRACKER), started(22, 20, *SPAWNED))
    found = launch(processes, 22)
    assert found is not None and found.pids == (20, 22)
    assert found.recognised is not None and found.recognised.framework.name == "uvicorn"


def test_a_program_that_another_was_asked_to_run_is_a_start_of_its_own() -> None:
    processes = family(
        started(20, 1, "npm", "run", "dev"),
        started(21, 20, "sh", "-c", "vite"),
        started(22, 21, "node", "/srv/node_modules/.bin/vite"),
        started(23, 22, "/srv/node_modules/esbuild/bin/esbuild", "--service"),
    )
    found = launch(processes, 22)
    assert found is not None and found.pids == (22,)


def test_workers_with_a_title_belong_to_the_master_that_has_one() -> None:
    processes = family(started(20, 1, "gunicorn: master [app:app]"), started(21, 20, "gunicorn: worker [app:app]"))
    found = launch(processes, 21)
    assert found is not None and found.pids == (20, 21) and found.recognised is None
    title = recognise_title(found.root.argv)
    assert title is not None and title.name == "gunicorn"


def test_a_server_that_renames_itself_belongs_to_the_command_that_started_it() -> None:
    processes = family(
        started(20, 1, "node", "/srv/node_modules/.bin/next", "dev"), started(21, 20, "next-server (v16.4.0)", "", "")
    )
    found = launch(processes, 21)
    assert found is not None and found.pids == (20, 21)


def test_two_copies_by_hand_are_two_starts_and_circles_end() -> None:
    processes = family(started(20, 1, "python", "app.py"), started(21, 1, "python", "app.py"))
    found = launch(processes, 20)
    assert found is not None and found.pids == (20,)
    circle = family(started(20, 21, "python", "app.py"), started(21, 20, "python", "app.py"))
    found = launch(circle, 20)
    assert found is not None and set(found.pids) == {20, 21}
    assert launch(circle, 99) is None
