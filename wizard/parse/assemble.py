"""Which capture feeds which fact. Pure: the same captures give the same facts on any machine, on any day.

Where several captures could answer, the first that does wins. What nobody could read is an Unknown with its reason and
remedy, in the fact's place and in the notes; lines that a parser does not know are notes too, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from wizard import firewalls
from wizard.model.capture import Capture, Parsed, Unknown
from wizard.model.facts import (
    Connection,
    Container,
    Facts,
    Firewalld,
    Listener,
    Owner,
    Process,
    Proto,
    ProxySettings,
    Ufw,
    UnixListener,
)
from wizard.parse import (
    attempts,
    desktop_proxy,
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
    ufw,
    ways_out,
    wire,
)
from wizard.parse.desk import Captures, Desk

T = TypeVar("T")
S = TypeVar("S", Listener, Connection, UnixListener)
SOURCE_PREFIX = "source:"


def facts(captures: Captures, platform: str, taken_at: float, privileged: bool) -> Facts:
    """Everything the captures tell. A probe that was not asked leaves `Unknown("not collected")`."""
    if platform == "macos":
        from wizard.parse.macos import assemble as macos

        return macos.facts(captures, taken_at, privileged)
    desk = Desk(captures)
    if platform == "windows":
        return _on_windows(captures, taken_at, privileged)
    running = desk.read("processes", processes.parse)
    rulesets, unreadable = firewalls.read(captures)
    return Facts(
        platform=platform,
        taken_at=taken_at,
        privileged=privileged,
        listeners=_with_real_names(_listeners(desk), running),
        foreign_listeners=desk.read("foreign-listeners", foreign_listeners.parse),
        connections=_with_real_names(desk.read("ss-connections", ss.parse_connections), running),
        unix_listeners=_with_real_names(desk.read("ss-unix", ss.parse_unix), running),
        processes=running,
        interfaces=desk.read("ip-addresses", ip_json.parse_addresses),
        routes=_both(desk, ip_json.parse_routes, "ip-routes-4", "ip-routes-6"),
        routing_rules=_both(desk, ip_json.parse_rules, "ip-rules-4", "ip-rules-6"),
        neighbours=desk.read("ip-neighbours", ip_json.parse_neighbours),
        sysctls=desk.read("sysctls", sysctl.parse),
        rulesets=rulesets,
        unreadable_rulesets=unreadable,
        ufw=_ufw(desk),
        firewalld=_firewalld(desk),
        fail2ban=desk.read("fail2ban", fail2ban.parse),
        containers=_containers(desk, running),
        hosts=desk.read("hosts", hosts.parse),
        resolution=desk.read("resolution", resolution.parse) if "resolution" in captures else None,
        ways_out=desk.read("ways-out", ways_out.parse) if "ways-out" in captures else (),
        proxy=_with_desktop(desk.read("proxy", proxy.parse), desk),
        attempts=desk.read("attempts", attempts.parse),
        wire=desk.read("wire", wire.parse) if "wire" in captures else None,
        sources=_sources(captures),
        notes=desk.notes(),
    )


def _on_windows(captures: Captures, taken_at: float, privileged: bool) -> Facts:
    """Windows answers other probes; what is asked for one target is the same everywhere."""
    from wizard.parse.windows import assemble

    captures = assemble.without_answered(captures)
    desk = Desk(captures)
    known = with_more(assemble.facts(desk, taken_at, privileged), captures)
    return replace(known, notes=tuple(dict.fromkeys((*desk.notes(), *known.notes))))


def with_more(known: Facts, extra: Captures) -> Facts:
    """The facts with what was asked later: attempts, the resolution, source files. The rest is not read again.

    The same as `facts` of all captures together, as long as `extra` has nothing else.
    """
    desk = Desk(extra)
    return replace(
        known,
        attempts=desk.read("attempts", attempts.parse) if "attempts" in extra else known.attempts,
        resolution=desk.read("resolution", resolution.parse) if "resolution" in extra else known.resolution,
        ways_out=desk.read("ways-out", ways_out.parse) if "ways-out" in extra else known.ways_out,
        neighbours=desk.read("ip-neighbours", ip_json.parse_neighbours)
        if "ip-neighbours" in extra
        else known.neighbours,
        wire=desk.read("wire", wire.parse) if "wire" in extra else known.wire,
        sources={**known.sources, **_sources(extra)},
        notes=known.notes + desk.notes(),
    )


def _listeners(desk: Desk) -> tuple[Listener, ...] | Unknown:
    from_ss = desk.read("ss-listeners", ss.parse_listeners)
    if not isinstance(from_ss, Unknown):
        return from_ss
    from_psutil = desk.read("psutil-listeners", psutil_listeners.parse)
    if not isinstance(from_psutil, Unknown):
        return from_psutil
    tables = [name for name in ("proc-tcp", "proc-tcp6") if isinstance(desk.answer(name), Capture)]
    if not tables:
        return from_ss
    read = (desk.read(name, lambda text, source: proc_net.parse(text, Proto.TCP, source)) for name in tables)
    return tuple(listener for each in read if not isinstance(each, Unknown) for listener in each)


def _with_real_names(
    sockets: tuple[S, ...] | Unknown, running: Mapping[int, Process] | Unknown
) -> tuple[S, ...] | Unknown:
    """The owners under the names that their processes have.

    ss prints a process's name raw and cuts it at a closing parenthesis, so a program may call itself `",pid=1,fd=3)` to
    blame another one: an owner whose process has quite a different name is not believed.
    """
    if isinstance(sockets, Unknown) or isinstance(running, Unknown):
        return sockets
    return tuple(replace(each, owners=_believed(each.owners, running)) for each in sockets)


def _believed(owners: tuple[Owner, ...] | None, running: Mapping[int, Process]) -> tuple[Owner, ...] | None:
    if owners is None:
        return None
    kept = []
    for owner in owners:
        process = running.get(owner.pid)
        if process is None:
            kept.append(owner)
        elif owner.name in (process.name, process.name.partition(")")[0]):
            kept.append(Owner(process.name, owner.pid))
    return tuple(kept) or None


def _both(
    desk: Desk, parse: Callable[[str, int, str], Parsed[tuple[T, ...]]], name_4: str, name_6: str
) -> tuple[T, ...] | Unknown:
    """Both families together; where one could not be read the whole is not known."""
    four = desk.read(name_4, lambda text, source: parse(text, 4, source))
    six = desk.read(name_6, lambda text, source: parse(text, 6, source))
    if isinstance(four, Unknown):
        return four
    return six if isinstance(six, Unknown) else (*four, *six)


def _ufw(desk: Desk) -> Ufw | Unknown | None:
    conf = desk.answer("ufw-conf")
    if isinstance(conf, Unknown):
        return conf
    parsed = ufw.parse(conf.text, desk.text("ufw-defaults"), desk.text("ufw-rules"), desk.text("ufw-rules6"))
    return desk.take("ufw-rules", parsed)


def _firewalld(desk: Desk) -> Firewalld | Unknown | None:
    zones = desk.answer("firewalld")
    if isinstance(zones, Unknown):
        return zones
    parsed = firewalld.parse(
        zones.text, desk.text("firewalld-default-zone"), desk.text("firewalld-panic"), zones.source
    )
    files = desk.answer("firewalld-zone-files")
    if parsed.value is not None and isinstance(files, Capture):
        parsed = Parsed(replace(parsed.value, zone_files=tuple(files.text.split("\n")[:-1])), parsed.unread)
    return desk.take("firewalld", parsed)


def _with_desktop(known: ProxySettings | Unknown, desk: Desk) -> ProxySettings | Unknown:
    """The environment's proxies, and the desktop's for what the environment leaves open."""
    answer = desk.answer("desktop-proxy")
    if isinstance(known, Unknown) or isinstance(answer, Unknown):
        return known
    stored = desk.take("desktop-proxy", desktop_proxy.parse(answer.text, answer.source))
    if not stored.proxies and not stored.pac:
        return known
    return ProxySettings(
        {**stored.proxies, **known.proxies},
        tuple(dict.fromkeys((*known.bypass, *stored.bypass))),
        known.origin if known.proxies else stored.origin,
        stored.pac,
    )


def _containers(desk: Desk, running: Mapping[int, Process] | Unknown) -> tuple[Container, ...] | Unknown:
    """The containers, each with its first process where the processes' control groups name one."""
    containers = desk.read("docker", docker_json.parse)
    if isinstance(containers, Unknown) or isinstance(running, Unknown):
        return containers
    first: dict[str, int] = {}
    for process in sorted(running.values(), key=lambda each: (each.started or 0.0, each.pid)):
        first.setdefault(process.container, process.pid)
    return tuple(replace(each, pid=first.get(each.identifier, 0)) for each in containers)


def _sources(captures: Captures) -> Mapping[str, str]:
    return {
        name.removeprefix(SOURCE_PREFIX): answer.text
        for name, answer in captures.items()
        if name.startswith(SOURCE_PREFIX) and isinstance(answer, Capture)
    }
