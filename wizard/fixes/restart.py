"""Stopping a program with all its processes, waiting until it is gone, starting it again; and the same way back.

Measured on Linux: SIGTERM to the topmost process ends the reloader's copy (werkzeug, django), the spawned child (uvicorn
--reload, hypercorn) and the workers (gunicorn); a new start before that is done would meet EADDRINUSE.
"""

from __future__ import annotations

import shlex

from msgspec import Struct

from wizard.fixes.start import Start, start_of
from wizard.knowledge.recognise import Launch
from wizard.model.capture import Unknown
from wizard.model.facts import Address, Facts, Process
from wizard.model.remedy import Instruction, Run, Shell

PLANNED = "the plan"
"""The source of a fact that holds once the plan has run."""

_KEEPS = "Starts it again"

_LEAST_ORDINARY_UID = 1000
"""Ids below belong to services (login.defs(5) UID_MIN)."""


class Runner(Struct, frozen=True):
    """Who runs the commands: `root`, and for whom if the program belongs to a service's own user (`user`)."""

    root: bool = False
    user: str = ""
    shell: Shell = Shell.SH
    macos: bool = False
    """No /proc and no ss there: ps and lsof tell who is left."""


def runner_for(process: Process, facts: Facts) -> Runner:
    """Who can end and start `process`: root for root's, root on behalf of a service's user, else its own user."""
    if facts.platform == "windows":
        return Runner(shell=Shell.POWERSHELL)
    if facts.platform == "macos":
        return Runner(root=process.user == "root", macos=True)
    if process.user == "root":
        return Runner(root=True)
    service = any(
        listener.uid is not None and 0 < listener.uid < _LEAST_ORDINARY_UID
        for listener in (() if isinstance(facts.listeners, Unknown) else facts.listeners)
        if any(owner.pid == process.pid for owner in listener.owners or ())
    )
    return Runner(root=True, user=process.user) if service and process.user else Runner()


def stop_by_pid(launch: Launch, runner: Runner) -> tuple[Instruction, ...]:
    """End the whole family and wait until it is gone. The signal goes to the topmost process alone: it ends the others
    itself, and a second pid may be gone before kill(1) gets to it, which would look like a failed step."""
    pids = tuple(str(pid) for pid in launch.pids)
    name = launch.recognised.framework.title if launch.recognised else launch.root.name
    if runner.shell is Shell.POWERSHELL:
        return _stop_in_powershell(pids, name)
    steps: list[Instruction] = [*_keep_environment(launch, runner)]
    steps += [Run(("kill", pids[0]), root=runner.root, note=f"Stops {name}.")]
    if any(process.state in {"T", "t"} for process in launch.family):
        steps.append(Run(("kill", "-CONT", *pids), root=runner.root, note="A stopped process ends once it runs on."))
    # A zombie keeps its pid but has no exe, and holds no port any more.
    links = " ".join(f"/proc/{pid}/exe" for pid in pids)
    left = f"ps -o pid= -p {','.join(pids)}" if runner.macos else f"readlink {links}"
    wait = f'for i in $(seq 150); do [ -n "$({left})" ] || break; sleep 0.1; done'
    steps.append(Run(script=wait, root=runner.root, note="Waits until it has ended, 15 seconds at most."))
    return tuple(steps)


def _stop_in_powershell(pids: tuple[str, ...], name: str) -> tuple[Instruction, ...]:
    """Windows ends each process by itself, children stay; one that has gone already is no fault."""
    listed = ",".join(pids)
    quiet = "-ErrorAction SilentlyContinue"
    stop = f"Stop-Process -Id {listed} -Force {quiet}"
    wait = f"Wait-Process -Id {listed} -Timeout 15 {quiet}"
    return (
        Run(script=stop, shell=Shell.POWERSHELL, note=f"Stops {name}."),
        Run(script=wait, shell=Shell.POWERSHELL, note="Waits until it has ended, 15 seconds at most."),
    )


def stop_by_port(address: Address, port: int, runner: Runner, name: str) -> tuple[Instruction, ...]:
    """End whatever listens exactly there; for a program that the plan itself started, whose pids nobody knows yet, and
    which may need a moment before it listens. Of several that hold the socket the oldest: the others are its workers,
    and would be replaced if they ended first."""
    if runner.shell is Shell.POWERSHELL:
        held = f"Get-NetTCPConnection -State Listen -LocalAddress '{address}' -LocalPort {port}"
        stop = f"Stop-Process -Id ({held}).OwningProcess -Force"
        return (Run(script=stop, shell=Shell.POWERSHELL, note=f"Stops {name}."),)
    if runner.macos:
        return _stop_by_port_on_a_mac(port, runner, name)
    place = f"src [{address}]:{port}" if address.version == 6 else f"src {address}:{port}"
    oldest = "xargs -r ps -o pid= --sort=start_time | head -n 1"
    pid = f"ss -Hltnp '{place}' | grep -o 'pid=[0-9]*' | cut -d= -f2 | {oldest}"
    kill = f'for i in $(seq 150); do PID=$({pid}); [ -z "$PID" ] || break; sleep 0.1; done; kill $PID'
    wait = f"for i in $(seq 150); do [ -n \"$(ss -Hltn '{place}')\" ] || break; sleep 0.1; done"
    return (
        Run(script=kill, root=runner.root, note=f"Stops {name}."),
        Run(script=wait, root=runner.root, note="Waits until the port is free, 15 seconds at most."),
    )


def _stop_by_port_on_a_mac(port: int, runner: Runner, name: str) -> tuple[Instruction, ...]:
    """lsof lists the user's own sockets, in the order of their pids: the oldest of a family comes first."""
    held = f"lsof -nP -t -iTCP:{port} -sTCP:LISTEN"
    kill = f'for i in $(seq 150); do PID=$({held} | head -n 1); [ -z "$PID" ] || break; sleep 0.1; done; kill $PID'
    wait = f'for i in $(seq 150); do [ -n "$({held})" ] || break; sleep 0.1; done'
    return (
        Run(script=kill, root=runner.root, note=f"Stops {name}."),
        Run(script=wait, root=runner.root, note="Waits until the port is free, 15 seconds at most."),
    )


def _keep_environment(launch: Launch, runner: Runner) -> tuple[Instruction, ...]:
    """The application's own settings, secrets among them, go from the old start to the new one unseen."""
    kept = start_of(launch).kept
    if not kept or runner.user:
        return ()
    note = f"Keeps the rest of its environment for the new start ({', '.join(launch.root.withheld[:4])})."
    return (Run(("install", "-m", "600", f"/proc/{launch.root.pid}/environ", kept), root=runner.root, note=note),)


def start_again(start: Start, runner: Runner, note: str = "", *, last: bool = False) -> Run:
    """Start it; it keeps running in that terminal. On behalf of a service's user through runuser(1). `last`: nothing after
    it needs what was kept of its environment."""
    if runner.shell is Shell.POWERSHELL:
        kept = note or _KEEPS
        return Run(start.argv, "", start.cwd, start.environment, background=True, shell=runner.shell, note=kept)
    named = tuple(f"{name}={value}" for name, value in start.environment)
    if runner.user:
        argv = ("runuser", "-u", runner.user, "--", *(("env", *named) if named else ()), *start.argv)
        return Run(argv, cwd=start.cwd, root=True, background=True, note=note or _KEEPS)
    if start.kept:
        words = " ".join(shlex.quote(word) for word in (*named, *start.argv))
        done = f" rm -f {start.kept};" if last else ""
        script = f"{{ cat {start.kept};{done} printf '%s\\0' {words}; }} | xargs -0 -x env -i"
        return Run(script=script, cwd=start.cwd, root=runner.root, background=True, note=note or _KEEPS)
    return Run(start.argv, "", start.cwd, start.environment, root=runner.root, background=True, note=note or _KEEPS)
