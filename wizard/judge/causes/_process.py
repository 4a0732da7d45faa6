"""What causes share about processes: which of them wants a port, what it listens on, and who belongs to whom."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from wizard.knowledge import Framework
from wizard.knowledge.commandline import Form, base_name, read
from wizard.knowledge.recognise import launch, recognise, recognise_title
from wizard.knowledge.values import option_values, split_address
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Listener, Owner, Process, Proto

NEW = 120.0
"""Seconds during which a program that does not listen yet may still be starting."""

_PORT_OPTIONS = (
    "--port", "-p", "-P", "--http-port", "--listen-port", "--server-port", "--server.port", "--server_port", "-Dserver.port",
    "--web-port",
)  # fmt: skip
_PLACE_OPTIONS = (
    "--bind",
    "-b",
    "--listen",
    "-l",
    "--addr",
    "--address",
    "--http",
    "--http-address",
    "--urls",
    "--host",
)
_PORT_VARIABLES = (
    "PORT",
    "FLASK_RUN_PORT",
    "UVICORN_PORT",
    "SERVER_PORT",
    "STREAMLIT_SERVER_PORT",
    "GRADIO_SERVER_PORT",
)
_ASK_OR_WAIT = frozenset({
    "ab", "bash", "cat", "chrome", "chromium", "cloudflared", "code", "conmon", "containerd-shim",
    "containerd-shim-runc-v2", "curl", "dash", "docker", "docker-proxy", "env", "firefox", "fish", "git", "grep",
    "hey", "ip", "k6", "kubectl", "less", "lsof", "man", "mongosh", "more", "mysql", "nano", "nc", "ncat", "ngrok",
    "nmap", "nsenter", "openssl", "ping", "podman", "psql", "pytest", "redis-cli", "rootlessport", "rsync", "scp",
    "screen", "setpriv", "setsid", "sftp", "sh", "sleep", "socat", "ss", "ssh", "sshd", "strace", "su", "sudo",
    "systemd-run", "tail", "tcpdump", "telnet", "timeout", "tmux", "tshark", "unshare", "vi", "vim", "watch", "wget",
    "wizard", "wrk", "xargs", "zsh", "cmd", "explorer", "powershell", "pwsh", "services", "WindowsTerminal",
})  # fmt: skip
"""Programs that name a port to ask it, to wait for it, or on behalf of another: never the one that wants to listen."""

_IN_FRONT = frozenset({"nginx", "apache", "caddy", "sshd", "docker-proxy", "ssh-forward", "kubectl-port-forward"})
"""Recognised programs that stand in front of others: not the one a person means by "my app"."""


def known(facts: Facts) -> Mapping[int, Process]:
    """The processes by pid; none where they could not be read."""
    return {} if isinstance(facts.processes, Unknown) else facts.processes


def alive(process: Process) -> bool:
    """Neither ended (a zombie) nor ending."""
    return process.state not in ("Z", "X", "x")


def here(process: Process) -> bool:
    """It lives in this machine's own network namespace, as far as is known."""
    return process.namespace is None and not process.container


def holders(facts: Facts, owners: tuple[Owner, ...] | None) -> tuple[Process, ...]:
    """The processes that hold a socket."""
    return tuple(known(facts)[each.pid] for each in owners or () if each.pid in known(facts))


def relatives(facts: Facts, process: Process) -> frozenset[int]:
    """The process with those above it (up to a shell or init) and everything below: one program and what runs it."""
    processes = known(facts)
    pids = {process.pid}
    above = processes.get(process.parent or 0)
    while above is not None and above.pid > 1 and above.pid not in pids and _first(above) not in _ASK_OR_WAIT:
        pids.add(above.pid)
        above = processes.get(above.parent or 0)
    growing = True
    while growing:
        below = {each.pid for each in processes.values() if each.parent in pids and each.pid not in pids}
        growing = bool(below)
        pids |= below
    return frozenset(pids)


def listening(facts: Facts, process: Process, proto: Proto = Proto.TCP) -> tuple[Listener, ...]:
    """The sockets on which the process, or its relatives, listen."""
    pids = relatives(facts, process)
    sockets = () if isinstance(facts.listeners, Unknown) else facts.listeners
    return tuple(
        each for each in sockets if each.proto is proto and any(owner.pid in pids for owner in each.owners or ())
    )


def waiting_for(facts: Facts, port: int) -> tuple[Process, ...]:
    """Programs that were told to listen on `port` and listen nowhere: one process each, the topmost."""
    wanting = [each for each in known(facts).values() if alive(each) and here(each) and wants(each, port)]
    idle = [each for each in wanting if not listening(facts, each)]
    pids = {each.pid for each in idle}
    return tuple(each for each in idle if each.parent not in pids)


def wants(process: Process, port: int) -> bool:
    """Whether it was told to listen on `port`, or does so unless told otherwise."""
    entry = entry_of(process)
    if entry is not None and entry.kind == "database":
        return False
    return stated_port(process) == port or names_port(process, port)


def entry_of(process: Process) -> Framework | None:
    """The known program that this process runs, by its command line or by the title that it wrote over it."""
    recognised = recognise(process.argv)
    return recognised.framework if recognised else recognise_title(process.argv)


def is_web_app(process: Process) -> bool:
    """A recognised program that serves pages itself: no database, no web server or tunnel in front of others."""
    entry = entry_of(process)
    return entry is not None and entry.kind != "database" and entry.name not in _IN_FRONT


def is_script(process: Process) -> bool:
    """A script of somebody's that an interpreter runs: it may be a web application."""
    line = read(process.argv)
    return line is not None and bool(line.interpreter) and line.form in (Form.SCRIPT, Form.MODULE)


def stated_port(process: Process) -> int | None:
    """The port that a recognised program was told, or takes unless told; None for others, and for one on a UNIX socket."""
    recognised = recognise(process.argv)
    if recognised is None or unix_path(process) is not None:
        return None
    entry, words, after = recognised.framework, recognised.line.argv, recognised.word_at + 1
    ports = [each.text for each in option_values(words, entry.port_options, after, abbreviates=entry.abbreviates)]
    places = [each.text for each in option_values(words, entry.address_options, after, abbreviates=entry.abbreviates)]
    environment = process.environment or {}
    more = _split(environment.get(entry.arguments_environment, "")) if entry.arguments_environment else ()
    places += [each.text for each in option_values(more, entry.address_options, abbreviates=entry.abbreviates)]
    ports += [environment[entry.port_environment]] if environment.get(entry.port_environment) and not ports else []
    told = [int(each) for each in ports if each.isdigit()]
    if entry.address_form != "host":
        told += [port for each in places if (port := split_address(each)[1]) is not None]
    if not told and (entry.port_positional or entry.address_form == "positional"):
        told += [port for word in words[after:] if not word.startswith("-") and (port := split_address(word)[1])]
    return told[-1] if told else entry.default_port


def unix_path(process: Process) -> str | None:
    """The UNIX socket on which a program was told to listen (`gunicorn --bind unix:PATH`, `uvicorn --uds PATH`), or None."""
    recognised = recognise(process.argv)
    if recognised is None:
        return None
    words, after = recognised.line.argv, recognised.word_at + 1
    given = option_values(words, ("--uds", "--unix-socket"), after)
    if given:
        return given[-1].text
    options = (*recognised.framework.address_options, "--bind", "-b")
    places = option_values(words, options, after, abbreviates=recognised.framework.abbreviates)
    more = _split((process.environment or {}).get(recognised.framework.arguments_environment or "", ""))
    texts = [each.text for each in (*places, *option_values(more, options))]
    if any(not each.startswith("unix:") for each in texts):
        return None
    return next((each.removeprefix("unix:") for each in texts), None)


def names_port(process: Process, port: int) -> bool:
    """Whether any program names `port` as one to listen on: in an option, a variable, or alone behind a script."""
    line = read(process.argv)
    if line is None or line.program in _ASK_OR_WAIT or _first(process) in _ASK_OR_WAIT or line.form is Form.INLINE:
        return False
    words = line.argv
    if any(each.text == str(port) for each in option_values(words, _PORT_OPTIONS, line.at + 1)):
        return True
    places = option_values(words, _PLACE_OPTIONS, line.at + 1)
    if any(split_address(each.text)[1] == port for each in places):
        return True
    if line.interpreter and any((process.environment or {}).get(name) == str(port) for name in _PORT_VARIABLES):
        return True
    return bool(line.interpreter) and any(_is_place(word, port) for word in line.arguments)


def _is_place(word: str, port: int) -> bool:
    """`5000`, `:5000`, `0.0.0.0:5000`: a place to listen, not the URL of something to ask."""
    return bool(re.fullmatch(rf"(?:(?:0\.0\.0\.0|127\.[\d.]+|localhost|\[[0-9a-fA-F:]*\]|\*)?:)?{port}", word))


def _first(process: Process) -> str:
    """The bare name of the first word of the command line, or the process's own name."""
    words = (word for word in process.argv if word)
    first = next(words, process.name)
    if "\\" in first or first.lower().endswith(".exe"):
        return base_name(first)
    return first.rpartition("/")[2].rstrip(":").split(" ")[0] or process.name


def _split(text: str) -> tuple[str, ...]:
    """The words of a variable that holds arguments; a text that no shell would read gives none."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return ()


def same_start(facts: Facts, one: Process, other: Process) -> bool:
    """Whether both belong to one start of a program: a reloader and its copy, a master and its workers, siblings of those."""
    processes = known(facts)
    first, second = launch(processes, one.pid), launch(processes, other.pid)
    if first is not None and second is not None and first.root.pid == second.root.pid:
        return True
    return other.pid in relatives(facts, one)
