"""A watch for a terminal: what to open on the other device, a line or three for each attempt, what it proves at the end.

open      http://192.168.1.100:5000/   on the other device (wlan0)
14:07:12  192.168.1.23 arrived on wlan0
          passed ufw rule 1: 5000/tcp ALLOW IN Anywhere, reached flask run (pid 4242), HTTP 200   ✓
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from wizard.model.arrival import Arrival, Closed, Opened
from wizard.present import watch_qr
from wizard.present.hostile import harmless

_MARKS = {True: "✓", False: "✗", None: "…"}
_PLAIN_MARKS = {True: "ok", False: "x", None: "..."}
_INDENT = " " * 10


def opening(opened: Opened, *, qr: bool = False, width: int = 100) -> str:
    """What to do now, and with `qr` the code to point a camera at."""
    return _joined(_opening(opened, qr, width))


def attempt(found: Arrival, clock: str, *, unicode: bool = True, width: int = 100) -> str:
    """One attempt; `clock` is its time of day as `14:07:12`."""
    mark = (_MARKS if unicode else _PLAIN_MARKS)[found.good]
    lines = [f"{clock:<10}{headline(found)}"]
    lines += [line for each in found.more for line in _wrapped(harmless(each), width)]
    lines[-1] += f"   {mark}"
    return _joined(lines)


def headline(found: Arrival) -> str:
    """`192.168.1.23 arrived on wlan0`, without control characters."""
    seen = found.attempt
    who = f"{seen.source} (this machine)" if seen.own else str(seen.source)
    again = " (now)" if seen.revises else ""
    tries = f", sent {seen.retransmitted + 1} times" if seen.retransmitted else ""
    where = f" on {seen.interface}" if seen.interface else ""
    return harmless(f"{who} arrived{where}{tries}{again}")


def closing(closed: Closed, opened: Opened, *, width: int = 100) -> str:
    """What it came to."""
    return _joined(_closing(closed, opened, width))


def _opening(opened: Opened, qr: bool, width: int) -> Iterator[str]:
    places = opened.places
    if places:
        yield harmless(f"open      {places[0].url}   on the other device ({places[0].interface})")
        for each in places[1:]:
            yield harmless(f"or        {each.url}   ({each.interface})")
    else:
        yield f"open      port {opened.port} of this machine: its addresses could not be read"
    if opened.page_port is not None:
        where = " and ".join(_shown(address) for address in opened.page_addresses)
        yield f"opened    the wizard's own test page on port {opened.page_port} ({where}); nothing else is served there"
    if opened.page_url:
        yield f"then      {opened.page_url}   is that page: does it open where yours does not?"
    for limit in opened.limits:
        yield from _labelled("note", limit, width)
    if qr and places:
        yield from watch_qr.coloured(places[0].url)
    yield "watching  open it on the other device, or reload it there; Ctrl-C ends"


def _shown(address: str) -> str:
    return "every address" if address in ("::", "0.0.0.0") else address


def _closing(closed: Closed, opened: Opened, width: int) -> Iterator[str]:
    if closed.conclusion:
        yield from _labelled("nothing", closed.conclusion, width)
    else:
        yield f"seen      {_count(closed.attempts, 'attempt')}, {closed.answered} answered by an application"
    if closed.unshown:
        yield f"          {_count(closed.unshown, 'more attempt')} came too fast to follow"
    if closed.elsewhere and not closed.conclusion:
        for source, port, count in closed.elsewhere[:3]:
            yield f"also      {source} tried port {port}" + (f" ({count} times)" if count > 1 else "")
    for each in closed.more:
        yield from _labelled("counted", each, width)
    if opened.page_port is not None:
        yield f"closed    the test page on port {opened.page_port} is gone again"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _labelled(label: str, text: str, width: int) -> list[str]:
    wrapped = _wrapped(harmless(text), width)
    return [f"{label:<10}{wrapped[0].strip()}", *wrapped[1:]]


def _wrapped(text: str, width: int) -> list[str]:
    wide = max(40, width)
    return textwrap.wrap(text, wide, initial_indent=_INDENT, subsequent_indent=_INDENT) or [_INDENT]


def _joined(lines: Iterator[str] | Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
