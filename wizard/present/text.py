"""A report for a terminal, or for a pipe: one screen, the verdict first. Commands are never wrapped or cut.

✗ blocked: your Flask app (pid 4242) listens on 127.0.0.1 only

  device ── wlan0 ── ufw ✓ ── 5000 ╳ flask
  seen    ss: LISTEN 127.0.0.1:5000 users:(("flask",pid=4242))
  so      another device is refused at once: ERR_CONNECTION_REFUSED

  plan    opens 5000/tcp to 192.168.1.0/24, proved in the model
    kill 4242
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from wizard.model.report import Report
from wizard.present.plans import StepView
from wizard.present.strip import Hop
from wizard.present.tone import MARK, Tone
from wizard.present.view import FindingView, MissingView, Sentence, StageView, View, view

_INDENT = 2
_LABEL = 8
_SHOWN_EVIDENCE = 3
_SHOWN_MISSING = 4

_COLOUR = {Tone.GOOD: "32", Tone.BAD: "31", Tone.UNSURE: "33", Tone.CAREFUL: "33", Tone.QUIET: "2"}
_ASCII = str.maketrans({"✓": "+", "✗": "X", "⚠": "!", "·": ".", "…": "~", "─": "-", "╳": "X", "→": ">"})


def render(
    report: Report,
    *,
    width: int = 80,
    colour: bool = False,
    root: bool = True,
    unicode: bool = True,
    stages: bool = False,
) -> str:
    """The report as text with a newline at its end.

    `width` is the terminal's, in columns. `colour` allows SGR sequences (a terminal, and no NO_COLOR). `root` False puts
    `sudo` before what needs it. `unicode` False keeps to ASCII. `stages` adds a line for each stage.
    """
    painter = _Painter(max(40, width), colour)
    lines = _page(view(report, root=root), painter, stages)
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    return text if unicode else text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


class _Painter:
    """Width and colour: the two things that a face decides."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = width
        self.colour = colour

    def tint(self, text: str, tone: Tone) -> str:
        code = _COLOUR.get(tone)
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text

    def labelled(self, label: str, text: str, tone: Tone = Tone.PLAIN) -> Iterator[str]:
        """`  seen    text`, wrapped under itself; a long label takes a line's width of its own."""
        indent = " " * (_INDENT + _LABEL)
        head = " " * _INDENT + f"{label:<{_LABEL - 1}} "
        pieces = wrap(text, max(20, self.width - len(indent)), break_long_words=False, break_on_hyphens=False) or [""]
        yield head + self.tint(pieces[0], tone)
        yield from (indent + self.tint(piece, tone) for piece in pieces[1:])

    def cut(self, text: str, *, lines: int = 1, used: int = _INDENT + _LABEL) -> str:
        """What fits in that many lines behind `used` columns; what is left out is marked."""
        room = max(20, (self.width - used) * lines - (lines - 1) * 8)
        return text if len(text) <= room else text[: room - 1] + "…"


def _page(shown: View, painter: _Painter, stages: bool) -> Iterator[str]:
    yield from _verdict(shown.verdict, painter)
    yield ""
    yield from _way(shown.strip, painter)
    yield from _why(shown, painter)
    if stages:
        yield ""
        yield from _stages(shown.stages, painter)
    for warning in shown.warnings:
        yield from painter.labelled(MARK[Tone.CAREFUL] + " care", warning.summary, Tone.CAREFUL)
    for remark in shown.remarks:
        yield from painter.labelled("note", remark.summary)
    if shown.heard:
        yield from painter.labelled("heard", shown.heard.text, shown.heard.tone)
    yield from _missing(shown, painter)
    yield from _plans(shown, painter)
    if shown.code and shown.verdict.tone is not Tone.GOOD:
        yield from painter.labelled(
            "code", f"{shown.code}   what was seen here, for `--heard` on the machine that serves"
        )
    if shown.refs:
        yield from painter.labelled("more", _more(shown))


def _verdict(verdict: Sentence, painter: _Painter) -> Iterator[str]:
    head = f"{MARK[verdict.tone]} {verdict.label}:"
    pieces = wrap(f"{head} {verdict.text}", painter.width, subsequent_indent="  ", break_on_hyphens=False)
    for number, piece in enumerate(pieces):
        yield painter.tint(head, verdict.tone) + piece[len(head) :] if number == 0 else piece


def _way(hops: tuple[Hop, ...], painter: _Painter) -> Iterator[str]:
    """The strip on one line, or broken between hops where the terminal is too narrow."""
    hops = tuple(hop for hop in hops if hop.place != "network" or hop.tone is not Tone.GOOD)
    line, used = " " * _INDENT, _INDENT
    for number, hop in enumerate(hops):
        link = _link(hops[number - 1]) if number else ""
        label = hop.label + _mark(hop, last=number + 1 == len(hops))
        if number and used + len(link) + len(label) > painter.width:
            yield line
            line, used = " " * (_INDENT + 2), _INDENT + 2
        line += painter.tint(link, Tone.BAD if "╳" in link else Tone.QUIET) + painter.tint(label, hop.tone)
        used += len(link) + len(label)
    if hops:
        yield line


def _mark(hop: Hop, *, last: bool) -> str:
    """Only where something decides is a tick worth its place; a stop is drawn behind its hop, or marked at the end."""
    decides = hop.tone is Tone.GOOD and (hop.place == "firewall" or last)
    return f" {MARK[hop.tone]}" if decides or hop.tone is Tone.UNSURE or (hop.stops and last) else ""


def _link(before: Hop) -> str:
    return " ╳ " if before.stops else " ── "


def _why(shown: View, painter: _Painter) -> Iterator[str]:
    for number, finding in enumerate(shown.findings):
        if number:
            label = "perhaps" if finding.certainty == "possible" else "then"
            yield from painter.labelled(
                label, finding.summary if label == "perhaps" else f"{finding.summary}{_doubt(finding)}"
            )
        yield from _evidence(finding, painter)
        if finding.ask:
            yield from painter.labelled(
                "ask", f"{finding.ask_where}: {finding.ask}  →  {finding.ask_expect}", Tone.QUIET
            )
    yield from painter.labelled("so", shown.sees.text, shown.sees.tone)
    if shown.innocent:
        yield " " * _INDENT + painter.tint(shown.innocent.text, shown.innocent.tone)


def _doubt(finding: FindingView) -> str:
    return f" ({finding.certainty})" if finding.certainty else ""


def _evidence(finding: FindingView, painter: _Painter) -> Iterator[str]:
    label = "seen"
    for source, line in finding.evidence[:_SHOWN_EVIDENCE]:
        yield from painter.labelled(label, painter.cut(f"{source}: {line}" if line else source, lines=2))
        label = ""
    for near_miss in finding.near_misses[:2]:
        yield from painter.labelled("nearly", near_miss)


def _stages(stages: Iterable[StageView], painter: _Painter) -> Iterator[str]:
    for stage in stages:
        mark = painter.tint(MARK[stage.tone], stage.tone)
        summary = stage.summary or stage.word
        yield f"  {mark} {stage.title:<16} {painter.cut(summary, used=21)}"


def _missing(shown: View, painter: _Painter) -> Iterator[str]:
    """Where the answer is not known, each missing thing with its reason, and the command that would tell; else a remark."""
    if not shown.missing:
        return
    if shown.verdict.tone is not Tone.UNSURE:
        names = ", ".join(dict.fromkeys(missing.what or missing.why for missing in shown.missing))
        yield from painter.labelled("unread", painter.cut(names, lines=2), Tone.QUIET)
        return
    for number, missing in enumerate(shown.missing[:_SHOWN_MISSING]):
        yield from painter.labelled("" if number else "unread", _lacks(missing))
    if (left := len(shown.missing) - _SHOWN_MISSING) > 0:
        yield from painter.labelled("", f"and {left} more: see --json")
    if shown.would_tell:
        yield ""
        yield from painter.labelled("to tell", "run this, it only reads:")
        yield f"    {shown.would_tell}"


def _lacks(missing: MissingView) -> str:
    return f"{missing.what}: {missing.why}" if missing.what else missing.why


def _plans(shown: View, painter: _Painter) -> Iterator[str]:
    if shown.plans:
        yield ""
        yield from painter.labelled("plan", shown.promise)
    for number, plan in enumerate(shown.plans, start=1):
        if len(shown.plans) > 1:
            yield "  " + painter.tint(f"{number} {plan.title}", Tone.QUIET)
        for warning in plan.warnings:
            yield from painter.labelled(MARK[Tone.CAREFUL] + " care", warning, Tone.CAREFUL)
        yield from _steps(plan.steps, painter)
    if shown.undo:
        yield from painter.labelled("undo", shown.undo[0].note if len(shown.undo) == 1 else "in this order")
        yield from _steps(shown.undo, painter)
    if shown.rehearsal:
        yield from painter.labelled("tried", shown.rehearsal.text, shown.rehearsal.tone)
    for other in shown.alternatives:
        yield from painter.labelled("or", f"{other.title} ({other.promise})")
        if not shown.plans:
            yield from _steps(other.steps, painter)


def _steps(steps: tuple[StepView, ...], painter: _Painter) -> Iterator[str]:
    for number, step in enumerate(steps):
        if step.kind == "do":
            yield from wrap(f"by hand: {step.text}", painter.width, initial_indent="    ", subsequent_indent="      ")
            continue
        if step.lead:
            yield f"    {step.lead}:"
        if step.kind == "edit":
            yield "      " + painter.tint(f"- {step.removed}", Tone.BAD)
            yield "      " + painter.tint(f"+ {step.added}", Tone.GOOD)
            continue
        yield f"    {step.text}"
        if step.background and number + 1 < len(steps):
            yield "      " + painter.tint("(that keeps running: go on in another terminal)", Tone.QUIET)


def _more(shown: View) -> str:
    first, *others = dict.fromkeys(shown.refs)
    return f"wizard explain {first}" + (f", or {', '.join(others)}" if others else "")
