"""A case as it goes out: whole in each form, harmless, and with nobody's name in it."""

from __future__ import annotations

import json
import os
import re
import stat
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from tests.casebook.machines import LOOPBACK, OPEN, UFW, machine
from tests.collect.planted import Person, planted
from tests.collect.test_redact_scenarios import left
from tests.present import reports
from tests.present.test_html import Page
from wizard.casebook import Casebook, Outcome, open_casebook, save_ticket
from wizard.casebook.export import options_without_names, tell
from wizard.collect.redact import Redaction
from wizard.errors import WizardError
from wizard.judge import heard_code
from wizard.model.change import Area
from wizard.model.heard import Heard
from wizard.model.options import Options
from wizard.present import case_json, case_markdown, html
from wizard.present.case_story import CaseStory, RunStory

HOSTILE = (
    "``` \x1b[2J</pre><script>x</script> @everyone #12 [a](http://x.example) "
    "![i](http://x.example/i.png) www.x.example | *b*"
)


def told(book: Casebook, redacted: bool = False) -> CaseStory:
    case = book.new("http://10.77.0.1:5000/", symptom=HOSTILE, device=HOSTILE, name=HOSTILE).id
    for name in (OPEN, UFW, LOOPBACK):
        report, captures, options = machine(name)
        book.add_run(case, report, captures, options=options, origin=f"/tmp/{name}.zip")
    book.mark_step(case, 1)
    book.note(case, f"one line\n{HOSTILE}\n1. a list\n- another")
    book.close(case, Outcome.PASSED_ON)
    return tell(book, case, redacted=redacted)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> CaseStory:
    with open_casebook(tmp_path_factory.mktemp("book") / "cases.sqlite3") as book:
        return told(book)


def test_a_run_read_again_says_what_it_said_that_day(story: CaseStory) -> None:
    assert [run.report for run in story.runs] == [machine(name)[0] for name in (OPEN, UFW, LOOPBACK)]


def test_the_page_is_whole_and_harmless(story: CaseStory) -> None:
    source = html.render_case(story)
    page = Page(source)
    assert page.wrong == [] and page.open == []
    assert "<script" not in source and "\x1b" not in source
    for words in (
        "blocked: flask run (pid 30) listens on 127.0.0.1 only",
        "What changed from run 2 to run 3",
        "What changed from run 1 to run 2",
        "0.0.0.0 (python) → 127.0.0.1 (python)",
        "passed on",
        "✓ done",
        "one line",
        "</pre><script>x</script> @everyone",
        "run 1, from healthy--ufw-allow.zip: reachable",
    ):
        assert words in page.text, words
    assert source.count("<svg") == 3
    assert "prefers-color-scheme: dark" in source and "@media print" in source


def test_the_page_loads_nothing(story: CaseStory) -> None:
    source = html.render_case(story)
    assert not re.search(r"(?i)<(?:script|link|img|iframe|object|a)\b|\bsrc=|\bhref=|url\(|@import", source)
    assert "default-src 'none'" in source


def test_the_markdown_is_whole_and_nothing_in_it_is_markup(story: CaseStory) -> None:
    source = case_markdown.render_case(story)
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(source)
    inline = [child for token in tokens for child in token.children or ()]
    assert not {token.type for token in (*tokens, *inline)} & {
        "link_open",
        "image",
        "html_block",
        "html_inline",
        "table_open",
    }
    fences = [token for token in tokens if token.type == "fence"]
    commands = [step.text for run in story.runs[-1:] for step in run.view.steps if step.kind == "run"]
    fenced = [fence.content.strip() for fence in fences if fence.content.strip() in commands]
    assert fenced[: len(commands)] == commands
    spoken = "".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"@\w|#\d|https?://|www\.\w", spoken)
    assert "\x1b" not in source
    heads = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    assert any("What changed from run 2 to run 3" in each for each in heads) and heads[-1] == "Diary"


@pytest.mark.parametrize(
    "text", ["`", "``", "a`b``c```", " x ", "```sh", "~~~", "\\", "x\\", HOSTILE, "a\nb", "- x", "1. x"]
)
def test_code_and_words_come_back_as_they_were(text: str) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False})
    span = parser.parseInline(case_markdown.code(text))[0].children
    shown = text.replace("\x1b", "\\x1b").replace("\n", "\\n")
    assert span is not None and [(each.type, each.content) for each in span] == [("code_inline", shown)]
    fence = parser.parse("\n".join(case_markdown.fenced(text)))
    assert [each.type for each in fence] == ["fence"]
    words = [each for each in parser.parse(f"- {case_markdown.text(text)}") if each.children]
    assert len(words) == 1
    said = "".join(each.content for each in words[0].children or ()).replace("\u200b", "")
    assert said == shown.strip()


def test_one_report_as_markdown() -> None:
    for make in reports.ALL:
        source = case_markdown.render(make())
        assert source.startswith("# ") and "\x1b" not in source and "\u202e" not in source
    shown = case_markdown.render(reports.ufw_and_loopback())
    for plan in reports.ufw_and_loopback().plan:
        assert case_markdown.text(plan.title) in shown


def test_the_json_has_the_check_of_each_run(story: CaseStory) -> None:
    told = json.loads(case_json.render(story))
    assert told["schema"] == "wizard.case/1" and told["outcome"] == "passed-on" and told["redacted"] is False
    assert [run["report"]["schema"] for run in told["runs"]] == ["wizard.check/1"] * 3
    assert [run["report"]["verdict"] for run in told["runs"]] == ["reachable", "blocked", "blocked"]
    assert told["runs"][0]["changes"] is None
    assert {each["area"] for each in told["runs"][2]["changes"]} <= {area.value for area in Area}
    assert told["runs"][2]["steps_done"][0]["step"] == 1
    assert case_json.render(story).isascii()


PERSON = Person(lan="81.2.69")


def of_a_person(book: Casebook) -> int:
    """A case in which the person's name stands wherever a name can stand."""
    said = f"{PERSON.user.title()} on {PERSON.host}, {PERSON.mac}, {PERSON.lan}.77, {PERSON.user}@{PERSON.domain}"
    first = planted(OPEN, PERSON)
    case = book.new(first.target, symptom=said, device=said, name=said).id
    for name in (OPEN, LOOPBACK):
        asked = replace(planted(name, PERSON), target=first.target)
        book.add_run(
            case, asked.report(), asked.captures, options=asked.options, origin=f"/home/{PERSON.user}/{PERSON.host}.zip"
        )
    book.note(case, said)
    return case


def test_nothing_of_a_person_goes_out(book: Casebook) -> None:
    case = of_a_person(book)
    plain, hidden = tell(book, case, redacted=False), tell(book, case)
    for form in (html.render_case, case_markdown.render_case, case_json.render):
        assert left(form(plain), PERSON)
        assert left(form(hidden), PERSON) == []
    for form in (html.render_case, case_markdown.render_case):
        assert "are substitutes" in form(hidden) and "are substitutes" not in form(plain)
    assert [run.report.verdict for run in plain.runs] == [run.report.verdict for run in hidden.runs]
    shapes = [[[(each.area, each.kind) for each in run.changes or ()] for run in one.runs] for one in (plain, hidden)]
    assert shapes[0] == shapes[1] and shapes[0][1]


def test_one_thing_has_one_substitute_through_the_whole_case(book: Casebook) -> None:
    hidden = tell(book, of_a_person(book))
    text = case_json.render(hidden)
    users, hosts = set(re.findall(r"\buser\d+", text.lower())), re.findall(r"(host\d+), ", hidden.device)
    assert users == {"user1"} and hosts and hosts[0] in hidden.runs[0].origin


def test_those_of_whom_one_speaks_are_replaced(book: Casebook) -> None:
    case = book.new("5000", device="Franziska's phone", name="Franziska, 3rd floor").id
    told = tell(book, case)
    assert told.device == "User1's phone" and told.name == "User1, 3rd floor"


def test_the_other_devices_code_is_told_of_the_substitutes() -> None:
    one, other = "81.2.69.77", "81.2.69.1"
    heard = Heard(
        "refused",
        client=_address(one),
        client_bits=int(_address(one)) & 0xFFFF,
        target_bits=int(_address(other)) & 0xFFF,
    )
    redaction = Redaction(b"key")
    options = Options(vantage=one, heard=heard_code.encode(heard))
    changed = options_without_names(options, redaction, (_address(other),))
    again = heard_code.decode(changed.heard)
    assert changed.vantage != one and str(again.client) == changed.vantage
    assert again.target_bits == int(_address(redaction.text(other))) & 0xFFF
    assert again.transport == "refused"
    assert options_without_names(replace(options, heard="nonsense"), redaction, ()).heard == ""


def _address(text: str) -> IPv4Address:
    return IPv4Address(text)


def test_a_ticket_is_a_new_file_without_names(tmp_path: Path) -> None:
    asked = planted(LOOPBACK, PERSON)
    report = asked.report()
    paths = [save_ticket(report, asked.captures, options=asked.options, folder=tmp_path) for _ in range(2)]
    assert len(set(paths)) == 2 and {each.parent for each in paths} == {tmp_path}
    assert set(paths) == set(tmp_path.iterdir())
    page = paths[0].read_text(encoding="utf-8")
    assert left(page, PERSON) == [] and Page(page).wrong == []
    assert "listens on 127.0.0.1 only" in page
    if os.name != "nt":
        assert stat.S_IMODE(paths[0].stat().st_mode) == 0o600
    plain = save_ticket(report, asked.captures, options=asked.options, folder=tmp_path, redacted=False)
    assert PERSON.user in plain.read_text(encoding="utf-8")


def test_a_ticket_that_cannot_be_written_is_an_error_with_the_reason(tmp_path: Path) -> None:
    report, captures, options = machine(LOOPBACK)
    with pytest.raises(WizardError) as caught:
        save_ticket(report, captures, options=options, folder=tmp_path / "none")
    assert caught.value.ref == "ticket-not-written" and "No such file" in caught.value.why


def test_a_case_without_a_run_has_its_forms_too(book: Casebook) -> None:
    case = tell(book, book.new("5000", name="asked by phone").id)
    assert "Nothing was checked yet" in html.render_case(
        case
    ) and "Nothing was checked yet" in case_markdown.render_case(case)
    assert json.loads(case_json.render(case))["runs"] == []


def test_hostile_reports_are_harmless_in_a_case() -> None:
    run = RunStory(1, reports.hostile(), 1.0, 1.0, origin=HOSTILE, changes=())
    case = CaseStory(1, HOSTILE, (run,), redacted=False)
    for text in (html.render_case(case), case_markdown.render_case(case)):
        assert "\x1b" not in text and "\u202e" not in text
    page = Page(html.render_case(case))
    assert page.wrong == [] and page.open == []
