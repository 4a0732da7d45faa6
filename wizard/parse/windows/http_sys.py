"""Reads what http.sys, the web server in the kernel, holds (`netsh http show ...`).

    Request queue name: Request queue is unnamed.           show servicestate view=requestq verbose=no
        Version: 2.0
        State: Active
        Number of active processes attached: 1
        Process IDs:
            6140
        URL groups:
        URL group ID: FD00000040000001
            Registered URLs:
                HTTP://+:5000/SITE/

    URL Reservations:                                       show urlacl
        Reserved URL            : http://+:5985/wsman/
            User: NT SERVICE\\WinRM
                Listen: Yes

    IP addresses present in the IP listen list:             show iplisten
        127.0.0.1

Words are translated; URLs, numbers and addresses are not, and every queue's record begins with less indentation.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from wizard.model.capture import Origin, Parsed
from wizard.model.facts import Address
from wizard.model.windows import HttpRegistration, HttpSys, UrlReservation

_URL = re.compile(r"(?P<url>https?://\S+)", re.IGNORECASE)
_PID = re.compile(r"\s{4,}(?P<pid>\d{1,10})\s*|.*\bID:\s*(?P<inline>\d{1,10}),.*")
_ACCOUNT = re.compile(r"\s{4,}\S[^:]*:\s*(?P<user>.*\S\\\S.*|\S+)\s*")


def parse(
    state: str, reservations: str = "", iplisten: str = "", source: str = "netsh http show servicestate"
) -> Parsed[HttpSys]:
    """All three together; each may be empty."""
    return Parsed(HttpSys(registered(state, source), reserved(reservations), listening(iplisten)))


def registered(text: str, source: str = "netsh http show servicestate") -> tuple[HttpRegistration, ...]:
    """The registered URLs, each with the processes of its queue: the numbers that stand alone before it."""
    found: list[HttpRegistration] = []
    pids: list[int] = []
    queue, had_urls = "", False
    for number, line in enumerate(text.splitlines(), start=1):
        if url := _URL.search(line):
            found.append(HttpRegistration(url["url"], tuple(pids), queue, Origin(source, number, line.strip())))
            had_urls = True
        elif match := _PID.fullmatch(line):
            if had_urls:
                pids, had_urls = [], False
            pids.append(int(match["pid"] or match["inline"]))
        elif line[:1].strip() and ":" in line:
            queue = line.partition(":")[2].strip()
            pids, had_urls = [], False
    return tuple(found)


def reserved(text: str, source: str = "netsh http show urlacl") -> tuple[UrlReservation, ...]:
    """The reservations with their accounts."""
    found: list[UrlReservation] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if url := _URL.search(line):
            found.append(UrlReservation(url["url"], (), Origin(source, number, line.strip())))
        elif found and "\\" in line and (match := _ACCOUNT.fullmatch(line)):
            last = found[-1]
            found[-1] = UrlReservation(last.url, (*last.users, match["user"]), last.origin)
    return tuple(found)


def listening(text: str) -> tuple[Address, ...]:
    """The only addresses on which http.sys listens; none: on all."""
    found: list[Address] = []
    for line in text.splitlines():
        try:
            found.append(ip_address(line.strip().partition("%")[0]))
        except ValueError:
            continue
    return tuple(found)
