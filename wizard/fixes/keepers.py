"""Programs that somebody else keeps running: stopped by hand they would come back as they were."""

from __future__ import annotations

from wizard.fixes import unit
from wizard.knowledge.commandline import base_name
from wizard.knowledge.recognise import Launch
from wizard.model.capture import Unknown
from wizard.model.facts import Facts, Process

_KEEPERS = {
    "supervisord": "supervisord",
    "runsv": "runit",
    "s6-supervise": "s6",
    "circusd": "circus",
    "honcho": "honcho",
    "foreman": "foreman",
    "overmind": "overmind",
    "nodemon": "nodemon",
    "watchmedo": "watchmedo",
    "watchfiles": "watchfiles",
    "entr": "entr",
    "conmon": "the container's runtime",
    "containerd-shim": "the container's runtime",
    "containerd-shim-runc-v2": "the container's runtime",
}
_SHELLS = frozenset({"sh", "dash", "bash", "busybox"})


def kept_by_somebody(started: Launch, facts: Facts) -> str:
    """Why this process is not to be stopped and started by hand, in words for a person; or empty."""
    if started.root.pid == 1 or started.root.name in {"systemd", "init", "launchd"}:
        return "The port is held open by the service manager (socket activation): change its .socket unit."
    if started.root.container:
        return f"It runs in the container {started.root.container[:12]}; what starts it there has to change."
    if name := _keeper_of(started, facts):
        return f"{name} keeps it running and would start it again as before; change the command in its configuration."
    if unit.unit_of(started) and not unit.is_main_process(started):
        return f"{started.root.unit} starts it through another program; change the command there."
    return ""


def _keeper_of(started: Launch, facts: Facts) -> str:
    """The program above that starts it again when it ends: the parent, or what stands behind a `sh -c` in between."""
    processes = {} if isinstance(facts.processes, Unknown) else facts.processes
    parent = processes.get(started.root.parent or 0)
    for _ in range(3):
        if parent is None:
            return ""
        if name := keeper(parent):
            return name
        if not (parent.argv and base_name(parent.argv[0]) in _SHELLS and "-c" in parent.argv[1:2]):
            return ""
        parent = processes.get(parent.parent or 0)
    return ""


def keeper(process: Process) -> str:
    """The program that starts its children again when they end, if `process` is one; else empty."""
    if process.name.startswith("PM2") or " ".join(process.argv[:1]).startswith("PM2 "):
        return "PM2"
    return next((_KEEPERS[name] for word in process.argv[:3] if (name := base_name(word)) in _KEEPERS), "")
