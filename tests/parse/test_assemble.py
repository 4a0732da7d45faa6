"""Which capture feeds which fact, what becomes of what nobody could read, and whom the owners' names may blame."""

from __future__ import annotations

import json

from msgspec.structs import replace

from wizard.collect.probes_linux import PROBES
from wizard.model.capture import Capture, Unknown
from wizard.model.facts import Facts, Owner
from wizard.parse import assemble

Captures = dict[str, Capture | Unknown]
HOST = 'tcp LISTEN 0 128 0.0.0.0:80 0.0.0.0:* users:(("{name}",pid={pid},fd=5)) ino:31337 sk:1 <->'


def facts(captures: Captures) -> Facts:
    return assemble.facts(captures, "linux", 1760000000.0, True)


def text(name: str, words: str) -> Captures:
    return {name: Capture(name, words, name)}


def process(pid: int, name: str, **more: object) -> Captures:
    return text("processes", json.dumps({"pid": pid, "name": name, "argv": [name], **more}) + "\n")


def test_what_was_not_asked_is_unknown_and_no_note() -> None:
    read = facts({})
    asked = set(Facts.__struct_fields__) - {
        "platform",
        "taken_at",
        "privileged",
        "sources",
        "notes",
        "resolution",
        "wire",
        "ways_out",
        "windows",
        "macos",
    }
    told = asked - {"unreadable_rulesets", "rulesets"}
    assert {name for name in told if isinstance(getattr(read, name), Unknown)} == told
    assert read.resolution is None
    assert read.notes == ()


def test_every_refusal_is_a_note_and_in_its_fact() -> None:
    captures: Captures = {probe.name: Unknown(f"{probe.name} refused", probe.remedy, probe.asks) for probe in PROBES}
    read = facts(captures)
    assert set(read.notes) == set(captures.values())
    assert read.listeners == captures["ss-listeners"]
    assert read.ufw == captures["ufw-conf"]
    assert read.firewalld == captures["firewalld"]
    assert read.routes == captures["ip-routes-4"]
    assert captures["nft-json"] in read.unreadable_rulesets


def test_half_of_the_routes_are_not_the_routes() -> None:
    refused = Unknown("no IPv6 for you")
    assert facts({**text("ip-routes-4", "[]"), "ip-routes-6": refused}).routes == refused
    assert facts({**text("ip-rules-4", "[]"), **text("ip-rules-6", "")}).routing_rules == ()


def test_a_line_nobody_understands_is_a_note() -> None:
    read = facts(text("hosts", "127.0.0.1 localhost\nwhat is this\n"))
    assert not isinstance(read.hosts, Unknown)
    assert [note.reason for note in read.notes] == ["not understood: what is this"]
    assert read.notes[0].what == "1 of the entries of hosts"


def test_listeners_come_from_the_first_that_answers() -> None:
    refused = Unknown("ss is not installed")
    by_psutil = text("psutil-listeners", '{"proto": "tcp", "address": "::", "port": 5000, "pid": null, "name": null}\n')
    row = "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 31337 1 0\n"
    read = facts({"ss-listeners": refused, **by_psutil, **text("proc-tcp", row)}).listeners
    assert not isinstance(read, Unknown)
    assert [each.port for each in read] == [5000]
    read = facts({"ss-listeners": refused, "psutil-listeners": refused, **text("proc-tcp", row)}).listeners
    assert not isinstance(read, Unknown)
    assert [(each.port, each.accept_queue) for each in read] == [(8000, 2)]


def test_an_owner_has_the_name_that_its_process_has() -> None:
    name = "[red]$(x)\x1b[2J"
    read = facts({**text("ss-listeners", HOST.format(name="[red]$(x", pid=7)), **process(7, name)}).listeners
    assert not isinstance(read, Unknown)
    assert read[0].owners == (Owner(name, 7),)


def test_an_owner_that_is_somebody_else_is_not_believed() -> None:
    read = facts({**text("ss-listeners", HOST.format(name="a", pid=1)), **process(1, "systemd")}).listeners
    assert not isinstance(read, Unknown)
    assert read[0].owners is None


def test_ufw_and_firewalld_that_are_not_there_are_none() -> None:
    read = facts({**text("ufw-conf", ""), **text("firewalld", "")})
    assert (read.ufw, read.firewalld) == (None, None)


def test_a_container_finds_its_first_process() -> None:
    identifier = "8dfafdbc3a40d0c6e0a2b2f2a1b8b1d6a2c4f3a9f1c0f9b1c0a1d2e3f4a5b6c7"
    listed = text("docker", json.dumps([{"Id": identifier, "Names": ["/web"]}]))
    running = process(812, "nginx", cgroup=f"0::/system.slice/docker-{identifier}.scope\n", started=5.0)
    read = facts({**listed, **running}).containers
    assert not isinstance(read, Unknown)
    assert (read[0].name, read[0].pid) == ("web", 812)


def test_source_files_come_by_their_paths() -> None:
    captures: Captures = {**text("source:/a/app.py", "app.run()\n"), "source:/a/none.py": Unknown("no such file")}
    read = facts(captures)
    assert read.sources == {"/a/app.py": "app.run()\n"}
    assert [note.reason for note in read.notes] == ["no such file"]


def test_what_comes_later_is_added_without_reading_the_rest_again() -> None:
    first: Captures = {
        **text("hosts", "127.0.0.1 localhost\nodd\n"),
        "nft-json": Unknown("root only"),
        **text("source:/a", "x"),
    }
    later: Captures = {
        **text("attempts", '{"address": "127.0.0.1", "port": 1, "outcome": "refused"}\nodd\n'),
        **text("resolution", '{"name": "a.lan", "addresses": ["10.0.0.1"]}\n'),
        **text("source:/b", "y"),
        "source:/c": Unknown("no such file"),
    }
    together, added = facts(first | later), assemble.with_more(facts(first), later)
    assert set(added.notes) == set(together.notes)
    assert replace(added, notes=()) == replace(together, notes=())
    assert added.sources == {"/a": "x", "/b": "y"}
    assert assemble.with_more(together, {}) == together
