"""Programs that systemd keeps running are changed by a drop-in, and the drop-in goes again with the undo."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.build import facts, listener, process
from wizard.fixes.rebind import rebind
from wizard.fixes.unit import quoted
from wizard.fixes.written import Written
from wizard.model.facts import Facts, Owner
from wizard.model.remedy import Do, Edit, Rebind, Run

PID = 4242


def service(argv: tuple[str, ...], unit: str = "shop.service", parent: int = 1, **changes: object) -> Facts:
    one = process(argv=argv, cwd="/srv/shop", user="www-data", unit=unit, parent=parent, **changes)
    door = listener("127.0.0.1", 8000, uid=33, owners=(Owner("gunicorn", PID),))
    return facts(
        processes={PID: one}, listeners=(door,), sources={"/srv/shop/serve.py": "import uvicorn\nuvicorn.run(app)\n"}
    )


def moved(known: Facts) -> Written:
    piece = rebind(Rebind(PID, ip_address("0.0.0.0"), 8000), known)
    assert piece is not None
    return piece


GUNICORN = ("/venv/bin/python3", "/venv/bin/gunicorn", "-b", "127.0.0.1:8000", "--name", "50% $off 'now'", "shop:app")


def test_a_drop_in_and_a_restart() -> None:
    piece = moved(service(GUNICORN))
    commands = [each.argv or each.script for each in piece.steps if isinstance(each, Run)]
    assert commands[0] == ("mkdir", "-p", "/etc/systemd/system/shop.service.d")
    assert "ExecStart=/venv/bin/python3 /venv/bin/gunicorn -b 0.0.0.0:8000 --name " in commands[1]
    assert commands[2:] == [("systemctl", "daemon-reload"), ("systemctl", "restart", "shop.service")]
    assert all(isinstance(each, Run) and each.root for each in (*piece.steps, *piece.undo))
    assert piece.persists == "yes"
    undo = [each.argv for each in piece.undo if isinstance(each, Run)]
    assert undo[0] == ("rm", "/etc/systemd/system/shop.service.d/connection-wizard.conf")
    assert undo[-1] == ("systemctl", "restart", "shop.service")


def written_by(piece: Written, folder: Path) -> str:
    """The drop-in, as `sh` really writes it."""
    step = piece.steps[1]
    assert isinstance(step, Run)
    folder.mkdir(exist_ok=True)
    script = step.script.replace("/etc/systemd/system/shop.service.d/", f"{folder}/")
    subprocess.run(["sh", "-c", script], check=True)
    return (folder / "connection-wizard.conf").read_text()


def test_the_drop_in_as_the_shell_writes_it(tmp_path: Path) -> None:
    text = written_by(moved(service(GUNICORN)), tmp_path / "d")
    assert text.splitlines() == [
        "[Service]",
        "ExecStart=",
        "ExecStart=/venv/bin/python3 /venv/bin/gunicorn -b 0.0.0.0:8000 --name \"50%% $$off 'now'\" shop:app",
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_reads_the_drop_in(tmp_path: Path) -> None:
    """`systemd-analyze verify` takes the unit with the drop-in, and complains of one with a word left open."""
    unit = tmp_path / "shop.service"
    unit.write_text("[Unit]\nDescription=a shop\n[Service]\nExecStart=/bin/true\n")
    argv = ("/bin/echo", 'a"b', "c\\d", "e%f", "$g", "tab\tand\nline", "-b", "127.0.0.1:8000")
    text = written_by(moved(service(("/bin/echo", *argv[1:]))), tmp_path / "shop.service.d")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert "shop.service" not in done.stderr.replace(str(tmp_path), ""), (done.stderr, text)
    (tmp_path / "shop.service.d" / "connection-wizard.conf").write_text(
        '[Service]\nExecStart=\nExecStart=/bin/echo "open\n'
    )
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert "shop.service" in done.stderr, "the check can fail"


def test_variables_go_into_the_drop_in(tmp_path: Path) -> None:
    argv = ("/venv/bin/python3", "/venv/bin/flask", "run", "-p", "8000")
    text = written_by(moved(service(argv, environment={"FLASK_APP": "shop"})), tmp_path / "d")
    assert "Environment=FLASK_DEBUG=0" in text and "FLASK_APP" not in text
    assert text.rstrip().endswith("run -p 8000 --host 0.0.0.0 --no-debugger")


def test_a_source_edit_needs_no_drop_in() -> None:
    piece = moved(service(("/venv/bin/python3", "serve.py")))
    assert [type(each) for each in piece.steps] == [Edit, Run] and [type(each) for each in piece.undo] == [Edit, Run]


def test_a_unit_that_starts_it_through_another_program_is_advice() -> None:
    piece = moved(service(GUNICORN, parent=77))
    assert [type(each) for each in piece.steps] == [Do] and "shop.service" in piece.steps[0].text  # type: ignore[union-attr]


@pytest.mark.parametrize("unit", ["ssh.service", "user@1000.service", "session-3.scope", "cron.service", ""])
def test_what_a_person_started_is_no_service(unit: str) -> None:
    steps = moved(service(GUNICORN, unit=unit, parent=77)).steps
    assert isinstance(steps[0], Run) and steps[0].argv == ("kill", str(PID))


@pytest.mark.parametrize("word", ["plain", "with blank", 'q"uote', "back\\slash", "per%cent", "$dollar", "", "ü"])
def test_quoting_is_undone_by_reading(word: str) -> None:
    """systemd's own rules, for these characters, are those of a POSIX shell once `%` and `$` are single again."""
    text = quoted(word)
    assert shlex.split(text.replace("%%", "%").replace("$$", "$")) == [word]
