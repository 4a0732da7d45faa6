"""The page of one root cause, for `wizard explain REF`: the docstring of its module, with the title above it.

A docstring is written for users: its first paragraph says what happens and why; the rest is laid out by hand (indented
lines are commands or samples and stay as they are).
"""

from __future__ import annotations

from inspect import cleandoc
from textwrap import wrap

from wizard.model.diagnosis import RootCause, Severity

_STANDS = {
    Severity.BLOCKING: "stands in the way",
    Severity.WARNING: "a danger, not an obstacle",
    Severity.INFO: "worth knowing",
}


def page(cause: RootCause, docstring: str, *, width: int = 80) -> str:
    """The page as plain text with a newline at its end; prose is wrapped to `width`, indented lines are kept."""
    head = f"{cause.title}\n\n{cause.ref}: stage {cause.stage.value}, {_STANDS[cause.severity]}"
    return f"{head}\n\n{rewrapped(docstring, width)}".rstrip() + "\n"


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
    lines = text.strip("\n").splitlines()
    if any(line.startswith((" ", "- ", "* ", "$ ")) for line in lines):
        return "\n".join(lines)
    return "\n".join(wrap(" ".join(lines), width, break_long_words=False, break_on_hyphens=False))
