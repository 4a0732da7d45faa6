"""A case as it is handed over: every run read again from its own answers, by default with all names replaced."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from msgspec.structs import replace

from wizard.casebook import reading
from wizard.casebook.compare import Look, compare
from wizard.casebook.packing import Captures
from wizard.casebook.records import Note, Run, Story
from wizard.casebook.store import Casebook
from wizard.collect.redact import Redaction
from wizard.errors import WizardError
from wizard.judge import heard_code
from wizard.model.change import Change
from wizard.model.facts import Address
from wizard.model.options import Options
from wizard.present.case_story import CaseStory, Event, RunStory
from wizard.version import __version__


def tell(book: Casebook, case: int, *, redacted: bool = True) -> CaseStory:
    """The case's story. One substitute stands for one thing through all of its runs and notes. Raises WizardError."""
    story = book.show(case)
    captured = {run.number: book.captures(run) for run in story.runs}
    redaction = _learnt(story, captured) if redacted else None
    looks = {run.number: _look(story.case.target, run, captured[run.number], redaction) for run in story.runs}
    runs = tuple(_run(run, looks, redaction) for run in story.runs)
    return _story(story, runs, redaction)


def changes(book: Casebook, case: int, before: int, after: int) -> tuple[Change, ...]:
    """What is different between two runs of the case, names as they are."""
    sides = [book.run(case, number) for number in (before, after)]
    target = book.case(case).target
    one, two = (_look(target, run, book.captures(run), None) for run in sides)
    return compare(one, two)


def options_without_names(options: Options, redaction: Redaction, addresses: tuple[Address, ...]) -> Options:
    """The options with everything replaced, in the other device's code too. `addresses`: the target's own."""
    changed = redaction.options(replace(options, heard=""))
    return replace(changed, heard=_heard(options.heard, redaction, addresses))


def _heard(code: str, redaction: Redaction, addresses: tuple[Address, ...]) -> str:
    """The code holds the device's address, and the last bits of the one that it dialled."""
    if not code:
        return ""
    try:
        heard = heard_code.decode(code)
    except WizardError:
        return ""
    if heard.client is not None:
        client = ip_address(redaction.text(str(heard.client)))
        heard = replace(heard, client=client, client_bits=int(client) & 0xFFFF)
    for address in addresses:
        if heard.target_bits is not None and int(address) & 0xFFF == heard.target_bits:
            heard = replace(heard, target_bits=int(ip_address(redaction.text(str(address)))) & 0xFFF)
            break
    return heard_code.encode(heard)


def _learnt(story: Story, captured: Mapping[int, Captures]) -> Redaction:
    redaction = Redaction()
    case = story.case
    said = (
        case.name,
        case.symptom,
        case.device,
        *(note.text for note in story.notes),
        *(run.origin for run in story.runs),
    )
    for run in story.runs:
        redaction.learn(captured[run.number], case.target, said)
    if not story.runs:
        redaction.learn({}, case.target, said)
    return redaction


def _look(target: str, run: Run, captures: Captures, redaction: Redaction | None) -> Look:
    options = run.options
    if redaction is not None:
        own = tuple(ip_address(each) for each in run.report.get("target", {}).get("addresses", ()))
        options = options_without_names(options, redaction, own)
        target, captures = redaction.text(target), redaction.captures(captures)
    report = reading.report_of(
        target, captures, options, platform=run.platform, taken_at=run.taken_at, privileged=run.privileged
    )
    facts = reading.facts_of(captures, platform=run.platform, taken_at=run.taken_at, privileged=run.privileged)
    return Look(facts, report)


def _run(run: Run, looks: dict[int, Look], redaction: Redaction | None) -> RunStory:
    earlier = looks.get(run.number - 1)
    return RunStory(
        number=run.number,
        report=looks[run.number].report,
        taken_at=run.taken_at,
        added_at=run.added_at,
        origin=redaction.text(run.origin) if redaction else run.origin,
        wizard=run.wizard or __version__,
        privileged=run.privileged,
        done=run.done,
        changes=compare(earlier, looks[run.number]) if earlier else None,
    )


def _story(story: Story, runs: tuple[RunStory, ...], redaction: Redaction | None) -> CaseStory:
    case = story.case

    def said(text: str) -> str:
        return redaction.text(text) if redaction else text

    def event(note: Note) -> Event:
        return Event(note.at, said(note.text), note.kind)

    return CaseStory(
        id=case.id,
        target=said(case.target),
        runs=runs,
        name=said(case.name),
        symptom=said(case.symptom),
        device=said(case.device),
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        outcome=case.outcome.value if case.outcome else "",
        notes=tuple(map(event, story.notes)),
        redacted=redaction is not None,
    )
