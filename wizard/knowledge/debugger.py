"""Whether a program would offer Werkzeug's interactive debugger, which runs any code for whoever can open the page.

On: shown to be on.  Off: shown to be off.  Unknown: neither, and then nothing may put it on a network.
A Flask server in debug mode also reloads itself, unless told not to, so that it is two processes (`Launch.family`).
Source: flask/cli.py `get_debug_flag`, `run_command`; flask/app.py `Flask.run`; werkzeug/serving.py `run_simple` (3.1).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from wizard.knowledge.calls import RunCall, Source, evaluate, parse, run_calls
from wizard.knowledge.program_files import application_paths, script_paths
from wizard.knowledge.recognise import Launch, Recognised, launch, recognise_title
from wizard.model.capture import Origin, Unknown
from wizard.model.facts import Facts, Process

_FALSE = frozenset({"", "0", "false", "no"})
"""What flask takes for "off" in FLASK_DEBUG."""


class DebuggerState(StrEnum):
    """Three answers."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class Debugger(Struct, frozen=True):
    """The state, one sentence of why, and where that was read."""

    state: DebuggerState
    why: str
    evidence: tuple[Origin, ...] = ()


def debugger_state(process: Process, facts: Facts) -> Debugger:
    """Whether `process`, as it runs now, offers Werkzeug's debugger to who connects."""
    if isinstance(facts.processes, Unknown):
        return Debugger(DebuggerState.UNKNOWN, "The processes could not be read.")
    started = launch(facts.processes, process.pid) or Launch(process, (process,), None, None)
    return _wrapped(started, facts.sources) or _state(started, facts)


def _state(started: Launch, facts: Facts) -> Debugger:
    recognised, line = started.recognised, started.line
    if recognised and recognised.framework.name == "flask":
        return _flask_run(started, recognised, facts.sources)
    if recognised and recognised.framework.debugger:
        return _on(f"{recognised.framework.title} always carries Werkzeug's debugger.", started)
    if recognised or (title := recognise_title(started.root.argv)):
        name = recognised.framework.title if recognised else title.title if title else ""
        return _off(f"{name} does not offer Werkzeug's debugger.", started)
    if line is not None and line.interpreter == "python":
        return _script(started, facts.sources)
    if _answers_as_werkzeug(facts):
        return Debugger(DebuggerState.UNKNOWN, "It answers as Werkzeug, and how it was started cannot be read.")
    return _off("It is not a Python program.", started)


def _flask_run(started: Launch, recognised: Recognised, sources: Mapping[str, str]) -> Debugger:
    """`flask run`: --debugger decides, else debug mode: --debug here, --debug before `run`, FLASK_DEBUG, dotenv files."""
    explicit = _switch(recognised.arguments, "--debugger", "--no-debugger")
    if explicit is None and "FLASK_RUN_DEBUGGER" in (started.root.environment or {}):
        explicit = (started.root.environment or {})["FLASK_RUN_DEBUGGER"].lower() not in _FALSE
    if explicit is not None:
        return _given(explicit, f"flask run was started with {'--debugger' if explicit else '--no-debugger'}.", started)
    before = recognised.line.argv[recognised.line.at + 1 : recognised.word_at]
    for words in (recognised.arguments, before):
        if (debug := _switch(words, "--debug", "--no-debug")) is not None:
            return _given(debug, f"flask was started with {'--debug' if debug else '--no-debug'}.", started)
    if (told := _told_by_environment(started, sources)) is not None:
        return told
    reloads = _switch(recognised.arguments, "--reload", "--no-reload")
    return _by_reloader(started, told=reloads is not None)


def _script(started: Launch, sources: Mapping[str, str]) -> Debugger:
    """A script of the user's: what its server calls say, as far as the source was read."""
    texts = {path: sources[path] for path in script_paths(started) if path in sources}
    parsed = {path: source for path, text in texts.items() if (source := parse(text))}
    states = [
        _call(started, path, source, call, sources) for path, source in parsed.items() for call in run_calls(source)
    ]
    for wanted in (DebuggerState.ON, DebuggerState.UNKNOWN, DebuggerState.OFF):
        if state := next((state for state in states if state.state is wanted), None):
            return state
    if parsed and all(_standard_library_only(source) for source in parsed.values()):
        return _off("Its source imports nothing but the standard library.", started)
    return Debugger(DebuggerState.UNKNOWN, "Its source was not read, or does not show how the server is started.")


def _call(started: Launch, path: str, source: Source, call: RunCall, sources: Mapping[str, str]) -> Debugger:
    origin = Origin(path, call.node.lineno, source.text.splitlines()[call.node.lineno - 1].strip())
    if not call.entry.debugger:
        return Debugger(DebuggerState.OFF, f"{call.entry.title} does not offer Werkzeug's debugger.", (origin,))
    if call.unpacks:
        return Debugger(
            DebuggerState.UNKNOWN, f"{call.entry.title} is given options that only a run would tell.", (origin,)
        )
    for name in ("use_debugger", "debug"):
        value = evaluate(source, call.keyword(name))
        if call.keyword(name) is None or (value.known and value.value is None and not value.variable):
            continue
        if not value.known or value.variable:
            return Debugger(DebuggerState.UNKNOWN, f"`{name}` is given a value that only a run would tell.", (origin,))
        state = DebuggerState.ON if value.value else DebuggerState.OFF
        return Debugger(state, f"{call.entry.title} is given `{name}={value.value}`.", (origin,))
    if call.entry.name == "werkzeug-run-simple":
        return Debugger(DebuggerState.OFF, "run_simple() offers no debugger unless told to.", (origin,))
    if (told := _told_by_environment(started, sources)) is not None:
        return told
    if _sets_debug(source):
        return Debugger(DebuggerState.ON, "The source switches `debug` on.", (origin,))
    return _by_reloader(started, told=call.keyword("use_reloader") is not None)


def _told_by_environment(started: Launch, sources: Mapping[str, str]) -> Debugger | None:
    """FLASK_DEBUG (or FLASK_ENV of Flask before 2.3) as the program or its reloaded copy got it, or from a dotenv file."""
    if started.root.environment is None:
        return Debugger(DebuggerState.UNKNOWN, "Its environment could not be read, and FLASK_DEBUG may be set there.")
    # The reloader hands its copy what the command line and the dotenv files made of it.
    for process in reversed(started.family):
        environment = process.environment or {}
        if "FLASK_DEBUG" in environment:
            on = environment["FLASK_DEBUG"].lower() not in _FALSE
            return _given(on, f"FLASK_DEBUG is {environment['FLASK_DEBUG']!r} in its environment.", started)
        if environment.get("FLASK_ENV") == "development":
            return _on("FLASK_ENV is 'development' in its environment.", started)
    for name in (".env", ".flaskenv"):
        text = sources.get(f"{(started.root.cwd or '').rstrip('/')}/{name}", "")
        if match := re.search(r"^\s*(?:export\s+)?FLASK_DEBUG\s*=\s*[\"']?(\w*)", text, re.MULTILINE):
            return _given(match[1].lower() not in _FALSE, f"{name} sets FLASK_DEBUG to {match[1]!r}.", started)
    return None


def _by_reloader(started: Launch, *, told: bool) -> Debugger:
    """Debug mode brings the reloader along, unless the reloader was switched by itself (`told`)."""
    if len(started.family) > 1:
        return _on("It runs under the reloader, as debug mode does.", started)
    if told:
        return Debugger(
            DebuggerState.UNKNOWN, "Its reloader was switched by hand, so nothing shows whether debug is on."
        )
    return _off("Nothing asks for debug mode, and it runs without the reloader that debug mode brings.", started)


def _wrapped(started: Launch, sources: Mapping[str, str]) -> Debugger | None:
    """`DebuggedApplication(app)` in the source puts the debugger on whatever serves it."""
    for path in (*script_paths(started), *application_paths(started)):
        for number, line in enumerate(sources.get(path, "").splitlines(), start=1):
            if re.search(r"\bDebuggedApplication\s*\(", line.partition("#")[0]):
                why = "The source wraps the application in DebuggedApplication."
                return Debugger(DebuggerState.ON, why, (Origin(path, number, line.strip()),))
    return None


def _standard_library_only(source: Source) -> bool:
    """Whether no import, written or computed, can bring Werkzeug in."""
    return source.modules <= sys.stdlib_module_names - {"importlib", "runpy"} and "__import__" not in source.text


def _sets_debug(source: Source) -> bool:
    """`app.debug = True`, `app.config["DEBUG"] = True`, `config.update(DEBUG=True)`."""
    for target, value in _assignments(source.tree):
        if isinstance(value, ast.Constant) and not value.value:
            continue
        if isinstance(target, ast.Attribute) and target.attr == "debug":
            return True
        if (
            isinstance(target, ast.Subscript)
            and isinstance(target.slice, ast.Constant)
            and target.slice.value == "DEBUG"
        ):
            return True
    keywords = (keyword for node in ast.walk(source.tree) if isinstance(node, ast.Call) for keyword in node.keywords)
    return any(
        keyword.arg == "DEBUG" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in keywords
    )


def _assignments(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)


def _answers_as_werkzeug(facts: Facts) -> bool:
    attempts = () if isinstance(facts.attempts, Unknown) else facts.attempts
    return any(b"Werkzeug/" in attempt.banner for attempt in attempts)


def _switch(words: tuple[str, ...], on: str, off: str) -> bool | None:
    """The last of the two switches wins, as click has it."""
    given = [word == on for word in words if word in {on, off}]
    return given[-1] if given else None


def _given(on: bool, why: str, started: Launch) -> Debugger:
    return _on(why, started) if on else _off(why, started)


def _on(why: str, started: Launch) -> Debugger:
    return Debugger(DebuggerState.ON, why, _origins(started))


def _off(why: str, started: Launch) -> Debugger:
    return Debugger(DebuggerState.OFF, why, _origins(started))


def _origins(started: Launch) -> tuple[Origin, ...]:
    origin = started.root.origin
    return (origin if origin.source else Origin(f"/proc/{started.root.pid}/cmdline", 0, " ".join(started.root.argv)),)
