"""platform_scripts/linux/collect.sh asks what the wizard's own table asks, and its bundle is read like any other."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.collect.hostile import NAME
from wizard.collect.bundle import BundleSource
from wizard.collect.environment import MATTERS
from wizard.collect.probes_linux import LEGACY_4, LEGACY_6, NETLINK_HOOK, NF_TABLES, PROBES
from wizard.collect.readers import sysctls
from wizard.model.capture import Capture, Unknown
from wizard.parse import assemble

SCRIPT = Path(__file__).resolve().parents[2] / "platform_scripts" / "linux" / "collect.sh"
TEXT = SCRIPT.read_text()
ASKED = {probe.name: probe for probe in PROBES if probe.name != "psutil-listeners"}
SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks a Linux machine")


def questions() -> Iterator[list[str]]:
    """The words of every question in `collect()`, with the script's variables filled in."""
    body = TEXT[TEXT.index("\ncollect() {") : TEXT.index("\n# Other words")].replace("\\\n", " ")
    known = {"$NETLINK_HOOK": NETLINK_HOOK, "$NF_TABLES": NF_TABLES, "$LEGACY_4": LEGACY_4, "$LEGACY_6": LEGACY_6}
    for name, value in known.items():
        body = body.replace(name, value)
    for line in body.splitlines():
        words = shlex.split(line.partition("||")[0], comments=True)
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
        assert rest[0] == probe.asks
        assert rest[2] == name.replace("-", "_")


def _list(name: str) -> list[str]:
    match = re.search(rf'^{name}="([^"]*)"', TEXT, re.MULTILINE)
    assert match
    return match[1].split()


def test_the_names_that_matter_and_the_settings_are_the_same() -> None:
    assert set(_list("VARIABLES")) == MATTERS
    assert tuple(_list("SETTINGS")) == sysctls.SINGLE
    assert [tuple(_list(f"EACH_INTERFACE_{number}")) for number in (4, 6)] == [
        names for _, names in sysctls.EACH_INTERFACE
    ]


def test_its_head_names_every_command() -> None:
    head = TEXT[: TEXT.index("\nset -u")].replace("-4 ", "").replace("-6 ", "")
    for words in questions():
        if words[0] == "ask":
            command = [word for word in words[6:] if word not in ("-4", "-6")]
            assert command[0] in head
            assert command[-1] in head
        if words[0] == "take":
            assert words[-1].startswith(("/proc/net/", "/etc/ufw/")) or words[-1] in head


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_shellcheck_finds_nothing() -> None:
    run = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "")


@linux
@pytest.mark.parametrize("shell", SHELLS)
def test_its_bundle_is_read_like_any_other(shell: str, tmp_path: Path) -> None:
    """... also with a process around whose name and arguments are hostile."""
    if shutil.which(SHELLS[shell][0]) is None:
        pytest.skip(f"needs {SHELLS[shell][0]}")
    call = f"ctypes.CDLL(None).prctl(15, {NAME.encode()!r}, 0, 0, 0)"
    hostile = [
        sys.executable,
        "-c",
        f"import ctypes, time; {call}; print(flush=True); time.sleep(90)",
        'a\nb\t\\"$(x)`y`',
        "",
        NAME,
    ]
    with subprocess.Popen(hostile, stdout=subprocess.PIPE, env={"PORT": '1="2"', "SECRET_KEY": "x"}) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            run = subprocess.run(
                [*SHELLS[shell], str(SCRIPT), str(tmp_path)], capture_output=True, text=True, timeout=120
            )
        finally:
            child.kill()
    assert run.returncode == 0, run.stderr
    result = Path(run.stdout.strip())
    bundle = BundleSource(result)
    missing = {name for name in ASKED if name not in bundle.captures}
    assert missing <= {"proc-tcp", "proc-tcp6"}
    assert (bundle.platform, bundle.privileged) == ("linux", os.geteuid() == 0)
    facts = assemble.facts(bundle.gather(PROBES), bundle.platform, bundle.taken_at, bundle.privileged)
    assert not [note for note in facts.notes if "not understood" in note.reason]
    assert not isinstance(facts.processes, Unknown)
    process = facts.processes[child.pid]
    assert process.argv[3:] == ('a\nb\t\\"$(x)`y`', "", "[red]$(x)[2J")
    assert process.environment == {"PORT": '1="2"'}
    assert not isinstance(facts.sysctls, Unknown)
    assert _lasting(facts.sysctls) == _lasting(_settings_now())
    assert BundleSource(result.with_name(result.name.removesuffix(".tar.gz"))).captures == bundle.captures
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        {result.name, result.name.removesuffix(".tar.gz")}
    )


def _lasting(settings: Mapping[str, str]) -> dict[str, str]:
    """Without what changes from moment to moment."""
    return {name: value for name, value in settings.items() if not name.endswith("_conntrack_count")}


@linux
def test_redacted_it_names_neither_machine_nor_users_nor_cards(tmp_path: Path) -> None:
    plain, redacted = (
        subprocess.run(
            ["sh", str(SCRIPT), *words, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
        )
        for words in ((), ("--redact",))
    )
    shown, hidden = BundleSource(Path(plain.stdout.strip())), BundleSource(Path(redacted.stdout.strip()))
    assert hidden.redacted
    assert not shown.redacted
    machine = os.uname().nodename
    card = re.search(
        r"\b(?:[0-9a-f]{2}:){3}(?!00:00:00|ff:ff:ff)[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}\b", _text(shown, "ip-addresses")
    )
    assert machine in _text(shown, "platform")
    assert f"hostname={machine}\n" not in _text(hidden, "platform") or machine == "machine"
    assert card is None or card[0] not in _text(hidden, "ip-addresses")


def _text(bundle: BundleSource, name: str) -> str:
    answer = bundle.captures[name]
    assert isinstance(answer, Capture)
    return answer.text


def _settings_now() -> dict[str, str]:
    from wizard.parse import sysctl

    return dict(sysctl.parse(sysctls.read()).value)


@linux
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become an ordinary user")
def test_as_an_ordinary_user_it_says_what_is_missing() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        script = Path(folder) / "collect.sh"
        script.write_text(TEXT)
        script.chmod(0o755)
        run = subprocess.run(
            ["sh", str(script), folder],
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert run.returncode == 0, run.stderr
        bundle = BundleSource(Path(run.stdout.strip()))
    assert not bundle.privileged
    assert isinstance(bundle.captures["ip-addresses"], Capture)
    assert isinstance(bundle.captures["nft-json"], Unknown)
    assert "not read: the nftables ruleset" in run.stderr


@linux
def test_a_program_that_hangs_and_one_that_is_missing(tmp_path: Path) -> None:
    """Run with a PATH of its own, in which ss hangs and ip is not."""
    if shutil.which("timeout") is None:
        pytest.skip("needs timeout")
    programs = tmp_path / "bin"
    programs.mkdir()
    needed = (
        "date uname id tr head sed grep cat rm mkdir mktemp awk sort env readlink ls getconf tar timeout sleep chown"
    )
    for name in needed.split():
        if where := shutil.which(name):
            (programs / name).symlink_to(where)
    (programs / "ss").write_text("#!/bin/sh\nsleep 60\n")
    (programs / "ss").chmod(0o755)
    script = tmp_path / "collect.sh"
    quicker = re.sub(r"^( *ask \S+) 5 ", r"\1 1 ", TEXT, flags=re.MULTILINE)
    script.write_text(re.sub(r'^PATH="\$\{PATH:-\}.*$', f'PATH="{programs}"', quicker, flags=re.MULTILINE))
    run = subprocess.run(["/bin/sh", str(script), str(tmp_path)], capture_output=True, text=True, timeout=120)
    captures = BundleSource(Path(run.stdout.strip())).captures
    answer = captures["ss-listeners"]
    assert isinstance(answer, Unknown)
    assert answer.reason == "ss gave no answer within 1 seconds"
    assert isinstance(captures["proc-tcp"], Capture)
    missing = captures["ip-addresses"]
    assert missing == Unknown("ip is not installed", "ip -j -d addr", "the interfaces and addresses")
