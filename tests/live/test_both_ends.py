"""A fault that lies between two machines, asked about on both: the server says what it can know, and the client names the
cause, or the honest set of causes left. An ordinary user and root are told the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import Struct

from tests.live.conftest import skip_without
from tests.live.faults.ends import ENDS, Ends
from tests.live.faults.servers import PYTHON
from tests.live.lab import Lab

# What connect() says and, from the socket's error queue (ip(7), IP_RECVERR = 11), who said it.
_CONNECT = """\
import errno, json, socket, sys
plug = socket.socket()
plug.setsockopt(socket.IPPROTO_IP, 11, 1)
plug.settimeout(float(sys.argv[3]))
said, offender = "connected", ""
try:
    plug.connect((sys.argv[1], int(sys.argv[2])))
except TimeoutError:
    said = "timeout"
except OSError as error:
    said = errno.errorcode[error.errno]
    try:
        for level, kind, data in plug.recvmsg(0, 512, socket.MSG_ERRQUEUE)[1]:
            offender = socket.inet_ntoa(data[20:24]) if (level, kind) == (0, 11) else offender
    except OSError:
        pass
print(json.dumps([said, offender]))
"""


class Told(Struct, frozen=True):
    """What everybody said: the kernel to a program on the client, curl, and the wizard at both ends."""

    errno: str
    offender: str
    curl: int
    server: dict[str, Any]
    client: dict[str, Any]
    user: dict[str, Any]


@contextmanager
def built(fault: Ends) -> Iterator[Lab]:
    with Lab(router=fault.topology == "router", switch=fault.topology == "switch") as lab:
        for server in fault.serve:
            server.start(lab)
        for ns in ("server", "client", "router"):
            if lines := getattr(fault, ns):
                lab.run(f"set -e\n{lines}", ns)
        if fault.build is not None:
            fault.build(lab)
        yield lab


def ask_everybody(lab: Lab, fault: Ends) -> Told:
    """The kernel first: what the wizards' own attempts leave behind (a neighbour that failed) must not come before."""
    parts = urlsplit(fault.url)
    place = [parts.hostname or "", str(parts.port)]
    with ThreadPoolExecutor(5) as together:
        said = together.submit(lab.run, [PYTHON, "-c", _CONNECT, *place, "1.5" if fault.timed_out else "8"], "client")
        page = together.submit(lab.curl, fault.url, max_time=1.5 if fault.curl == 28 else 8)
        errno, offender = json.loads(said.result().stdout)
        server = together.submit(lab.check, fault.asked, *fault.options)
        code = page.result().code
        ask = (fault.url, "--side", "client")
        client = together.submit(lab.check, *ask, ns="client", alone=True)
        user = together.submit(lab.check, *ask, ns="client", alone=True, user=True)
        return Told(errno, offender, code, server.result()[1], client.result()[1], user.result()[1])


def refs(report: dict[str, Any]) -> list[str]:
    return [finding["ref"] for finding in report["findings"]]


def complaints(fault: Ends, told: Told) -> Iterator[str]:
    if (told.errno, told.offender, told.curl) != (fault.errno, fault.offender, fault.curl):
        yield f"the lab: {told.errno} {told.offender} curl {told.curl}, not {fault.errno} {fault.offender} {fault.curl}"
    yield from _there(fault, told.server)
    if fault.here and refs(told.client)[:1] not in [[ref] for ref in fault.here]:
        yield f"root, on the client: {refs(told.client)}, expected {' or '.join(fault.here)} first"
    for who, report in (("root", told.client), ("an ordinary user", told.user)):
        yield from (f"{who}, on the client: {said}" for said in _here(fault, report))
    if missing := [ref for ref in refs(told.client)[:1] if ref not in refs(told.user)]:
        yield f"root is told {missing} first, an ordinary user {refs(told.user)}"


def _there(fault: Ends, report: dict[str, Any]) -> Iterator[str]:
    verdict = report["verdict"]
    allowed = fault.verdicts or (("blocked",) if fault.there else ("reachable",))
    if verdict not in allowed:
        yield f"on the server: {verdict}, expected {' or '.join(allowed)}: {refs(report)}"
    if missing := [ref for ref in fault.warns if ref not in refs(report)]:
        yield f"on the server: {missing} is not mentioned: {refs(report)}"
    if verdict == "blocked" and refs(report)[0] not in fault.there:
        yield f"on the server: {refs(report)}, expected {' or '.join(fault.there)} first"


def _here(fault: Ends, report: dict[str, Any]) -> Iterator[str]:
    sees, found = report["client_sees"], refs(report)
    if not fault.here:
        if report["verdict"] != "reachable":
            yield f"{report['verdict']}, though nothing is wrong: {found}"
        return
    if report["verdict"] != "blocked":
        yield f"{report['verdict']} {found}"
    if missing := [ref for ref in fault.left if ref not in found]:
        yield f"{missing} is not among what is left: {found}"
    if sees["curl"] != fault.curl:
        yield f"curl {sees['curl']} foretold, it is {fault.curl}"
    if fault.curl == 7 and sees["errno"] != fault.errno:
        yield f"{sees['errno']} foretold, it is {fault.errno}"


@pytest.mark.needs("nft", "bridge", "setpriv")
@pytest.mark.parametrize("fault", ENDS, ids=lambda fault: fault.name)
def test_both_ends_are_right_about(fault: Ends) -> None:
    skip_without(*fault.needs, *(need for server in fault.serve for need in server.needs))
    with built(fault) as lab:
        assert lab.loose_ends() == []
        told = ask_everybody(lab, fault)
    found = "\n".join(complaints(fault, told))
    assert not found, f"{fault.name} ({fault.catalogue}):\n{found}"
