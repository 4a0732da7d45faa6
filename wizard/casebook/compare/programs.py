"""What changed about who listens, and about the programs that do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from wizard.casebook.compare.sides import sides
from wizard.model.capture import Unknown
from wizard.model.change import Area, Change, Kind
from wizard.model.facts import Facts, Listener, Process, Proto

_FIRST_EPHEMERAL = 32768
"""Where Linux takes the ports from that a program did not choose (net.ipv4.ip_local_port_range)."""


def listeners(one: tuple[Listener, ...], two: tuple[Listener, ...], about: tuple[int, Proto]) -> Iterator[Change]:
    def telling(key: tuple[Proto, int]) -> bool:
        return (key[1], key[0]) == about

    yield from sides(Area.LISTENER, _by_port(one, about), _by_port(two, about), _port_name, _binds, telling)


def _by_port(listeners: tuple[Listener, ...], about: tuple[int, Proto]) -> dict[tuple[Proto, int], list[Listener]]:
    """By protocol and port. A UDP port that nobody chose is a client's, and another one each time."""
    found: dict[tuple[Proto, int], list[Listener]] = {}
    for each in sorted(listeners, key=lambda each: (each.port, each.proto)):
        if each.proto is Proto.TCP or each.port < _FIRST_EPHEMERAL or (each.port, each.proto) == about:
            found.setdefault((each.proto, each.port), []).append(each)
    return found


def _port_name(key: tuple[Proto, int]) -> str:
    return f"port {key[1]}/{key[0].value}"


def _binds(listeners: list[Listener]) -> str:
    """`0.0.0.0 and [::] (flask)`: the addresses and the programs, without their pids."""
    places = dict.fromkeys(_bind(each) for each in listeners)
    owners = dict.fromkeys(owner.name for each in listeners for owner in each.owners or ())
    return " and ".join(sorted(places)) + (f" ({', '.join(sorted(owners))})" if owners else "")


def _bind(listener: Listener) -> str:
    address = str(listener.address) if listener.address.version == 4 else f"[{listener.address}]"
    more = f"%{listener.device}" if listener.device else f"%{listener.scope}" if listener.scope else ""
    return address + more + (" (IPv6 only)" if listener.v6only and not int(listener.address) else "")


def processes(one: Facts, two: Facts, about: tuple[int, Proto]) -> Iterator[Change]:
    """Of the programs that listen: restarted, or started otherwise. Others come and go and mean nothing."""
    before, after = _owners(one, about), _owners(two, about)
    seen: set[tuple[int, int]] = set()
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        if (old.pid, new.pid) not in seen:
            seen.add((old.pid, new.pid))
            yield from _process(old, new, _port_name(key), (key[1], key[0]) == about)


def _owners(facts: Facts, about: tuple[int, Proto]) -> dict[tuple[Proto, int], Process]:
    """The first process of each port: of a family the one that started the others."""
    if isinstance(facts.listeners, Unknown) or isinstance(facts.processes, Unknown):
        return {}
    found: dict[tuple[Proto, int], Process] = {}
    for key, listeners in _by_port(facts.listeners, about).items():
        pids = {owner.pid for each in listeners for owner in each.owners or ()}
        owners = [facts.processes[pid] for pid in pids if pid in facts.processes]
        if owners:
            found[key] = min(owners, key=lambda each: (each.started or 0.0, each.pid))
    return found


def _process(old: Process, new: Process, port: str, telling: bool) -> Iterator[Change]:
    what = f"{new.name} of {port}"

    def changed(of: str, before: str, after: str) -> Change:
        return Change(Area.PROCESS, Kind.CHANGED, f"{of} of {what}", before, after, telling)

    if old.argv != new.argv:
        yield changed("command line", " ".join(old.argv), " ".join(new.argv))
    if _differs(old.cwd, new.cwd):
        yield changed("folder", str(old.cwd), str(new.cwd))
    if _differs(old.user, new.user):
        yield changed("user", str(old.user), str(new.user))
    if _differs(old.environment, new.environment):
        yield changed("environment", _environment(old), _environment(new))
    if _stopped(old) != _stopped(new):
        yield changed("state", _state(old), _state(new))
    if (old.pid, old.started) != (new.pid, new.started):
        yield changed("start", _started(old), _started(new))


def _differs(one: object, two: object) -> bool:
    """Both are known, and not the same."""
    return one is not None and two is not None and one != two


def _state(process: Process) -> str:
    return "stopped" if _stopped(process) else "running"


def _stopped(process: Process) -> bool:
    return process.state in ("T", "t")


def _environment(process: Process) -> str:
    return (
        " ".join(f"{name}={value}" for name, value in sorted((process.environment or {}).items()))
        or "none of what matters"
    )


def _started(process: Process) -> str:
    if process.started is None:
        return f"pid {process.pid}"
    when = datetime.fromtimestamp(process.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"pid {process.pid}, started {when}"
