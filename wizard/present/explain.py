"""The page of one root cause, for `wizard explain REF`: the docstring of its module, with the title above it.

A docstring is written for users: its first paragraph says what happens and why; then come, under fixed heads (`HEADS`),
what it looks like, how to see it by hand on each platform, how to fix and to undo it, what it is often mistaken for, and
where the facts are from.
Indented lines are commands or samples and stay as they are; the words of each browser follow from the codes that
the page names.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import cleandoc
from textwrap import wrap
from typing import Protocol

from wizard.knowledge.browser_words import words_in
from wizard.model.diagnosis import RootCause, Severity

HEADS = ("What it looks like:", "See it by hand:", "Fix:", "Undo:", "Often mistaken for:", "Known how:")
"""The heads in their order; the last one is for pages whose facts were not all measured."""

_STANDS = {
    Severity.BLOCKING: "stands in the way",
    Severity.WARNING: "a danger, not an obstacle",
    Severity.INFO: "worth knowing",
}
_NOT_HERE = "the wizard has no check of its own for it: how to find out is below"


class Knowledge(Protocol):
    """A page without a check of its own (`wizard.knowledge.pages.KnowledgePage`)."""

    @property
    def ref(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...


def page(cause: RootCause, docstring: str, *, width: int = 80) -> str:
    """The page as plain text with a newline at its end; prose is wrapped to `width`, indented lines are kept."""
    stands = _STANDS[cause.severity]
    return _whole(cause.title, f"{cause.ref}: stage {cause.stage.value}, {stands}", docstring, width)


def knowledge_page(known: Knowledge, *, width: int = 80) -> str:
    """The same for a page that no check stands behind."""
    return _whole(known.title, f"{known.ref}: stage {known.stage}, {_NOT_HERE}", known.text, width)


def _whole(title: str, kind: str, text: str, width: int) -> str:
    head = "\n\n".join("\n".join(_wrapped([each], width)) for each in (title, kind))
    return f"{head}\n\n{rewrapped(with_browser_words(text), width)}".rstrip() + "\n"


def with_browser_words(text: str) -> str:
    """The page with a table of every browser's words behind its "What it looks like:", for each code it names there."""
    found = paragraphs(text)
    place = next((number for number, each in enumerate(found) if each.startswith(HEADS[0])), None)
    if place is None or not (seen := words_in(found[place])):
        return "\n\n".join(found)
    tables = [
        f"{words.code}, in the words of each:\n" + "\n".join(f"  {who:<9} {said}" for who, said in words.rows())
        for words in seen[:2]
    ]
    return "\n\n".join((*found[: place + 1], *tables, *found[place + 1 :]))


def sections(text: str) -> dict[str, str]:
    """A page's sections by their heads; what stands before the first head is under the empty one."""
    found: dict[str, str] = {"": ""}
    head = ""
    for paragraph in paragraphs(text):
        head = next((each for each in HEADS if paragraph.startswith(each)), head)
        said = paragraph.removeprefix(head)
        found[head] = f"{found.get(head, '')}\n\n{said if said.startswith(chr(10)) else said.lstrip()}".strip("\n")
    return found


def by_hand(text: str) -> tuple[tuple[str, str], ...]:
    """(platform, command) of each row of "See it by hand:"; what stands behind two blanks is a comment, not a command."""
    rows: list[tuple[str, str]] = []
    platform = ""
    for line in paragraphs(text):
        if not line.startswith(HEADS[1]):
            continue
        for row in line.splitlines()[1:]:
            platform = row[2:11].strip() or platform
            rows.append((platform, row[11:].split("  ")[0].strip()))
    return tuple(rows)


def rewrapped(text: str, width: int) -> str:
    """A page or a docstring with its prose wrapped anew to `width`."""
    return "\n\n".join(_paragraph(paragraph, width) for paragraph in paragraphs(text))


def paragraphs(docstring: str) -> tuple[str, ...]:
    """The docstring's paragraphs without its own indentation."""
    return tuple(text for text in cleandoc(docstring).split("\n\n") if text.strip())


def first_paragraph(docstring: str) -> str:
    """What happens and why, on one line: a finding's `explanation`."""
    found = paragraphs(docstring)
    return " ".join(found[0].split()) if found else ""


def _paragraph(text: str, width: int) -> str:
    """Prose is wrapped, runs of indented lines stay as they are."""
    out: list[str] = []
    prose: list[str] = []
    for line in (*text.strip("\n").splitlines(), " "):
        if line.startswith((" ", "- ", "* ", "$ ")):
            out += _wrapped(prose, width)
            prose = []
            out.append(line)
        else:
            prose.append(line)
    return "\n".join(out[:-1])


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    return wrap(" ".join(lines), width, break_long_words=False, break_on_hyphens=False)
