"""The command line as a person meets it: one clear line for a slip, promised exit codes, output that can be piped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "tests" / "scenarios" / "loopback-only-bind--flask-run-debug"
HEALTHY = ROOT / "tests" / "scenarios" / "healthy--ufw-allow"


def wizard(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wizard", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False, **more)  # type: ignore[call-overload,no-any-return]


SLIPS = [
    ("check", "99999"),
    ("check", "http://"),
    ("check", "300.1.1.1:80"),
    ("check", "5000", "--from", "nowhere"),
    ("check", "5000", "--symptom", "it is broken"),
    ("check", "5000", "--heard", "0J89-C172-5680"),
    ("check", "5000", "--heard", "0J89-C172-5680-8QVN"),
    ("check", "5000", "--port", "0"),
    ("check", "5000", "--timeout", "-1"),
    ("check", "5000", "--no-such-option"),
    ("check",),
    ("check", "5000", "--bundle", "/nowhere/at/all.zip"),
    ("check", "5000", "--bundle", __file__),
    ("check", "192.168.1.100", "--bundle", str(HEALTHY)),
    ("explain", "loopback-only-bynd"),
    ("trace",),
    ("trace", "--from", "10.0.0.1", "--to", "10.0.0.2"),
    ("trace", "--batch", "/nowhere/at/all"),
    ("collect",),
]


@pytest.mark.parametrize("words", SLIPS, ids=" ".join)
def test_a_slip_gets_one_clear_error_with_the_next_step(words: tuple[str, ...]) -> None:
    done = wizard(*words)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "\n  Try: " in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_terminal_the_screens_say_what_to_run_instead() -> None:
    done = wizard("5000", stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert "wizard check 5000" in done.stderr


def test_blocked_is_1_and_clear_is_0() -> None:
    assert wizard("check", "http://10.77.0.1:5000/", "--from", "10.77.0.2", "--bundle", str(SCENARIO)).returncode == 1
    assert wizard("check", "http://10.77.0.1:5000/", "--from", "10.77.0.2", "--bundle", str(HEALTHY)).returncode == 0


def test_what_could_not_be_read_is_3_and_names_the_command(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    subprocess.run(["cp", "-r", HEALTHY, bundle], check=True)
    for listing in ("iptables-save", "nft-json", "ip6tables-save"):
        (bundle / "captures" / f"{listing}.txt").unlink(missing_ok=True)
    done = wizard("check", "http://10.77.0.1:5000/", "--from", "10.77.0.2", "--bundle", str(bundle))
    assert done.returncode == 3, done.stdout
    assert "cannot tell" in done.stdout
    assert "sudo" in done.stdout


def test_json_is_one_object_on_stdout_and_nothing_else() -> None:
    done = wizard("check", "http://10.77.0.1:5000/", "--from", "10.77.0.2", "--bundle", str(SCENARIO), "--json")
    told = json.loads(done.stdout)
    assert told["schema"] == "wizard.check/1"
    assert told["verdict"] == "blocked"
    assert told["findings"][0]["ref"] == "loopback-only-bind"
    assert told["plan"][0]["proved"] is True
    assert done.stderr == ""


def test_text_in_a_pipe_has_no_colour_and_no_control_characters() -> None:
    done = wizard("check", "http://10.77.0.1:5000/", "--from", "10.77.0.2", "--bundle", str(SCENARIO))
    assert all(character.isprintable() or character == "\n" for character in done.stdout)


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    command = f"{sys.executable} -m wizard explain | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_ctrl_c_ends_cleanly_with_130(tmp_path: Path) -> None:
    """A probe that hangs, and a person who does not wait for it."""
    slow = tmp_path / "ss"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    running = subprocess.Popen(
        [sys.executable, "-m", "wizard", "check", "5000", "--no-probe"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert out == ""


def test_help_has_examples_everywhere() -> None:
    from wizard.cli import COMMANDS

    assert "examples:" in wizard("--help").stdout
    for command in COMMANDS:
        done = wizard(command, "--help")
        assert done.returncode == 0
        assert "examples:" in done.stdout, command


def test_a_bundle_gives_what_the_machine_gave(tmp_path: Path) -> None:
    bundle = tmp_path / "machine.zip"
    done = wizard("collect", "-o", str(bundle), "--target", "59999", "--no-probe")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(bundle)
    told = json.loads(wizard("check", "59999", "--bundle", str(bundle), "--no-probe", "--json").stdout)
    assert told["verdict"] in ("blocked", "undetermined")


def test_the_demo_finds_what_it_built() -> None:
    done = wizard("demo", "--json")
    assert done.returncode == 0, done.stderr
    assert "loopback-only-bind" in [finding["ref"] for finding in json.loads(done.stdout)["findings"]]
