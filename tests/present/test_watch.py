"""A watch as text, JSON and QR code: the promised fields, harmless text, a code that any terminal shows right."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest

from tests.build import facts, listener, process
from tests.judge.test_arrival import ANSWER, DROP, NOTHING, seen
from wizard.judge.arrival import arrival
from wizard.model.arrival import Closed, How, Opened, Place
from wizard.present import watch_json, watch_qr, watch_text

EVIL = "\x1b[31mevil\u202e\n" * 3
HOSTILE = facts(listeners=(listener(owners=None),), processes=(process(argv=[EVIL], name=EVIL),))
OPENED = Opened((How.PACKETS,), 5000, (Place(ip_address("192.168.1.100"), EVIL, f"http://192.168.1.100:5000/{EVIL}"),))
PROMISED = {"from", "to", "port", "arrived", "interface", "answered", "by", "conclusion"}


@pytest.mark.parametrize("attempt", [seen(**ANSWER), seen(**NOTHING), seen(**ANSWER | {"response": EVIL.encode()})])
def test_a_line_of_json_has_what_is_promised(attempt: Any) -> None:
    told = json.loads(json.dumps(watch_json.arrival(arrival(facts(rulesets=(DROP,)), attempt))))
    assert told.keys() >= PROMISED
    assert (told["from"], told["to"], told["port"], told["arrived"]) == ("192.168.1.20", "192.168.1.100", 5000, True)
    assert told["interface"] == "eth0"
    assert told["answered"] in ("synack", "rst", "icmp", "nothing")


def test_the_line_where_nothing_came() -> None:
    told = json.loads(json.dumps(watch_json.nothing(Closed("time", 1.0, conclusion="why"), OPENED)))
    assert told.keys() >= PROMISED
    assert (told["arrived"], told["port"], told["conclusion"]) == (False, 5000, "why")


@pytest.mark.parametrize("unicode", [True, False])
def test_text_is_harmless(unicode: bool) -> None:
    evil = seen(**ANSWER | {"response": EVIL.encode()}, interface=EVIL)
    shown = watch_text.attempt(arrival(HOSTILE, evil), "14:07:12", unicode=unicode)
    shown += watch_text.opening(OPENED, width=70)
    shown += watch_text.closing(Closed("time", 1.0, conclusion=EVIL, more=(EVIL,)), OPENED)
    assert all(line.isprintable() for line in shown.removesuffix("\n").split("\n"))


def test_an_attempt_reads_as_it_is_drawn() -> None:
    shown = watch_text.attempt(arrival(facts(), seen(**ANSWER)), "14:07:12")
    assert shown == ("14:07:12  192.168.1.20 arrived on eth0\n          reached flask run (pid 4242), HTTP 200   ✓\n")


def test_the_code_is_dark_on_light_with_a_quiet_zone() -> None:
    lines = watch_qr.lines("http://192.168.1.100:5000/")
    assert len({len(line) for line in lines}) == 1
    assert set("".join(lines)) <= set(" ▀▄█")
    assert not lines[0].strip() and not lines[1].strip() and not lines[-1].strip()
    assert all(line.startswith("    ") and line.endswith("    ") for line in lines)
    coloured = watch_qr.coloured("http://192.168.1.100:5000/")
    assert all(line.startswith("\x1b[38;5;16;48;5;231m") and line.endswith("\x1b[0m") for line in coloured)


def test_the_code_holds_the_address() -> None:
    """Read back module by module, as the segno library wrote them."""
    import segno

    text = "http://192.168.1.100:5000/"
    dark = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    rows = [[dark[each][half] for each in line] for line in watch_qr.lines(text) for half in (0, 1)]
    wanted = [
        [int(bool(each)) for each in row] for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)
    ]
    assert rows[: len(wanted)] == wanted
