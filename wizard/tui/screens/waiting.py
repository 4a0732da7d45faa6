"""After "I have run it": looks again whenever something changes, says what has changed so far, and goes on by itself.

✓ Bind address   now: flask run (pid 5151) listens on 0.0.0.0
✗ Firewall       still: ufw drops it, its default for incoming is deny
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event
from time import monotonic
from typing import ClassVar

from msgspec import Struct
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from wizard.errors import WizardError
from wizard.model.report import Overall, Progress, Report
from wizard.present.changes import changes
from wizard.present.tone import MARK, Tone
from wizard.present.view import view
from wizard.tui.background import in_thread
from wizard.tui.calls import Diagnose, Glance, Handover, Options
from wizard.tui.content import toned
from wizard.tui.messages import RightsAsked, WayOpened
from wizard.tui.screens.rights import parts_of
from wizard.tui.screens.stages import Stopped
from wizard.tui.screens.steps import copied
from wizard.tui.widgets.command_list import CommandList
from wizard.tui.widgets.journey_strip import JourneyStrip
from wizard.tui.widgets.pickup import Pickup
from wizard.tui.widgets.problem import Problem
from wizard.tui.widgets.sentences import Sentences

_INDENT = 19


class Pauses(Struct, frozen=True):
    """Seconds between cheap looks, growing from `first` to `most`; a whole check at least every `whole`."""

    first: float = 2.0
    most: float = 12.0
    growth: float = 1.25
    whole: float = 30.0


class WaitingScreen(Screen[Report]):
    """Watches the facts that matter; posts WayOpened when the connection gets through. Dismissed with the newest report."""

    AUTO_FOCUS = ""
    PAUSES: ClassVar[Pauses] = Pauses()
    ABOUT: ClassVar[str] = (
        "Run the plan in another terminal. This looks now and then, and goes on when the way is open."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,f5", "now", "Look now", id="waiting.now", tooltip="Look at once", key_display="⏎"),
        Binding("c", "copy", "Copy", id="waiting.copy", tooltip="Copy the command that root would run"),
        Binding("s", "rights", "How", id="waiting.rights", tooltip="What root would tell, and the one command for it"),
        Binding("escape", "back", "Back", id="waiting.back", tooltip="Back to the verdict, as it is now"),
        Binding("q", "app.quit", "Quit", id="waiting.quit", tooltip="Leave; nothing was changed", show=False),
    ]

    def __init__(
        self,
        diagnose: Diagnose,
        glance: Glance,
        asked: tuple[str, Options],
        report: Report,
        *,
        root: bool,
        handover: Handover | None = None,
    ) -> None:
        super().__init__()
        self.diagnose = diagnose
        self.glance = glance
        self.asked = asked
        self.before = self.report = report
        self.root = root
        self.handover = handover
        self.at_once = asyncio.Event()
        self.stopped = Event()

    def compose(self) -> ComposeResult:
        yield Static(Content.styled("Is the way open now?", "bold"), id="head")
        yield JourneyStrip(view(self.report, root=self.root).strip, id="strip")
        with VerticalScroll(id="changes-body", can_focus=False):
            yield Sentences((), id="changes", indent=_INDENT)
            yield Problem(id="problem")
            yield CommandList((), id="to-tell")
        yield Pickup(self.handover, id="pickup")
        yield Static("", id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#to-tell").display = False
        self.keep_looking()

    def on_unmount(self) -> None:
        self.stopped.set()

    @work(exclusive=True, group="watching")
    async def keep_looking(self) -> None:
        """A whole check; then cheap looks until one differs; then a whole check again."""
        while True:
            digest = await self._glanced()
            await self._check()
            if self.report.verdict is Overall.REACHABLE:
                self.post_message(WayOpened(self.report))
                return
            await self._something_new(digest)

    async def _check(self) -> None:
        self._say("looking …")
        text, options = self.asked

        def tell(progress: Progress) -> None:
            if self.stopped.is_set():
                raise Stopped

        try:
            self.report = await in_thread(lambda: self.diagnose(text, options, tell))
        except WizardError as error:
            self.query_one("#problem", Problem).show(error)
        else:
            self.query_one("#problem", Problem).show(None)
            self._show()

    async def _something_new(self, digest: str) -> None:
        """Return when a look differs from `digest`, at the person's word, or when a whole check is due."""
        pause, due = self.PAUSES.first, monotonic() + self.PAUSES.whole
        while monotonic() < due:
            self._say("watching: goes on by itself when something changes; enter looks at once")
            if await self._rested(pause) or await self._glanced() != digest:
                return
            pause = min(self.PAUSES.most, pause * self.PAUSES.growth)

    async def _rested(self, seconds: float) -> bool:
        """Whether the person cut the rest short."""
        try:
            await asyncio.wait_for(self.at_once.wait(), seconds)
        except TimeoutError:
            return False
        self.at_once.clear()
        return True

    async def _glanced(self) -> str:
        try:
            return await in_thread(lambda: self.glance(self.report))
        except WizardError:
            return ""

    def _show(self) -> None:
        shown = view(self.report, root=self.root)
        self.query_one(JourneyStrip).show(shown.strip)
        self.query_one("#changes", Sentences).show((*_verdict(self.report), *_changed(self.before, self.report)))
        listed = self.query_one("#to-tell", CommandList)
        listed.display = self._root_would_tell()
        if self.handover is not None:
            listed.show_parts(parts_of(self.handover)[:1])
        self.refresh_bindings()

    def _say(self, words: str) -> None:
        self.query_one("#status", Static).update(toned(f"… {words}", Tone.QUIET))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What root would run is offered where root would tell more."""
        return action not in ("rights", "copy") or self._root_would_tell()

    def _root_would_tell(self) -> bool:
        return self.report.verdict is Overall.UNDETERMINED and self.handover is not None

    def action_copy(self) -> None:
        copied(self, self.query_one("#to-tell", CommandList).steps)

    def action_now(self) -> None:
        self.at_once.set()

    def action_rights(self) -> None:
        self.post_message(RightsAsked(self.report))

    def action_back(self) -> None:
        self.stopped.set()
        self.workers.cancel_group(self, "watching")
        self.dismiss(self.report)


def _verdict(report: Report) -> Iterator[Content]:
    shown = view(report).verdict
    yield Content.assemble(toned(f"{MARK[shown.tone]} {shown.label}: ", shown.tone, bold=True), shown.text)
    yield Content("")


def _changed(before: Report, now: Report) -> Iterator[Content]:
    """A line for each stage that was or is not fine, with what has become of it."""
    for change in changes(before, now):
        mark = toned(MARK[change.tone], change.tone, bold=True)
        word = toned(f"{change.word}: ", change.tone if change.is_new else Tone.QUIET)
        yield Content.assemble(mark, f" {change.title:<16} ", word, toned(change.text, Tone.PLAIN))
