"""platform_scripts/macos/collect.sh asks what the table asks of a Mac; it runs here with stand-ins for its programs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard.collect.bundle import BundleSource
from wizard.collect.probes_macos import FIREWALL, PROBES
from wizard.model.capture import Unknown
from wizard.model.macos import MacFacts
from wizard.parse import assemble

SCRIPT = Path(__file__).resolve().parents[2] / "platform_scripts" / "macos" / "collect.sh"
TEXT = SCRIPT.read_text()
# psutil is for a Mac with Python.
ASKED = {probe.name: probe for probe in PROBES if probe.reader not in ("psutil_listeners", "psutil_processes")}
SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
STAND_INS = {
    "netstat": """case "$*" in
*tcp) echo 'Proto Recv-Q Send-Q Local Address Foreign Address (state) rxbytes txbytes rhiwat shiwat process:pid state'
echo 'tcp4 0 0 *.5000 *.* LISTEN 0 0 131072 131072 Python:4242 00100 00000006' ;;
*-rn) printf 'Internet:\\nDestination Gateway Flags Netif Expire\\n'
printf 'default 192.168.1.1 UGScg en0\\n192.168.1 link#10 UCS en0 !\\n' ;;
esac""",
    "ps": """case "$*" in
*comm=) echo ' 4242 900 S+ 01:02 alex /opt/py/bin/python3.12' ;;
*args=) echo ' 4242 /opt/py/bin/python3.12 -m flask run' ;;
esac""",
    "ifconfig": """echo 'en0: flags=8863<UP,BROADCAST,RUNNING> mtu 1500'
printf '\\tether f0:18:98:03:d9:30\\n\\tinet 192.168.1.72 netmask 0xffffff00\\n\\tstatus: active\\n'""",
    "lsof": "exit 1",
    "pfctl": "echo 'pfctl: /dev/pf: Permission denied' >&2; exit 1",
    "scutil": "echo '<dictionary> {'; echo '}'",
    "sw_vers": "echo 'ProductVersion:\t15.3.1'",
    "profiles": "echo 'MDM enrollment: No'",
    "codesign": "echo 'Signature=adhoc' >&2",
}


def questions() -> Iterator[list[str]]:
    """The words of every question in `collect()`, with the script's variables filled in."""
    body = TEXT[TEXT.index("\ncollect() {") : TEXT.index("\n# Other words")].replace("\\\n", " ")
    for line in body.replace("$FIREWALL", FIREWALL).splitlines():
        words = shlex.split(line.replace("if ask", "ask").partition("; then")[0], comments=True)
        if words and words[0] in ("ask", "take", "work_out"):
            yield words


def test_it_asks_every_question_of_the_table_and_no_other() -> None:
    assert sorted(words[1] for words in questions()) == sorted(ASKED)


@pytest.mark.parametrize("words", list(questions()), ids=lambda words: words[1])
def test_each_question_is_the_tables(words: list[str]) -> None:
    kind, name, *rest = words
    probe = ASKED[name]
    if kind == "ask":
        assert rest == [f"{probe.seconds:g}", probe.asks, probe.remedy, probe.only_if, *probe.argv]
    elif kind == "take":
        assert rest == [probe.asks, probe.remedy, probe.only_if, probe.path]
    else:
        assert probe.reader
        assert rest[:2] == [probe.asks, probe.remedy]


def test_its_head_names_every_command() -> None:
    head = TEXT[: TEXT.index("\nset -u")]
    for words in questions():
        if words[0] == "ask":
            assert words[6].rpartition("/")[2] in head, words
            assert words[-1] in head, words


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("redacted", [False, True])
@pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins are shell scripts of a Linux machine")
def test_its_bundle_is_read_like_any_other(tmp_path: Path, shell: str, redacted: bool) -> None:
    if shutil.which(SHELLS[shell][0]) is None:
        pytest.skip(f"{shell} is not installed")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, body in STAND_INS.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    script = tmp_path / "collect.sh"
    script.write_text(re.sub(r'^PATH="', f'PATH="{programs}:', TEXT, flags=re.MULTILINE))
    words = [*SHELLS[shell], str(script), *(["--redact"] if redacted else []), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    source = BundleSource(Path(done.stdout.strip()))
    assert source.platform == "macos"
    facts = assemble.facts(source.captures, source.platform, source.taken_at, source.privileged)
    assert not isinstance(facts.listeners, Unknown)
    assert [(str(each.address), each.port, each.owners and each.owners[0].pid) for each in facts.listeners] == [
        ("0.0.0.0", 5000, 4242)
    ]
    assert not isinstance(facts.processes, Unknown)
    assert facts.processes[4242].argv == ("/opt/py/bin/python3.12", "-m", "flask", "run")
    assert not isinstance(facts.interfaces, Unknown)
    assert facts.interfaces[0].mac == ("f0:18:98:00:00:00" if redacted else "f0:18:98:03:d9:30")
    assert isinstance(facts.macos, MacFacts)
    assert isinstance(facts.macos.pf, Unknown)
    assert "Permission denied" in facts.macos.pf.reason
    # There is no socketfilterfw here: its state is not known, and so is nothing said of it.
    assert isinstance(facts.macos.application_firewall, Unknown)


@pytest.mark.parametrize("program", ["shellcheck"])
def test_it_is_a_clean_shell_script(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, "-s", "sh", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
