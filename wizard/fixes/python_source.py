"""Edits the call that starts a server in Python source, so that it listens elsewhere and offers no debugger.

    app.run(debug=True)          ->  app.run(host="0.0.0.0", debug=False)
    HTTPServer(("", 8000), Page) ->  HTTPServer(("0.0.0.0", 8000), Page)

Every change is within one line and the rest of the line stays as it is typed. The edited text is parsed again: what it
then says is the proof that the edit is right.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from wizard.fixes.commandline import Binding
from wizard.fixes.edits import Replacement, applied, edits, lines_of
from wizard.knowledge.calls import RunCall, Source, Value, evaluate, parse, run_calls
from wizard.knowledge.values import is_loopback
from wizard.model.remedy import Edit


def server_calls_for(
    source: Source, binding: Binding, environment: Mapping[str, str]
) -> tuple[tuple[RunCall, Value], ...]:
    """The calls that may have made the present listener, with what they say of the address."""
    found = []
    for call in run_calls(source):
        if not _may_be(evaluate(source, call.port), environment, call.entry.default_port, binding.port):
            continue
        address = (
            evaluate(source, call.address) if call.address is not None else Value(True, call.entry.default_address)
        )
        if not address.known or address.variable or _is_present(address.value, binding):
            found.append((call, address))
    return tuple(found)


def rebind_edits(path: str, source: Source, calls: tuple[RunCall, ...], binding: Binding) -> tuple[Edit, ...] | None:
    """The edits that make every one of `calls` listen where `binding` says, debugger off; None if that cannot be done
    line by line."""
    wanted: list[Replacement] = []
    for call in calls:
        changes = _changes(source, call, binding)
        if changes is None:
            return None
        wanted += changes
    made = edits(path, source.text, dict.fromkeys(wanted))
    return made if _says(applied(source.text, made), len(run_calls(source)), calls, binding) else None


def set_debug_off(path: str, source: Source, calls: tuple[RunCall, ...]) -> tuple[Edit, ...] | None:
    """The edits that switch the debugger off and touch nothing else (where a variable or a word sets the address)."""
    wanted: list[Replacement] = []
    for call in calls:
        changes = _debugger_off(source, call)
        if changes is None:
            return None
        wanted += changes
    made = edits(path, source.text, dict.fromkeys(wanted))
    return made if parse(applied(source.text, made)) else None


def _may_be(value: Value, environment: Mapping[str, str], default: int | None, port: int) -> bool:
    """Whether a port that is given so may be `port`; what is not known may be."""
    if value.variable and value.variable in environment:
        return environment[value.variable] == str(port)
    if not value.known or value.value is None:
        return default in (None, port) or not value.known
    return str(value.value) == str(port)


def _is_present(address: object, binding: Binding) -> bool:
    if address in (None, ""):
        return address is None or binding.address.is_unspecified
    return str(address) == str(binding.address) or (binding.address.is_loopback and is_loopback(str(address)))


def _changes(source: Source, call: RunCall, binding: Binding) -> list[Replacement] | None:
    place = _address_change(source, call, binding)
    port = _port_change(source, call, binding) if binding.moves else []
    debugger = _debugger_off(source, call)
    if place is None or port is None or debugger is None:
        return None
    return _merged([*place, *port, *debugger])


def _address_change(source: Source, call: RunCall, binding: Binding) -> list[Replacement] | None:
    text = _quoted(source, call, str(binding.to))
    if call.address is not None:
        return _replaced(source, call.address, text)
    if call.entry.address_tuple is not None or not call.entry.address_keyword:
        return None
    return _inserted(source, call, f"{call.entry.address_keyword}={text}")


def _port_change(source: Source, call: RunCall, binding: Binding) -> list[Replacement] | None:
    if call.port is not None:
        return _replaced(source, call.port, str(binding.to_port))
    return _inserted(source, call, f"{call.entry.port_keyword}={binding.to_port}") if call.entry.port_keyword else None


def _debugger_off(source: Source, call: RunCall) -> list[Replacement] | None:
    """`debug=False` for a call that could bring the debugger; `use_debugger=False` where that is given."""
    if not call.entry.debugger:
        return []
    wanted: list[Replacement] = []
    explicit = call.keyword("use_debugger")
    if explicit is not None and not _is_false(explicit):
        replaced = _replaced(source, explicit, "False")
        if replaced is None:
            return None
        wanted += replaced
    if call.entry.name == "werkzeug-run-simple":
        return wanted
    debug = call.keyword("debug")
    if debug is None and call.entry.name == "flask-run" and len(call.node.args) > 2:
        debug = call.node.args[2]
    if debug is not None and _is_false(debug):
        return wanted
    change = _inserted(source, call, "debug=False", last=True) if debug is None else _replaced(source, debug, "False")
    return None if change is None else wanted + change


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _replaced(source: Source, node: ast.expr, text: str) -> list[Replacement] | None:
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        return None
    start, end = _column(source, node.lineno, node.col_offset), _column(source, node.lineno, node.end_col_offset)
    return [Replacement(node.lineno, start, end, text)]


def _inserted(source: Source, call: RunCall, text: str, *, last: bool = False) -> list[Replacement] | None:
    """A keyword put in: after the positional arguments, before the first keyword (or after the last), or alone."""
    node = call.node
    if node.keywords and not last:
        first = node.keywords[0]
        if not node.args or (first.lineno, first.col_offset) > _end(node.args[-1]):
            column = _column(source, first.lineno, first.col_offset)
            return [Replacement(first.lineno, column, column, f"{text}, ")]
    given: list[ast.expr] = [*node.args, *(keyword.value for keyword in node.keywords)]
    if given:
        line, offset = max(_end(each) for each in given)
        column = _after_closing_brackets(source, call, line, _column(source, line, offset))
        return [Replacement(line, column, column, f", {text}")]
    if node.end_lineno is None or node.end_col_offset is None:
        return None
    column = _column(source, node.end_lineno, node.end_col_offset) - 1
    return [Replacement(node.end_lineno, column, column, text)]


def _after_closing_brackets(source: Source, call: RunCall, line: int, column: int) -> int:
    """An argument in brackets of its own, `f((a))`, ends behind them: never behind the call's own bracket."""
    text = lines_of(source.text)[line - 1]
    last_line, last = (
        call.node.end_lineno or 0,
        _column(source, call.node.end_lineno or 1, call.node.end_col_offset or 0),
    )
    while column < len(text) and text[column] == ")" and (line, column + 1) < (last_line, last):
        column += 1
    return column


def _merged(changes: list[Replacement]) -> list[Replacement]:
    """Insertions at the same place become one, in the order given: `host=..., debug=False`."""
    by_place: dict[tuple[int, int, int], Replacement] = {}
    for each in changes:
        key = (each.line, each.start, each.end)
        if key in by_place:
            joined = _join(by_place[key].text, each.text)
            by_place[key] = Replacement(each.line, each.start, each.end, joined)
        else:
            by_place[key] = each
    return list(by_place.values())


def _join(one: str, other: str) -> str:
    """Pieces that stand alone in the brackets need a comma between them; the others bring theirs."""
    return one + other if one.endswith(", ") or other.startswith(", ") else f"{one}, {other}"


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _column(source: Source, line: int, offset: int) -> int:
    """ast counts bytes of UTF-8; an editor counts characters."""
    text = lines_of(source.text.removeprefix("\ufeff"))[line - 1]
    characters = len(text.encode()[:offset].decode(errors="ignore"))
    return characters + (1 if line == 1 and source.text.startswith("\ufeff") else 0)


def _quoted(source: Source, call: RunCall, text: str) -> str:
    """In the quotes of the literal that is replaced, else those that the call uses."""
    old = call.address
    if isinstance(old, ast.Constant) and isinstance(old.value, str):
        first = lines_of(source.text)[old.lineno - 1][_column(source, old.lineno, old.col_offset) :][:1]
        return f"'{text}'" if first == "'" else f'"{text}"'
    lines = lines_of(source.text)[call.node.lineno - 1 : call.node.end_lineno]
    typed = "\n".join(lines)
    return f"'{text}'" if "'" in typed and '"' not in typed else f'"{text}"'


def _says(text: str, count: int, calls: tuple[RunCall, ...], binding: Binding) -> bool:
    """Whether the edited text parses, with as many server calls, and those at the edited places give the new address."""
    source = parse(text)
    if source is None or len(found := run_calls(source)) != count:
        return False
    places = {(call.node.lineno, call.node.col_offset) for call in calls}
    return all(_gives(source, call, binding) for call in _at(found, places))


def _at(calls: tuple[RunCall, ...], places: set[tuple[int, int]]) -> Iterator[RunCall]:
    return (call for call in calls if (call.node.lineno, call.node.col_offset) in places)


def _gives(source: Source, call: RunCall, binding: Binding) -> bool:
    if evaluate(source, call.address).value != str(binding.to):
        return False
    return not binding.moves or evaluate(source, call.port).value == binding.to_port
