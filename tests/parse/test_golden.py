"""Every golden pair: `<probe>--<case>.out` is text as the machine prints it, `.json` beside it what it means.

`WRITE_GOLDEN=1 pytest tests/parse/test_golden.py` writes the JSON anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.parse.plain import plain
from wizard.model.capture import Parsed
from wizard.model.facts import Proto
from wizard.parse import (
    attempts,
    docker_json,
    fail2ban,
    firewalld,
    foreign_listeners,
    hosts,
    ip_json,
    proc_net,
    processes,
    proxy,
    psutil_listeners,
    resolution,
    ss,
    sysctl,
    ways_out,
    wire,
)

GOLDEN = Path(__file__).parent / "golden"
PARSERS: dict[str, Callable[[str], Parsed[Any]]] = {
    "attempts": attempts.parse,
    "docker": docker_json.parse,
    "fail2ban": fail2ban.parse,
    "firewalld": firewalld.parse,
    "foreign-listeners": foreign_listeners.parse,
    "hosts": hosts.parse,
    "ip-addresses": ip_json.parse_addresses,
    "ip-neighbours": ip_json.parse_neighbours,
    "ip-routes-4": partial(ip_json.parse_routes, family=4, source="ip"),
    "ip-routes-6": partial(ip_json.parse_routes, family=6, source="ip"),
    "ip-rules-4": partial(ip_json.parse_rules, family=4, source="ip"),
    "proc-tcp": partial(proc_net.parse, proto=Proto.TCP, source="/proc/net/tcp"),
    "proc-tcp6": partial(proc_net.parse, proto=Proto.TCP, source="/proc/net/tcp6"),
    "processes": processes.parse,
    "proxy": proxy.parse,
    "psutil-listeners": psutil_listeners.parse,
    "resolution": resolution.parse,
    "ss-connections": ss.parse_connections,
    "ss-listeners": ss.parse_listeners,
    "ss-unix": ss.parse_unix,
    "sysctls": sysctl.parse,
    "ways-out": ways_out.parse,
    "wire": wire.parse,
}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.out")), ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    parsed = PARSERS[path.stem.partition("--")[0]](path.read_bytes().decode())
    meaning = {"value": plain(parsed.value), "unread": [[origin.line, origin.text] for origin in parsed.unread]}
    expected = path.with_suffix(".json")
    if os.environ.get("WRITE_GOLDEN"):
        expected.write_text(json.dumps(meaning, indent=1) + "\n")
    assert meaning == json.loads(expected.read_text())


def test_every_parser_has_a_golden_pair() -> None:
    assert {path.stem.partition("--")[0] for path in GOLDEN.glob("*.out")} == PARSERS.keys()


@pytest.mark.parametrize("name", PARSERS)
def test_nothing_and_rubbish_are_not_fatal(name: str) -> None:
    """No text at all is no finding; rubbish comes back unread, or is ignored, but never raises."""
    assert not PARSERS[name]("").unread
    for rubbish in (
        "\x00\xff[red]\x1b[2J",
        "{" * 5000,
        "[" * 100_000,
        '{"a": 1}',
        "[[1]]",
        "null",
        "tcp LISTEN 0 0 x:y z:w",
    ):
        PARSERS[name](rubbish)
