"""What listens on this machine, as rows to choose from: the port, the program, how far it is reached, where it runs.

5000   flask run            this machine only       ~/shop
8080   docker-proxy         every address
22     sshd                 every address
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from wizard.present.hostile import harmless

if TYPE_CHECKING:
    from wizard.model.facts import Listener, Process

_RUNTIMES = ("python", "node", "ruby", "php", "java", "deno", "bun", "perl", "dotnet", "uvicorn", "gunicorn", "flask")
_SYSTEM = (
    "sshd",
    "systemd",
    "cupsd",
    "dnsmasq",
    "rpcbind",
    "master",
    "chronyd",
    "avahi",
    "named",
    "postgres",
    "mysqld",
)


class Row(Struct, frozen=True):
    """One port. `program` is the command in short; `reach` where it can be asked for by address; `place` its directory."""

    port: int
    program: str
    reach: str
    place: str = ""


def rows(listeners: Iterable[Listener], processes: Mapping[int, Process], *, home: str = "") -> tuple[Row, ...]:
    """A row for each TCP port, the likeliest first: a developer's server, then other high ports, then the system's own.

    `home` is written `~` in a directory; empty: left as it is.
    """
    by_port: dict[int, list[Listener]] = {}
    for listener in listeners:
        if listener.proto == "tcp":
            by_port.setdefault(listener.port, []).append(listener)
    likely = sorted(by_port, key=lambda port: (-_likelihood(by_port[port], processes), port))
    return tuple(_row(port, by_port[port], processes, home) for port in likely)


def _row(port: int, listeners: list[Listener], processes: Mapping[int, Process], home: str) -> Row:
    process = _process(listeners, processes)
    owner = next((listener.owners[0].name for listener in listeners if listener.owners), "")
    program = _command(process) or owner or "another user's program"
    place = (process.cwd or "") if process else ""
    if home and (place == home or place.startswith(home.rstrip("/") + "/")):
        place = "~" + place[len(home.rstrip("/")) :]
    return Row(port, harmless(program), _reach(listeners), harmless(place if place != "/" else ""))


def _process(listeners: list[Listener], processes: Mapping[int, Process]) -> Process | None:
    pids = [owner.pid for listener in listeners for owner in listener.owners or ()]
    return next((processes[pid] for pid in pids if pid in processes), None)


def _command(process: Process | None) -> str:
    """`flask run`, `python3 app.py`, `sshd`: the program, and the words after it that are no options."""
    if process is None:
        return ""
    if not process.argv:
        return process.name
    program = _base(process.argv[0])
    if not program.startswith(_RUNTIMES):
        return program.split(":")[0]
    return _started(program, process.argv[1:])


def _started(program: str, arguments: tuple[str, ...]) -> str:
    """What a runtime was told to run: `python3 app.py`, `python3 -m http.server`; `python3 bin/flask run` is `flask run`."""
    for number, word in enumerate(arguments):
        if word in ("-m", "-c", "-e"):
            module = arguments[number + 1] if word == "-m" and number + 1 < len(arguments) else "…"
            return f"{program} {word} {module}"
        if word.startswith("-"):
            continue
        script = _base(word)
        installed = "/bin/" in word and "." not in script
        following = [more for more in arguments[number + 1 :] if not more.startswith("-")][:1]
        return " ".join((script, *following)) if installed else f"{program} {script}"
    return program


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _reach(listeners: list[Listener]) -> str:
    addresses = [listener.address for listener in listeners]
    if any(address.is_unspecified for address in addresses):
        return "every address"
    if all(address.is_loopback for address in addresses):
        return "this machine only"
    return ", ".join(dict.fromkeys(str(address) for address in addresses if not address.is_loopback))


def _likelihood(listeners: list[Listener], processes: Mapping[int, Process]) -> int:
    process = _process(listeners, processes)
    names = {owner.name for listener in listeners for owner in listener.owners or ()}
    names |= {process.name} if process else set()
    if any(name.startswith(_SYSTEM) for name in names):
        return 0
    started_by_hand = any(name.startswith(_RUNTIMES) for name in names)
    return 1 + 2 * started_by_hand + (listeners[0].port >= 1024)
