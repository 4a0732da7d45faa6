"""Which files of a program say how it serves: its script, its application, its settings. Paths only; nothing is read.

The planner asks for them by name, the collector fetches those that exist, and what was read may name more (a settings
module in manage.py), so the question can be asked again until nothing new is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import isabs, join, normpath

from wizard.knowledge.commandline import CommandLine, Form
from wizard.knowledge.recognise import Launch, launch
from wizard.knowledge.values import option_values
from wizard.model.capture import Unknown
from wizard.model.facts import Facts

_APPLICATION = re.compile(r"([A-Za-z_][\w.]*)(?::[\w.]+(?:\(.*\))?)?")
_SETTINGS = re.compile(r"""["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")


def source_files_wanted(facts: Facts, pid: int) -> tuple[str, ...]:
    """Absolute paths that would help to restart `pid` with another address; those in `facts.sources` are left out."""
    if isinstance(facts.processes, Unknown) or (started := launch(facts.processes, pid)) is None:
        return ()
    paths = dict.fromkeys(_wanted(started, facts.sources))
    return tuple(path for path in paths if path not in facts.sources)


def _wanted(started: Launch, sources: Mapping[str, str]) -> Iterator[str]:
    yield from script_paths(started)
    yield from application_paths(started)
    yield from settings_paths(started, sources)
    if started.line and started.line.interpreter == "node":
        yield from _absolute(started, "package.json")
    if started.recognised and started.recognised.framework.config_file:
        yield from config_paths(started)
    if started.recognised is None or started.recognised.framework.debugger:
        yield from _absolute(started, ".flaskenv")
        yield from _absolute(started, ".env")
    if started.root.unit.endswith(".service"):
        for folder in ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"):
            yield f"{folder}/{started.root.unit}"


def script_paths(started: Launch) -> tuple[str, ...]:
    """The person's own script or module that the interpreter runs; empty for an installed program."""
    line = started.line
    if line is None or not line.interpreter:
        return ()
    if line.form is Form.MODULE and started.recognised is None:
        return module_paths(started, line.program) + module_paths(started, f"{line.program}.__main__")[::2]
    return _script_files(started, line) if _is_own_script(started) else ()


def application_paths(started: Launch) -> tuple[str, ...]:
    """Where the application may be that a server was told to load (`shop.web:app`, FLASK_APP, `--app shop`)."""
    if started.recognised is None or started.recognised.line.interpreter not in {"python", ""}:
        return ()
    if started.recognised.framework.name in {"flask", "quart"}:
        return tuple(path for name in _flask_applications(started) for path in _application_files(started, name))
    if started.recognised.framework.kind != "production":
        return ()
    named = (word for word in started.recognised.arguments if ":" in word and _APPLICATION.fullmatch(word))
    return tuple(path for name in named for path in _application_files(started, name))


def settings_paths(started: Launch, sources: Mapping[str, str]) -> tuple[str, ...]:
    """Where Django's settings module may be: `--settings`, then DJANGO_SETTINGS_MODULE, then manage.py's default."""
    recognised = started.recognised
    if recognised is None or recognised.framework.gate != "django-allowed-hosts":
        return ()
    given = option_values(recognised.line.argv, ("--settings",), recognised.line.at)
    texts = (sources.get(path, "") for path in script_paths(started))
    defaults = [match[1] for text in texts if (match := _SETTINGS.search(text))]
    told = given[-1].text if given else ""
    # The reloaded copy has it from manage.py, which may not have been read yet.
    environments = [(each.environment or {}).get("DJANGO_SETTINGS_MODULE", "") for each in started.family]
    name = next((name for name in (told, *environments, *defaults) if name), "")
    return module_paths(started, name) if name else ()


def config_paths(started: Launch) -> tuple[str, ...]:
    """gunicorn's configuration file: `-c FILE` (`file:FILE`), else gunicorn.conf.py in the working directory."""
    recognised = started.recognised
    if recognised is None or not recognised.framework.config_file:
        return ()
    given = option_values(recognised.line.argv, ("-c", "--config"), recognised.line.at)
    name = given[-1].text.removeprefix("file:") if given else recognised.framework.config_file
    return tuple(_absolute(started, name))


def module_paths(started: Launch, module: str) -> tuple[str, ...]:
    """The files that `module` may be, seen from the working directory, the script's folder and PYTHONPATH."""
    relative = module.replace(".", "/")
    roots = [started.root.cwd or ""]
    if _is_own_script(started) and started.line:
        roots.append(next(iter(_absolute(started, started.line.path)), "").rpartition("/")[0])
    roots += [root for root in (started.root.environment or {}).get("PYTHONPATH", "").split(":") if root]
    found = [
        path
        for root in dict.fromkeys(roots)
        for name in (f"{relative}.py", f"{relative}/__init__.py")
        for path in _absolute(started, join(root, name))
    ]
    return tuple(dict.fromkeys(found))


def _is_own_script(started: Launch) -> bool:
    """A script of the person's, not one that an installed program brought into a folder of commands."""
    line = started.line
    if line is None or line.form is not Form.SCRIPT:
        return False
    return started.recognised is None or line.program == "manage.py"


def _script_files(started: Launch, line: CommandLine) -> tuple[str, ...]:
    paths = tuple(_absolute(started, line.path))
    if "." in line.program:
        return paths
    # `python DIR` runs DIR/__main__.py; `node server` runs server.js.
    endings = ("/__main__.py",) if line.interpreter == "python" else (".js", "/index.js")
    return paths + tuple(path + ending for path in paths for ending in endings)


def _flask_applications(started: Launch) -> tuple[str, ...]:
    """The names flask would try, in its order: `--app`, FLASK_APP, then wsgi.py and app.py."""
    if started.recognised is None:
        return ()
    line = started.recognised.line
    given = option_values(line.argv[: started.recognised.word_at], ("--app", "-A"), line.at + 1)
    name = given[-1].text if given else (started.root.environment or {}).get("FLASK_APP", "")
    return (name,) if name else ("wsgi", "app")


def _application_files(started: Launch, name: str) -> tuple[str, ...]:
    if name.partition(":")[0].endswith(".py"):
        return tuple(_absolute(started, name.partition(":")[0]))
    match = _APPLICATION.fullmatch(name)
    return module_paths(started, match[1]) if match else ()


def _absolute(started: Launch, path: str) -> Iterator[str]:
    """`path` seen from the working directory; nothing where that is not known."""
    if isabs(path):
        yield normpath(path)
    elif started.root.cwd:
        yield normpath(join(started.root.cwd, path))
