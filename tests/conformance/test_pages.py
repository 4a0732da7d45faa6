"""Every page of `wizard explain`, of a cause module or of `knowledge`, has one form and commands that parse."""

from __future__ import annotations

import re
import subprocess

from wizard.cli.explain import everything, page_text
from wizard.judge import catalogue
from wizard.model.diagnosis import Stage
from wizard.present.explain import HEADS, by_hand, paragraphs, sections

PAGES = {page.ref: page for page in everything()}
DIAGNOSED = {module.CAUSE.ref for module in catalogue()}
NUMBERS = {"A": 20, "B": 15, "C": 13, "D": 12, "E": 40, "F": 27, "G": 23, "H": 8, "I": 18, "J": 12}
"""CAUSES' stages and how many it has of each."""

# What only one system has: its kernel's or its firewall's own doing.
ONE_SYSTEM = ("windows-", "wsl-", "macos-", "airplay-", "docker-desktop-", "ufw-", "firewalld-", "fedora-")

SYSTEMS = ("Linux", "macOS", "Windows")
PROSE = re.compile(r"(^|; )(the|a|an|as|see|open|look|same|event|whether|in|on) ")
"""A command in these rows can be pasted; what has to be said of it stands behind it, after two blanks."""


def test_a_page_has_its_heads_in_order() -> None:
    for page in PAGES.values():
        heads = [head for each in paragraphs(page.text) for head in HEADS if each.startswith(head)]
        assert heads in (list(HEADS), list(HEADS[:-1])), (page.ref, heads)
        said = sections(page.text)
        assert all(said[head] for head in heads), page.ref
        first = paragraphs(page.text)[0]
        assert first.endswith(".") and 30 <= len(" ".join(first.split())) <= 240, page.ref
        assert not page.title.endswith(".") and page.stage in [stage.value for stage in Stage], page.ref


def test_a_page_names_only_pages_that_there_are() -> None:
    for page in PAGES.values():
        mistaken = sections(page.text).get(HEADS[4], "")
        named = re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", mistaken)
        named += re.findall(r"wizard explain ([a-z0-9]+(?:-[a-z0-9]+)+)", page.text)
        assert set(named) <= PAGES.keys(), (page.ref, set(named) - PAGES.keys())
        assert page.ref not in named


def test_a_page_shows_how_to_see_it_by_hand() -> None:
    for page in PAGES.values():
        rows = by_hand(page.text)
        assert rows and all(platform and command for platform, command in rows), page.ref
        shown = {platform for platform, _ in rows}
        for platform, command in rows:
            assert platform not in SYSTEMS or not PROSE.search(command), (page.ref, command)
        assert page.ref.startswith(ONE_SYSTEM) or shown & {"Linux", "macOS", "Android"}, page.ref


def test_what_exists_everywhere_is_shown_on_each_platform() -> None:
    whole = [
        page.ref for page in PAGES.values() if {"Linux", "macOS", "Windows"} <= {name for name, _ in by_hand(page.text)}
    ]
    assert len(whole) >= 60
    assert {"loopback-only-bind", "nothing-listening", "port-taken-by-another-program", "firewall-drops-port"} <= set(
        whole
    )


def test_every_command_for_linux_and_macos_parses() -> None:
    rows = [
        (page.ref, command)
        for page in PAGES.values()
        for platform, command in by_hand(page.text)
        if platform in ("Linux", "macOS")
    ]
    rows += [
        (page.ref, line.strip().split("      ")[0])
        for page in PAGES.values()
        for head in ("Fix:", "Undo:")
        for line in sections(page.text)[head].replace("\n    ", " ").splitlines()
        if line.startswith("  sudo ")
    ]
    if _parses(*(command for _, command in rows)):
        return
    wrong = [(ref, command) for ref, command in rows if not _parses(command)]
    assert not wrong, wrong


def _parses(*commands: str) -> bool:
    script = "".join(f"one() {{\n{command}\n}}\n" for command in commands)
    return subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False).returncode == 0


def test_commands_for_windows_have_their_quotes_and_brackets() -> None:
    for page in PAGES.values():
        for platform, command in by_hand(page.text):
            if platform == "Windows":
                assert command.count("'") % 2 == 0 and command.count('"') % 2 == 0, command
                assert command.count("(") == command.count(")") and command.count("{") == command.count("}"), command


def test_a_page_reads_well_at_any_width() -> None:
    for page in PAGES.values():
        for width in (60, 100):
            text = page_text(page.ref, width)
            assert " ".join(text.split()).startswith(page.title) and text.endswith("\n"), page.ref
            prose = [line for line in text.splitlines() if not line.startswith((" ", "http"))]
            assert all(len(line) <= width or " " not in line for line in prose), page.ref


def test_all_of_causes_has_a_page() -> None:
    covered = {number for page in PAGES.values() for number in page.catalogue}
    assert {f"{stage}{number}" for stage, most in NUMBERS.items() for number in range(1, most + 1)} <= covered
