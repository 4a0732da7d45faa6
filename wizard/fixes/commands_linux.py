"""Service, process, address and route commands of Linux; each with the command that brings back what was read."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from wizard.fixes import restart
from wizard.fixes.after import without_answers
from wizard.fixes.keepers import kept_by_somebody
from wizard.fixes.restart import PLANNED, runner_for
from wizard.fixes.start import start_of
from wizard.fixes.unit import is_main_process, unit_of
from wizard.fixes.written import Written
from wizard.knowledge.recognise import Launch, launch
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Facts, Interface, Listener, Network, Process, Route
from wizard.model.remedy import (
    AddRoute,
    BringUp,
    Do,
    Instruction,
    Resume,
    Risk,
    Run,
    SetSysctl,
    StartProgram,
    StopProgram,
)

_NEVER_STOPPED = frozenset({"systemd", "init", "docker-proxy", "dockerd", "containerd", "launchd", "sshd"})
_PLAN = Origin(PLANNED)


def resume(intent: Resume, facts: Facts) -> Written | None:
    """SIGCONT to the process and to those of its family that were stopped with it (Ctrl-Z stops a whole job)."""
    processes = _processes(facts)
    if (started := launch(processes, intent.pid)) is None:
        return None
    if processes[intent.pid].state == "t":
        said = f"A debugger holds {intent.name or intent.pid} (process {intent.pid}): let it continue there."
        return Written(said, (Do(said),), (), facts, risk=Risk.NONE)
    stopped = [each for each in started.family if each.state == "T"] or [processes[intent.pid]]
    pids = tuple(str(each.pid) for each in stopped)
    root = runner_for(started.root, facts).root
    awake = {each.pid: replace(each, state="S", origin=_PLAN) for each in stopped}
    after = replace(facts, processes={**processes, **awake}, listeners=_drained(facts, set(awake)))
    for port in _ports(facts, set(awake)):
        after = without_answers(after, port)
    return Written(
        f"Let {intent.name or processes[intent.pid].name} run on",
        (Run(("kill", "-CONT", *pids), root=root),),
        (Run(("kill", "-STOP", *pids), root=root),),
        after,
        persists="until the program ends",
    )


def stop_program(intent: StopProgram, facts: Facts) -> Written | None:
    """End the program that holds a port: by its service, its container, or its own processes."""
    processes = _processes(facts)
    started = launch(processes, intent.pid)
    if container := intent.container or (started.root.container if started else ""):
        return _stop_container(container, facts)
    if started is None or intent.pid == 1 or {started.root.name, intent.name} & _NEVER_STOPPED:
        return None
    if reason := kept_by_somebody(started, facts):
        return Written(f"Stop {started.root.name}", (Do(reason),), (), facts)
    unit = intent.unit or (unit_of(started) if is_main_process(started) else "")
    if unit.endswith(".service"):
        steps: tuple[Instruction, ...] = (Run(("systemctl", "stop", unit), root=True),)
        undo: tuple[Instruction, ...] = (Run(("systemctl", "start", unit), root=True),)
    else:
        runner = runner_for(started.root, facts)
        steps = restart.stop_by_pid(started, runner)
        undo = (restart.start_again(start_of(started), runner, last=True),)
    return Written(
        f"Stop {unit or intent.name or started.root.name}",
        steps,
        undo,
        _without(facts, started),
        (f"Whoever uses {intent.name or started.root.name} loses it.",),
        Risk.MEDIUM,
        "until it is started again",
    )


def start_program(intent: StartProgram, facts: Facts) -> Written | None:
    """Start the unit that is known to serve the port. Where it will listen only shows once it runs, so the facts stay."""
    if not intent.unit:
        said = f"Start the program that is to listen on port {intent.port}, and check again."
        return Written(said.rstrip("."), (Do(said),), (), facts, risk=Risk.NONE)
    return Written(
        f"Start {intent.unit}",
        (Run(("systemctl", "start", intent.unit), root=True),),
        (Run(("systemctl", "stop", intent.unit), root=True),),
        facts,
        persists="until reboot",
        verify=(Run(("systemctl", "status", "--no-pager", intent.unit)),),
    )


def set_sysctl(intent: SetSysctl, facts: Facts) -> Written | None:
    """`sysctl -w`, and back to the value that was read."""
    if isinstance(facts.sysctls, Unknown):
        return None
    return Written(
        f"Set {intent.name} to {intent.value}",
        (Run(("sysctl", "-w", f"{intent.name}={intent.value}"), root=True),),
        (Run(("sysctl", "-w", f"{intent.name}={intent.was}"), root=True),),
        replace(facts, sysctls={**facts.sysctls, intent.name: intent.value}),
        persists="until reboot",
        verify=(Run(("sysctl", intent.name)),),
    )


def bring_up(intent: BringUp, facts: Facts) -> Written | None:
    """`ip link set up`; the kernel then routes the interface's own networks again."""
    if isinstance(facts.interfaces, Unknown):
        return None
    found = next((each for each in facts.interfaces if each.name == intent.interface), None)
    if found is None:
        return None
    up = replace(found, up=True, carrier=None if found.carrier is False and not found.up else found.carrier)
    routes = facts.routes
    if not isinstance(routes, Unknown):
        known = {(each.destination, each.device, each.kind) for each in routes}
        back = (each for each in _own_routes(up) if (each.destination, each.device, each.kind) not in known)
        routes = (*routes, *back)
    return Written(
        f"Set {intent.interface} up",
        (Run(("ip", "link", "set", "dev", intent.interface, "up"), root=True),),
        (Run(("ip", "link", "set", "dev", intent.interface, "down"), root=True),),
        replace(facts, interfaces=tuple(up if each is found else each for each in facts.interfaces), routes=routes),
        persists="until reboot",
        verify=(Run(("ip", "address", "show", "dev", intent.interface)),),
    )


def add_route(intent: AddRoute, facts: Facts) -> Written | None:
    """`ip route add`, and `del` with the same words."""
    if isinstance(facts.routes, Unknown):
        return None
    words = _route_words(intent.destination, intent)
    ip = ("ip", "-6", "route") if intent.destination.version == 6 else ("ip", "route")
    route = Route(
        intent.destination,
        device=intent.device,
        gateway=intent.gateway,
        scope="global" if intent.gateway else "link",
        origin=_PLAN,
    )
    return Written(
        f"Add a route to {intent.destination}",
        (Run((*ip, "add", *words), root=True),),
        (Run((*ip, "del", *words), root=True),),
        replace(facts, routes=(*facts.routes, route)),
        persists="until reboot",
        verify=(Run((*ip, "get", str(intent.destination.network_address))),),
    )


def _route_words(destination: Network, intent: AddRoute) -> tuple[str, ...]:
    via = ("via", str(intent.gateway)) if intent.gateway else ()
    mtu = ("mtu", str(intent.mtu)) if intent.mtu else ()
    return (str(destination), *via, "dev", intent.device, *mtu)


def _own_routes(interface: Interface) -> tuple[Route, ...]:
    """What the kernel adds when an interface with addresses comes up: the address itself, and its network."""
    routes: list[Route] = []
    for each in interface.addresses:
        alone: Network = type(each.network)((each.ip, each.max_prefixlen))
        routes.append(Route(alone, "local", interface.name, source=each.ip, table="local", scope="host", origin=_PLAN))
        routes.append(Route(each.network, "unicast", interface.name, source=each.ip, scope="link", origin=_PLAN))
    return tuple(routes)


def _stop_container(identifier: str, facts: Facts) -> Written:
    known = () if isinstance(facts.containers, Unknown) else facts.containers
    name = next((each.name for each in known if each.identifier.startswith(identifier)), identifier)
    return Written(
        f"Stop the container {name}",
        (Run(("docker", "stop", name), root=True),),
        (Run(("docker", "start", name), root=True),),
        facts,
        (f"Whoever uses {name} loses it.",),
        Risk.MEDIUM,
        "until it is started again",
    )


def _without(facts: Facts, started: Launch) -> Facts:
    """`facts` once the family has ended: its processes and sockets are gone; a socket shared with others stays theirs."""
    pids = set(started.pids)
    processes = {pid: each for pid, each in _processes(facts).items() if pid not in pids}
    if isinstance(facts.listeners, Unknown):
        return replace(facts, processes=processes)
    left: list[Listener] = []
    for each in facts.listeners:
        owners = None if each.owners is None else tuple(owner for owner in each.owners if owner.pid not in pids)
        if owners or not each.owners:
            left.append(replace(each, owners=owners))
    after = replace(facts, processes=processes, listeners=tuple(left))
    for port in _ports(facts, pids):
        after = without_answers(after, port)
    return after


def _drained(facts: Facts, pids: set[int]) -> tuple[Listener, ...] | Unknown:
    """A program that runs again takes the connections that waited for it."""
    if isinstance(facts.listeners, Unknown):
        return facts.listeners
    return tuple(
        replace(each, accept_queue=0) if each.accept_queue and _owned(each, pids) else each for each in facts.listeners
    )


def _ports(facts: Facts, pids: set[int]) -> set[int]:
    listeners = () if isinstance(facts.listeners, Unknown) else facts.listeners
    return {each.port for each in listeners if _owned(each, pids)}


def _owned(listener: Listener, pids: set[int]) -> bool:
    return any(owner.pid in pids for owner in listener.owners or ())


def _processes(facts: Facts) -> Mapping[int, Process]:
    return {} if isinstance(facts.processes, Unknown) else facts.processes
