"""What each intent becomes on Windows: commands for an administrator's PowerShell or cmd, each with its exact undo."""

from __future__ import annotations

from ipaddress import ip_address

from msgspec.structs import replace

from wizard.firewalls.windows import write as commands
from wizard.fixes import rebind
from wizard.fixes.restart import PLANNED
from wizard.fixes.written import Written
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Facts, Interface, Listener, Network, Owner, Proto
from wizard.model.journey import Journey
from wizard.model.remedy import (
    AllowHyperV,
    AllowInbound,
    DisableRule,
    Do,
    Instruction,
    Intent,
    LiftShields,
    Rebind,
    ReservePort,
    Risk,
    Run,
    SetNetworkCategory,
    SetPortProxy,
    Shell,
    StartProgram,
    StopProgram,
)
from wizard.model.windows import (
    Direction,
    HyperVRule,
    PortProxy,
    PortRange,
    Ports,
    ProfileName,
    RuleAction,
    Store,
    WindowsFacts,
    Wsl,
)

WSL_CREATOR = "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}"
_ADMINISTRATOR = "Ask whoever manages this machine (Group Policy or Intune)"
_PLAN = Origin(PLANNED)
_RELAY_SERVICE = "iphlpsvc"
"""The service that carries out `netsh interface portproxy`."""
_SOME_FOLDER = "?"
"""Stands for a folder that nobody told: no path has a question mark on Windows."""


def write(intent: Intent, facts: Facts, journey: Journey) -> Written | None:
    """The steps, their undo, and the facts afterwards; None where nobody here knows how."""
    windows = facts.windows
    if windows is None or isinstance(windows, Unknown):
        return None
    match intent:
        case AllowInbound():
            return allow_inbound(intent, facts, windows, journey)
        case DisableRule():
            return _disable(intent, facts, windows)
        case LiftShields():
            return _lift(intent, facts, windows)
        case SetNetworkCategory():
            return set_category(intent, facts, windows)
        case ReservePort():
            return _reserve(intent, facts, windows)
        case SetPortProxy():
            return _relay(intent, facts, windows)
        case AllowHyperV():
            return _hyper_v(intent, facts, windows)
        case StopProgram():
            return _stop(intent, facts, windows)
        case Rebind():
            return _rebind(intent, facts, windows)
        case StartProgram():
            said = f"Start the program that serves port {intent.port}, and read what it says when it ends at once."
            return Written("Start the program", (Do(said),), (), facts, risk=Risk.NONE)
        case _:
            return None


def allow_inbound(
    intent: AllowInbound, facts: Facts, windows: WindowsFacts, journey: Journey, *, by_netsh: bool = False
) -> Written | None:
    """An allow rule for this port alone: the profile that is in force, and the network in question."""
    profile = _profile(journey)
    if profile is not None and _ignores_local_rules(windows, profile):
        text = f"allow {intent.proto.upper()} {intent.port} inbound from {intent.source}, profile {profile}"
        return _ask(f"{_ADMINISTRATOR} for a rule: {text}. Local rules are ignored here.", facts)
    rules = () if isinstance(windows.rules, Unknown) else windows.rules
    made = commands.opening(rules, intent.proto, intent.port, _source(facts, intent), profile)
    there, back = (commands.add_by_netsh if by_netsh else commands.add)(made)
    after = replace(windows, rules=(*rules, commands.rule(made, PLANNED)))
    through = "netsh" if by_netsh else "Windows Firewall"
    return Written(
        f"Let {made.source} reach {intent.proto} port {intent.port} ({through})",
        (there,),
        (back,),
        replace(facts, windows=after),
    )


def _profile(journey: Journey) -> ProfileName | None:
    """The profile whose rule, or default, decided."""
    decision = journey.stop.decision if journey.stop and journey.stop.decision else journey.decision
    chain = decision.by.chain if decision is not None and decision.by is not None else ""
    return next((name for name in ProfileName if name.value == chain), None)


def _ignores_local_rules(windows: WindowsFacts, profile: ProfileName) -> bool:
    known = {} if isinstance(windows.profiles, Unknown) else windows.profiles
    return profile in known and known[profile].local_rules is False


def _source(facts: Facts, intent: AllowInbound) -> Network | None:
    """None for `LocalSubnet`, where that is exactly the network in question: this machine has no other one."""
    interfaces: tuple[Interface, ...] = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    networks = {
        address.network
        for each in interfaces
        if not each.loopback and each.up and each.carrier is not False
        for address in each.addresses
        if address.version == intent.source.version and not address.ip.is_link_local
    }
    return None if networks == {intent.source} else intent.source


def _disable(intent: DisableRule, facts: Facts, windows: WindowsFacts) -> Written | None:
    """Switched off, not deleted: the undo switches them on again."""
    rules = () if isinstance(windows.rules, Unknown) else windows.rules
    meant = [(at, rules[at]) for at in intent.rules if at < len(rules)]
    foreign = next((rule for _, rule in meant if rule.store is not Store.LOCAL), None)
    if foreign is not None:
        return _ask(f"{_ADMINISTRATOR} to take the block rule “{foreign.name or foreign.identifier}” away.", facts)
    steps = [commands.switch(rule, on=False) for _, rule in meant]
    undo = [commands.switch(rule, on=True) for _, rule in reversed(meant)]
    if not meant or None in steps:
        return None
    places = {at for at, _ in meant}
    after = tuple(replace(rule, enabled=False, origin=_PLAN) if at in places else rule for at, rule in enumerate(rules))
    names = " and ".join(dict.fromkeys(f"“{rule.name or rule.identifier}”" for _, rule in meant))
    return Written(
        f"Switch the block rule {names} off",
        tuple(step for step in steps if step is not None),
        tuple(step for step in undo if step is not None),
        replace(facts, windows=replace(windows, rules=after)),
    )


def _lift(intent: LiftShields, facts: Facts, windows: WindowsFacts) -> Written | None:
    name = ProfileName(intent.profile)
    known = {} if isinstance(windows.profiles, Unknown) else windows.profiles
    if name not in known:
        return None
    if "shields_up" in known[name].by_policy:
        return _ask(f"{_ADMINISTRATOR} to let allow rules count in the {name} profile (DoNotAllowExceptions).", facts)
    after = {**known, name: replace(known[name], shields_up=False)}
    return Written(
        f"Let the {name} profile's allow rules count again",
        (commands.allow_inbound_rules(name, on=True),),
        (commands.allow_inbound_rules(name, on=False),),
        replace(facts, windows=replace(windows, profiles=after)),
        (f"Every allow rule of the {name} profile is in force again, not only the one for this port.",),
        Risk.MEDIUM,
    )


def set_category(intent: SetNetworkCategory, facts: Facts, windows: WindowsFacts) -> Written | None:
    """The network's category changed: every rule for such networks then holds there."""
    networks = () if isinstance(windows.networks, Unknown) else windows.networks
    here = next((each for each in networks if each.interface == intent.interface), None)
    if here is None or here.category is None or here.category is ProfileName.DOMAIN:
        return None
    wanted = ProfileName(intent.category)
    after = tuple(replace(each, category=wanted) if each is here else each for each in networks)
    return Written(
        f"Take the network “{here.name}” for a {wanted.value.lower()} one",
        (commands.set_category(intent.interface, wanted),),
        (commands.set_category(intent.interface, here.category),),
        replace(facts, windows=replace(windows, networks=after)),
        ("Only on a network that you trust, at home or at work: every rule for private networks then holds there, "
         "and this machine shows itself to the others.",),
        Risk.MEDIUM,
    )  # fmt: skip


def _reserve(intent: ReservePort, facts: Facts, windows: WindowsFacts) -> Written | None:
    """The port is taken out of WinNAT's ranges while WinNAT is stopped, and kept for whoever asks for it."""
    place = ("protocol=tcp", f"startport={intent.port}", "numberofports=1")
    netsh = ("netsh", "interface", "ipv4")
    stop, start = _cmd("net", "stop", "winnat"), _cmd("net", "start", "winnat")
    ranges = () if isinstance(windows.excluded_ports, Unknown) else windows.excluded_ports
    kept = tuple(each for each in ranges if intent.port not in each)
    after = (*kept, PortRange(intent.port, intent.port, administered=True, origin=_PLAN))
    return Written(
        f"Keep port {intent.port} out of the ranges that Windows reserves",
        (stop, _cmd(*netsh, "add", "excludedportrange", *place, "store=persistent"), start),
        (_cmd(*netsh, "delete", "excludedportrange", *place, "store=persistent"),),
        replace(facts, windows=replace(windows, excluded_ports=after)),
        ("Containers and virtual machines lose their network while WinNAT is stopped; it hands out ranges anew.",),
        Risk.MEDIUM,
    )


def _relay(intent: SetPortProxy, facts: Facts, windows: WindowsFacts) -> Written | None:
    """A relay of iphlpsvc on every address of the family, in place of the one that leads nowhere."""
    proxies = () if isinstance(windows.port_proxies, Unknown) else windows.port_proxies
    family = intent.address.version
    old = proxies[intent.instead_of] if intent.instead_of is not None and intent.instead_of < len(proxies) else None
    listen = str(old.listen_address) if old is not None and old.listen_address else "0.0.0.0" if family == 4 else "::"
    kind = old.kind if old is not None else f"v{family}tov{family}"
    new = PortProxy(kind, old.listen_address if old else None, intent.port, str(intent.address), intent.to_port, _PLAN)
    add, remove = _proxy_commands(new, listen)
    steps: tuple[Instruction, ...] = (add,)
    undo: tuple[Instruction, ...] = (remove,)
    if old is not None and replace(old, origin=_PLAN) == new:
        steps, undo = (), ()
    elif old is not None:
        add_old, remove_old = _proxy_commands(old, listen)
        steps, undo = (remove_old, add), (remove, add_old)
    kept = tuple(each for each in proxies if each is not old)
    windows = replace(windows, port_proxies=(*kept, new))
    states = {} if isinstance(windows.service_states, Unknown) else windows.service_states
    if states.get(_RELAY_SERVICE, "running") == "stopped":
        steps = (*steps, _powershell("Start-Service", "-Name", _RELAY_SERVICE))
        undo = (_powershell("Stop-Service", "-Name", _RELAY_SERVICE), *undo)
        windows = replace(windows, service_states={**states, _RELAY_SERVICE: "running"})
    after = replace(facts, windows=windows)
    return Written(
        f"Relay port {intent.port} to {intent.address}",
        steps,
        undo,
        _with_relay(after, intent, listen),
        ("WSL gets another address whenever it starts; the relay then has to be made anew.",),
        Risk.MEDIUM,
    )


def _proxy_commands(proxy: PortProxy, listen: str) -> tuple[Run, Run]:
    place = (f"listenaddress={listen}", f"listenport={proxy.listen_port}")
    to = (f"connectaddress={proxy.connect_address}", f"connectport={proxy.connect_port}")
    netsh = ("netsh", "interface", "portproxy")
    return _cmd(*netsh, "add", proxy.kind, *place, *to), _cmd(*netsh, "delete", proxy.kind, *place)


def _with_relay(facts: Facts, intent: SetPortProxy, listen: str) -> Facts:
    """iphlpsvc listens there, and what was answered on the port before says nothing any more."""
    if isinstance(facts.listeners, Unknown):
        return facts
    windows = facts.windows
    services = (
        {}
        if windows is None or isinstance(windows, Unknown) or isinstance(windows.services, Unknown)
        else windows.services
    )
    pid = next((pid for pid, names in services.items() if "iphlpsvc" in (each.lower() for each in names)), 0)
    address = ip_address(listen)
    mine = Listener(Proto.TCP, address, intent.port, (Owner("svchost.exe", pid),), origin=_PLAN)
    there = any((each.address, each.port) == (address, intent.port) for each in facts.listeners)
    attempts = (
        facts.attempts
        if isinstance(facts.attempts, Unknown)
        else tuple(each for each in facts.attempts if each.port != intent.port)
    )
    return replace(facts, listeners=facts.listeners if there else (*facts.listeners, mine), attempts=attempts)


def _hyper_v(intent: AllowHyperV, facts: Facts, windows: WindowsFacts) -> Written | None:
    if not isinstance(windows.wsl, Wsl):
        return None
    name = f"wizard-{intent.proto}-{intent.port}"
    words = ("-Name", name, "-DisplayName", name, "-Direction", "Inbound", "-VMCreatorId", WSL_CREATOR,
             "-Protocol", intent.proto.upper(), "-LocalPorts", str(intent.port), "-Action", "Allow")  # fmt: skip
    number = 6 if intent.proto is Proto.TCP else 17
    ports = Ports(((intent.port, intent.port),))
    made = HyperVRule(name, name, RuleAction.ALLOW, Direction.IN, True, number, ports, _PLAN)
    wsl = replace(windows.wsl, hyperv_rules=(*windows.wsl.hyperv_rules, made))
    return Written(
        f"Let {intent.proto} port {intent.port} through to WSL (Hyper-V firewall)",
        (_powershell("New-NetFirewallHyperVRule", *words),),
        (_powershell("Remove-NetFirewallHyperVRule", "-Name", name),),
        replace(facts, windows=replace(windows, wsl=wsl)),
        ("The Hyper-V firewall's rule is for every network that this machine is on.",),
        Risk.MEDIUM,
    )


def _stop(intent: StopProgram, facts: Facts, windows: WindowsFacts) -> Written | None:
    """By its service where it has one; the kernel's own sockets are never ended this way."""
    if intent.pid <= 4:
        return None
    hosted = () if isinstance(windows.services, Unknown) else windows.services.get(intent.pid, ())
    if len(hosted) > 1:
        return _ask(f"Process {intent.pid} hosts {', '.join(hosted)}: stop the one that holds the port.", facts)
    if isinstance(facts.processes, Unknown) or intent.pid not in facts.processes:
        return None
    if not hosted:
        return None
    gone = {pid: each for pid, each in facts.processes.items() if pid != intent.pid}
    left = facts.listeners
    if not isinstance(left, Unknown):
        left = tuple(each for each in left if all(owner.pid != intent.pid for owner in each.owners or ()))
    return Written(
        f"Stop the service {hosted[0]}",
        (_powershell("Stop-Service", "-Name", hosted[0]),),
        (_powershell("Start-Service", "-Name", hosted[0]),),
        replace(facts, processes=gone, listeners=left),
        (f"Whoever uses {hosted[0]} loses it.",),
        Risk.MEDIUM,
        "until it is started again",
    )


def _rebind(intent: Rebind, facts: Facts, windows: WindowsFacts) -> Written | None:
    hosted = () if isinstance(windows.services, Unknown) else windows.services.get(intent.pid, ())
    if hosted:
        place = f"{intent.address}, port {intent.move_to or intent.port}"
        return _ask(
            f"The service {hosted[0]} runs it: have it listen on {place} in its settings, and restart it.", facts
        )
    running = {} if isinstance(facts.processes, Unknown) else facts.processes
    homeless = {pid: replace(each, cwd=_SOME_FOLDER) for pid, each in running.items() if each.cwd is None and each.argv}
    if intent.pid not in homeless:
        return rebind.rebind(intent, facts)
    piece = rebind.rebind(intent, replace(facts, processes={**running, **homeless}))
    if piece is None or not any(isinstance(each, Run) for each in piece.steps):
        return piece
    return replace(piece, steps=_from_its_folder(piece.steps), undo=_from_its_folder(piece.undo))


def _from_its_folder(steps: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """Windows does not tell in which folder a program was started: that much a person has to do."""
    found: list[Instruction] = []
    for step in steps:
        if isinstance(step, Run) and step.cwd == _SOME_FOLDER:
            found += [Do("Open PowerShell in the folder in which it was started."), replace(step, cwd="")]
        else:
            found.append(step)
    return tuple(found)


def _ask(text: str, facts: Facts) -> Written:
    return Written(text.partition(". ")[0].rstrip("."), (Do(text),), (), facts, risk=Risk.NONE)


def _powershell(*words: str) -> Run:
    return Run(words, root=True, shell=Shell.POWERSHELL)


def _cmd(*words: str) -> Run:
    return Run(words, root=True, shell=Shell.CMD)
