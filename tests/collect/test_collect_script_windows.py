"""platform_scripts/windows: the scripts ask what the table asks, are written for Windows PowerShell 5.1 and for cmd, and what
they write is a bundle. No Windows is here: the grammar is checked, and the output with recorded pieces."""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from wizard.collect.bundle import BundleSource
from wizard.collect.probes_windows import _UTF_8, PROBES
from wizard.collect.readers import windows_variables
from wizard.model.capture import Capture, Probe, Unknown

FOLDER = Path(__file__).resolve().parents[2] / "platform_scripts" / "windows"
SHELL = (FOLDER / "collect.ps1").read_text(encoding="ascii")
BATCH = (FOLDER / "collect.cmd").read_bytes().decode("ascii")
READERS = {probe.name for probe in PROBES if probe.reader}
COMMANDS = {probe.name: probe for probe in PROBES if not probe.reader}
NATIVE = {name: probe for name, probe in COMMANDS.items() if probe.argv[:1] != ("powershell",)}
BODY = SHELL[SHELL.index("#>") :]
_ASK = re.compile(
    r"^(?P<kind>Ask|AskShell|Take) '(?P<name>[\w-]+)' '(?P<asks>(?:[^']|'')+)' (?:(?P<seconds>\d+) )?"
    r"(?:'(?P<line>(?:[^']|'')*)'|\{ (?P<block>.*?) \})(?P<more>(?: -InsteadOf .*| -After .*)?)$",
    re.MULTILINE,
)
QUESTIONS = {match["name"]: match for match in _ASK.finditer(BODY)}


def _typed(probe: Probe, quote: str) -> str:
    return " ".join(f"{quote}{word}{quote}" if " " in word else word for word in probe.argv)


def _depends(probe: Probe) -> str:
    if probe.instead_of and probe.instead_of not in READERS:
        return f" -InsteadOf '{probe.instead_of}'"
    if probe.only_after:
        name, text = probe.only_after
        return f" -After '{name}' -Having " + ('"`n"' if text == "\n" else f"'{text}'")
    return ""


def test_the_powershell_script_asks_every_question_of_the_table_and_no_other() -> None:
    assert QUESTIONS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_of_its_questions_is_the_tables(name: str) -> None:
    probe, match = COMMANDS[name], QUESTIONS[name]
    assert match["asks"].replace("''", "'") == probe.asks
    assert match["more"] == _depends(probe)
    if probe.path:
        assert (match["kind"], match["line"]) == ("Take", probe.path)
        return
    assert match["seconds"] == f"{probe.seconds:g}"
    if name in NATIVE:
        assert (match["kind"], match["line"].replace("''", "'")) == ("Ask", _typed(probe, '"'))
    else:
        assert (match["kind"], match["block"]) == ("AskShell", probe.argv[-1].removeprefix(_UTF_8))


def test_its_grammar_is_powershells() -> None:
    """By a real grammar, so that a brace too few is found without a Windows."""
    tree_sitter = pytest.importorskip("tree_sitter")
    pwsh = pytest.importorskip("tree_sitter_pwsh")
    parser = tree_sitter.Parser(tree_sitter.Language(pwsh.language()))
    assert not parser.parse(SHELL.encode()).root_node.has_error
    assert parser.parse((SHELL + "\n}").encode()).root_node.has_error


@pytest.mark.parametrize(
    ("trap", "why"),
    [
        (r"&&|\|\|", "chains of commands are PowerShell 7's"),
        (r"\?\?|\?\.", "null operators are PowerShell 7's"),
        (r"\s\?\s[^{]+\s:\s", "so is the ternary operator"),
        (r"-Parallel\b", "so is ForEach-Object -Parallel"),
        (r"\bNew-Object\b|\bAdd-Type\b", "ConstrainedLanguage forbids other types"),
        (r"\]::", "and static methods"),
        (r"-Encoding (?:UTF8NoBOM|utf8BOM)", "names that 5.1 does not know"),
        (r"\bInvoke-Expression\b|\biex\b", "text from a machine is never run"),
        (
            r"\b(?:Set|New|Remove|Enable|Disable)-Net\w+|\bnetsh (?:\w+ )*(?:add|set|delete)\b|\breg (?:add|delete)\b",
            "it only reads",
        ),
    ],
)
def test_it_keeps_clear_of(trap: str, why: str) -> None:
    assert not re.search(trap, BODY), why


def test_it_says_how_deep_json_goes_and_how_files_are_encoded() -> None:
    assert all("-Depth" in line for line in BODY.splitlines() if "ConvertTo-Json" in line)
    written = re.findall(r"\b(?:Set|Add)-Content\b.*", BODY)
    assert written
    assert all("-Encoding" in line for line in written)


def test_its_head_names_every_program_and_cmdlet() -> None:
    head = SHELL[: SHELL.index("#>")]
    for probe in COMMANDS.values():
        if probe.path:
            continue
        for word in (
            re.findall(r"\b(?:Get-Net\w+|Get-Dns\w+|Win32_\w+|FirewallProduct)", probe.argv[-1]) or probe.argv[:1]
        ):
            assert word in head or word in ("powershell", "cmd"), word


def test_both_name_the_folders_of_windows() -> None:
    listed = re.search(r"\$names = (.*?)\n    Add-Lines", BODY, re.DOTALL)
    assert listed
    assert tuple(re.findall(r"'([^']+)'", listed[1])) == windows_variables.NAMES


CALLS = {m["name"]: m for m in re.finditer(r'call :ask (?P<name>[\w-]+) "(?P<asks>[^"]+)" "(?P<line>[^"]+)"', BATCH)}


def test_the_batch_file_asks_every_command_of_the_table_and_no_other() -> None:
    assert CALLS.keys() == NATIVE.keys()
    for name, match in CALLS.items():
        probe = NATIVE[name]
        assert match["asks"] == probe.asks
        assert match["line"] == (f"cmd /c type {probe.path}" if probe.path else _typed(probe, "'"))


def test_the_batch_file_is_one_for_cmd() -> None:
    lines = BATCH.split("\r\n")
    assert all("\n" not in line for line in lines), "cmd misreads labels of a file with other line ends"
    labels = {line[1:] for line in lines if re.fullmatch(r":\w+", line)}
    wanted = set(re.findall(r"(?:goto|call :)\s*(\w+)", BATCH)) - {"ask", "eof"}
    assert wanted | {"ask"} <= labels
    for line in lines:
        # Inside a block a bare parenthesis of a variable's value would end it.
        assert "%ProgramFiles(x86)%" not in line
    assert not re.search(
        r"\b(?:netsh (?:\w+ )*(?:add|set|delete)|reg (?:add|delete)|sc (?:start|stop|config))\b", BATCH
    )


def _shell_bundle(folder: Path) -> Path:
    """What collect.ps1 writes, with its own words for each entry: an answer, and a question without one."""
    captures = folder / "captures"
    captures.mkdir()
    entries = re.search(r"function Add-Answer.*?-Value @\((.*?)\n    \)", BODY, re.DOTALL)
    unknowns = re.search(r"function Add-Unknown.*?-Value @\((.*?)\n    \)", BODY, re.DOTALL)
    assert entries
    assert unknowns
    quoted = {"Name": "netstat", "Line": "netstat -ano", "What": "who listens"}
    text = _filled(entries[1], quoted) + _filled(unknowns[1], {**quoted, "Name": "arp", "What": "the neighbour table"})
    (folder / "captures.toml").write_bytes(("\n" + text).replace("\n", "\r\n").encode("ascii"))
    (captures / "netstat.txt").write_bytes("  TCP    0.0.0.0:5000   0.0.0.0:0   ABHÖREN   4242\r\n".encode("cp850"))
    (captures / "code-page.txt").write_bytes(b"Aktive Codepage: 850.\r\n")
    (folder / "bundle.toml").write_bytes(_manifest().replace("\n", "\r\n").encode("ascii"))
    with zipfile.ZipFile(folder / "bundle.zip", "w") as packed:
        for path in (*captures.iterdir(), folder / "bundle.toml", folder / "captures.toml"):
            packed.write(path, path.relative_to(folder).as_posix().replace("/", "\\"))
    return folder / "bundle.zip"


def _filled(template: str, values: dict[str, str]) -> str:
    text = _unquoted(template)
    for name, value in values.items():
        text = re.sub(
            rf"\$\(Get-Quoted \"?\$\(?\$?Ask\.{name}\)?(\.txt)?\"?\)", lambda m, v=value: f'"{v}{m[1] or ""}"', text
        )
    text = text.replace("$(Get-Quoted $Errors)", '""').replace("$(Get-Quoted $Reason)", '"it is not installed"')
    return (
        text.replace("$ExitCode", "0").replace("$([int]$Seconds)", "1").replace("$(Get-Quoted $Ask.Name)", '"netstat"')
    )


def _unquoted(lines: str) -> str:
    """PowerShell strings, one a line, without their own quotes."""
    return "".join(f"{line.strip()[1:-1]}\n" for line in lines.strip().splitlines())


def _manifest() -> str:
    match = re.search(r"'bundle.toml'\) -Encoding Ascii -Value @\((.*?)\n\)", BODY, re.DOTALL)
    assert match
    text = re.sub(r"\$\(if \(\$\w+\) \{ 'true' \} else \{ 'false' \}\)", "false", _unquoted(match[1]))
    return text.replace("$seconds", "1760000000")


def test_what_the_powershell_script_writes_is_a_bundle(tmp_path: Path) -> None:
    source = BundleSource(_shell_bundle(tmp_path))
    assert (source.platform, source.taken_at, source.privileged) == ("windows", 1_760_000_000.0, False)
    answer = source.captures["netstat"]
    assert isinstance(answer, Capture)
    assert "ABHÖREN" in answer.text, "the bytes are read by the code page that the machine told"
    assert isinstance(source.captures["arp"], Unknown)


def test_what_the_batch_file_writes_is_a_bundle(tmp_path: Path) -> None:
    """Its own echo lines, with the variables filled in; without a clock the file's time counts."""
    block = BATCH[BATCH.index(":answered\r\n") :]
    lines = [line.strip().removeprefix("echo ") for line in block.splitlines() if line.strip().startswith("echo ")]
    text = "\r\n".join(lines).replace("%~1", "netstat").replace("%source:'=\"%", 'reg query "HKCU\\Software"')
    manifest = BATCH[BATCH.index("bundle.toml") : BATCH.index("echo Asking")]
    told = [line.strip().removeprefix("echo ") for line in manifest.splitlines() if line.strip().startswith("echo ")]
    about = "\r\n".join(told).replace("%now%", "0").replace("%privileged%", "false")
    (tmp_path / "captures").mkdir()
    (tmp_path / "captures" / "netstat.txt").write_bytes(b"  TCP    0.0.0.0:5000   0.0.0.0:0   LISTENING   4242\r\n")
    (tmp_path / "captures.toml").write_bytes(text.replace("echo.", "").encode())
    (tmp_path / "bundle.toml").write_bytes(about.encode())
    with tarfile.open(tmp_path / "bundle.tar.gz", "w:gz") as packed:
        for name in ("captures", "captures.toml", "bundle.toml"):
            packed.add(tmp_path / name, name)
    os.utime(tmp_path / "bundle.tar.gz", (1_750_000_000, 1_750_000_000))
    source = BundleSource(tmp_path / "bundle.tar.gz")
    assert (source.platform, source.taken_at) == ("windows", 1_750_000_000.0)
    answer = source.captures["netstat"]
    assert isinstance(answer, Capture)
    assert answer.source == 'reg query "HKCU\\Software"'
    assert "LISTENING" in answer.text
