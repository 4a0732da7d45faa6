"""Edits `bind` in gunicorn.conf.py, where neither the command line nor GUNICORN_CMD_ARGS sets it.

bind = "127.0.0.1:8000"        bind = ["127.0.0.1:8000", "unix:/run/app.sock"]
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator, Mapping

from wizard.fixes.commandline import Binding
from wizard.fixes.edits import Replacement, edits, lines_of
from wizard.knowledge.calls import parse
from wizard.knowledge.program_files import config_paths
from wizard.knowledge.recognise import Launch
from wizard.knowledge.values import join_address, option_values, split_address
from wizard.model.remedy import Edit


def config_edit(started: Launch, sources: Mapping[str, str], binding: Binding) -> tuple[Edit, ...]:
    """The edit of the one literal that makes the present listener; empty where the file does not set it so."""
    recognised = started.recognised
    if recognised is None or not recognised.framework.config_file or _set_elsewhere(started):
        return ()
    for path in config_paths(started):
        source = parse(sources[path]) if path in sources else None
        found = [each for each in _literals(source.constants.get("bind")) if _is_mine(each, binding)] if source else []
        if len(found) == 1 and (change := _replacement(sources[path], found[0], binding)):
            return edits(path, sources[path], (change,))
    return ()


def _set_elsewhere(started: Launch) -> bool:
    """The command line wins over GUNICORN_CMD_ARGS, and that over the file (gunicorn/app/base.py, load_config)."""
    recognised = started.recognised
    if recognised is None:
        return True
    options = recognised.framework.address_options
    inner = shlex.split((started.root.environment or {}).get(recognised.framework.arguments_environment, ""))
    return bool(
        option_values(recognised.line.argv, options, recognised.word_at + 1, abbreviates=True)
        or option_values(tuple(inner), options, abbreviates=True)
    )


def _literals(node: ast.expr | None) -> Iterator[ast.Constant]:
    nodes = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return (each for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _is_mine(node: ast.Constant, binding: Binding) -> bool:
    text = str(node.value)
    return (
        not text.startswith(("unix:", "fd:")) and "," not in text and (split_address(text)[1] or 8000) == binding.port
    )


def _replacement(text: str, node: ast.Constant, binding: Binding) -> Replacement | None:
    if node.lineno != node.end_lineno or node.end_col_offset is None:
        return None
    line = lines_of(text)[node.lineno - 1].encode()
    start, end = (len(line[:offset].decode(errors="ignore")) for offset in (node.col_offset, node.end_col_offset))
    return Replacement(node.lineno, start, end, f'"{join_address(str(binding.to), binding.to_port)}"')
