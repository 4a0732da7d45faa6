"""From an entry to a broken machine, and what its client really gets."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

from msgspec import Struct

from tests.live.faults.entry import Fault
from tests.live.lab import SERVER, Answer, Connect, Lab

NEIGHBOUR_PORT = 4999
"""A port that no plan was asked to open."""


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
    """What the other device gets: curl's answer, connect()'s, and connect()'s on a port beside it."""

    answer: Answer
    connect: Connect
    neighbour: str


def look(lab: Lab, fault: Fault) -> Seen:
    """Ask as the client would, all at once: silence takes its time, 1.5 s for curl where it is expected, else 6 s."""
    with ThreadPoolExecutor(3) as together:
        answer = together.submit(lab.curl, fault.url, max_time=1.5 if fault.curl == 28 else 6)
        connect = together.submit(_connect, lab, fault)
        beside = together.submit(neighbour, lab, fault)
        return Seen(answer.result(), connect.result(), beside.result())


def _connect(lab: Lab, fault: Fault) -> Connect:
    parts = urlsplit(fault.url)
    host = parts.hostname or ""
    if not host.replace(".", "").isdigit() and ":" not in host:
        return Connect(fault.errno, 0)
    return lab.connect(host, parts.port or 80, timeout=1.2 if fault.errno == "timeout" else 5)


def neighbour(lab: Lab, fault: Fault) -> str:
    """What a port beside the one in question answers, where a firewall decides."""
    asked = not fault.healthy and fault.stage == "firewall"
    return lab.connect(SERVER, NEIGHBOUR_PORT, timeout=0.6).result if asked else ""


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
