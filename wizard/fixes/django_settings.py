"""Edits ALLOWED_HOSTS in a Django settings file, so that the site answers under one more name or address.

    ALLOWED_HOSTS = []                      ->  ALLOWED_HOSTS = [".localhost", "127.0.0.1", "[::1]", "192.168.1.5"]
    ALLOWED_HOSTS = env.list("HOSTS")       ->  ALLOWED_HOSTS = list(env.list("HOSTS")) + ["192.168.1.5"]

With DEBUG = True and an empty list Django answers to the machine's own names only (django/http/request.py
`get_host`); a list that is no longer empty has to name those too, or what worked before stops.
"""

from __future__ import annotations

import ast

from wizard.fixes.edits import Replacement, applied, edits, lines_of
from wizard.knowledge.calls import Source, parse
from wizard.model.remedy import Edit

OWN_NAMES = (".localhost", "127.0.0.1", "[::1]")
"""What Django allows by itself while DEBUG is on and the list empty."""


def allowed_hosts(source: Source) -> tuple[str, ...] | None:
    """The literal names in ALLOWED_HOSTS; None where it is not given or computed."""
    assignment = _last(source, "ALLOWED_HOSTS")
    if assignment is None or not isinstance(assignment.value, ast.List | ast.Tuple):
        return None
    names = [each.value for each in assignment.value.elts if isinstance(each, ast.Constant)]
    return tuple(str(name) for name in names) if len(names) == len(assignment.value.elts) else None


def allows(names: tuple[str, ...], host: str) -> bool:
    """Whether Django would answer to `host` (without port): itself, `*`, or `.name` for a name and all below it."""
    host = host.lower()
    return any(
        name == "*"
        or name.lower() == host
        or (name.startswith(".") and (host.endswith(name.lower()) or host == name[1:].lower()))
        for name in names
    )


def allow(path: str, text: str, hosts: tuple[str, ...]) -> tuple[Edit, ...] | None:
    """The edit that adds those of `hosts` that are missing; empty if none is; None where no line can be edited."""
    source = parse(text)
    if source is None:
        return None
    names = allowed_hosts(source)
    missing = tuple(host for host in dict.fromkeys(hosts) if names is None or not allows(names, host))
    if not missing:
        return ()
    change = _change(source, names, missing)
    if change is None:
        return None
    made = edits(path, text, (change,))
    return made if _allows_all(applied(text, made), names, missing) else None


def _change(source: Source, names: tuple[str, ...] | None, missing: tuple[str, ...]) -> Replacement | None:
    assignment = _last(source, "ALLOWED_HOSTS")
    if assignment is None:
        return _beside_debug(source, missing)
    value = assignment.value
    line, column = value.end_lineno, value.end_col_offset
    if line is None or column is None:
        return None
    if names == ():
        if value.lineno != line:
            return None
        return Replacement(line, _character(source, line, value.col_offset), _character(source, line, column),
                           _list((*OWN_NAMES, *missing)))  # fmt: skip
    if names is None:
        return _added_to_expression(source, value, missing)
    assert isinstance(value, ast.List | ast.Tuple)
    last = value.elts[-1]
    at_line, at = last.end_lineno or line, _character(source, last.end_lineno or line, last.end_col_offset or 0)
    return Replacement(at_line, at, at, "".join(f", {_quoted(host)}" for host in missing))


def _added_to_expression(source: Source, value: ast.expr, missing: tuple[str, ...]) -> Replacement | None:
    """A computed list on one line: whatever it gives, and these."""
    if value.lineno != value.end_lineno or value.end_col_offset is None:
        return None
    start, end = (_character(source, value.lineno, each) for each in (value.col_offset, value.end_col_offset))
    typed = lines_of(source.text)[value.lineno - 1][start:end]
    return Replacement(value.lineno, start, end, f"list({typed}) + {_list(missing)}")


def _beside_debug(source: Source, missing: tuple[str, ...]) -> Replacement | None:
    """No ALLOWED_HOSTS in this file: it goes behind the `DEBUG = ...` line, since a step may change lines, not add any.
    Not where the settings of another file are taken over, which may have a list of their own."""
    debug = _last(source, "DEBUG")
    if debug is None or debug.end_lineno is None or debug.end_col_offset is None or _takes_over(source):
        return None
    column = _character(source, debug.end_lineno, debug.end_col_offset)
    return Replacement(debug.end_lineno, column, column, f"; ALLOWED_HOSTS = {_list((*OWN_NAMES, *missing))}")


def _takes_over(source: Source) -> bool:
    stars = (node for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom))
    return any(alias.name == "*" for node in stars for alias in node.names)


def _last(source: Source, name: str) -> ast.Assign | None:
    found = [
        statement
        for statement in source.tree.body
        if isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)
    ]
    return found[-1] if found else None


def _allows_all(text: str, before: tuple[str, ...] | None, hosts: tuple[str, ...]) -> bool:
    source = parse(text)
    if source is None:
        return False
    names = allowed_hosts(source)
    if names is None:  # computed: that it parses and names them is all that can be read off
        return before is None and all(host in text for host in hosts)
    return all(allows(names, host) for host in (*(before or ()), *hosts))


def _character(source: Source, line: int, offset: int) -> int:
    return len(lines_of(source.text)[line - 1].encode()[:offset].decode(errors="ignore"))


def _list(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
