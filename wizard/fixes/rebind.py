"""Has a program listen on another address: its own command line, variable or source line changed, and nothing else.

    kill 4242 4243                                                   the reloader and its copy
    for i in $(seq 150); do ... done                                 until they are gone
    cd /srv/shop && FLASK_DEBUG=0 flask run --host 0.0.0.0 --no-debugger

Whatever could put Werkzeug's debugger on a network is refused: after the rewriting, `debugger_state` is asked about the
program as it would then run, and only "off" lets the plan through.
"""

from __future__ import annotations

from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from wizard.fixes import advice, unit
from wizard.fixes.after import listening, present_listener, restarted
from wizard.fixes.commandline import Binding, replace_loopback_word, rewrite
from wizard.fixes.edits import reversed_edits
from wizard.fixes.gunicorn_config import config_edit
from wizard.fixes.host_header import accept_host, django_gate
from wizard.fixes.keepers import kept_by_somebody
from wizard.fixes.node_source import rebind_edits as node_edits
from wizard.fixes.python_source import rebind_edits, server_calls_for, set_debug_off
from wizard.fixes.restart import PLANNED, Runner, runner_for, start_again, stop_by_pid, stop_by_port
from wizard.fixes.start import Start, start_of
from wizard.fixes.written import Written
from wizard.knowledge.calls import parse
from wizard.knowledge.commandline import Form
from wizard.knowledge.debugger import DebuggerState, debugger_state
from wizard.knowledge.program_files import script_paths, source_files_wanted
from wizard.knowledge.recognise import Launch, launch, recognise_title
from wizard.model.capture import Unknown
from wizard.model.facts import Facts
from wizard.model.remedy import Edit, Instruction, Rebind, Risk, Run, Shell

__all__ = ["accept_host", "debugger_state", "rebind", "source_files_wanted"]

_ANYWHERE = ip_address("0.0.0.0")


class Change(Struct, frozen=True):
    """How the program is started afterwards, what is edited before, and what a person should know."""

    start: Start
    edits: tuple[Edit, ...] = ()
    warnings: tuple[str, ...] = ()
    ipv6_wildcard: str = "unknown"


def rebind(intent: Rebind, facts: Facts) -> Written | None:
    """The plan piece that has the program of `intent.pid` listen on `intent.address`.

    Steps that a person has to do (`Do`) leave the facts as they are. None where the process is not known at all.
    """
    if isinstance(facts.processes, Unknown) or (started := launch(facts.processes, intent.pid)) is None:
        return None
    if refusal := kept_by_somebody(started, facts):
        return advice.only(refusal, started, intent, facts)
    if started.root.cwd is None or started.root.cwd.endswith(" (deleted)"):
        return advice.only(_no_folder(started), started, intent, facts)
    present = present_listener(facts, started, intent.port, intent.address)
    now = present.address if present else ip_address("127.0.0.1" if intent.address.version == 4 else "::1")
    binding = Binding(now, intent.port, intent.address, intent.move_to or intent.port)
    change = _change(started, facts, binding)
    if change is None:
        return advice.only("", started, intent, facts)
    change = _with_gate(change, started, facts, binding)
    after = restarted(facts, started, change.start, change.edits)
    after = listening(after, _root_only(started, after), binding, v6only=_v6only(change, binding))
    if not binding.to.is_loopback and not _harmless(started, after):
        return advice.debugger(started, intent, facts, after)
    return _written(started, facts, after, change, binding)


def _no_folder(started: Launch) -> str:
    if started.root.cwd is not None:
        return "The folder it was started in is gone."
    owner = f" (it belongs to {started.root.user})" if started.root.user else ""
    return f"How it was started may not be read{owner}: as root, `wizard check` writes the commands."


def _change(started: Launch, facts: Facts, binding: Binding) -> Change | None:
    """The first way that sets this program's address: command line or variable, configuration file, source."""
    before = start_of(started)
    if (recognised := started.recognised) is not None:
        framework = recognised.framework
        if edit := config_edit(started, facts.sources, binding):
            return Change(before, edit, ipv6_wildcard=framework.ipv6_wildcard)
        # start_of may have lengthened argv[0] only, so every position still holds.
        start = rewrite(before, recognised, binding)
        warnings = (framework.warning,) if framework.warning else ()
        return Change(start, (), warnings, framework.ipv6_wildcard) if start else None
    line = started.line
    if line is None or recognise_title(started.root.argv) is not None or line.form is Form.INLINE:
        return None
    source = _python_change(before, started, facts, binding) if line.interpreter == "python" else None
    source = source or (_node_change(before, started, facts, binding) if line.interpreter == "node" else None)
    if source is not None:
        return source
    start = replace_loopback_word(before, line.at + 1, binding)
    return Change(start) if start else None


def _python_change(before: Start, started: Launch, facts: Facts, binding: Binding) -> Change | None:
    for path in script_paths(started):
        source = parse(facts.sources[path]) if path in facts.sources else None
        calls = server_calls_for(source, binding, before.variables()) if source else ()
        if source is None or not calls:
            continue
        every = tuple(call for call, _ in calls)
        kind = every[0].entry.ipv6_wildcard
        variables = {value.variable for _, value in calls}
        word = replace_loopback_word(before, (started.line.at if started.line else 0) + 1, binding)
        unread = any(not value.known and not value.variable for _, value in calls)
        start = None
        if len(variables) == 1 and (name := variables.pop()) and not binding.moves:
            start = before.with_variable(name, str(binding.to))
        elif unread and word is not None:  # the script reads it from its own arguments
            start = word
        edits = set_debug_off(path, source, every) if start else rebind_edits(path, source, every, binding)
        return None if edits is None else Change(start or before, edits, ipv6_wildcard=kind)
    return None


def _node_change(before: Start, started: Launch, facts: Facts, binding: Binding) -> Change | None:
    for path in script_paths(started):
        if path in facts.sources and (edits := node_edits(path, facts.sources[path], binding)):
            return Change(before, edits, ipv6_wildcard="both")
    return None


def _with_gate(change: Change, started: Launch, facts: Facts, binding: Binding) -> Change:
    """What stands behind the bind and would refuse the request: Django's ALLOWED_HOSTS, in the same plan."""
    if started.recognised is None or started.recognised.framework.gate != "django-allowed-hosts":
        return change
    edits, warning = django_gate(started, facts, binding.to)
    return replace(change, edits=change.edits + edits, warnings=change.warnings + ((warning,) if warning else ()))


def _v6only(change: Change, binding: Binding) -> bool | None:
    if binding.to.version != 6 or not binding.to.is_unspecified:
        return None
    return {"both": False, "ipv6-only": True}.get(change.ipv6_wildcard)


def _root_only(started: Launch, after: Facts) -> Launch:
    """The launch as it stands in the facts after the restart: one process."""
    found = None if isinstance(after.processes, Unknown) else launch(after.processes, started.root.pid)
    return found or started


def _harmless(started: Launch, after: Facts) -> bool:
    return debugger_state(_root_only(started, after).root, after).state is DebuggerState.OFF


def _written(started: Launch, facts: Facts, after: Facts, change: Change, binding: Binding) -> Written:
    before = start_of(started)
    runner = runner_for(started.root, facts)
    name = started.recognised.framework.title if started.recognised else started.root.name
    service = unit.unit_of(started)
    if service:
        steps, undo = _by_unit(service, started, before, change)
    else:
        steps, undo = _by_hand(started, before, change, binding, runner, name)
    keeps = bool(service) or (bool(change.edits) and change.start == before)
    return Written(
        f"Have {name} listen on {binding.to}" + (f", port {binding.to_port}" if binding.moves else ""),
        steps,
        undo,
        after,
        (*change.warnings, *_warnings(started, facts, change, binding, service)),
        Risk.MEDIUM,
        "yes" if keeps else "until the program ends",
        (_listening_there(runner, binding),),
    )


def _listening_there(runner: Runner, binding: Binding) -> Run:
    """The command that shows the socket."""
    if runner.shell is Shell.POWERSHELL:
        words = ("Get-NetTCPConnection", "-State", "Listen", "-LocalPort", str(binding.to_port))
        return Run(words, shell=Shell.POWERSHELL)
    return Run(("ss", "-Hltn", f"sport = :{binding.to_port}"))


def _by_hand(
    started: Launch, before: Start, change: Change, binding: Binding, runner: Runner, name: str
) -> tuple[tuple[Instruction, ...], tuple[Instruction, ...]]:
    new = start_again(replace(change.start, kept=before.kept), runner)
    planned = started.root.origin.source == PLANNED  # an earlier piece of the same plan started it: no pid is known
    old = start_again(before, runner, last=not planned)
    stop = stop_by_port(binding.address, binding.port, runner, name) if planned else stop_by_pid(started, runner)
    stop_new = stop_by_port(binding.to, binding.to_port, runner, name)
    return (*stop, *change.edits, new), (*stop_new, *reversed_edits(change.edits), old)


def _by_unit(
    service: str, started: Launch, before: Start, change: Change
) -> tuple[tuple[Instruction, ...], tuple[Instruction, ...]]:
    back = reversed_edits(change.edits)
    if change.start == before:
        return (*change.edits, *unit.restart(service)), (*back, *unit.restart(service))
    there = unit.drop_in(service, started, before, change.start)
    return (*change.edits, *there), (*back, *unit.undo_drop_in(service))


def _warnings(started: Launch, facts: Facts, change: Change, binding: Binding, service: str) -> tuple[str, ...]:
    said = []
    if debugger_state(started.root, facts).state is not DebuggerState.OFF:
        said.append(
            "Debug mode is switched off with it: Werkzeug's debugger runs any code for whoever opens the page. "
            "The reloader goes too; the undo brings both back on loopback."
        )
    if not binding.to.is_unspecified and binding.to != binding.address:
        before = "its IPv6 and other addresses" if binding.address.is_unspecified else str(binding.address)
        said.append(f"From then on it answers at {binding.to} only, no longer at {before}: use that address here too.")
    if _v6only(change, binding):
        said.append(f"On :: this server takes IPv6 only; IPv4 devices need {_ANYWHERE} instead.")
    if started.root.environment is None and not service:
        said.append("Its environment could not be read: start it where the variables it needs are set.")
    by_hand = not service and not runner_for(started.root, facts).root
    if facts.privileged and by_hand and started.root.user is not None:
        said.append(f"The program belongs to {started.root.user}: start it as {started.root.user}.")
    return tuple(said)
