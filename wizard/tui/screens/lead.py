"""Leading somebody by telephone: what to say next, what to expect, where the answer goes; beside it what they see.

Say      Please load the page once more. What does it say in big letters, and in small grey ones below?
Expect   A code such as ERR_CONNECTION_REFUSED, or a sentence: refused to connect, took too long, unreachable.
Enter    ┌──────────────────────────────────────────────┐
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from msgspec.structs import replace
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from wizard.errors import WizardError
from wizard.judge import heard_code, symptoms, target
from wizard.knowledge.browser_words import browser_words
from wizard.model.report import Report
from wizard.present.hostile import harmless
from wizard.present.leading import MEANS, Known, Request, request, steps
from wizard.present.plans import StepView
from wizard.present.tone import MARK, Tone
from wizard.present.view import view
from wizard.tui.background import in_thread
from wizard.tui.calls import Bring, Brought, Options
from wizard.tui.content import labelled, toned
from wizard.tui.messages import BundleBrought, SymptomGiven
from wizard.tui.screens.steps import copied, lines_of, shown_plain
from wizard.tui.screens.symptom_words import CODES
from wizard.tui.widgets.command_list import CommandList, Part
from wizard.tui.widgets.paste_input import PasteInput
from wizard.tui.widgets.problem import Problem
from wizard.tui.widgets.sentences import Sentences

_NO_BUNDLE = WizardError(
    "nothing-to-check",
    "That machine has told nothing yet.",
    hint="have one of the two commands run there, and enter the path of the file; ctrl+t checks this machine instead",
)


class LeadScreen(Screen[None]):
    """Takes what is heard: an address, a port, a browser's message, a short code, or the path of a bundle."""

    AUTO_FOCUS = "#answer"
    ABOUT: ClassVar[str] = (
        'Read aloud what stands at "say", and enter what you hear: an address, a message, a code, a file.'
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7", "previous", "Before", id="lead.previous", tooltip="The request before this one"),
        Binding("f8", "following", "Next", id="lead.following", tooltip="The next request"),
        Binding("f6", "copy", "Copy", id="lead.copy", tooltip="Copy the highlighted command, to send it to them"),
        Binding("f9", "plain", "Plain", id="lead.plain", tooltip="The commands as plain lines", show=False),
        Binding("ctrl+t", "here", "This machine", id="lead.here", tooltip="Check this machine instead", show=False),
        Binding("escape", "back", "Back", id="lead.back", tooltip="Back, with nothing lost"),
    ]

    def __init__(
        self, known: Known, report: Report | None = None, *, bring: Bring | None = None, script: str = ""
    ) -> None:
        super().__init__()
        self.known = known
        self.report = report
        self.bring = bring
        self.script = script
        self.place = 0
        self.brought: Brought | None = None

    @property
    def requests(self) -> tuple[Request, ...]:
        """What there is to say: the plan's steps once there is a verdict, until then one question."""
        return steps(self.report) if self.report is not None else (request(self.known, self.script),)

    def compose(self) -> ComposeResult:
        yield Static(Content.styled("Leading by telephone", "bold"), id="head")
        with Horizontal(id="sides"):
            with VerticalScroll(id="say-side", can_focus=False):
                yield Sentences((), id="say")
                yield CommandList((), id="commands")
            with Vertical(id="their-side"):
                yield Sentences((), id="theirs")
        yield Sentences((), id="known")
        yield PasteInput(placeholder="what you hear", id="answer")
        yield Problem(id="problem")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show()
        self.set_focus(self.query_one("#answer"))

    def _show(self) -> None:
        self.place = min(self.place, len(self.requests) - 1)
        now = self.requests[self.place]
        self.query_one("#say", Sentences).show(_said(now))
        listed = self.query_one("#commands", CommandList)
        listed.show_parts(tuple(Part(where, (_step(line),)) for line, where in now.commands))
        listed.display = bool(now.commands)
        self.query_one("#theirs", Sentences).show(self._theirs())
        self.query_one("#known", Sentences).show(self._so_far())
        self.query_one("#answer", PasteInput).placeholder = now.enter or "what they say; enter goes on"
        self.refresh_bindings()

    def _theirs(self) -> Iterator[Content]:
        yield Content.styled("What they see", "bold")
        if self.report is not None:
            yield toned(view(self.report).sees.text, Tone.PLAIN)
        for words in browser_words():
            if self.known.symptom and CODES.get(words.code) == self.known.symptom:
                for who, says in words.rows()[:3]:
                    yield labelled(who, says)
        if self.known.symptom in MEANS:
            yield Content("")
            yield labelled("means", MEANS[self.known.symptom])

    def _so_far(self) -> Iterator[Content]:
        known = self.known
        rows = (
            ("address", known.target),
            ("port", str(known.port or "")),
            ("they see", known.symptom),
            ("code", known.heard),
            ("file", known.bundle),
        )
        told = [f"{name} {harmless(value)}" for name, value in rows if value]
        if told:
            yield labelled("known", "  ·  ".join(told), Tone.QUIET)
        if self.report is not None:
            verdict = view(self.report).verdict
            yield labelled("verdict", f"{MARK[verdict.tone]} {verdict.text}", verdict.tone)

    @on(Input.Submitted, "#answer")
    def take(self, event: Input.Submitted) -> None:
        """Understand what was heard, whatever it is; say what is wrong with it where it is nothing."""
        text = event.value.strip()
        self.query_one(Problem).show(None)
        if not text:
            self.action_following()
            return
        if self.bring is not None and _is_path(text):
            self.take_bundle(self.bring, text)
            return
        try:
            self.known = heard(self.known, text)
        except WizardError as error:
            self.query_one(Problem).show(error)
            return
        event.input.clear()
        self.report = None
        self._show()

    @work(exclusive=True, group="bring")
    async def take_bundle(self, bring: Bring, path: str) -> None:
        """Look at the file in a thread; with it, the check can be made."""
        try:
            brought = await in_thread(lambda: bring(path))
        except WizardError as error:
            self.query_one(Problem).show(error)
            return
        self.known = replace(self.known, bundle=brought.path, target=self.known.target or brought.target)
        self.query_one("#answer", PasteInput).clear()
        self.brought = brought
        self._show()
        self._check()

    def _check(self) -> None:
        known = self.known
        if not known.target:
            return
        said = Options(known.symptom, port=known.port, heard=known.heard, bundle=known.bundle)
        if known.symptom or known.heard or self.brought is None:
            self.post_message(SymptomGiven(known.target, said))
        else:
            self.post_message(BundleBrought(self.brought, known.target))

    def action_here(self) -> None:
        """The machine in trouble is this one after all."""
        if not self.known.target or self.known.port is None:
            self.query_one(Problem).show(_NO_BUNDLE)
            return
        self.known = replace(self.known, bundle="")
        self.brought = None
        self._check()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not offered."""
        several = len(self.requests) > 1
        commands = bool(self.requests[min(self.place, len(self.requests) - 1)].commands)
        return {"previous": several, "following": several, "copy": commands, "plain": commands}.get(action, True)

    def action_previous(self) -> None:
        self.place = max(0, self.place - 1)
        self._show()

    def action_following(self) -> None:
        self.place += 1
        self._show()

    def action_copy(self) -> None:
        step = self.query_one(CommandList).chosen
        if step:
            copied(self, (step,))

    def action_plain(self) -> None:
        shown_plain(self.app, lines_of(self.query_one(CommandList).steps))

    def action_back(self) -> None:
        self.dismiss()


def heard(known: Known, text: str) -> Known:
    """`known`, with what was heard. WizardError where it is neither address nor port, message nor code."""
    symptom = symptoms.read(text)
    if known.target and symptom is not None:
        return replace(known, symptom=symptom.transport)
    if known.target and known.port is not None:
        told = heard_code.decode(text)
        return replace(known, heard=text, symptom=told.transport)
    pasted = target.read(text)
    if known.target and pasted.port is not None:
        return replace(known, port=pasted.port)
    told_there = pasted.symptom.transport if pasted.symptom else known.symptom
    return replace(known, target=text, port=pasted.port, symptom=told_there)


def known_of(text: str, said: Options | None = None) -> Known:
    """What the text in the first field, or an earlier answer, already says."""
    said = said or Options()
    try:
        known = heard(Known(), text)
    except WizardError:
        known = Known()
    known = replace(known, port=said.port or known.port, heard=said.heard, bundle=said.bundle)
    symptom = symptoms.read(said.symptom) if said.symptom else None
    return replace(known, symptom=symptom.transport) if symptom else known


def _is_path(text: str) -> bool:
    return "://" not in text and (
        text.endswith((".zip", ".tar.gz", ".tgz")) or text.startswith(("/", "~", "./", "../"))
    )


def _said(now: Request) -> Iterator[Content]:
    yield labelled("say", Content.styled(harmless(now.say), "bold"))
    yield Content("")
    yield labelled("expect", harmless(now.expect))
    if now.enter:
        yield labelled("enter", f"below: {now.enter}")
    if now.commands:
        yield Content("")
        yield labelled("command", "one of these" if len(now.commands) > 1 else "", Tone.QUIET)


def _step(line: str) -> StepView:
    return StepView("run", harmless(line), line)
