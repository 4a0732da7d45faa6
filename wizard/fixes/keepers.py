"""Programs that somebody else keeps running: stopped by hand they would come back as they were."""

from __future__ import annotations

from wizard.fixes import unit
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
    "containerd-shim": "the container's runtime",
    "conmon": "the container's runtime",
}


def keeper(process: Process) -> str:
    """The program that starts its children again when they end, if `process` is one; else empty."""
    words = " ".join(process.argv[:3]).lower()
    if process.name.startswith("PM2") or words.startswith("pm2 "):
        return "PM2"
    named = (each for name, each in _KEEPERS.items() if process.name.startswith(name) or f"/{name}" in words)
    return next(named, "")


def kept_by_somebody(started: Launch, facts: Facts) -> str:
    """Why this process is not to be stopped and started by hand, in words for a person; or empty."""
    if started.root.pid == 1 or started.root.name in {"systemd", "init", "launchd"}:
        return "The port is held open by the service manager (socket activation): change its .socket unit."
    if started.root.container:
        return f"It runs in the container {started.root.container[:12]}; what starts it there has to change."
    if isinstance(facts.processes, Unknown):
        return ""
    parent = facts.processes.get(started.root.parent or 0)
    if parent and (name := keeper(parent)):
        return f"{name} keeps it running and would start it again as before; change the command in its configuration."
    if unit.unit_of(started) and not unit.is_main_process(started):
        return f"{started.root.unit} starts it through another program; change the command there."
    return ""
