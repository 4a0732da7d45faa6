"""Finds in Python source the calls that start a server, and what they say about address, port and debugging.

    if __name__ == "__main__":
        app.run(host=HOST, port=5000, debug=True)

The text is parsed (`ast`), never run.  A value is known when it is a literal, a constant of the module that is assigned
once, or an environment variable with a literal default.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from msgspec import Struct, field

from wizard.knowledge import ServerCall, server_calls

APP_NAMES = frozenset({"app", "application", "api", "webapp", "flask_app"})
"""What people call the application that another file made."""
APP_FACTORIES = frozenset({"create_app", "make_app", "get_app", "build_app", "init_app", "app_factory"})
"""What people call the function that makes one."""

Literal = str | int | bool | float | None


class Value(Struct, frozen=True):
    """What an expression would give. `known` is False if only running the program would tell."""

    known: bool
    value: Literal = None
    variable: str = ""
    """The environment variable that decides, with `value` as its default."""


class RunCall(Struct, frozen=True):
    """One call that starts a server. `address` and `port` are the expressions it gives, or None."""

    entry: ServerCall
    node: ast.Call
    address: ast.expr | None
    port: ast.expr | None

    def keyword(self, name: str) -> ast.expr | None:
        """The expression given for the keyword, or None."""
        return next((keyword.value for keyword in self.node.keywords if keyword.arg == name), None)

    @property
    def unpacks(self) -> bool:
        """Whether it passes `*args` or `**options`, so that what it is given cannot be read off."""
        starred = any(isinstance(argument, ast.Starred) for argument in self.node.args)
        return starred or any(keyword.arg is None for keyword in self.node.keywords)


class Source(Struct, frozen=True):
    """A parsed file: its tree, the names its imports give (alias -> dotted name), and the constants of the module."""

    text: str
    tree: ast.Module
    imports: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, ast.expr] = field(default_factory=dict)

    @property
    def modules(self) -> frozenset[str]:
        """The first part of every imported dotted name."""
        return frozenset(name.partition(".")[0] for name in self.imports.values())


def parse(text: str) -> Source | None:
    """The parsed file; None if this Python cannot read it (another version's syntax, not Python at all)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's source is not our news
            tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Source(text, tree, dict(_imports(tree)), _constants(tree))


def run_calls(source: Source) -> tuple[RunCall, ...]:
    """Every call in `source` that starts a server which `[[call]]` knows, in the order of the file."""
    calls = [
        found for node in ast.walk(source.tree) if isinstance(node, ast.Call) and (found := _run_call(source, node))
    ]
    return tuple(sorted(calls, key=lambda call: (call.node.lineno, call.node.col_offset)))


def evaluate(source: Source, node: ast.expr | None, depth: int = 0) -> Value:
    """What `node` gives, as far as the text tells."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
        return Value(True, node.value)
    if isinstance(node, ast.Name) and node.id in source.constants and depth < 5:
        return evaluate(source, source.constants[node.id], depth + 1)
    if isinstance(node, ast.Call):
        return _evaluate_call(source, node, depth)
    if isinstance(node, ast.Subscript) and dotted(source, node.value) == "os.environ":
        return Value(False, None, _text(node.slice))
    return Value(False)


def dotted(source: Source, node: ast.expr) -> str:
    """The dotted name of `node` with imports resolved (`H` -> `http.server.HTTPServer`), or empty."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([source.imports.get(node.id, node.id), *reversed(parts)])


def _run_call(source: Source, node: ast.Call) -> RunCall | None:
    name = dotted(source, node.func)
    for entry in server_calls():
        if name in entry.functions or _is_method(source, node, entry):
            address, port = _pair(source, entry, node)
            return RunCall(entry, node, address, port)
    return None


def _is_method(source: Source, node: ast.Call, entry: ServerCall) -> bool:
    """`app.run(...)`: a method of that name on an object, never a function of an imported module (`subprocess.run`)."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in entry.methods:
        return False
    receiver = node.func.value
    made_by = _made_by(source, receiver)
    if made_by in entry.classes:
        return True
    if made_by in _all_classes():
        return False
    if source.modules & set(entry.modules):
        return not (isinstance(receiver, ast.Name) and receiver.id in source.modules)
    return entry.by_name and _looks_like_app(source, receiver, made_by)


def _made_by(source: Source, receiver: ast.expr) -> str:
    """The dotted name of the class or factory that made the object, or empty."""
    if isinstance(receiver, ast.Name):
        receiver = source.constants.get(receiver.id, receiver)
    return dotted(source, receiver.func) if isinstance(receiver, ast.Call) else ""


def _looks_like_app(source: Source, receiver: ast.expr, made_by: str) -> bool:
    if made_by:
        return made_by.rpartition(".")[2] in APP_FACTORIES
    if not isinstance(receiver, ast.Name) or receiver.id not in APP_NAMES:
        return False
    # `from shop import app` is an object as far as its name tells; `import app` is a module.
    return "." in source.imports.get(receiver.id, ".")


@cache
def _all_classes() -> frozenset[str]:
    return frozenset(name for entry in server_calls() for name in entry.classes)


def _pair(source: Source, entry: ServerCall, node: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """The expressions for address and port: by keyword, by position, or both in one tuple."""
    if entry.address_tuple is not None:
        given = node.args[entry.address_tuple] if len(node.args) > entry.address_tuple else None
        given = given if given is not None else _keyword(node, entry.address_keyword)
        if isinstance(given, ast.Name):
            given = source.constants.get(given.id, given)
        if isinstance(given, ast.Tuple) and len(given.elts) >= 2:
            return given.elts[0], given.elts[1]
        return None, None
    return (
        _given(node, entry.address_keyword, entry.address_position),
        _given(node, entry.port_keyword, entry.port_position),
    )


def _given(node: ast.Call, keyword: str, position: int | None) -> ast.expr | None:
    if (value := _keyword(node, keyword)) is not None:
        return value
    plain = not any(isinstance(argument, ast.Starred) for argument in node.args)
    return node.args[position] if plain and position is not None and len(node.args) > position else None


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in node.keywords if name and keyword.arg == name), None)


def _evaluate_call(source: Source, node: ast.Call, depth: int) -> Value:
    """`os.environ.get("PORT", 5000)`, `os.getenv(...)`, and `int(...)`, `str(...)` around them."""
    name = dotted(source, node.func)
    if name in {"int", "str"} and len(node.args) == 1:
        inner = evaluate(source, node.args[0], depth + 1)
        return Value(inner.known, _as(name, inner.value), inner.variable)
    if name in {"os.environ.get", "os.getenv"} and node.args:
        default = evaluate(source, node.args[1], depth + 1) if len(node.args) > 1 else Value(True)
        return Value(default.known, default.value, _text(node.args[0]))
    return Value(False)


def _as(name: str, value: Literal) -> Literal:
    if name == "int" and isinstance(value, str):
        return int(value) if value.strip().isdigit() else None
    return str(value) if name == "str" and value is not None else value


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    (alias.asname or alias.name.partition(".")[0]),
                    (alias.name if alias.asname else alias.name.partition(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}.{alias.name}"


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Names of the module that are assigned exactly once, anywhere."""
    assigned = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    )
    found: dict[str, ast.expr] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name) and assigned[target.id] == 1:
            found[target.id] = value
    return found
