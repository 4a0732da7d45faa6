"""Which answer of a Mac feeds which fact. Pure, as wizard.parse.assemble is for Linux."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from wizard.model.capture import Capture, Origin, Parsed, Unknown
from wizard.model.facts import Facts, Listener, Neighbour, Owner, Process, ProxySettings, Route
from wizard.model.macos import ApplicationFirewall, MacFacts, Pf, PfRule
from wizard.parse import attempts, docker_json, hosts, processes, proxy, psutil_listeners, resolution, ways_out, wire
from wizard.parse.desk import Captures, Desk
from wizard.parse.macos import codesign, ifconfig, lsof, netstat, pfctl, ps, routes, scutil, socketfilterfw

ALF = ("getglobalstate", "getblockall", "getstealthmode", "getallowsigned", "listapps")


def facts(captures: Captures, taken_at: float, privileged: bool) -> Facts:
    """Everything the captures tell."""
    desk = Desk(captures)
    running = _processes(desk, taken_at)
    ways = desk.read("netstat-routes", routes.parse)
    found: tuple[tuple[Route, ...], tuple[Neighbour, ...]] | Unknown = ways
    return Facts(
        platform="macos",
        taken_at=taken_at,
        privileged=privileged,
        listeners=_listeners(desk, running),
        foreign_listeners=(),
        connections=desk.read("netstat-tcp", netstat.parse_connections),
        unix_listeners=(),
        processes=running,
        interfaces=desk.read("ifconfig", ifconfig.parse),
        routes=found if isinstance(found, Unknown) else found[0],
        routing_rules=(),
        neighbours=found if isinstance(found, Unknown) else found[1],
        sysctls={},
        rulesets=(),
        ufw=None,
        firewalld=None,
        fail2ban=(),
        containers=desk.read("docker", docker_json.parse) if "docker" in captures else (),
        hosts=desk.read("hosts", hosts.parse),
        resolution=desk.read("resolution", resolution.parse) if "resolution" in captures else None,
        ways_out=desk.read("ways-out", ways_out.parse) if "ways-out" in captures else (),
        proxy=_proxy(desk),
        attempts=desk.read("attempts", attempts.parse),
        wire=desk.read("wire", wire.parse) if "wire" in captures else None,
        sources={},
        macos=_macos(desk),
        notes=desk.notes(),
    )


def _processes(desk: Desk, taken_at: float) -> Mapping[int, Process] | Unknown:
    if isinstance(desk.answer("processes"), Capture):
        return desk.read("processes", processes.parse)
    arguments, folders = desk.text("ps-arguments"), desk.text("lsof-folders")
    return desk.read("ps", lambda text, source: ps.parse(text, source, arguments, folders, taken_at))


def _listeners(desk: Desk, running: Mapping[int, Process] | Unknown) -> tuple[Listener, ...] | Unknown:
    """netstat lists every socket, of old versions without its owner; lsof and the process table give the names."""
    tcp = desk.read("netstat-tcp", netstat.parse_listeners)
    if isinstance(tcp, Unknown):
        return desk.read("psutil-listeners", psutil_listeners.parse)
    udp = desk.read("netstat-udp", netstat.parse_listeners)
    owners = desk.read("lsof", lsof.parse_owners) if isinstance(desk.answer("lsof"), Capture) else {}
    known = {} if isinstance(running, Unknown) else running
    every = (*tcp, *(() if isinstance(udp, Unknown) else udp))
    return tuple(_owned(each, {} if isinstance(owners, Unknown) else owners, known) for each in every)


def _owned(
    listener: Listener, owners: Mapping[tuple[str, str, int], tuple[Owner, ...]], known: Mapping[int, Process]
) -> Listener:
    held = listener.owners or owners.get((listener.proto.value, str(listener.address), listener.port))
    if held is None:
        return listener
    named = tuple(Owner(known[each.pid].name if each.pid in known else each.name, each.pid) for each in held)
    return replace(listener, owners=named)


def _proxy(desk: Desk) -> ProxySettings | Unknown:
    """The system's proxies, else the environment's."""
    system = desk.read("scutil-proxy", scutil.parse)
    if isinstance(system, Unknown) or not system.proxies:
        environment = desk.read("proxy", proxy.parse)
        return system if isinstance(environment, Unknown) else environment
    return system


def _macos(desk: Desk) -> MacFacts:
    signatures = desk.read("codesign", codesign.parse)
    managed = "managed Mac" in desk.text("alf-getglobalstate") or "com.apple.security.firewall" in desk.text("profiles")
    return MacFacts(_application_firewall(desk), _pf(desk), signatures, _version(desk.text("sw-vers")), managed)


def _version(text: str) -> str:
    lines = [line.partition(":") for line in text.splitlines()]
    return next((value.strip() for name, _, value in lines if name.strip() == "ProductVersion"), "")


def _application_firewall(desk: Desk) -> ApplicationFirewall | Unknown:
    answer = desk.answer("alf-getglobalstate")
    if isinstance(answer, Unknown):
        return answer
    parsed = socketfilterfw.parse({option: desk.text(f"alf-{option}") for option in ALF}, "socketfilterfw")
    firewall = desk.take("alf-getglobalstate", parsed)
    if firewall is None:
        remedy = "/usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate"
        return Unknown("its state is told in words that are not known", remedy, "the application firewall")
    return firewall


def _pf(desk: Desk) -> Pf | Unknown:
    """pf's state and rules. Whether it is switched on at all only root may know."""
    info = desk.answer("pf-info")
    if isinstance(info, Unknown):
        return info
    on = pfctl.enabled(info.text)
    if on is None:
        return Unknown("pfctl does not say whether pf is on", "sudo pfctl -s info", "the packet filter pf")
    origin = Origin("pfctl -s info", 1, next(iter(info.text.splitlines()), ""))
    rules: tuple[PfRule, ...] | Unknown = desk.read("pf-rules", pfctl.rules)
    turned = desk.read("pf-nat", pfctl.redirects) if isinstance(desk.answer("pf-nat"), Capture) else ()
    skipped = pfctl.skipped(desk.text("pf-interfaces"))
    return Pf(on, rules, () if isinstance(turned, Unknown) else turned, _anchors(desk), skipped, origin)


def _anchors(desk: Desk) -> dict[str, tuple[PfRule, ...]]:
    """The anchors' rules, as the collector wrote them: each behind a line `# anchor NAME`."""
    found: dict[str, tuple[PfRule, ...]] = {}
    name = ""
    lines: list[str] = []
    for line in [*desk.text("pf-anchors").splitlines(), "# anchor "]:
        if line.startswith("# anchor "):
            if name:
                parsed: Parsed[tuple[PfRule, ...]] = pfctl.rules("\n".join(lines), f"pfctl -a {name} -sr")
                found[name] = desk.take("pf-anchors", parsed)
            name, lines = line[9:].strip(), []
        else:
            lines.append(line)
    return found
