"""From an entry to a broken machine, and what its client really gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from msgspec import Struct

from tests.live.faults.entry import Fault
from tests.live.lab import Answer, Connect, Lab


@contextmanager
def broken(fault: Fault, *, own_processes: bool = True) -> Iterator[Lab]:
    """A lab in which the fault is at work."""
    with Lab(router=fault.router, own_processes=own_processes) as lab:
        if fault.before:
            lab.run(fault.before)
        if fault.firewall is not None:
            fault.firewall(lab)
        for server in fault.serve:
            server.start(lab)
        if fault.after:
            lab.run(fault.after)
        if fault.build is not None:
            fault.build(lab)
        yield lab


class Seen(Struct, frozen=True):
    """What the other device gets: curl's answer, and connect()'s."""

    answer: Answer
    connect: Connect


def look(lab: Lab, fault: Fault) -> Seen:
    """Ask as the client would. Silence takes its time: 2 s for curl where it is expected, 6 s otherwise."""
    patience = 2 if fault.curl == 28 else 6
    answer = lab.curl(fault.url, max_time=patience)
    parts = urlsplit(fault.url)
    host = parts.hostname or ""
    if not host.replace(".", "").isdigit() and ":" not in host:
        return Seen(answer, Connect(fault.errno, 0))
    connect = lab.connect(host, parts.port or 80, timeout=1.2 if fault.errno == "timeout" else 5)
    return Seen(answer, connect)


def mismatches(fault: Fault, seen: Seen) -> list[str]:
    """Where the entry's own claim is wrong."""
    found = []
    if seen.answer.code != fault.curl:
        found.append(f"curl gave {seen.answer.code} ({seen.answer.words}), the entry says {fault.curl}")
    if fault.errno and seen.connect.result != fault.errno:
        found.append(f"connect() gave {seen.connect.result}, the entry says {fault.errno}")
    if fault.status and seen.answer.status != fault.status:
        found.append(f"HTTP {seen.answer.status}, the entry says {fault.status}")
    return found
