"""What stays unknown without root, and the one command that would tell: run elsewhere, its result is picked up here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from wizard.model.report import Report
from wizard.present.plans import StepView
from wizard.present.tone import Tone
from wizard.present.view import View, view
from wizard.tui.calls import Handover
from wizard.tui.content import marked, toned
from wizard.tui.screens.steps import copied, lines_of, shown_plain
from wizard.tui.widgets.command_list import CommandList, Part
from wizard.tui.widgets.pickup import Pickup
from wizard.tui.widgets.sentences import Sentences

_WHY = (
    "A kernel tells its firewall's rules, and which program holds another user's socket, to root only. The wizard itself "
    "needs no root: one command asks in its place, only reads, and writes the answers to a file of yours. As soon as that "
    "file is there, the check goes on with it."
)


class RightsScreen(ModalScreen[None]):
    """Explains, shows the command, and waits for the file it writes."""

    ABOUT: ClassVar[str] = "Run the command in another terminal; this screen goes on as soon as its result is there."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,enter", "copy", "Copy", id="rights.copy", tooltip="Copy the highlighted command", key_display="c"),
        Binding(
            "v", "plain", "Plain", id="rights.plain", tooltip="The commands as plain lines, to be selected by hand"
        ),
        Binding("escape,q,s", "dismiss", "Back", id="rights.back", tooltip="Close this page", key_display="esc"),
    ]

    def __init__(self, report: Report, handover: Handover | None) -> None:
        super().__init__()
        self.report = report
        self.handover = handover

    def compose(self) -> ComposeResult:
        shown = view(self.report, root=False)
        yield Static(Content.styled("What root would tell", "bold"), id="page-title")
        with VerticalScroll(id="rights-body", can_focus=False):
            yield Sentences((Content(_WHY),), id="rights-why", indent=0)
            yield Sentences(_missing(shown), id="rights-missing", indent=2)
            yield CommandList(self._parts(shown), id="rights-commands")
        yield Pickup(self.handover, id="pickup")
        yield Static(self._waiting(), id="status")
        yield Footer(show_command_palette=False)

    def _parts(self, shown: View) -> tuple[Part, ...]:
        if self.handover is not None:
            return parts_of(self.handover)
        return (Part("", (StepView("run", shown.would_tell, shown.would_tell),)),) if shown.would_tell else ()

    def _waiting(self) -> Content:
        return toned("… waiting for its result" if self.handover is not None else "", Tone.QUIET)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(CommandList))

    def on_option_list_option_selected(self) -> None:
        self.action_copy()

    def action_copy(self) -> None:
        step = self.query_one(CommandList).chosen
        if step:
            copied(self, (step,))

    def action_plain(self) -> None:
        shown_plain(self.app, lines_of(self.query_one(CommandList).steps))


def _missing(shown: View) -> Iterator[Content]:
    yield Content("")
    yield Content.styled("Unknown now", "bold")
    for missing in shown.missing[:6]:
        yield marked(f"{missing.what}: {missing.why}" if missing.what else missing.why, Tone.UNSURE)
    if not shown.missing:
        yield Content("nothing")
    yield Content("")


def parts_of(handover: Handover) -> tuple[Part, ...]:
    """What root may be asked to run, as steps to copy: the command, or the script that can be read before."""
    parts = [Part("In another terminal:", (StepView("run", handover.command, handover.command),))]
    if handover.script:
        script = StepView("run", handover.script, handover.script)
        parts.append(Part("Or the shell script, which lists at its head all that it reads:", (script,)))
    return tuple(parts)
