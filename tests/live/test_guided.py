"""The guided screens as a person meets them: the real program on a terminal, real servers, a real firewall, keys only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.faults import servers
from tests.live.lab import _AS_NOBODY, CLIENT, SERVER, Lab
from tests.live.terminal import Terminal, write_program
from wizard.casebook import Outcome, open_casebook

SCENARIOS = Path(__file__).parents[1] / "scenarios"
pytestmark = pytest.mark.needs("tmux")


def take_both(terminal: Terminal) -> None:
    """The two answers that are marked already."""
    terminal.press("Enter")
    terminal.shows("▸ another device")
    terminal.press("Enter")


@pytest.mark.needs("ufw", "module:flask")
def test_from_start_to_the_loaded_page(lab: Lab) -> None:
    lab.start_ufw("allow 22/tcp")
    servers.flask_run().start(lab)
    terminal = Terminal(lab, size=(150, 44))
    terminal.shows("What can't be reached?", "5000 ", "this machine only")
    terminal.press("Down")
    terminal.shows("▸ 5000")
    terminal.press("Enter")
    terminal.shows("What does the other device show?", "took too long to respond")
    terminal.press("Home")
    terminal.shows("▸ … refused to connect")
    terminal.press("Down")
    terminal.shows("▸ … took too long")
    take_both(terminal)
    terminal.shows("✗ blocked:", "it stops here", "proved in the model", "ufw")
    terminal.press("a")
    terminal.shows("Copied")
    assert "ufw" in terminal.copied() and "--host 0.0.0.0" in terminal.copied()
    terminal.press("Enter")
    terminal.shows("Is the way open now?", "watching:")
    terminal.paste_and_run()
    terminal.shows("✓ reachable:", f"http://{SERVER}:5000/", "Who has come", "watching for packets to port 5000")
    assert lab.wait_for_page(f"http://{SERVER}:5000/").ok
    terminal.shows(f"{CLIENT} arrived on veth-s", "HTTP 200")
    terminal.press("q")
    assert terminal.ended() == 0
    with open_casebook(lab.folder / "home" / "cases.sqlite3") as book:
        (case,) = book.list()
    assert (case.target, case.outcome) == ("5000", Outcome.SOLVED)


def test_a_bundle_that_somebody_sent(lab: Lab) -> None:
    terminal = Terminal(lab, "--bundle", str(SCENARIOS / "loopback-only-bind--flask-run-debug"), "10.77.0.1:5000")
    terminal.shows("What does the other device show?")
    take_both(terminal)
    terminal.shows("✗ blocked:", "listens on 127.0.0.1 only", "it stops here")
    terminal.press("x")
    terminal.shows("Explained", "loopback-only-bind")
    terminal.press("Escape")
    terminal.shows("it stops here")
    terminal.press("l")
    terminal.shows("Leading by telephone", "Step 1 of")
    terminal.press("C-q")
    assert terminal.ended() == 0


@pytest.mark.needs("ufw")
def test_without_root_the_one_command_is_shown_and_its_answer_picked_up(lab: Lab) -> None:
    lab.start_ufw("allow 22/tcp")
    servers.http_server().start(lab)
    terminal = Terminal(lab, "5000", apart=_AS_NOBODY)
    terminal.shows("What does the other device show?")
    take_both(terminal)
    terminal.shows("? cannot tell:", "root runs this", "collect -o")
    terminal.press("c")
    terminal.shows("Copied.")
    command = terminal.copied()
    assert command.startswith("sudo ") and "machine.zip" in command
    # Here root's shell plays sudo, which tells who asked.
    terminal.tmux(
        "set-buffer", f"SUDO_UID=65534 SUDO_GID=65534 PYTHONPATH={Path.cwd()} {command.removeprefix('sudo ')}"
    )
    terminal.paste_and_run()
    terminal.shows("✗ blocked:", "ufw")
    terminal.press("q")
    assert terminal.ended() == 0


def test_a_probe_that_never_returns_is_seen_to_hang_and_holds_up_nothing(lab: Lab) -> None:
    write_program(lab.folder / "slow" / "ip", "#!/bin/sh\nexec sleep 100000\n")
    servers.http_server().start(lab)
    terminal = Terminal(lab, "5000", environment={"PATH": f"{lab.folder}/slow:/usr/sbin:/usr/bin:/sbin:/bin"})
    terminal.shows("What does the other device show?")
    take_both(terminal)
    terminal.shows("no answer yet, at most", "s more")
    terminal.press("Escape")
    terminal.shows("What does the other device show?")
    take_both(terminal)
    terminal.shows("? cannot tell:")
    terminal.press("e")
    terminal.shows("gave no answer within")
    terminal.press("C-q")
    assert terminal.ended() == 0
