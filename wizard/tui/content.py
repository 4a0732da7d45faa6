"""Sentences as Textual content: styled pieces, never markup, so that `[red]` in a process's name stays `[red]`."""

from __future__ import annotations

from textual.content import Content

from wizard.present.tone import MARK, Tone

STYLE = {
    Tone.GOOD: "$text-success",
    Tone.BAD: "$text-error",
    Tone.UNSURE: "$text-warning",
    Tone.CAREFUL: "$text-warning",
    Tone.PLAIN: "",
    Tone.QUIET: "$foreground-muted",
}
LABEL_WIDTH = 9


def toned(text: str, tone: Tone, *, bold: bool = False) -> Content:
    """`text` in the tone's colour."""
    style = " ".join(filter(None, ("bold" if bold else "", STYLE[tone])))
    return Content.styled(text, style) if style else Content(text)


def marked(text: str, tone: Tone) -> Content:
    """The tone's mark, and the text as it is."""
    return Content.assemble(toned(MARK[tone], tone, bold=True), " ", Content(text))


def labelled(label: str, text: str | Content, tone: Tone = Tone.PLAIN) -> Content:
    """`seen     text`: the label is quiet, so that the sentence is read first."""
    body = text if isinstance(text, Content) else toned(text, tone)
    return Content.assemble(toned(f"{label:<{LABEL_WIDTH}}", Tone.QUIET), body)


def hanging(content: Content, width: int, indent: int) -> Content:
    """`content` wrapped to `width` cells, each of its own lines going on `indent` cells further in."""
    lines: list[Content] = []
    for line in content.split("\n", allow_blank=True):
        first, *_ = line.wrap(width)
        lines.append(first.rstrip())
        rest = line[len(first.plain) :]
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
        if rest.plain:
            lines += [Content(" " * indent) + more.rstrip() for more in rest.wrap(max(8, width - indent))]
    return Content("\n").join(lines)
