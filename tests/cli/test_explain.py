"""`wizard explain` as a person meets it: a page, the list, a search, an unknown name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from wizard.cli.explain import everything

ROOT = Path(__file__).parents[2]


def wizard(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wizard", "explain", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


def test_a_page_has_the_words_of_each_browser() -> None:
    done = wizard("loopback-only-bind")
    assert done.returncode == 0 and done.stderr == ""
    for words in ("refused to connect", "Unable to connect", "Safari can't connect", "(7)", "errno 111", "ssh -L"):
        assert words in done.stdout, words


def test_a_page_without_a_check_says_so() -> None:
    assert "no check of its own" in wizard("carrier-grade-nat").stdout
    assert "no check of its own" not in wizard("loopback-only-bind").stdout


def test_the_list_has_every_page_by_stage() -> None:
    text, told = wizard().stdout, json.loads(wizard("--json").stdout)
    assert [each["ref"] for each in told["causes"]] == [page.ref for page in everything()]
    assert all(page.ref in text for page in everything())
    stages = [line for line in text.splitlines() if line and not line.startswith((" ", "·"))]
    assert stages == list(dict.fromkeys(page.stage for page in everything()))


def test_a_page_for_programs_has_its_sections() -> None:
    told = json.loads(wizard("reverse-path-filter", "--json").stdout)
    assert (told["schema"], told["diagnosed"], told["severity"]) == ("wizard.explain/1", True, "blocking")
    wanted = {"what happens", "what it looks like", "see it by hand", "fix", "undo", "often mistaken for"}
    assert wanted <= told["sections"].keys()


def test_a_framework_tells_where_it_listens() -> None:
    done = wizard("--search", "vite")
    assert done.stdout.startswith("Vite: listens on localhost:5173 unless told otherwise; --host ADDRESS sets it\n")
    assert "loopback-only-bind" in done.stdout and "host-header-refused" in done.stdout
    told = json.loads(wizard("--json", "--search", "uvicorn").stdout)
    assert told["frameworks"][0]["name"] == "uvicorn" and told["causes"]


def test_a_pasted_text_may_stand_in_quotes_or_not_and_stays_harmless() -> None:
    assert wizard("--search", "WinError", "10013").stdout == wizard("--search", "WinError 10013").stdout
    hostile = wizard("--search", "\x1b[2J[qqzz]zzzz")
    assert hostile.returncode == 3 and "\x1b" not in hostile.stdout


def test_a_text_in_place_of_a_name_is_searched_for() -> None:
    done = wizard("ERR_UNSAFE_PORT")
    assert done.returncode == 0 and done.stdout.startswith(" 1  browser-blocks-port ")
    assert done.stdout == wizard("--search", "ERR_UNSAFE_PORT").stdout


def test_an_unknown_name_is_2_and_names_the_nearest() -> None:
    done = wizard("loopback-only-bynd")
    assert (done.returncode, done.stdout) == (2, "")
    assert "loopback-only-bind" in done.stderr
    assert "router-port-forward-missing" in wizard("router-port-forward").stderr
