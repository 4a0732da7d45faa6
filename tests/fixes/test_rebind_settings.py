"""Configuration that decides beside the command line: Django's ALLOWED_HOSTS, gunicorn.conf.py, other Host gates."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from msgspec.structs import replace

from tests.build import facts, interface, listener, process
from wizard.fixes.django_settings import allow
from wizard.fixes.edits import applied
from wizard.fixes.rebind import accept_host, rebind, source_files_wanted
from wizard.model.facts import Attempt, AttemptOutcome, Facts, Owner
from wizard.model.remedy import AcceptHostHeader, Do, Edit, Rebind, Run

PID = 4242
OWN = '".localhost", "127.0.0.1", "[::1]"'
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'

EDITED = [
    ("ALLOWED_HOSTS = []", f'ALLOWED_HOSTS = [{OWN}, "10.0.0.5"]'),
    ("DEBUG = True\nALLOWED_HOSTS = [ ]  # none", f'DEBUG = True\nALLOWED_HOSTS = [{OWN}, "10.0.0.5"]  # none'),
    ("ALLOWED_HOSTS = ['shop.example']", "ALLOWED_HOSTS = ['shop.example', \"10.0.0.5\"]"),
    ("ALLOWED_HOSTS = ('a',)", "ALLOWED_HOSTS = ('a', \"10.0.0.5\",)"),
    ("ALLOWED_HOSTS = [\n    'a',\n    'b',\n]", "ALLOWED_HOSTS = [\n    'a',\n    'b', \"10.0.0.5\",\n]"),
    ("ALLOWED_HOSTS = env.list('HOSTS')", "ALLOWED_HOSTS = list(env.list('HOSTS')) + [\"10.0.0.5\"]"),
    ("DEBUG = True\n", f'DEBUG = True; ALLOWED_HOSTS = [{OWN}, "10.0.0.5"]\n'),
]


@pytest.mark.parametrize(("before", "after"), EDITED, ids=[row[0] for row in EDITED])
def test_allowed_hosts(before: str, after: str) -> None:
    changes = allow("/srv/settings.py", before, ("10.0.0.5",))
    assert changes is not None
    assert applied(before, changes) == after


@pytest.mark.parametrize("text", ["ALLOWED_HOSTS = ['*']", "ALLOWED_HOSTS = ['10.0.0.5']"])
def test_what_is_allowed_already_is_left_alone(text: str) -> None:
    assert allow("/srv/settings.py", text, ("10.0.0.5",)) == ()


def test_a_domain_allows_what_is_below_it() -> None:
    assert allow("/s.py", "ALLOWED_HOSTS = ['.local']", ("raspberrypi.local",)) == ()
    assert allow("/s.py", "ALLOWED_HOSTS = ['.local']", ("local",)) == ()
    assert allow("/s.py", "ALLOWED_HOSTS = ['.local']", ("notlocal",)) != ()


@pytest.mark.parametrize(
    "text", ["from .base import *\nDEBUG = True\n", "nothing = 1\n", "ALLOWED_HOSTS = [\n]\n", "no python("]
)
def test_what_no_line_can_say_is_left_to_a_person(text: str) -> None:
    assert allow("/srv/settings.py", text, ("10.0.0.5",)) is None


def django(
    line: str = "python manage.py runserver", settings: str = "ALLOWED_HOSTS = []\n", child: bool = False
) -> Facts:
    processes = {PID: process(argv=line.split(), cwd="/srv/site")}
    if child:
        processes[4243] = process(pid=4243, parent=PID, argv=line.split(), cwd="/srv/site")
    sources = {"/srv/site/manage.py": MANAGE, "/srv/site/shop/settings.py": settings}
    door = listener("127.0.0.1", 8000, owners=(Owner("python", 4243 if child else PID),))
    lan = interface("eth0", "10.0.0.5/24")
    return facts(processes=processes, listeners=(door,), sources=sources, interfaces=(lan,))


def test_the_gate_is_opened_in_the_same_plan() -> None:
    piece = rebind(Rebind(PID, ip_address("0.0.0.0"), 8000), django())
    assert piece is not None
    assert [type(each) for each in piece.steps] == [Run, Run, Edit, Run]
    assert [type(each) for each in piece.undo] == [Run, Run, Edit, Run]
    assert piece.facts.sources["/srv/site/shop/settings.py"] == f'ALLOWED_HOSTS = [{OWN}, "10.0.0.5"]\n'


def test_a_gate_that_a_request_has_met_is_a_finding_of_its_own() -> None:
    met = Attempt(
        ip_address("127.0.0.1"), 8000, AttemptOutcome.CONNECTED, sent="http", host_header="10.0.0.5:8000",
        banner=b"HTTP/1.1 400 Bad Request\r\n\r\nDisallowedHost",
    )  # fmt: skip
    refused = replace(met, address=ip_address("10.0.0.5"), outcome=AttemptOutcome.REFUSED, banner=b"")
    known = replace(django(), attempts=(met, refused))
    bound = rebind(Rebind(PID, ip_address("0.0.0.0"), 8000), known)
    assert bound is not None
    assert not any(isinstance(each, Edit) for each in bound.steps)
    assert bound.facts.attempts == (met,), "what it answered still stands, what was refused does not"

    allowed = accept_host(AcceptHostHeader(PID, "10.0.0.5"), bound.facts)
    assert allowed is not None
    kill = allowed.steps[0]
    assert isinstance(kill, Run) and "src 0.0.0.0:8000" in kill.script, "the old pid is gone by then"
    assert allowed.facts.attempts == ()
    last = allowed.steps[-1]
    assert isinstance(last, Run) and last.argv == ("python", "manage.py", "runserver", "0.0.0.0:8000")


def test_djangos_own_reloader_takes_up_the_edit() -> None:
    piece = accept_host(AcceptHostHeader(PID, "10.0.0.5"), django(child=True))
    assert piece is not None
    assert [type(each) for each in piece.steps] == [Edit] and [type(each) for each in piece.undo] == [Edit]
    again = accept_host(AcceptHostHeader(PID, "10.0.0.5"), piece.facts)
    assert again is not None and again.steps == ()


def test_without_the_settings_it_is_said() -> None:
    known = replace(django(), sources={})
    piece = rebind(Rebind(PID, ip_address("0.0.0.0"), 8000), known)
    assert piece is not None and any("ALLOWED_HOSTS" in warning for warning in piece.warnings)
    advice = accept_host(AcceptHostHeader(PID, "10.0.0.5"), known)
    assert advice is not None
    assert [type(each) for each in advice.steps] == [Do] and advice.facts == known


def test_the_files_that_are_wanted_are_those_that_decide() -> None:
    known = replace(django(), sources={})
    assert source_files_wanted(known, PID) == ("/srv/site/manage.py",)
    known = replace(known, sources={"/srv/site/manage.py": MANAGE})
    assert "/srv/site/shop/settings.py" in source_files_wanted(known, PID)
    assert source_files_wanted(known, 99) == ()
    script = facts(processes={PID: process(argv=("python", "-u", "web/app.py"), cwd="/srv")})
    assert source_files_wanted(script, PID)[0] == "/srv/web/app.py"
    flask = facts(processes={PID: process(argv=("flask", "--app", "shop.web:app", "run"), cwd="/srv")})
    assert "/srv/shop/web.py" in source_files_wanted(flask, PID)
    node = facts(processes={PID: process(argv=("node", "server"), cwd="/srv")})
    assert "/srv/server.js" in source_files_wanted(node, PID)
    unit = facts(processes={PID: process(argv=("gunicorn", "a:b"), cwd="/srv", unit="shop.service")})
    assert "/etc/systemd/system/shop.service" in source_files_wanted(unit, PID)


@pytest.mark.parametrize(
    ("line", "host", "variables", "ends"),
    [
        (
            "node /n/node_modules/.bin/vite",
            "pi.local",
            (("__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS", "pi.local"),),
            "vite",
        ),
        ("node /n/node_modules/.bin/webpack serve", "pi.local", (), "--allowed-hosts pi.local"),
    ],
)
def test_other_gates_that_a_start_can_open(
    line: str, host: str, variables: tuple[tuple[str, str], ...], ends: str
) -> None:
    one = process(argv=line.split(), cwd="/n")
    known = facts(processes={PID: one}, listeners=(listener("0.0.0.0", 5173, owners=(Owner("node", PID),)),))
    piece = accept_host(AcceptHostHeader(PID, host), known)
    assert piece is not None
    last = piece.steps[-1]
    assert isinstance(last, Run) and last.environment == variables
    assert " ".join(last.argv).endswith(ends)


def test_a_gate_that_nobody_knows_is_advice() -> None:
    known = facts(processes={PID: process(argv=("uvicorn", "a:b"))})
    piece = accept_host(AcceptHostHeader(PID, "pi.local"), known)
    assert piece is not None
    assert [type(each) for each in piece.steps] == [Do] and "pi.local" in piece.steps[0].text  # type: ignore[union-attr]
    assert accept_host(AcceptHostHeader(99, "pi.local"), known) is None


@pytest.mark.parametrize(
    ("line", "environment", "config", "after"),
    [
        ("gunicorn app:app", {}, 'bind = "127.0.0.1:8000"\n', 'bind = "0.0.0.0:8000"\n'),
        ("gunicorn app:app", {}, "bind = ['127.0.0.1', 'unix:a']\n", "bind = [\"0.0.0.0:8000\", 'unix:a']\n"),
        ("gunicorn app:app", {}, "bind = ['[::1]:9', 'localhost:8000']\n", "bind = ['[::1]:9', \"0.0.0.0:8000\"]\n"),
        ("gunicorn -b 127.0.0.1:8000 app:app", {}, 'bind = "127.0.0.1:8000"\n', None),
        ("gunicorn app:app", {"GUNICORN_CMD_ARGS": "-b 127.0.0.1:8000"}, 'bind = "127.0.0.1:8000"\n', None),
        ("gunicorn app:app", {}, "import os\nbind = os.environ['X']\n", None),
    ],
)  # fmt: skip
def test_gunicorns_configuration_file(line: str, environment: dict[str, str], config: str, after: str | None) -> None:
    one = process(argv=line.split(), cwd="/srv", environment=environment)
    door = listener("127.0.0.1", 8000, owners=(Owner("gunicorn", PID),))
    known = facts(processes={PID: one}, listeners=(door,), sources={"/srv/gunicorn.conf.py": config})
    piece = rebind(Rebind(PID, ip_address("0.0.0.0"), 8000), known)
    assert piece is not None
    last = piece.steps[-1]
    assert isinstance(last, Run)
    if after is None:
        assert not any(isinstance(each, Edit) for each in piece.steps)
        assert "0.0.0.0:8000" in " ".join([*last.argv, *dict(last.environment).values()])
    else:
        assert piece.facts.sources["/srv/gunicorn.conf.py"] == after
        assert last.argv == ("gunicorn", "app:app")
