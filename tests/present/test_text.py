"""The plain face: one screen, verdict first, nothing missing, nothing a terminal would act on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.present import reports
from wizard.model.report import Report
from wizard.present import text
from wizard.present.view import INNOCENT


def test_the_case_of_a_flask_app_on_loopback() -> None:
    assert text.render(reports.loopback_flask()).splitlines()[:8] == [
        "✗ blocked: your Flask app (pid 4242) listens on 127.0.0.1 only",
        "",
        "  device ── wlan0 ── ufw ✓ ── 5000 ╳ flask",
        "  seen    ss -H -ltnpe: LISTEN 0 128 127.0.0.1:5000 0.0.0.0:*",
        '          users:(("flask",pid=4242,fd=3))',
        "  so      another device is refused at once: ERR_CONNECTION_REFUSED",
        f"  {INNOCENT}",
        "  ⚠ care  its debugger is on; on the network it would let anyone run code as you",
    ]


def test_commands_stand_alone_on_their_line_and_whole_at_any_width() -> None:
    lines = text.render(reports.loopback_flask(), width=40).splitlines()
    assert "    kill 4242" in lines
    assert "    cd '/home/ada/my shop' && flask --app app run --host 0.0.0.0 --no-debug" in lines


def test_only_commands_are_wider_than_the_screen() -> None:
    for make in (reports.loopback_flask, reports.ufw_and_loopback, reports.undetermined, reports.reachable):
        for line in text.render(make(), width=60).splitlines():
            assert len(line) <= 60 or re.match(r"    (cd|sudo|ufw|ssh) ", line), line


@pytest.mark.parametrize("make", [reports.loopback_flask, reports.undetermined, reports.reachable, reports.from_phone])
def test_the_usual_case_fits_one_screen(make: Callable[[], Report]) -> None:
    assert len(text.render(make(), width=80).splitlines()) <= 23


def test_sudo_is_for_those_who_are_not_root() -> None:
    rule = "ufw prepend allow proto tcp from 192.168.1.0/24 to any port 5000"
    assert f"    {rule}" in text.render(reports.ufw_and_loopback(), root=True).splitlines()
    assert f"    sudo {rule}" in text.render(reports.ufw_and_loopback(), root=False).splitlines()


def test_the_last_plan_is_undone_first() -> None:
    shown = text.render(reports.ufw_and_loopback())
    assert shown.index("run --debug") < shown.index("ufw delete allow")


def test_undetermined_says_what_is_missing_and_the_one_command_that_would_tell() -> None:
    shown = text.render(reports.undetermined())
    assert shown.startswith("? cannot tell: ")
    assert "firewall ?" in shown
    assert "the nftables ruleset: nft only speaks to root" in shown
    assert shown.splitlines()[-1] == "    sudo wizard check 8000"


def test_what_is_missing_is_said_once() -> None:
    assert text.render(reports.undetermined()).count("nft only speaks to root") == 1


@pytest.mark.parametrize("make", reports.ALL)
def test_no_control_characters_without_colour(make: Callable[[], Report]) -> None:
    shown = text.render(make(), colour=False)
    assert all(line.isprintable() for line in shown.splitlines())


@pytest.mark.parametrize("make", reports.ALL)
def test_colour_adds_nothing_but_sgr(make: Callable[[], Report]) -> None:
    coloured = text.render(make(), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text.render(make(), colour=False)


@pytest.mark.parametrize("make", reports.ALL)
def test_ascii_is_ascii(make: Callable[[], Report]) -> None:
    assert text.render(make(), unicode=False).isascii()


def test_ascii_keeps_the_marks_apart() -> None:
    assert "device -- wlan0 -- ufw + -- 5000 X flask" in text.render(reports.loopback_flask(), unicode=False)


def test_without_a_plan_the_other_ways_are_spelled_out() -> None:
    report = replace(reports.loopback_flask(), plan=())
    assert "    ssh -N -L 5000:127.0.0.1:5000 ada@192.168.1.100" in text.render(report).splitlines()
    assert "    on the other device:" in text.render(report).splitlines()


def test_stages_are_a_line_each_when_asked_for() -> None:
    shown = text.render(reports.loopback_flask(), stages=True)
    assert "  ✗ Bind address     listens on 127.0.0.1 only" in shown.splitlines()
